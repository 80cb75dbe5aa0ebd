"""What the pages of joining say: states, acts, roles, regions, sizes."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext as _

from app.joining.models import ApplicantKind, Application, ApplicationState, MemberAct, MemberEvent, MessageKind
from app.joining.queries import list_regions
from app.joining.rulebook import GB, Words, rulebook
from app.library.models import Term
from app.library.places import Region, UnitKind
from app.library.queries import list_current_terms, list_terms
from app.studio.allowance import Allowance
from app.web import edge
from app.web.badges import Badge
from app.web.formats import file_size, mark
from app.web.preferences import is_english


def said(words: Words) -> str:
    """Return a text of the policy in the reader's language."""
    return words.en if is_english() else words.zh


def state_badge(state: ApplicationState) -> Badge:
    """Say where an application stands."""
    return {
        ApplicationState.DRAFT: Badge(_("还没有送出"), "accent", "pencil"),
        ApplicationState.SUBMITTED: Badge(_("等待核实"), "busy", "clock"),
        ApplicationState.QUESTIONED: Badge(_("等待补充"), "accent", "circle-help"),
        ApplicationState.ACCEPTED: Badge(_("已通过"), "good", "check"),
        ApplicationState.REFUSED: Badge(_("没有通过"), "bad", "x"),
        ApplicationState.WITHDRAWN: Badge(_("已撤回"), "", "arrow-left"),
    }[state]


def kind_words(kind: ApplicantKind) -> str:
    """Say what an applicant wants to be."""
    return _("提供课程的机构") if kind is ApplicantKind.INSTITUTION else _("社区中心、学习点")


def message_words(kind: MessageKind) -> str:
    """Say what a line of the history tells."""
    return {
        MessageKind.SUBMITTED: _("送出申请"), MessageKind.QUESTION: _("提问"), MessageKind.ANSWER: _("补充回答"),
        MessageKind.ACCEPTED: _("通过"), MessageKind.REFUSED: _("不通过"), MessageKind.REOPENED: _("撤销了不通过"),
        MessageKind.WITHDRAWN: _("撤回申请"),
    }[kind]  # fmt: skip


def key_words(key: str) -> str:
    """Name a role."""
    return {
        "contributor": _("教师（上传课程）"), "reviewer": _("审核员（一审）"), "institution_admin": _("管理员"),
        "curator": _("播单编辑"), "lead": _("中心负责人（管成员）"),
        "officer": _("主管部门人员（核实、审核、额度）"),
    }[key]  # fmt: skip


def keys_words(keys: Iterable[str]) -> str:
    """Name roles, the widest first."""
    order = ("lead", "institution_admin", "reviewer", "curator", "contributor")
    return mark("、").join(key_words(key) for key in order if key in set(keys))


def act_words(event: MemberEvent) -> str:
    """Say what was done about a member."""
    words = {
        MemberAct.JOINED: _("加入"), MemberAct.ROLES_CHANGED: _("改了角色"), MemberAct.SUSPENDED: _("停用"),
        MemberAct.RESUMED: _("恢复"), MemberAct.LEFT: _("离开"), MemberAct.RETURNED: _("撤销离开，回来"),
    }[event.act]  # fmt: skip
    if event.act is MemberAct.ROLES_CHANGED:
        return words + mark("：") + f"{keys_words(event.roles_before)} → {keys_words(event.roles_after)}"
    return words


def type_options() -> list[tuple[str, str]]:
    """Return the kinds of institution that join by themselves."""
    terms = list_current_terms(edge.session(), "institution_type")
    return [(term.key, _label(term)) for term in terms if term.key not in rulebook().not_by_oneself]


def type_names() -> dict[str, str]:
    """Return the names of all kinds of institution; old ones too."""
    return {term.key: _label(term) for term in list_terms(edge.session()) if term.scheme == "institution_type"}


def _label(term: Term) -> str:
    return term.label_en if is_english() else term.label_zh


def region_options() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the regions in groups of cities."""
    return [
        (region_name(head), [(each.code, region_name(each)) for each in (head, *inner)])
        for head, inner in list_regions(edge.session())
    ]


def region_name(region: Region) -> str:
    """Name a region."""
    return region.name_en if is_english() else region.name_zh


def unit_kind_words(kind: UnitKind) -> str:
    """Name what a unit is."""
    return {
        UnitKind.BUREAU: _("教育部门"), UnitKind.CENTRE: _("社区教育中心"), UnitKind.COLLEGE: _("学院"),
        UnitKind.COMMUNITY: _("社区"), UnitKind.OTHER: _("其他单位"),
    }[kind]  # fmt: skip


def region_line(application: Application) -> str:
    """Name the applicant's region with what it lies in (loaded with it)."""
    region, parent = application.region, application.region.parent
    names = [region_name(each) for each in (parent, region) if each is not None]
    return ", ".join(reversed(names)) if is_english() else "".join(names)


def receipt_groups(receipt: str) -> list[str]:
    """Split a receipt into groups that can be copied by hand."""
    return [receipt[place : place + 5] for place in range(0, len(receipt), 5)]


def storage_line(allowance: Allowance) -> str:
    """Say how much storage is used of how much."""
    used = file_size(allowance.usage.total_bytes, about=False)
    if allowance.storage_bytes is None:
        return _("已用 %(used)s，不限", used=used)
    return _("已用 %(used)s，共 %(quota)s", used=used, quota=file_size(allowance.storage_bytes, about=False))


def hours_line(allowance: Allowance) -> str:
    """Say how many hours came this month of how many."""
    used = f"{allowance.usage.month_s / 3600:.1f}"
    if allowance.monthly_hours is None:
        return _("本月已传 %(used)s 小时，不限", used=used)
    return _("本月已传 %(used)s 小时，共 %(quota)s 小时", used=used, quota=allowance.monthly_hours)


def in_gb(size_bytes: int | None) -> int:
    """Return a quota as officers type it."""
    return (size_bytes or 0) // GB
