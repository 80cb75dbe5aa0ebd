"""What an uploader should know of a source that was accepted: nothing is wrong with the result, but look at it.

Codes are stable; the callers translate by code. Not here: why a source is refused (`errors.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .types import AudioInfo, SubtitleInfo, VideoInfo

FINDINGS: dict[str, str] = {
    "cut_short": "这个文件的末尾缺了一段，可能没有传完或录制时中断。前面完好的部分照常播放，请检查原文件。",
    "several_sounds": "这个文件里有多条声音，只使用默认的一条。请听一听是不是想要的那一条。",
    "no_sound": "这个视频没有声音。",
    "picture_ends_early": "画面比声音短，后面会停在最后一幅画面上。",
    "sound_ends_early": "声音比画面短，后面一段没有声音。",
    "hdr_converted": "这个视频是 HDR 画面，已换算成普通手机能正常显示的颜色。",
    "has_subtitles": "这个文件里带有字幕，可以取出来用作课程字幕。",
    "has_picture_subtitles": "这个文件里的字幕是图片形式，取不出文字。如有 SRT 字幕文件，请另外上传。",
}

# Endings that differ by less are the usual rounding of recorders.
_NOTABLE_S = 2.0


def find_remarks(
    video: VideoInfo | None, audio: AudioInfo | None, subtitles: tuple[SubtitleInfo, ...], *, is_cut: bool
) -> tuple[str, ...]:
    """Return the codes of everything worth saying of a source, the weightiest first. Pure."""
    found: list[str] = []
    if is_cut:
        found.append("cut_short")
    if audio is not None and audio.tracks > 1:
        found.append("several_sounds")
    if audio is None:
        found.append("no_sound")
    if video is not None and audio is not None and video.end_s is not None and audio.end_s is not None:
        if audio.end_s - video.end_s > _NOTABLE_S:
            found.append("picture_ends_early")
        elif video.end_s - audio.end_s > _NOTABLE_S:
            found.append("sound_ends_early")
    if video is not None and video.is_hdr:
        found.append("hdr_converted")
    if any(subtitle.is_text for subtitle in subtitles):
        found.append("has_subtitles")
    elif subtitles:
        found.append("has_picture_subtitles")
    return tuple(found)
