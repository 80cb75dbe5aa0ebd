"""Words of the green channel: what each promise is called, what it means, and what to do when it is not kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from flask import url_for
from flask_babel import gettext as _

from app.green_channel.models import GreenGrantEvent
from app.green_channel.periods import first_day, last_day
from app.green_channel.problems import problem_of
from app.green_channel.promises import Broken, Cause, Promise, channel_policy
from app.green_channel.register import When
from app.library.green_grants import GreenGrant
from app.library.models import Lecture
from app.library.places import Region
from app.library.queries import list_terms
from app.web import edge
from app.web.formats import local_date, mark
from app.web.navigation import link_if
from app.web.preferences import is_english
from app.web.speech import speak

if TYPE_CHECKING:
    from app.green_channel.queries import LectureStanding


def promise_names() -> dict[Promise, str]:
    """Name each promise in a few words."""
    return {
        Promise.FREE: _("不收费"),
        Promise.NO_SIGN_IN: _("不用登录"),
        Promise.PHONE: _("老手机、慢网络也能看"),
        Promise.LISTEN: _("可以只听声音"),
        Promise.CAPTIONS: _("有字幕"),
        Promise.DOWNLOAD: _("可以下载"),
        Promise.OWN_CONTENT: _("没有广告，内容有权使用"),
        Promise.REVIEWED: _("审核过"),
    }


def promise_meanings() -> dict[Promise, str]:
    """Say to residents what each promise means for them."""
    rate = channel_policy().phone_rate_bps // 1000
    return {
        Promise.FREE: _("看、听、下载都不要钱。可以怎样使用，写在每一讲的“使用许可”里。"),
        Promise.NO_SIGN_IN: _("打开就能看，不用注册，不用密码，也不用扫码关注。"),
        Promise.PHONE: _("最省的一档画面，平均每秒不超过 %(rate)s 千比特；网络不好也不容易卡。", rate=rate),
        Promise.LISTEN: _("点“听课”，只放声音，一小时大约二十多兆流量。"),
        Promise.CAPTIONS: _("听不清、不方便放声音的时候，看字幕也能学。"),
        Promise.DOWNLOAD: _("在有网的地方下载到手机里，回家没有网也能看；也可以只下载声音。"),
        Promise.OWN_CONTENT: _("没有广告和推销，不引到别的网站；画面、音乐、文字都有权使用，老师签过承诺。"),
        Promise.REVIEWED: _("公开之前有专人从头到尾审过；以后每次改动，也要审过才换上。"),
    }


@dataclass(frozen=True, slots=True)
class Advice:
    """A broken promise as its people read it: what is wrong, what to do, and where."""

    promise: str
    problem: str
    remedy: str
    url: str | None = None
    link: str = ""


def advice(broken: Broken, lecture: Lecture) -> Advice:
    """Put a broken promise into words."""
    url, words = _where(broken.cause, lecture)
    return Advice(promise_names()[broken.promise], _problem(broken), _remedy(broken.cause), url, words)


def advices(standing: LectureStanding) -> list[Advice]:
    """Put everything that is wrong with a lecture into words."""
    return [advice(each, standing.lecture) for each in standing.broken]


def _where(cause: Cause, lecture: Lecture) -> tuple[str | None, str]:
    if cause in {Cause.LICENCE_NARROWER, Cause.ADVERT, Cause.FOREIGN_LINK}:
        return link_if("studio.edit_lecture", public_id=lecture.public_id), _("去修改介绍")
    if cause in {Cause.NOT_SIGNED, Cause.NOT_REVIEWED, Cause.CHANGED_SINCE} and lecture.published_at is not None:
        return link_if("review.submission", lecture=lecture.public_id), _("去送审")
    return link_if("studio.lecture", public_id=lecture.public_id), _("打开这一讲")


def _problem(broken: Broken) -> str:
    if broken.cause is not Cause.LICENCE_NARROWER:
        return speak(problem_of(broken))
    labels = {term.key: label_of(term) for term in list_terms(edge.session()) if term.scheme == "licence"}
    own, granted = (str(broken.values[name]) for name in ("licence", "granted"))
    values = {"own": labels.get(own, own), "granted": labels.get(granted, granted)}
    return _("这一讲写的许可是“%(own)s”，比开放时承诺的“%(granted)s”窄。", **values)


def _remedy(cause: Cause) -> str:
    return {
        Cause.LICENCE_NARROWER: _("把这一讲的使用许可改成一样的，或者修改这次开放的许可。"),
        Cause.DRAFT: _("信息填全以后送审；通过就自动公开，绿色通道的课优先审。"),
        Cause.WITHDRAWN: _("问题改好以后，重新发布或送审。"),
        Cause.CLOSED: _("请联系平台管理员检查。"),
        Cause.NO_MEDIA: _("上传文件，或等处理完成；绿色通道的课优先处理。"),
        Cause.TOO_FAST: _("请联系平台管理员按现在的规则重新转码；画面晃动太厉害的，请换一个稳的文件。"),
        Cause.NO_SOUND: _("原文件没有声音的，请配上讲解，再更换文件。"),
        Cause.NO_CAPTIONS: _("在“字幕”里上传或生成；需要审核的，送审通过以后才算。"),
        Cause.NO_FILE: _("请在“视频”里点“重试”，重新处理一遍。"),
        Cause.FILE_MISSING: _("请在“视频”里更换或重新上传文件，并告诉平台管理员。"),
        Cause.ADVERT: _("请删掉；确有必要的，送审时写明理由，审核通过就算。"),
        Cause.FOREIGN_LINK: _("请从介绍、标签和字幕里删掉。"),
        Cause.NOT_SIGNED: _("送审一次，逐项自查并签署；本机构不用送审的，请平台管理员改为至少一级审核。"),
        Cause.NOT_REVIEWED: _("送审一次；本机构不用送审的，请平台管理员改为至少一级审核。"),
        Cause.CHANGED_SINCE: _("把现在的样子再送审一次。"),
    }[cause]


def label_of(thing: object) -> str:
    """Name a vocabulary term in the reader's language."""
    return str(getattr(thing, "label_en" if is_english() else "label_zh"))


def region_name(region: Region) -> str:
    """Name a region in the reader's language."""
    return region.name_en if is_english() else region.name_zh


def region_names(regions: Sequence[Region]) -> str:
    """Name the regions a grant is for; the province says it for all."""
    provinces = [region for region in regions if region.parent_code is None]
    return mark("、").join(region_name(region) for region in provinces or regions)


def audience_names(grant: GreenGrant) -> str:
    """Name the audiences a grant is for."""
    return mark("、").join(label_of(term) for term in grant.audiences)


def days_of(grant: GreenGrant) -> tuple[date, date]:
    """Return the first and the last day of a grant; an ended one held until then, or never beyond its first day."""
    first = first_day(grant.starts_at)
    return first, max(first, last_day(grant.last_moment))


def period_words(grant: GreenGrant) -> str:
    """Write the days of a grant; both ends are days it holds."""
    first, last = days_of(grant)
    return _("%(first)s 至 %(last)s", first=local_date(first), last=local_date(last))


def when_badge(when: When, grant: GreenGrant) -> tuple[str, str, str]:
    """Return label, kind and sign of where a grant's period stands."""
    if when is When.NOW:
        return _("正在开放"), "good", "circle-check"
    if when is When.SOON:
        return _("即将开放"), "", "clock"
    return (_("已提前结束"), "", "") if grant.ended_at is not None else (_("已到期"), "", "")


def when_names() -> dict[When, str]:
    """Name the choices of the register's filter."""
    return {When.NOW: _("正在开放"), When.SOON: _("即将开放"), When.PAST: _("已经结束"), When.ALL: _("全部")}


def event_words(event: GreenGrantEvent) -> str:
    """Say in one line what was done with a grant."""
    names = {"opened": _("开放"), "changed": _("修改"), "ended": _("已提前结束")}
    labels = {
        "title": _("名称"), "note": _("说明"), "licence": _("使用许可"), "contact_name": _("联系人"),
        "contact_phone": _("联系电话"), "starts_on": _("第一天"), "ends_on": _("最后一天"), "courses": _("整门课程"),
        "lectures": _("单独的讲座"), "regions": _("面向地区"), "audiences": _("面向人群"),
    }  # fmt: skip
    words = names[event.action.value]
    if event.details:
        words += mark("：") + mark("、").join(labels.get(name, name) for name in event.details)
    return words + (mark("：") + event.why if event.why else "")


def spoken(sentence: str) -> str:
    """Return a service's sentence in the reader's language."""
    return speak(sentence)


def iso(day: date | None) -> str:
    """Write a day as date inputs read it."""
    return day.isoformat() if day is not None else ""


def opening_url(grant: GreenGrant) -> str:
    """Return the address of a grant's public page."""
    return url_for("green_channel.opening", public_id=grant.public_id)
