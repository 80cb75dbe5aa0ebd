"""Odd but honest sources, as phones, recorders and broadcasters make them: each must become a good lecture.

Functions of a ClipShelf that return paths. Not here: spoilt sound (`spoilt_sounds.py`), bad files (`bad_clips.py`).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from tests.factories.clips import X264

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.factories.clips import ClipShelf

# A white flash and a tone of 1 kHz, both from second 3.0 to 3.2: where they come out tells how far they drifted.
SIGNAL_S = 3.0
_FLASH = "color=c=0x202020:s=320x240:r=25:d=6,drawbox=w=iw:h=ih:color=white:t=fill:enable='between(t,3,3.19)'"
_BEEP = "aevalsrc='0.5*sin(2000*PI*t)*between(t,3,3.2)':s=48000:d=6"
_ASS = (
    "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname\nStyle: Default,Arial\n\n[Events]\n"
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:00.50,0:00:01.50,Default,,0,0,0,,{words}\n"
)
_SIGNALS = ("-f", "lavfi", "-i", _FLASH, "-f", "lavfi", "-i", _BEEP)
_RAMP = (
    "gradients=s=640x360:c0=black:c1=white:x0=0:y0=0:x1=639:y1=0:nb_colors=2:d=4:speed=0.00001,format=yuv444p,"
    "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
)


def ramp(shelf: ClipShelf) -> Path:
    """A picture from black at the left to white at the right, in ordinary colours."""
    return shelf._lavfi("ramp.mp4", f"{_RAMP},format=yuv420p", None, *X264)


def hdr_ramp(shelf: ClipShelf, transfer: str) -> Path:
    """The same picture as a phone's HDR recording: ten bits, BT.2020, coded as PQ or HLG."""
    name = {"pq": "smpte2084", "hlg": "arib-std-b67"}[transfer]
    source = f"{_RAMP},zscale=p=bt2020:t={name}:m=bt2020nc:r=tv:npl=203,format=yuv420p10le"
    tags = ("-color_primaries", "bt2020", "-color_trc", name, "-colorspace", "bt2020nc")
    return shelf._lavfi(f"ramp-{transfer}.mp4", source, None, "-c:v", "libx264", "-preset", "ultrafast", *tags)


def late_clock(shelf: ClipShelf) -> Path:
    """A transport stream that starts at three hours, as cut from a broadcast."""
    return _signals(shelf, "late-clock.ts", "-output_ts_offset", 10_800, "-f", "mpegts")


def early_clock(shelf: ClipShelf) -> Path:
    """Times that start before zero."""
    return _signals(shelf, "early-clock.mkv", "-output_ts_offset", -0.5, "-avoid_negative_ts", "disabled")


def far_clock(shelf: ClipShelf) -> Path:
    """Times that start at three hours, in a file with an index."""
    return _signals(shelf, "far-clock.mkv", "-output_ts_offset", 10_800)


def restarted_clock(shelf: ClipShelf) -> Path:
    """Two transport streams one after the other: the clock jumps back in the middle."""

    def make(target: Path) -> None:
        part = shelf._lavfi("part.ts", "testsrc2=s=320x240:r=25:d=4", "sine=d=4", *X264, "-c:a", "aac", "-f", "mpegts")
        target.write_bytes(part.read_bytes() * 2)

    return shelf._once("restarted.ts", make)


def without_times(shelf: ClipShelf) -> Path:
    """Bare H.264 without any container."""
    return shelf._lavfi("bare.h264", "testsrc2=s=320x240:r=25:d=5", None, *X264, "-f", "h264")


def unequal(shelf: ClipShelf, picture_s: int, sound_s: int) -> Path:
    """Picture and sound of different length."""
    source = f"testsrc2=s=320x240:r=25:d={picture_s}"
    return shelf._lavfi(f"unequal-{picture_s}-{sound_s}.mp4", source, f"sine=d={sound_s}", *X264, "-c:a", "aac")


def two_sounds(shelf: ClipShelf) -> Path:
    """Two sound tracks, of which the second, a tone of 1 kHz, is the default."""

    def make(target: Path) -> None:
        given = ("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=5", "-f", "lavfi", "-i", "sine=f=300:d=5")
        given += ("-f", "lavfi", "-i", "sine=f=1000:d=5")
        marks = ("-disposition:a:0", 0, "-disposition:a:1", "default")
        shelf._ffmpeg(*given, "-map", 0, "-map", 1, "-map", 2, *X264, "-c:a", "aac", *marks, target)

    return shelf._once("two-sounds.mkv", make)


def empty_first_sound(shelf: ClipShelf) -> Path:
    """A first sound track that was prepared and never recorded; the second has a tone of 1 kHz."""

    def make(target: Path) -> None:
        given = ("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=5", "-f", "lavfi", "-i", "sine=f=1000:d=5")
        empty = ("-filter_complex", "[1:a]asplit[a][b];[a]atrim=end=0[none]", "-map", "0:v", "-map", "[none]")
        shelf._ffmpeg(*given, *empty, "-map", "[b]", *X264, "-c:a", "pcm_s16le", target)

    return shelf._once("empty-first.mkv", make)


def subtitled(shelf: ClipShelf, ending: str) -> Path:
    """A lecture with two subtitle tracks inside, Chinese and English; an `untagged.mkv` does not say which."""

    def make(target: Path) -> None:
        texts = []
        for language, words in (("zh", ("同学们好", "请打开设置")), ("en", ("Hello <b>all</b>", "Open settings"))):
            # Beside the clip, whose name is this process's own: another one may be making the same clip meanwhile.
            text = target.with_name(f"{target.stem}-{language}.srt")
            lines = (
                f"1\n00:00:01,000 --> 00:00:02,500\n{words[0]}\n",
                f"2\n00:00:03,000 --> 00:00:04,000\n{words[1]}\n",
            )
            text.write_text("\n".join(lines), encoding="utf-8")
            texts += ["-i", text]
        coding = {"mp4": "mov_text", "mkv": "subrip", "webm": "webvtt"}.get(ending, "ass")
        picture = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", 8) if ending == "webm" else X264
        languages = ("und", "und") if ending.startswith("untagged") else ("chi", "eng")
        names = (
            "-metadata:s:s:0",
            f"language={languages[0]}",
            "-metadata:s:s:1",
            f"language={languages[1]}",
            "-metadata:s:s:1",
            "title=English",
        )
        maps = ("-map", 0, "-map", 1, "-map", 2)
        target_name = ("-f", {"mp4": "mp4", "webm": "webm"}.get(ending, "matroska"), target)
        source = ("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=5")
        shelf._ffmpeg(*source, *texts, *maps, *picture, "-c:s", coding, *names, *target_name)

    return shelf._once(f"subtitled.{ending}", make)


def picture_subtitles(shelf: ClipShelf) -> Path:
    """A lecture whose subtitles are, by its header, pictures as on a DVD."""

    def make(target: Path) -> None:
        data = subtitled(shelf, "mkv").read_bytes()
        target.write_bytes(data.replace(b"S_TEXT/UTF8", b"S_VOBSUB\0\0\0"))

    return shelf._once("picture-subtitles.mkv", make)


def half_empty_subtitles(shelf: ClipShelf) -> Path:
    """Two subtitle tracks, of which the first holds nothing but a blank."""

    def make(target: Path) -> None:
        texts = []
        for number, words in enumerate((" ", "同学们好")):
            text = target.with_name(f"{target.stem}-{number}.ass")
            text.write_text(_ASS.format(words=words), encoding="utf-8")
            texts += ["-i", text]
        source = ("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=3")
        shelf._ffmpeg(*source, *texts, "-map", 0, "-map", 1, "-map", 2, *X264, "-c:s", "copy", target)

    return shelf._once("half-empty-subtitles.mkv", make)


def with_chapters(shelf: ClipShelf, ending: str) -> Path:
    """Chapters as an editor writes them: one without a title, one after the end."""
    chapters = ((0, "开场"), (1500, "打开设置 & 显示"), (3000, ""), (9000, "后面没有了"))
    return _chaptered(shelf, f"chapters.{ending}", chapters, 5)


def with_many_chapters(shelf: ClipShelf) -> Path:
    """A thousand chapters with titles far too long."""
    return _chaptered(shelf, "many-chapters.mkv", [(number * 1100, "很长" * 200) for number in range(1000)], 300)


def _chaptered(shelf: ClipShelf, name: str, chapters: Sequence[tuple[int, str]], duration_s: int) -> Path:
    def make(target: Path) -> None:
        text = target.with_name(f"{target.stem}.txt")
        lines = [";FFMETADATA1"]
        for start_ms, title in chapters:
            lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={start_ms}", f"END={start_ms + 1000}", f"title={title}"]
        text.write_text("\n".join([*lines, ""]), encoding="utf-8")
        source = ("-f", "lavfi", "-i", f"testsrc2=s=160x120:r=10:d={duration_s}", "-f", "ffmetadata", "-i", text)
        shelf._ffmpeg(*source, "-map", 0, "-map_chapters", 1, *X264, target)

    return shelf._once(name, make)


def turned(shelf: ClipShelf) -> Path:
    """Recorded lying with its left half white, to be turned a quarter clockwise: white belongs on top."""

    def make(target: Path) -> None:
        source = "color=c=black:s=640x360:r=25:d=9,drawbox=w=iw/2:h=ih:color=white:t=fill"
        data = bytearray(shelf._lavfi("lying.mp4", source, None, *X264).read_bytes())
        # Written by hand, because versions of ffmpeg count the angle in different directions.
        clockwise = struct.pack(">9i", 0, 65536, 0, -65536, 0, 0, 360 * 65536, 0, 1 << 30)
        at = data.index(b"tkhd") + 44
        data[at : at + len(clockwise)] = clockwise
        target.write_bytes(data)

    return shelf._once("turned.mp4", make)


def camcorder(shelf: ClipShelf) -> Path:
    """Fields of a 4:3 picture with oblong points, in which a bar moves: H.264 in MP4, as camcorders wrote."""
    moving = "color=c=black:s=720x576:r=50:d=9[b];color=c=white:s=90x576:r=50:d=9[w];[b][w]overlay=x='mod(400*t,720)'"
    source = f"{moving},tinterlace=interleave_top,fieldorder=tff,setsar=16/15"
    return shelf._lavfi("camcorder.mp4", source, None, *X264, "-flags", "+ildct+ilme", "-x264opts", "tff=1", "-g", 50)


def slideshow(shelf: ClipShelf) -> Path:
    """Two pictures a second, as exported presentations have."""
    return shelf._lavfi("two-a-second.mp4", "testsrc2=s=640x360:r=2:d=8", "sine=d=8", *X264, "-g", 2, "-c:a", "aac")


def still_screen(shelf: ClipShelf) -> Path:
    """A screen recording that stores a frame only on change: dark for 20 s, then bright for 20 s, one frame each.

    A few quick frames at the start and at the end give the recorder its nominal rate.
    """
    source = (
        "color=c=0x303030:s=320x240:r=25:d=40,drawbox=w=iw:h=ih:color=0xd0d0d0:t=fill:enable='gte(t,20)',"
        "select='lt(t,0.5)+eq(n,500)+gt(t,39.5)'"
    )
    return shelf._lavfi("still-screen.mp4", source, "sine=d=40", *X264, "-fps_mode", "vfr", "-c:a", "aac")


def eight_k(shelf: ClipShelf) -> Path:
    """7680 by 4320 points."""
    return shelf._lavfi("8k.mp4", "testsrc2=s=7680x4320:r=5:d=1.2", None, *X264)


def six_hours(shelf: ClipShelf, hours: float = 6) -> Path:
    """A whole day's course in one tiny file: a still picture once in ten seconds, and quiet."""
    seconds = int(hours * 3600)
    picture, sound = f"color=s=64x64:r=1/10:d={seconds}", f"anullsrc=cl=mono:r=8000:d={seconds}"
    return shelf._lavfi(f"hours-{seconds}.mp4", picture, sound, *X264, "-g", 6, "-c:a", "aac", "-b:a", "8k")


def cut_short(shelf: ClipShelf, ending: str) -> Path:
    """A lecture of 12 s whose last third was lost while it was copied; its header promises all of it."""

    def make(target: Path) -> None:
        whole = target.with_name(f"{target.stem}-whole.{ending}")
        shelf._ffmpeg("-i", shelf.moving(12, 320, 240), "-c", "copy", "-movflags", "+faststart", whole)
        data = whole.read_bytes()
        target.write_bytes(data[: len(data) * 2 // 3])

    return shelf._once(f"cut-short.{ending}", make)


def torn_middle(shelf: ClipShelf) -> Path:
    """A lecture of 12 s, a tenth of whose bytes in the middle were overwritten."""

    def make(target: Path) -> None:
        data = bytearray(shelf.moving(12, 320, 240).read_bytes())
        first, length = len(data) // 2, len(data) // 10
        data[first : first + length] = bytes((index * index * 31) % 256 for index in range(length))
        target.write_bytes(data)

    return shelf._once("torn.mp4", make)


def _signals(shelf: ClipShelf, name: str, *clock: object) -> Path:
    return shelf._once(name, lambda target: shelf._ffmpeg(*_SIGNALS, *X264, "-c:a", "aac", *clock, target))


def in_step(shelf: ClipShelf) -> Path:
    """Flash and tone in an ordinary file."""
    return _signals(shelf, "in-step.mp4")
