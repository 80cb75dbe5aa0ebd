"""Sources that change or break in the middle: joined recordings, switched windows, torn and half-copied files.

Functions of a ClipShelf that return paths. Not here: what must be refused (`bad_clips.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.factories.clips import X264

if TYPE_CHECKING:
    from pathlib import Path

    from tests.factories.clips import ClipShelf

# Each part of a joined recording lasts this long, so that changes fall inside of chunks.
PART_S = 9
_BASE = "testsrc2=s=640x360:r=25:d=9"
_CHANGES = {
    # An upright window, all white, then a larger one.
    "size": (_BASE, "color=white:s=360x640:r=25:d=9", "testsrc2=s=1280x720:r=25:d=9"),
    "format": (_BASE, f"{_BASE},format=yuv444p", f"{_BASE},format=yuvj420p"),
    "format-first": (f"{_BASE},format=yuv444p", _BASE, _BASE),
}


def changing(shelf: ClipShelf, what: str, ending: str = "mp4", *more: object) -> Path:
    """Three parts in one stream of H.264, each with a header of its own, and a tone."""

    def make(target: Path) -> None:
        joined = shelf.folder / f"{target.name}.h264"
        with joined.open("wb") as file:
            for source in _CHANGES[what]:
                coding = ("-c:v", "libx264", "-preset", "ultrafast", "-g", 50, "-f", "h264", "pipe:1")
                file.write(shelf._ffmpeg("-f", "lavfi", "-i", source, *coding))
        given = ("-fflags", "+genpts", "-r", 25, "-i", joined, "-f", "lavfi", "-i", f"sine=d={3 * PART_S}")
        shelf._ffmpeg(*given, "-map", 0, "-map", 1, "-c:v", "copy", "-c:a", "aac", *more, target)

    return shelf._once(f"changing-{what}{len(more)}.{ending}", make)


def zeroed(shelf: ClipShelf, first: float, last: float, whole: Path | None = None) -> Path:
    """A lecture (else one of 30 s) in which a share of the media was never written, though its index is whole."""
    clip = whole or shelf.moving(30, 320, 240)

    def make(target: Path) -> None:
        data = bytearray(clip.read_bytes())
        start = data.index(b"mdat") + 4
        length = data.rindex(b"moov") - 4 - start
        begin, end = start + int(first * length), start + int(last * length)
        data[begin:end] = bytes(end - begin)
        target.write_bytes(data)

    return shelf._once(f"zeroed-{first:g}-{last:g}-{clip.name}", make)


# Flash and tone twice: before and after what happens to the clock in the middle.
SIGNALS_S = (3.0, 9.0)
_FLASHES = (
    "color=c=0x202020:s=320x240:r=25:d={0},drawbox=w=iw:h=ih:color=white:t=fill:enable='between(mod(t,6),3,3.19)'"
)
_BEEPS = "aevalsrc='0.5*sin(2000*PI*t)*between(mod(t,6),3,3.2)':s=48000:d={0}"


def signals(shelf: ClipShelf, name: str, duration_s: int, *options: object) -> Path:
    """Flash and tone every six seconds."""
    return shelf._lavfi(
        name, _FLASHES.format(duration_s), _BEEPS.format(duration_s), *X264, "-g", 25, "-c:a", "aac", *options
    )


def wrapped_clock(shelf: ClipShelf) -> Path:
    """A transport stream whose 33 bits of time overflow six seconds after its start."""
    return signals(shelf, "wrapped.ts", 12, "-output_ts_offset", 2**33 / 90_000 - 6, "-f", "mpegts")


def joined_streams(shelf: ClipShelf) -> Path:
    """Two transport streams one after the other, each with flash and tone."""

    def make(target: Path) -> None:
        target.write_bytes(signals(shelf, "joined-part.ts", 6, "-f", "mpegts").read_bytes() * 2)

    return shelf._once("joined-signals.ts", make)


def long_last_frame(shelf: ClipShelf) -> Path:
    """A screen recording whose last picture stands for half a minute, stored as one frame."""
    source = "testsrc2=s=320x240:r=25:d=4,tpad=stop=750:stop_mode=clone,select='lt(t,4)+eq(n,849)'"
    return shelf._lavfi("long-last.mp4", source, "sine=d=34", *X264, "-fps_mode", "vfr", "-c:a", "aac")
