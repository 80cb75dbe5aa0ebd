"""From the files an encode left in its attempt folder to measured tracks, and from chunks' tracks to whole ones.

Not here: manifests (`manifest.py`), storing (`chunks.py`, `publish.py`), starting ffmpeg (`encoder.py`).
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from .boxes import BoxError, FragmentBox, InitBox, boxes, read_fragment, read_init
from .command.shared import INIT_NAME
from .errors import EncodingFailed
from .types import Segment, Track

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# What can be read of a damaged source is a lecture, and what is lost is told; of less nobody has anything.
_LEAST_SHARE = 0.1
_LEAST_S = 1
# With this box a segment begins.
_TYPE_BOX_BYTES = 24
_HEAD_BYTES = 8
# hls.js looks for the next segment a quarter of a second ahead, so it never takes a shorter last one, and playing never
# ends; and with more than this a joined segment could be longer than the manifest's target.
_SHORT_END_S = Fraction(2, 5)
# Containers overstate their length a little.
_ROUNDING_S = 1.5
# Times at a seam are given in microseconds and kept in ticks of at least this rate.
_SEAM_TICK_S = Fraction(1, 8000)


def collect_track(
    folder: Path,
    kind: Literal["video", "audio"],
    name: str,
    *,
    frame_rate: Fraction | None = None,
    first_segment: int = 0,
    edit_ticks: int | None = None,
) -> Track:
    """Read what an encode wrote into `folder` and check that it is whole.

    A last segment too short for players becomes a part of the one before it, in the folder as well.

    With `edit_ticks`, times are what they are behind another init segment, whose edit has this length.

    Raises:
        EncodingFailed: when something is missing, torn, or does not follow its predecessor without a gap.
    """
    try:
        init_bytes = (folder / INIT_NAME).read_bytes()
        init = read_init(init_bytes)
        if edit_ticks is not None:
            init = replace(init, edit_ticks=edit_ticks)
        segments = _join_short_end(folder, init, [_measure(path, init) for path in written(folder)])
    except (BoxError, FileNotFoundError, struct.error, IndexError) as error:
        raise EncodingFailed(detail=f"{name}: {error}") from error
    _check_grid(name, segments, first_segment, Fraction(1, init.timescale))
    return Track(
        kind=kind,
        name=name,
        init_name=INIT_NAME,
        init_bytes=len(init_bytes),
        init_sha256=hashlib.sha256(init_bytes).hexdigest(),
        codecs=init.codecs,
        segments=segments,
        width_px=init.width_px,
        height_px=init.height_px,
        frame_rate=frame_rate,
        channels=init.channels,
    )


def _join_short_end(folder: Path, init: InitBox, segments: list[Segment]) -> tuple[Segment, ...]:
    if len(segments) < 2 or segments[-1].duration_s >= _SHORT_END_S:
        return tuple(segments)
    before, last = (folder / segment.name for segment in segments[-2:])
    data = last.read_bytes()
    # Its type and its index were those of a segment of its own.
    fragment = next(inner - _HEAD_BYTES for kind, inner, _ in boxes(data) if kind == b"moof")
    with before.open("ab") as file:
        file.write(data[fragment:])
    last.unlink()
    return (*segments[:-2], _measure(before, init))


def written(folder: Path) -> list[Path]:
    """Return the segments in a folder, without a last one that was begun for frames that never came."""
    return [path for path in sorted(folder.glob("*.m4s")) if path.stat().st_size > _TYPE_BOX_BYTES]


def merge_track(parts: Sequence[Track]) -> Track:
    """Return one track out of its chunks in the order of their time.

    The sound's later stretches were given the first one's init segment by intent; the picture's all write the same.

    Raises:
        EncodingFailed: when a chunk does not follow its predecessor, or was encoded in another way.
    """
    first = parts[0]
    for part in parts[1:]:
        if (part.codecs, part.width_px, part.height_px, part.channels) != (
            first.codecs, first.width_px, first.height_px, first.channels,
        ) or (first.kind == "video" and part.init_sha256 != first.init_sha256):  # fmt: skip
            raise EncodingFailed(detail=f"{first.name}: chunks were encoded in different ways")
    segments = tuple(segment for part in parts for segment in part.segments)
    _check_grid(first.name, segments, 0, _SEAM_TICK_S)
    return replace(first, segments=segments)


def lost_of(made_s: float, expected_s: float) -> float:
    """Return how many seconds at the end of a source could not be read; refuse it when hardly anything could."""
    if made_s < max(_LEAST_S, expected_s * _LEAST_SHARE):
        raise EncodingFailed("source_damaged", detail=f"{made_s:.1f} of {expected_s:.1f} s could be read")
    lost_s = expected_s - made_s
    return round(lost_s, 3) if lost_s > _ROUNDING_S else 0.0


def check_tracks(tracks: Sequence[Track]) -> None:
    """Refuse rungs whose segments do not begin together, and segments that cannot be begun with."""
    starts = {tuple(segment.start_s for segment in track.segments) for track in tracks if track.kind == "video"}
    if len(starts) > 1:
        raise EncodingFailed(detail="the segments of the rungs do not line up")
    for track in tracks:
        if not all(segment.starts_with_keyframe for segment in track.segments):
            raise EncodingFailed(detail=f"{track.name}: a segment does not start with a key frame")


def _measure(path: Path, init: InitBox) -> Segment:
    fragments = [read_fragment(moof, init) for moof in _fragments(path)]
    if not fragments:
        raise BoxError(f"{path.name} has no fragment")
    return Segment(
        name=path.name,
        duration_s=sum((fragment.duration_s for fragment in fragments), Fraction(0)),
        size_bytes=path.stat().st_size,
        start_s=_first(fragments).start_s,
        starts_with_keyframe=_first(fragments).starts_with_keyframe,
    )


def _first(fragments: list[FragmentBox]) -> FragmentBox:
    return min(fragments, key=lambda fragment: fragment.start_s)


def _fragments(path: Path) -> list[bytes]:
    """Read only the index boxes of a segment, stepping over its media bytes."""
    found = []
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        offset = 0
        while offset < size_bytes:
            file.seek(offset)
            length, kind = struct.unpack(">I4s", file.read(8))
            if length < 8 or offset + length > size_bytes:
                raise BoxError(f"{path.name} is torn")
            if kind == b"moof":
                found.append(file.read(length - 8))
            offset += length
    return found


def _check_grid(name: str, segments: Sequence[Segment], first: int, tick_s: Fraction) -> None:
    if not segments:
        raise EncodingFailed(detail=f"{name}: no segments")
    for number, segment in enumerate(segments, first):
        if segment.name != f"{number:05d}.m4s":
            raise EncodingFailed(detail=f"{name}: segment {number} is missing")
    for before, after in pairwise(segments):
        if abs(before.start_s + before.duration_s - after.start_s) > tick_s:
            raise EncodingFailed(detail=f"{name}: a gap before {after.name}")
