"""What lanes, states, kinds and steps of jobs are called on the operator's pages, and in what the commands print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from app.admin.encode_queue import LineState, QueueLine, QueuePage, QueueView
from app.media.forecast import rounded_s
from app.media.renewal import Extent
from app.web.formats import duration
from app.web.speech import speak


def lane_words() -> dict[str, str]:
    """Name the lanes."""
    return {
        "media": _("转码"), "default": _("杂务"), "analysis": _("检查内容"),
        "mail": _("邮件"),
    }


def state_words() -> dict[str, str]:
    """Name the states of jobs."""
    return {
        "queued": _("排队"), "running": _("进行中"), "succeeded": _("完成"), "failed": _("没有成功"),
        "cancelled": _("取消"),
    }


def kind_words() -> dict[str, str]:
    """Name the kinds of jobs."""
    return {
        "encode_lecture": _("给课程转码"), "encode_chunk": _("给课程的一段转码"), "analyse_source": _("检查文件内容"),
        "caption_lecture": _("听写字幕"), "renew_media": _("安排重新转码"),
        "settle_asked": _("整理大家常搜的词"),
        "sweep_store": _("清理存储"), "finish_upload": _("收下上传的文件"), "sweep_uploads": _("清理没传完的文件"),
        "empty_deleted_drafts": _("清理删除的草稿"),
        "forget_applications": _("删除到期的入驻申请"),
        "send_mail": _("发送邮件"), "tell_morning": _("早晨的汇总和期限"),
        "send_reset_link": _("找回密码"),
    }


def step_words() -> dict[str, str]:
    """Name the steps of a job."""
    return {
        "probe": _("检查文件"), "encode": _("转码"), "package": _("打包"),
        "publish": _("存放"), "sweep": _("清理"),
    }


def view_words() -> dict[QueueView, str]:
    """Name the halves of the queue's page."""
    return {QueueView.OPEN: _("进行和排队"), QueueView.STOPPED: _("没有做成")}


def line_state_words(line: QueueLine) -> str:
    """Say how a lecture stands."""
    return {
        LineState.WAITING: _("排队"), LineState.WORKING: _("进行中"), LineState.CANCELLING: _("正在取消"),
        LineState.FAILED: _("没有成功"), LineState.CANCELLED: _("已取消"),
    }[line.state]


def remaining_words(line: QueueLine) -> str:
    """Say about how long it will take; a dash while that is not known."""
    if line.remaining_s is None:
        return "—"
    if line.remaining_s < 60:
        return _("不到 1 分钟")
    return _("约 %(time)s", time=duration(rounded_s(line.remaining_s)))


def chunk_words(line: QueueLine) -> str:
    """Say how many chunks are made; nothing before they are known."""
    return _("%(done)s / %(total)s 段", done=line.chunks_done, total=line.chunks_total) if line.chunks_total else ""


def reason_words(line: QueueLine) -> str:
    """Say what keeps or stopped it, or how many go first."""
    if line.reason:
        return speak(line.reason)
    if line.state is LineState.WAITING and line.ahead:
        return ngettext("前面还有 %(num)d 讲", "前面还有 %(num)d 讲", line.ahead)
    return ""


def speed_words(page: QueuePage) -> str:
    """Say how fast all workers together go."""
    if page.speed is None:
        return _("最近 10 分钟没有做好新的片段，还估不出时间。")
    return _("最近平均每分钟做好 %(time)s的课。", time=duration(60 * page.speed))


def extent_words(extent: Extent) -> str:
    """Say how much there is to encode."""
    hours = f"{extent.duration_s / 3600:.1f}"
    return ngettext(
        "%(num)d 讲，共 %(hours)s 小时", "%(num)d 讲，共 %(hours)s 小时", extent.lectures, hours=hours
    )


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One lecture of the queue in words."""

    job_id: int
    title: str
    institution: str
    #: The badge: words, kind and sign.
    state: tuple[str, str, str]
    kind: str
    chunks: str
    percent: int | None
    remaining: str
    reason: str
    can_cancel: bool
    can_retry: bool
    #: Title, text and button of the question before its one button acts.
    question: Mapping[str, str]


def shown(line: QueueLine) -> ShownLine:
    """Put a line into words."""
    kind, sign = {
        LineState.WAITING: ("", "clock"), LineState.WORKING: ("busy", "loader-circle"),
        LineState.CANCELLING: ("busy", "loader-circle"), LineState.FAILED: ("bad", "circle-alert"),
        LineState.CANCELLED: ("", "x"),
    }[line.state]  # fmt: skip
    can_retry = line.state in {LineState.FAILED, LineState.CANCELLED}
    return ShownLine(
        job_id=line.job_id,
        title=line.title,
        institution=line.institution,
        state=(line_state_words(line), kind, sign),
        kind=_("重新转码") if line.is_renewal else "",
        chunks=chunk_words(line),
        percent=line.percent,
        remaining="" if can_retry else remaining_words(line),
        reason=reason_words(line),
        can_cancel=line.state in {LineState.WAITING, LineState.WORKING},
        can_retry=can_retry,
        question=retry_words(line.title) if can_retry else cancel_words(line.title),
    )


def cancel_words(title: str) -> dict[str, str]:
    """Return title, text and button of the question before cancelling; dialog and plain page ask the same."""
    return {
        "title": _("取消“%(title)s”的转码？", title=title),
        "text": _("正在做的片段会停下，已经做好的留着，以后可以重试。已经公开的视频不受影响。"),
        "confirm": _("是的，取消转码"),
    }


def retry_words(title: str) -> dict[str, str]:
    """Return title, text and button of the question before trying again."""
    return {
        "title": _("重试“%(title)s”的转码？", title=title),
        "text": _("会重新排队；已经做好的片段不用再做。"),
        "confirm": _("是的，重试"),
    }


def renewal_words(extent: Extent) -> dict[str, str]:
    """Return title, text and button of the question before encoding anew."""
    return {
        "title": _("全部按现行方案重新转码？"),
        "text": _(
            "要做的有 %(extent)s。新上传的课总是先做；每讲做好以前，居民看到的还是原来的视频。",
            extent=extent_words(extent),
        ),
        "confirm": _("是的，开始排队"),
    }
