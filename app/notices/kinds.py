"""Kinds of notices: their sentences, and what of them a person gets who chose nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from app.green_channel.problems import problem_of
from app.green_channel.promises import Broken
from app.kernel.sentences import Sentence


class NoticeKind(StrEnum):
    """What a notice is about."""

    RETURNED = "returned"
    REJECTED = "rejected"
    PUBLISHED = "published"
    PROGRESS = "progress"
    WITHDRAWN = "withdrawn"
    MEDIA_FAILED = "media_failed"
    MEDIA_READY = "media_ready"
    CASE = "case"
    DEADLINE = "deadline"
    CASE_RECALLED = "case_recalled"
    ACCOUNT = "account"
    APPLICATION = "application"
    MEMBER = "member"
    WORK = "work"
    QUOTA = "quota"
    GREEN_LOST = "green_lost"
    GREEN_BACK = "green_back"
    GREEN_GRANT = "green_grant"


class Audience(StrEnum):
    """Who can get a kind at all."""

    #: Whoever makes lectures.
    MAKERS = "makers"
    REVIEWERS = "reviewers"
    #: Looks after institutions of regions.
    OFFICERS = "officers"
    #: Looks after the members of a place, or institutions of regions.
    MANAGERS_AND_OFFICERS = "managers_and_officers"
    #: Has work here that a colleague may take over.
    MEMBERS = "members"


class MailMode(StrEnum):
    """When a kind is mailed."""

    NONE = "none"
    NOW = "now"
    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class KindSpec:
    """What pages and mails say of a kind."""

    #: In the settings.
    name: str
    hint: str
    #: What is sent of it to people who chose nothing.
    mail: MailMode
    #: Icon in the list.
    sign: str
    #: While one of it is unread, another is counted with it: thirty files are one line.
    is_gathered: bool = False
    audience: Audience = Audience.MAKERS
    #: About the account itself: always shown, always mailed.
    is_fixed: bool = False


SPECS: Final[Mapping[NoticeKind, KindSpec]] = {
    NoticeKind.RETURNED: KindSpec("退回修改", "审核人请您改一改再送", MailMode.NOW, "undo-2"),
    NoticeKind.REJECTED: KindSpec("没有通过审核", "", MailMode.NOW, "circle-x"),
    NoticeKind.PUBLISHED: KindSpec("通过审核并公开", "居民可以看了", MailMode.DAILY, "circle-check"),
    NoticeKind.PROGRESS: KindSpec("审核进展", "过了一级、结论撤销、开始复核", MailMode.NONE, "clipboard-check"),
    NoticeKind.WITHDRAWN: KindSpec("课程下架", "别人把您的课下架了", MailMode.NOW, "archive"),
    NoticeKind.MEDIA_FAILED: KindSpec("视频处理失败", "要您重传或重试", MailMode.NOW, "triangle-alert"),
    NoticeKind.MEDIA_READY: KindSpec(
        "视频处理完成", "可以预览和送审了", MailMode.NONE, "circle-play", is_gathered=True
    ),
    NoticeKind.CASE: KindSpec(
        "轮到您审核", "有课送到您这一级", MailMode.DAILY, "inbox", is_gathered=True, audience=Audience.REVIEWERS
    ),
    NoticeKind.DEADLINE: KindSpec(
        "审核期限", "快到期和已过期的，每个工作日早上一次", MailMode.NOW, "clock", audience=Audience.REVIEWERS,
    ),
    NoticeKind.CASE_RECALLED: KindSpec(
        "送审撤回", "您打开过的送审被撤回", MailMode.NONE, "rotate-ccw", audience=Audience.REVIEWERS
    ),
    NoticeKind.ACCOUNT: KindSpec("账号安全", "密码、邮箱和登录方式有改动", MailMode.NOW, "shield-check", is_fixed=True),
    NoticeKind.APPLICATION: KindSpec(
        "入驻申请", "有单位申请加入，或者回答了您的问题", MailMode.DAILY, "building-2", audience=Audience.OFFICERS
    ),
    NoticeKind.MEMBER: KindSpec(
        "邀请", "受邀的人加入了，或者邀请过期没有人用", MailMode.NONE, "users",
        audience=Audience.MANAGERS_AND_OFFICERS,
    ),
    NoticeKind.WORK: KindSpec(
        "工作交接", "同事的工作交给您，或您的交给同事", MailMode.NOW, "send", audience=Audience.MEMBERS
    ),
    NoticeKind.QUOTA: KindSpec(
        "额度快用完", "存储和每月上传的小时数", MailMode.NOW, "cloud-upload", audience=Audience.MANAGERS_AND_OFFICERS,
    ),
    NoticeKind.GREEN_LOST: KindSpec(
        "绿色通道标识取消", "有承诺没有做到", MailMode.NOW, "circle-alert", is_gathered=True
    ),
    NoticeKind.GREEN_BACK: KindSpec("带上绿色通道标识", "承诺都做到了", MailMode.NONE, "badge-check", is_gathered=True),
    NoticeKind.GREEN_GRANT: KindSpec(
        "绿色通道开放", "快到期、到期、提前结束、暂停", MailMode.NOW, "calendar-days"
    ),
}

_LEVELS: Final = {1: "一审", 2: "二审", 3: "三审"}

_SENTENCES: Final[Mapping[NoticeKind, str]] = {
    NoticeKind.RETURNED: "《%(title)s》%(level)s退回，请修改后再送审。",
    NoticeKind.REJECTED: "《%(title)s》%(level)s没有通过。",
    NoticeKind.PUBLISHED: "《%(title)s》通过审核，已经公开。",
    NoticeKind.WITHDRAWN: "《%(title)s》已经下架。",
    NoticeKind.MEDIA_FAILED: "《%(title)s》的视频没有处理成功。",
    NoticeKind.MEDIA_READY: "《%(title)s》的视频处理好了。",
    NoticeKind.CASE: "《%(title)s》送到%(level)s，等您审核。",
    NoticeKind.CASE_RECALLED: "《%(title)s》的送审被撤回，不用再审。",
    NoticeKind.GREEN_LOST: "《%(title)s》的绿色通道标识取消了。",
    NoticeKind.GREEN_BACK: "《%(title)s》做到了全部承诺，带上了绿色通道标识。",
}
_GATHERED: Final[Mapping[NoticeKind, str]] = {
    NoticeKind.MEDIA_READY: "《%(title)s》等 %(count)d 讲的视频处理好了。",
    NoticeKind.CASE: "《%(title)s》等 %(count)d 讲送到您这一级，等您审核。",
    NoticeKind.GREEN_LOST: "《%(title)s》等 %(count)d 讲的绿色通道标识取消了。",
    NoticeKind.GREEN_BACK: "《%(title)s》等 %(count)d 讲带上了绿色通道标识。",
}
#: By what happened.
_PROGRESS: Final[Mapping[str, str]] = {
    "pass": "《%(title)s》通过了%(level)s。",
    "undo": "《%(title)s》%(level)s的结论撤销了，会重新审。",
    "rechecked": "《%(title)s》复核通过。",
    "recheck": "《%(title)s》开始复核，居民照常能看。",
}
_ACCOUNT: Final[Mapping[str, str]] = {
    "password": "您的密码改过了，其他地方的登录都已退出。",
    "mail": "您的邮箱改过了。",
    "totp_on": "您的账号开启了动态验证码。",
    "totp_off": "您的账号关闭了动态验证码。",
    "recovery": "有人用一个备用码登录了您的账号。",
    "identity": "您的账号关联了单位的统一登录。",
}
#: Kinds whose facts are of one of several sorts: by kind, then by what happened.
_SORTS: Final[Mapping[NoticeKind, Mapping[str, str]]] = {
    NoticeKind.PROGRESS: _PROGRESS,
    NoticeKind.ACCOUNT: _ACCOUNT,
    NoticeKind.APPLICATION: {
        "arrived": "%(name)s（%(region)s）申请加入，等您核实。",
        "answered": "%(name)s（%(region)s）回答了您的问题，等您核实。",
    },
    NoticeKind.MEMBER: {
        "joined": "%(person)s接受邀请，加入了%(place)s。",
        "unused": "给%(person)s的邀请过期了，没有人用；还要请的话，请重新邀请。",
    },
    NoticeKind.WORK: {
        "lectures": "%(person)s在%(place)s的工作交给了您：讲座 %(lectures)d 讲、在审 %(reviews)d 件。",
        "playlists": "%(person)s在%(place)s的工作交给了您：播单 %(playlists)d 个。",
        "given": "您在%(place)s的工作已经交给%(person)s。",
    },
    NoticeKind.QUOTA: {
        "storage": "%(place)s的存储额度用了 %(percent)d%%：共 %(limit)d GB。",
        "storage_full": "%(place)s的存储额度 %(limit)d GB 用完了，新文件传不上来。",
        "hours": "%(place)s这个月的上传额度用了 %(percent)d%%：共 %(limit)d 小时。",
        "hours_full": "%(place)s这个月的上传额度 %(limit)d 小时用完了，下月 1 日起可以接着传。",
    },
    NoticeKind.GREEN_GRANT: {
        "soon": "开放“%(title)s”还有 %(days)d 天到期，最后一天是 %(day)s；要继续，请改结束日期。",
        "over": "开放“%(title)s”到期了，最后一天是 %(day)s；讲座照常能看，不再带绿色通道标识。",
        "ended": "开放“%(title)s”提前结束了；讲座照常能看，不再带绿色通道标识。",
        "paused": "开放“%(title)s”里现在没有一讲带绿色通道标识，等于暂停；请看每一讲缺什么。",
    },
}


def sentence_of(kind: NoticeKind, facts: Mapping[str, Any], count: int = 1) -> Sentence:
    """Say what happened."""
    if kind is NoticeKind.DEADLINE:
        return _deadlines(int(facts["soon"]), int(facts["late"]))
    values: dict[str, str | int] = {
        **{name: value for name, value in facts.items() if isinstance(value, str | int)},
        "count": count, "level": _LEVELS.get(facts.get("level", 0), ""),
    }  # fmt: skip
    if count > 1:
        return Sentence(_GATHERED[kind], **values)
    return Sentence(_SORTS[kind][facts["what"]] if kind in _SORTS else _SENTENCES[kind], **values)


def reason_of(kind: NoticeKind, facts: Mapping[str, Any], count: int = 1) -> str:
    """Say why it happened; empty where nobody said, or where it stands for several."""
    if kind is NoticeKind.GREEN_LOST and count == 1:
        return problem_of(Broken.from_json(facts["broken"]))
    return str(facts.get("why", ""))


def _deadlines(soon: int, late: int) -> Sentence:
    if soon and late:
        return Sentence("等您审核的课，%(soon)d 讲一天内到期，%(late)d 讲已经过期。", soon=soon, late=late)
    if late:
        return Sentence("等您审核的课，%(late)d 讲已经过期。", late=late)
    return Sentence("等您审核的课，%(soon)d 讲一天内到期。", soon=soon)
