"""Reading the few MP4 boxes our own fragments consist of (ISO/IEC 14496-12 and -15). Pure, over bytes.

Not here: judging hostile files (`probe_child.py`), or finding files (`package.py`).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOT_SYNC = 0x10000
# Bytes of a sample entry before its child boxes.
_VISUAL_ENTRY_BYTES = 78
_AUDIO_ENTRY_BYTES = 28


class BoxError(ValueError):
    """The bytes are not the boxes they should be."""


@dataclass(frozen=True, slots=True)
class InitBox:
    """What an init segment says of its one track."""

    timescale: int
    codecs: str
    edit_ticks: int
    default_duration: int
    default_size: int
    default_flags: int
    width_px: int | None
    height_px: int | None
    channels: int | None


@dataclass(frozen=True, slots=True)
class FragmentBox:
    """What one movie fragment says of its samples."""

    start_s: Fraction
    duration_s: Fraction
    samples: int
    starts_with_keyframe: bool


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, first content byte and end of every box in a stretch of bytes."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        header = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, start + 8)
            header = 16
        if size < header or start + size > end:
            raise BoxError(f"box {kind!r} at {start} does not fit")
        yield kind, start + header, start + size
        start += size


def find(data: bytes, *path: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Yield content start and end of every box at a path such as b"moov", b"trak"."""
    for kind, inner, outer in boxes(data, start, end):
        if kind == path[0]:
            if len(path) == 1:
                yield inner, outer
            else:
                yield from find(data, *path[1:], start=inner, end=outer)


def read_init(data: bytes) -> InitBox:
    """Read an init segment with exactly one track."""
    media = (b"moov", b"trak", b"mdia")
    header, _ = _one(data, *media, b"mdhd")
    timescale = _u32(data, header + (20 if data[header] else 12))
    edit_ticks = 0
    for at, _ in find(data, b"moov", b"trak", b"edts", b"elst"):
        if _u32(data, at + 4):  # media_time of the first edit: what players skip before zero
            edit_ticks = (
                struct.unpack_from(">q", data, at + 16)[0] if data[at] else struct.unpack_from(">i", data, at + 12)[0]
            )
    extends, _ = _one(data, b"moov", b"mvex", b"trex")
    table, end = _one(data, *media, b"minf", b"stbl", b"stsd")
    kind, entry, entry_end = next(boxes(data, table + 8, end))
    width_px = height_px = channels = None
    if kind == b"avc1":
        width_px, height_px = struct.unpack_from(">HH", data, entry + 24)
        codecs = _avc_codecs(data, entry + _VISUAL_ENTRY_BYTES, entry_end)
    elif kind == b"mp4a":
        codecs, channels = _aac_codecs(data, entry + _AUDIO_ENTRY_BYTES, entry_end)
    else:
        raise BoxError(f"sample entry {kind!r} is not ours")
    return InitBox(
        timescale=timescale,
        codecs=codecs,
        edit_ticks=max(0, edit_ticks),
        default_duration=_u32(data, extends + 12),
        default_size=_u32(data, extends + 16),
        default_flags=_u32(data, extends + 20),
        width_px=width_px,
        height_px=height_px,
        channels=channels,
    )


def read_fragment(moof: bytes, init: InitBox) -> FragmentBox:
    """Read the content of one moof box: when it starts, how long it is, whether it can be entered."""
    header, _ = _one(moof, b"traf", b"tfhd")
    flags = _u32(moof, header) & 0xFFFFFF
    at = header + 8 + 8 * bool(flags & 0x01) + 4 * bool(flags & 0x02)
    duration, sample_flags = init.default_duration, init.default_flags
    if flags & 0x08:
        duration, at = _u32(moof, at), at + 4
    at += 4 * bool(flags & 0x10)
    if flags & 0x20:
        sample_flags = _u32(moof, at)
    time_at, _ = _one(moof, b"traf", b"tfdt")
    decode_ticks = struct.unpack_from(">q", moof, time_at + 4)[0] if moof[time_at] else _u32(moof, time_at + 4)
    runs = [_read_run(moof, start, duration, sample_flags) for start, _ in find(moof, b"traf", b"trun")]
    if not runs:
        raise BoxError("a fragment without samples")
    return FragmentBox(
        start_s=Fraction(decode_ticks + runs[0].first_offset - init.edit_ticks, init.timescale),
        duration_s=Fraction(sum(run.ticks for run in runs), init.timescale),
        samples=sum(run.samples for run in runs),
        starts_with_keyframe=not runs[0].first_flags & _NOT_SYNC,
    )


@dataclass(frozen=True, slots=True)
class _Run:
    samples: int
    ticks: int
    first_flags: int
    first_offset: int


def _read_run(data: bytes, start: int, default_duration: int, default_flags: int) -> _Run:
    flags = _u32(data, start) & 0xFFFFFF
    samples = _u32(data, start + 4)
    at = start + 8 + 4 * bool(flags & 0x01)
    first_flags, has_first_flags = default_flags, bool(flags & 0x04)
    if has_first_flags:
        first_flags, at = _u32(data, at), at + 4
    ticks = first_offset = 0
    for index in range(samples):
        if flags & 0x100:
            ticks, at = ticks + _u32(data, at), at + 4
        else:
            ticks += default_duration
        at += 4 * bool(flags & 0x200)
        if flags & 0x400:
            if index == 0 and not has_first_flags:
                first_flags = _u32(data, at)
            at += 4
        if flags & 0x800:
            if index == 0:
                (first_offset,) = struct.unpack_from(">i", data, at)
            at += 4
    return _Run(samples, ticks, first_flags, first_offset)


def _avc_codecs(data: bytes, start: int, end: int) -> str:
    """Return the RFC 6381 name from the profile, constraint and level bytes of avcC."""
    at, _ = _one(data, b"avcC", start=start, end=end)
    return f"avc1.{data[at + 1 : at + 4].hex().upper()}"


def _aac_codecs(data: bytes, start: int, end: int) -> tuple[str, int]:
    """Return the RFC 6381 name and the channels from esds; the sample entry itself always claims two channels."""
    at, stop = _one(data, b"esds", start=start, end=end)
    at += 4
    at = _descriptor(data, at, 0x03)
    stream_flags = data[at + 2]
    at += 3 + 2 * bool(stream_flags & 0x80) + 2 * bool(stream_flags & 0x20)
    if stream_flags & 0x40:
        at += 1 + data[at]
    at = _descriptor(data, at, 0x04)
    object_type = data[at]
    at = _descriptor(data, at + 13, 0x05)
    if at + 1 >= stop:
        raise BoxError("esds ends early")
    return f"mp4a.{object_type:02x}.{data[at] >> 3}", data[at + 1] >> 3 & 0x0F


def _descriptor(data: bytes, at: int, tag: int) -> int:
    """Step into an MPEG-4 descriptor: one tag byte, then a length of up to four bytes."""
    if data[at] != tag:
        raise BoxError(f"descriptor {data[at]} where {tag} belongs")
    at += 1
    while data[at] & 0x80:
        at += 1
    return at + 1


def _one(data: bytes, *path: bytes, start: int = 0, end: int | None = None) -> tuple[int, int]:
    found = next(find(data, *path, start=start, end=end), None)
    if found is None:
        raise BoxError(f"no {b'/'.join(path).decode()}")
    return found


def _u32(data: bytes, at: int) -> int:
    value: int = struct.unpack_from(">I", data, at)[0]
    return value
