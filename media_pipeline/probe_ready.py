"""Run inside the probing child: whether the picture is a stream that phones decode as it is, and where it can be cut.

Looks at the index of an MP4 and at the first bytes of its key frames; nothing is decoded, and the work is bounded by
counts. Self-contained; not here: whether a ready picture is copied (`copying.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

# PyAV's containers, streams and index entries.
_Av: TypeAlias = Any

# Six hours of 30 frames a second, and a key frame each second for two hours: beyond it a file is encoded.
_MOST_FRAMES = 660_000
_MOST_KEY_FRAMES = 8_192
# Each is a request of its own where the file lies in a store.
_MOST_STORED = 400
_MOST_UNITS = 16
# Baseline, Main, High. What only true Baseline has, phones do not decode: there the bit for Constrained must be set.
_PROFILES = (66, 77, 100)
_BASELINE, _CONSTRAINED = 66, 0x40
_SLICE, _IDR, _PARAMETERS = 1, 5, (7, 8)
# Of an index entry, as libavformat marks them.
_KEY_FRAME, _DISCARDED = 1, 2
# Times of files are counted in microseconds.
_SAME_S = 2e-6


@dataclass(slots=True)
class Index:
    """What the index of one stream tells; `places` are the place and size of each key frame."""

    times: list[int] = field(default_factory=list)
    key_frames: list[int] = field(default_factory=list)
    group_bytes: list[int] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)

    @property
    def step(self) -> int:
        """Return the distance of all frames in ticks of the stream, 0 where distances differ."""
        steps = {after - before for before, after in pairwise(self.times)}
        return steps.pop() if len(steps) == 1 else 0


def look_at(av: _Av, path: Path, container: _Av, stream: _Av) -> dict[str, Any] | None:
    """Return level, rate, number of frames, key frames and the bytes from each to the next; None where in doubt."""
    setup = bytes(stream.codec_context.extradata or b"")
    if stream.codec_context.name != "h264" or "mp4" not in container.format.name.split(",") or not _is_common(setup):
        return None
    index = _read_index(stream)
    if index is None or index.step <= 0 or not _starts_at_once(av, container, stream, index):
        return None
    if not isinstance(path, Path) and len(index.places) > _MOST_STORED:
        return None
    with path.open("rb") as file:
        if not all(_begins_anew(file, setup, at, at + size) for at, size in index.places):
            return None
    return {
        "level": setup[3],
        "frame_rate": str(1 / (index.step * stream.time_base)),
        "frames": len(index.times),
        "key_frames": index.key_frames,
        "group_bytes": index.group_bytes,
    }


def _read_index(stream: _Av) -> Index | None:
    """Read the whole index of the stream; None where it is not whole, too long, or leaves frames out."""
    if not 2 <= stream.frames <= _MOST_FRAMES or len(stream.index_entries) != stream.frames:
        return None
    index = Index()
    # Each look at an entry costs as much as all that is done with it, and an hour has a hundred thousand.
    for number, entry in enumerate(stream.index_entries):
        flags = entry.flags
        if flags & _DISCARDED:
            return None
        if flags & _KEY_FRAME:
            index.key_frames.append(number)
            index.group_bytes.append(0)
            index.places.append((entry.pos, entry.size))
        elif not index.key_frames:
            return None
        index.group_bytes[-1] += entry.size
        index.times.append(entry.timestamp)
    return index if len(index.key_frames) <= _MOST_KEY_FRAMES else None


def _is_common(setup: bytes) -> bool:
    """Return whether an avcC record (ISO/IEC 14496-15) tells of one parameter set of a profile every phone has."""
    if len(setup) < 8 or setup[0] != 1 or setup[5] & 0x1F != 1:
        return False
    return setup[1] in _PROFILES and (setup[1] != _BASELINE or bool(setup[2] & _CONSTRAINED))


def _starts_at_once(av: _Av, container: _Av, stream: _Av, index: Index) -> bool:
    """Return whether the first frame is shown when the file starts, and decoded whole frames before."""
    if stream.start_time is None or container.start_time is None:
        return False
    late_s = float(stream.start_time * stream.time_base) - container.start_time / av.time_base
    return bool(abs(late_s) < _SAME_S and (stream.start_time - index.times[0]) % index.step == 0)


def _begins_anew(file: BinaryIO, setup: bytes, at: int, end: int) -> bool:
    """Return whether a frame needs nothing from before it, and no other parameters than the file's own."""
    length_bytes = (setup[4] & 3) + 1
    for _ in range(_MOST_UNITS):
        file.seek(at)
        head = file.read(length_bytes + 1)
        length = int.from_bytes(head[:length_bytes], "big")
        if len(head) <= length_bytes or not 0 < length <= end - at:
            return False
        kind = head[-1] & 0x1F
        if kind in (_SLICE, _IDR):
            return kind == _IDR
        if kind in _PARAMETERS:
            file.seek(at + length_bytes)
            if length > len(setup) or file.read(length) not in setup:
                return False
        at += length_bytes + length
    return False
