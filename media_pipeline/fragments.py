"""Taking some samples out of a media segment and writing them as a fragment of their own (ISO/IEC 14496-12, 8.8).

Bytes of samples are moved, never decoded. Only for tracks whose every sample can be entered, such as AAC. Pure, over
bytes. Not here: what a segment says as a whole (`boxes.py`, `package.py`).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from .boxes import BoxError, boxes, find, read_fragment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .boxes import FragmentBox, InitBox

# Of sound: depends on nothing, may be entered.
_SYNC_FLAGS = 0x02000000
_BASE_IS_MOOF = 0x020000


@dataclass(frozen=True, slots=True)
class Sample:
    """One coded frame: when it is presented, for how long, and its bytes."""

    start_s: Fraction
    end_s: Fraction
    decode_ticks: int
    ticks: int
    data: bytes


def first_fragment(data: bytes, init: InitBox) -> FragmentBox:
    """Read the first fragment of a segment; its media may be missing from the bytes.

    Raises:
        BoxError: when there is no whole index box.
    """
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"moof" and 8 < size <= len(data) - at:
            return read_fragment(data[at + 8 : at + size], init)
        if size < 8:
            break
        at += size
    raise BoxError("no fragment")


def read_samples(data: bytes, init: InitBox) -> list[Sample]:
    """Return the samples of a whole segment in order."""
    return [sample for inner, end in find(data, b"moof") for sample in _samples(data, inner, end, init)]


def write_fragment(samples: Sequence[Sample], track_id: int) -> bytes:
    """Write samples that follow each other as one fragment."""
    table = b"".join(struct.pack(">II", sample.ticks, len(sample.data)) for sample in samples)

    def moof(data_offset: int) -> bytes:
        track = _box(b"tfhd", struct.pack(">III", _BASE_IS_MOOF | 0x20, track_id, _SYNC_FLAGS))
        track += _box(b"tfdt", struct.pack(">Iq", 1 << 24, samples[0].decode_ticks))
        track += _box(b"trun", struct.pack(">IIi", 0x301, len(samples), data_offset) + table)
        return _box(b"moof", _box(b"mfhd", struct.pack(">II", 0, 1)) + _box(b"traf", track))

    return moof(len(moof(0)) + 8) + _box(b"mdat", b"".join(sample.data for sample in samples))


def segment_of(original: bytes, samples: Sequence[Sample]) -> bytes:
    """Return a segment of nothing but `samples`, which follow each other, like `original` in all else."""
    start = 0
    brand = b""
    for kind, _, end in boxes(original):
        if kind == b"styp":
            brand = original[start:end]
        start = end
    return brand + write_fragment(samples, track_id_of(original))


def track_id_of(data: bytes) -> int:
    """Return the number of the one track a segment is of."""
    inner, _ = next(find(data, b"moof", b"traf", b"tfhd"))
    return _u32(data, inner + 4)


def _samples(data: bytes, inner: int, end: int, init: InitBox) -> Iterator[Sample]:
    (header, _) = next(find(data, b"traf", b"tfhd", start=inner, end=end))
    flags = _u32(data, header) & 0xFFFFFF
    at, base = header + 8, inner - 8
    if flags & 0x01:
        base, at = struct.unpack_from(">Q", data, at)[0], at + 8
    at += 4 * bool(flags & 0x02)
    length_ticks, size = init.default_duration, init.default_size
    if flags & 0x08:
        length_ticks, at = _u32(data, at), at + 4
    if flags & 0x10:
        size = _u32(data, at)
    (time_at, _) = next(find(data, b"traf", b"tfdt", start=inner, end=end))
    decode_ticks = struct.unpack_from(">q", data, time_at + 4)[0] if data[time_at] else _u32(data, time_at + 4)
    for run, _ in find(data, b"traf", b"trun", start=inner, end=end):
        for lasts_ticks, offset, length in _run(data, run, base, (length_ticks, size)):
            if offset + length > len(data):
                raise BoxError("a sample lies behind the end")
            start_s, end_s = (
                Fraction(ticks - init.edit_ticks, init.timescale)
                for ticks in (decode_ticks, decode_ticks + lasts_ticks)
            )
            yield Sample(start_s, end_s, decode_ticks, lasts_ticks, data[offset : offset + length])
            decode_ticks += lasts_ticks


def _run(data: bytes, start: int, base: int, defaults: tuple[int, int]) -> Iterator[tuple[int, int, int]]:
    """Yield duration, place and size of each sample of a trun box."""
    flags = _u32(data, start) & 0xFFFFFF
    if not flags & 0x01 or flags & 0x800:
        raise BoxError("not a run of our sound")
    place = base + struct.unpack_from(">i", data, start + 8)[0]
    at = start + 12 + 4 * bool(flags & 0x04)
    for _ in range(_u32(data, start + 4)):
        ticks, size = defaults
        if flags & 0x100:
            ticks, at = _u32(data, at), at + 4
        if flags & 0x200:
            size, at = _u32(data, at), at + 4
        at += 4 * bool(flags & 0x400)
        yield ticks, place, size
        place += size


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _u32(data: bytes, at: int) -> int:
    value: int = struct.unpack_from(">I", data, at)[0]
    return value
