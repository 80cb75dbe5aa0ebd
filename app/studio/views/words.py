"""What states, steps and technical facts are called on the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from app.media.forecast import rounded_s
from app.studio.listing import StudioState
from app.studio.progress import Phase, Progress
from app.web.formats import duration, mark


@dataclass(frozen=True, slots=True)
class StateWords:
    """A state's name, its badge's kind and its sign."""

    label: str
    kind: str = ""
    sign: str = ""


def state_words(state: StudioState | None) -> StateWords:
    """Name a state of the list; None is 'all'."""
    if state is None:
        return StateWords(_("全部"))
    return {
        StudioState.DRAFT: StateWords(_("草稿"), "", "pencil"),
        StudioState.PROCESSING: StateWords(_("处理中"), "busy", "loader-circle"),
        StudioState.READY: StateWords(_("待发布"), "accent", "badge-check"),
        StudioState.PUBLISHED: StateWords(_("已发布"), "good", "check"),
        StudioState.FAILED: StateWords(_("失败"), "bad", "circle-alert"),
        StudioState.WITHDRAWN: StateWords(_("已下架"), "", "lock"),
    }[state]


def step_words() -> dict[str, str]:
    """Name the steps on the way into the library."""
    return {
        "upload": _("上传"), "probe": _("检查"), "encode": _("转码"), "package": _("打包"),
        "publish": _("发布文件"),
    }


def progress_words(progress: Progress) -> str:
    """Say in one sentence what is going on; read aloud when it changes, so without running numbers."""
    if progress.phase is Phase.WORKING:
        return {
            "encode": _("正在转码，做成老手机也能流畅看的大小。"),
            "package": _("正在打包。"),
            "publish": _("正在放进资源库。"),
        }.get(progress.step, _("正在检查文件。"))
    if progress.phase is Phase.WAITING and progress.ahead:
        return ngettext("排队中，前面还有 %(num)d 个任务。", "排队中，前面还有 %(num)d 个任务。", progress.ahead)
    return {
        Phase.EMPTY: _("还没有上传视频。"),
        Phase.UPLOADING: _("文件还没有传完。"),
        Phase.FINISHING: _("已经传完，正在检查文件。"),
        Phase.WAITING: _("排队中，马上开始处理。"),
        Phase.READY: _("视频已经处理好，可以播放。"),
        Phase.FAILED: _("没有处理成功。"),
        Phase.CANCELLED: _("处理已取消。"),
    }[progress.phase]


def remaining_words(progress: Progress) -> str:
    """Say how long it will take, or nothing while that is not known."""
    if progress.phase not in {Phase.WAITING, Phase.WORKING} or progress.remaining_s is None:
        return ""
    if progress.remaining_s < 60:
        return _("大约还要不到 1 分钟，可以关掉这一页。")
    return _("大约还要 %(time)s，可以关掉这一页。", time=duration(rounded_s(progress.remaining_s)))


def media_facts(info: dict[str, Any]) -> list[tuple[str, str]]:
    """Say what probing found in words a teacher knows."""
    facts = [(_("时长"), duration(float(info["duration_s"])))]
    video, audio = info.get("video"), info.get("audio")
    if video:
        size = f"{video['display_width_px']} × {video['display_height_px']}"
        facts.append((_("画面"), size + mark("，") + _shape(video)))
        facts.append((_("每秒帧数"), _frame_rate(str(video["frame_rate"]))))
        facts.append((_("画面编码"), str(video["codec"]).upper()))
    else:
        facts.append((_("画面"), _("没有画面，作为音频课程播放")))
    if audio:
        count = audio["channels"]
        channels = {1: _("单声道"), 2: _("双声道")}.get(count, _("%(count)s 个声道", count=count))
        parts = (channels, str(audio["codec"]).upper(), f"{audio['sample_rate_hz'] / 1000:g} kHz")
        facts.append((_("声音"), mark("，").join(parts)))
    else:
        facts.append((_("声音"), _("没有声音")))
    if info.get("aigc"):
        facts.append((_("AI 标识"), _("文件带有人工智能生成内容的标识")))
    return facts


def _shape(video: dict[str, Any]) -> str:
    width_px, height_px = video["display_width_px"], video["display_height_px"]
    shape = _("竖屏") if height_px > width_px else _("横屏")
    return shape + mark("，") + _("隔行扫描") if video.get("is_interlaced") else shape


def _frame_rate(text: str) -> str:
    numerator, _slash, denominator = text.partition("/")
    try:
        rate = float(numerator) / float(denominator or 1)
    except (ValueError, ZeroDivisionError):
        return text
    return f"{rate:.2f}".rstrip("0").rstrip(".")
