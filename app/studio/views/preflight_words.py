"""What the findings of the preflight report are called, and what a teacher can do about each.

Not here: which findings there are and when (media_pipeline.preflight).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask_babel import gettext as _

from app.media.preflight import CUT_OUT, OUTDATED, UNREADABLE, UPLOADED_BEFORE, Preflight, PreflightState
from app.web.formats import duration, mark
from media_pipeline.preflight import KINDS, Finding

#: More times than these are counted, not listed.
_SHOWN_SPANS = 6


@dataclass(frozen=True, slots=True)
class TimeWords:
    """One stretch of the lecture, and where its file can be opened at that moment."""

    label: str
    at_s: int
    address: str


@dataclass(frozen=True, slots=True)
class FindingWords:
    """One line of the report."""

    code: str
    title: str
    advice: str
    times: tuple[TimeWords, ...]
    #: How many stretches are not listed.
    more: int
    is_about: bool


@dataclass(frozen=True, slots=True)
class GroupWords:
    """All lines of one kind under their heading."""

    kind: str
    title: str
    findings: tuple[FindingWords, ...]


def report_words(preflight: Preflight, media_address: str) -> list[GroupWords]:
    """Say everything that was found; `media_address` is a file a browser plays from any moment, or empty."""
    titles = {"problem": _("需要您处理"), "advice": _("建议您看一看"), "fixed": _("已为您处理")}
    groups = [
        GroupWords(kind, titles[kind], tuple(_say(finding, media_address) for finding in found))
        for kind in KINDS
        if (found := preflight.report.of_kind(kind))
    ]
    # Why the file could not be looked through is told once, above the groups.
    told = [
        GroupWords(group.kind, group.title, tuple(each for each in group.findings if each.code != "not_measured"))
        for group in groups
    ]
    return [group for group in told if group.findings]


def state_sentence(preflight: Preflight) -> str:
    """Say how far the check is, or nothing when the findings speak."""
    if preflight.state is PreflightState.WAITING:
        return _("正在检查画面和声音。检查不影响视频处理，过几分钟刷新这一页就能看到结果。")
    if preflight.state is PreflightState.NOT_POSSIBLE:
        return {
            UNREADABLE: _("文件打不开，所以没有检查画面和声音。换一个文件以后会重新检查。"),
            UPLOADED_BEFORE: _("这个文件上传得早，没有检查过。想检查的话，把同一个文件再传一次。"),
            CUT_OUT: _("这一讲是从另一讲里拆出来的。画面和声音的检查结果，请看原来那一讲。"),
            OUTDATED: _("检查的规则更新了，这个文件还没有按新规则检查。想检查的话，把同一个文件再传一次。"),
        }.get(preflight.problem, _("画面和声音没有检查成。这不影响视频处理；请自己从头到尾看一遍。"))
    return "" if preflight.report.findings else _("没有发现问题。")


def time_code(moment_s: float) -> str:
    """Write a moment of a lecture: 3 分 20 秒."""
    seconds = max(0, int(moment_s))
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    if hours:
        return _("%(hours)d 小时 %(minutes)d 分 %(seconds)d 秒", hours=hours, minutes=minutes, seconds=rest)
    if minutes:
        return _("%(minutes)d 分 %(seconds)d 秒", minutes=minutes, seconds=rest)
    return _("%(seconds)d 秒", seconds=rest)


def _say(finding: Finding, media_address: str) -> FindingWords:
    title, advice = _WORDS[finding.code](finding.values)
    times = tuple(
        TimeWords(
            _("%(start)s到 %(end)s", start=time_code(span.at_s), end=time_code(span.until_s)),
            int(span.at_s),
            f"{media_address}#t={int(span.at_s)}" if media_address else "",
        )
        for span in finding.spans[:_SHOWN_SPANS]
    )
    more = max(0, len(finding.spans) - _SHOWN_SPANS)
    return FindingWords(finding.code, title, advice, times, more, finding.is_about)


def _short(values: Mapping[str, float]) -> tuple[str, str]:
    length, least = time_code(values["duration_s"]), duration(values["min_s"])
    return _("这一讲长 %(length)s，太短", length=length), _(
        "这一类课程至少要 %(least)s。请补充内容，或改选别的类型。", least=least
    )


def _long(values: Mapping[str, float]) -> tuple[str, str]:
    length, most = time_code(values["duration_s"]), duration(values["max_s"])
    return _("这一讲长 %(length)s，太长", length=length), _(
        "这一类课程最多 %(most)s。请分成几讲，或改选别的类型。", most=most
    )


def _rather(values: Mapping[str, float]) -> tuple[str, str]:
    title = _("这一讲长 %(length)s", length=time_code(values["duration_s"]))
    span = {"least": duration(values["min_s"]), "most": duration(values["max_s"])}
    return title, _("建议 %(least)s到 %(most)s，居民更容易看完。", **span)


def _resolution(values: Mapping[str, float]) -> tuple[str, str]:
    size = f"{values['width_px']:.0f} × {values['height_px']:.0f}"
    return _("画面只有 %(size)s", size=size), _("大屏幕上会不清楚。有更清楚的原文件（720p 以上）就换上。")


def _one_channel(values: Mapping[str, float]) -> tuple[str, str]:
    side = _("左边") if values["louder"] == 0 else _("右边")
    return _("只有%(side)s有声音", side=side), _("戴耳机的居民只有一只耳朵听得到。请把声音改成单声道再导出。")


def _borders(values: Mapping[str, float]) -> tuple[str, str]:
    where = [_("上下")] if values["above"] else []
    where += [_("左右")] if values["beside"] else []
    share = round(100 * values["lost"])
    title = _("画面%(where)s有黑边", where=mark("、").join(where))
    return title, _("黑边占了屏幕的 %(share)d%%，手机上字会更小。导出时请选和画面一样的比例，例如 16:9。", share=share)


def _rate(values: Mapping[str, float]) -> dict[str, str]:
    return {name: f"{values[name]:.2f}".rstrip("0").rstrip(".") for name in ("rate", "made")}


_Say = Callable[[Mapping[str, float]], tuple[str, str]]

# One line each; a lambda only so that the texts are looked up in the language of the request.
_WORDS: dict[str, _Say] = {
    "cut_off": lambda _values: (_("文件后面缺了一段"), _("可能没有录完或没有传完。请检查原文件后重新上传。")),
    "no_sound": lambda _values: (_("整个文件没有声音"), _("请检查录制时话筒是否打开，或导出时是否选了声音。")),
    "several_sounds": lambda values: (
        _("文件里有 %(count)d 条声音", count=int(values["tracks"])),
        _("只用默认的一条。请听一听是不是想要的；不是的话，请只导出一条声音再上传。"),
    ),
    "sound_ends_early": lambda _values: (_("声音比画面先结束"), _("后面只有画面。不需要的话请剪掉，或补上讲解。")),
    "picture_ends_early": lambda _values: (_("画面比声音先结束"), _("后面停在最后一幅画面上。请检查原文件。")),
    "subtitles_inside": lambda _values: (
        _("文件里带有字幕"),
        _("已经放在下面“字幕”里。请看一看，点“保留”以后居民才看得到。"),
    ),
    "subtitles_as_pictures": lambda _values: (
        _("文件里的字幕是图片，不能转成字幕"),
        _("有 SRT 字幕文件就在下面“字幕”里添加。"),
    ),
    "all_silent": lambda _values: (
        _("有声音轨，但从头到尾是静音"),
        _("请检查录制时话筒是否打开，然后重新录制或导出。"),
    ),
    "silence": lambda _values: (_("没有声音"), _("居民会以为坏了。不需要的话请剪掉，或补上讲解。")),
    "clipped": lambda _values: (
        _("声音太大，破音了"),
        _("破音修不好。请把话筒音量调小，或离话筒远一点，重新录这一段。"),
    ),
    "all_black": lambda _values: (_("整个画面是黑的"), _("请检查摄像头或录屏设置；只讲声音的课，请上传录音文件。")),
    "black": lambda _values: (_("画面全黑"), _("不需要的话请剪掉。")),
    "too_short": _short,
    "too_long": _long,
    "rather_short": _rather,
    "rather_long": _rather,
    "blurred": lambda _values: (_("画面模糊"), _("可能没有对好焦。请点开看一看，字看不清就重新录。")),
    "very_quiet": lambda _values: (
        _("声音录得非常小"),
        _("已经为您放大，但杂音也会变大。下次请靠近话筒；听不清就重新录。"),
    ),
    "one_channel": _one_channel,
    "captions_missing": lambda _values: (_("还没有字幕"), _("耳朵不好的居民靠字幕看懂。在下面“字幕”里添加。")),
    "low_resolution": _resolution,
    "borders": _borders,
    "upright": lambda _values: (_("视频是竖着拍的"), _("手机上正好，电脑和电视上两边会空着。下次横着拍更好。")),
    "low_frame_rate": lambda values: (
        _("每秒只有 %(rate)s 帧", **_rate(values)),
        _("动作会一顿一顿。讲课件没有关系；示范动作的课请用每秒 25 帧以上。"),
    ),
    "hdr": lambda _values: (_("视频是 HDR 格式"), _("已换算成普通手机能正常显示的颜色。")),
    "picture_sampled": lambda _values: (
        _("画面只抽查了几处"),
        _("这个文件的画面只能隔一段看一次，黑屏和模糊可能没有查到。请自己快进看一遍。"),
    ),
    "not_measured": lambda _values: (_("画面和声音没有检查成"), ""),
    "quiet": lambda _values: (_("声音偏小"), _("已调到和别的课一样响。")),
    "loud": lambda _values: (_("声音偏大"), _("已调到和别的课一样响。")),
    "interlaced": lambda _values: (_("画面是隔行扫描的"), _("已去掉横纹。")),
    "turned": lambda _values: (_("拍摄时手机转了方向"), _("已转正。")),
    "frame_rate_thinned": lambda values: (
        _("每秒 %(rate)s 帧", **_rate(values)),
        _("已改成每秒 %(made)s 帧，省流量，看起来一样。", **_rate(values)),
    ),
    "frame_rate_evened": lambda values: (
        _("帧率不均匀（平均每秒 %(rate)s 帧）", **_rate(values)),
        _("已改成均匀的每秒 %(made)s 帧。", **_rate(values)),
    ),
}
