"""Sources that phones play as they are, and such that only look like it.

Functions of a ClipShelf that return paths. Not here: what the pipeline makes of them.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import av

from tests.factories.clips import slides_filter

if TYPE_CHECKING:
    from pathlib import Path

    from tests.factories.clips import ClipShelf

RATE = 25


def ready(
    shelf: ClipShelf, name: str, *coding: object, seconds: int = 10, height_px: int = 480, every_s: float = 2
) -> Path:
    """Write slides with speech in H.264 with a key frame in every `every_s` seconds and B-frames between."""
    frames = round(every_s * RATE)
    width_px = height_px * 16 // 18 * 2

    def make(target: Path) -> None:
        shelf._ffmpeg(
            *("-f", "lavfi", "-i", slides_filter(width_px, height_px, RATE, seconds)),
            *("-stream_loop", "-1", "-i", shelf.speech, "-t", seconds),
            *("-c:v", "libx264", "-preset", "veryfast", "-crf", 26, "-pix_fmt", "yuv420p", "-threads", 2),
            *("-g", frames, "-keyint_min", frames, "-sc_threshold", 0, "-bf", 3),
            *("-c:a", "aac", "-b:a", "96k", "-ac", 1, *coding, target),
        )

    return shelf._once(f"ready-{name}-{seconds}-{height_px}.mp4", make)


def on_grid(shelf: ClipShelf, seconds: int = 10, height_px: int = 480) -> Path:
    """Key frames every two seconds."""
    return ready(shelf, "on-grid", seconds=seconds, height_px=height_px)


def off_grid(shelf: ClipShelf, seconds: int = 10) -> Path:
    """Key frames every 2.6 seconds."""
    return ready(shelf, "off-grid", seconds=seconds, every_s=2.6)


def open_groups(shelf: ClipShelf) -> Path:
    """Key frames on the grid, but the frames shown before them refer across."""
    return ready(shelf, "open-groups", "-x264-params", "open-gop=1")


def costly(shelf: ClipShelf) -> Path:
    """More bits than a phone's link carries."""
    return ready(shelf, "costly", "-qp", 0, "-vf", "noise=alls=20:allf=t")


def ten_bit(shelf: ClipShelf) -> Path:
    """Ten bits for each colour."""
    return ready(shelf, "ten-bit", "-pix_fmt", "yuv420p10le", "-profile:v", "high10")


def full_colour(shelf: ClipShelf) -> Path:
    """Colours at full size."""
    return ready(shelf, "full-colour", "-pix_fmt", "yuv444p", "-profile:v", "high444")


def interlaced(shelf: ClipShelf) -> Path:
    """Fields instead of frames."""
    return ready(shelf, "interlaced", "-flags", "+ildct+ilme", "-x264-params", "tff=1")


def fragmented(shelf: ClipShelf) -> Path:
    """An MP4 whose index is spread over the file."""
    return ready(shelf, "fragmented", "-movflags", "+frag_keyframe+empty_moov")


def high_level(shelf: ClipShelf) -> Path:
    """A level that old decoders refuse."""
    return ready(shelf, "high-level", "-level", "5.1")


def upright(shelf: ClipShelf) -> Path:
    """Stored lying, to be shown upright."""

    def make(target: Path) -> None:
        given = ("-i", on_grid(shelf), "-c", "copy")
        try:
            shelf._ffmpeg("-display_rotation:v", 270, *given, target)
        except subprocess.CalledProcessError:  # before 6.1
            shelf._ffmpeg(*given, "-metadata:s:v", "rotate=90", target)

    return shelf._once("ready-upright.mp4", make)


def late_picture(shelf: ClipShelf) -> Path:
    """The sound begins half a second before the picture."""

    def make(target: Path) -> None:
        clip = on_grid(shelf)
        shelf._ffmpeg("-itsoffset", 0.5, "-i", clip, "-i", clip, "-map", "0:v", "-map", "1:a", "-c", "copy", target)

    return shelf._once("ready-late-picture.mp4", make)


def damaged_end(shelf: ClipShelf) -> Path:
    """Of the last two of fourteen seconds nothing can be decoded, though every frame looks like one."""

    def make(target: Path) -> None:
        whole = on_grid(shelf, 14)
        data = bytearray(whole.read_bytes())
        with av.open(str(whole)) as container:
            for packet in container.demux(container.streams.video[0]):
                if packet.pts is not None and packet.pts * packet.time_base >= 11.9:
                    # Behind length and kind of its one slice.
                    data[packet.pos + 5 : packet.pos + packet.size] = bytes(packet.size - 5)
        target.write_bytes(data)

    return shelf._once("ready-damaged-end.mp4", make)
