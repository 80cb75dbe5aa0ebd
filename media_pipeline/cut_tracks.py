"""What a published set says of its tracks, and what of them a cut takes: whole segments, and the sound's two ends.

The picture is cut between segments, where every rung can be entered. The sound lies on another grid, that of its
frames: its first and last segment are put together from the frames they need, all others are taken as they are. Not
here: moving anything (`cutting.py`).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from .boxes import read_init
from .command.sound import AAC_FRAME
from .errors import EncodingFailed, MediaRefused
from .fragments import Sample, first_fragment, read_samples, segment_of
from .types import Segment, Track

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .boxes import InitBox
    from .ports import Storage
    from .types import Rendition

# Raised whenever a change here, in fragments.py or in cutting.py changes what is written for the same cut.
CUT_VERSION = 1
_DIGEST_HEX = 40
# Manifests give durations in microseconds.
_TICK_S = Fraction(1, 1000)
# Sound shorter than this goes into the segment beside it: players skip segments shorter than they look around for.
_SHORTEST_S = 1
# Enough for the index of any segment of ours; its media need not be read.
_INDEX_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class SetTrack:
    """One rendition of a published set: its track, and the init segment by which its times are read."""

    track: Track
    init: InitBox


@dataclass(frozen=True, slots=True)
class Piece:
    """One segment of a cut: taken from a segment of the original as it is, or made of frames of it."""

    segment: Segment
    copied_from: str | None
    data: bytes = b""


def read_set_track(storage: Storage, prefix: str, rendition: Rendition, sizes: Mapping[str, int]) -> SetTrack:
    """Read a rendition's manifest and init segment back into a track.

    Args:
        storage: where the set lies.
        prefix: of the set.
        rendition: as the set's own note describes it.
        sizes: bytes of every object of the set, by name under the prefix.

    Raises:
        ObjectMissing, KeyError: when parts of the set are gone.
    """
    text = b"".join(storage.open_range(f"{prefix}/{rendition.manifest_name}")).decode()
    init_name, listed = _read_manifest(text)
    init_data = b"".join(storage.open_range(f"{prefix}/{rendition.name}/{init_name}"))
    init = read_init(init_data)
    index = b"".join(storage.open_range(f"{prefix}/{rendition.name}/{listed[0][0]}", 0, _INDEX_BYTES))
    start_s = first_fragment(index, init).start_s
    segments = []
    for name, duration_s in listed:
        size_bytes = sizes[f"{rendition.name}/{name}"]
        segments.append(Segment(name, duration_s, size_bytes, start_s, starts_with_keyframe=True))
        start_s += duration_s
    return SetTrack(
        Track(
            kind=rendition.kind,
            name=rendition.name,
            init_name=init_name,
            init_bytes=len(init_data),
            init_sha256=hashlib.sha256(init_data).hexdigest(),
            codecs=init.codecs,
            segments=tuple(segments),
            width_px=init.width_px,
            height_px=init.height_px,
            frame_rate=rendition.frame_rate,
            channels=init.channels,
        ),
        init,
    )


def _read_manifest(text: str) -> tuple[str, list[tuple[str, Fraction]]]:
    """Return the init segment's name and the segments with their durations, of a manifest this package wrote."""
    init_name, duration_s, listed = "", Fraction(0), []
    for line in text.splitlines():
        if line.startswith("#EXT-X-MAP:"):
            init_name = line.split('"')[1]
        elif line.startswith("#EXTINF:"):
            duration_s = Fraction(line.removeprefix("#EXTINF:").rstrip(","))
        elif line and not line.startswith("#"):
            listed.append((line, duration_s))
    if not init_name or not listed:
        raise EncodingFailed(detail="a manifest without segments")
    return init_name, listed


def snap(segments: Sequence[Segment], start_s: float, end_s: float) -> tuple[int, int]:
    """Return numbers of the first and last segment that hold a stretch: nothing of it is lost.

    Args:
        segments: of the picture, or of the sound where there is none.
        start_s: seconds from the beginning of the set.
        end_s: likewise; past the end means to the end.

    Raises:
        MediaRefused: code "cut_beyond_end", when the stretch begins behind the end or is empty.
    """
    zero_s = segments[0].start_s
    starts = [segment.start_s - zero_s for segment in segments]
    total_s = starts[-1] + segments[-1].duration_s
    wanted_s, until_s = (Fraction(moment_s).limit_denominator(1000) for moment_s in (start_s, end_s))
    if not 0 <= wanted_s < min(until_s, total_s - _TICK_S):
        raise MediaRefused("cut_beyond_end", detail=f"{start_s}-{end_s} of {float(total_s)}")
    first = max(number for number, begin_s in enumerate(starts) if begin_s <= wanted_s + _TICK_S)
    last = max(number for number, begin_s in enumerate(starts) if begin_s < until_s - _TICK_S)
    return first, max(first, last)


def cut_digest(digest: str, first: int, last: int) -> str:
    """Return the name of a cut's set: the same cut of the same set is the same set."""
    words = json.dumps(["cut", CUT_VERSION, digest, first, last])
    return hashlib.sha256(words.encode()).hexdigest()[:_DIGEST_HEX]


def whole_pieces(original: SetTrack, first: int, last: int, read: Callable[[str], bytes]) -> list[Piece]:
    """Return segments as they are, their times measured anew from the first one.

    Args:
        original: the rendition.
        first: number of its first segment in the cut.
        last: number of its last.
        read: returns the beginning of a segment by its name.
    """
    taken = original.track.segments[first : last + 1]
    start_s = first_fragment(read(taken[0].name), original.init).start_s
    pieces = []
    for number, segment in enumerate(taken):
        pieces.append(Piece(replace(segment, name=_name(number), start_s=start_s), segment.name))
        start_s += segment.duration_s
    return pieces


def sound_pieces(original: SetTrack, start_s: Fraction, end_s: Fraction, read: Callable[[str], bytes]) -> list[Piece]:
    """Return the pieces of the sound that belong to a picture from `start_s` to `end_s`; none where there is silence.

    The frame before `start_s` comes along: a decoder needs it to make the first one whole, players do not play it.

    Args:
        original: the sound.
        start_s: time of the picture's first frame in the fragments.
        end_s: time behind its last.
        read: returns a whole segment by its name.
    """
    segments = original.track.segments
    lead_s = start_s - Fraction(AAC_FRAME, original.init.timescale)
    first = max((number for number, each in enumerate(segments) if each.start_s <= lead_s + _TICK_S), default=0)
    last = max((number for number, each in enumerate(segments) if each.start_s < end_s - _TICK_S), default=first)
    edges: dict[int, _Edge] = {}

    def edge(number: int) -> _Edge:
        if number not in edges:
            edges[number] = _edge(read(segments[number].name), original.init, lead_s, end_s - _TICK_S)
        return edges[number]

    if first < last and edge(first).is_stub:
        edges[first + 1] = edge(first + 1).joined(edge(first).kept, [])
        first += 1
    if first < last and edge(last).is_stub:
        edges[last - 1] = edge(last - 1).joined([], edge(last).kept)
        last -= 1
    pieces: list[Piece] = []
    for number in range(first, last + 1):
        made = edge(number) if number in {first, last} or number in edges else None
        if made is None or made.is_whole:
            pieces.append(Piece(replace(segments[number], name=_name(len(pieces))), segments[number].name))
        elif made.kept:
            pieces.append(made.piece(_name(len(pieces))))
    return pieces


@dataclass(frozen=True, slots=True)
class _Edge:
    """A segment at an end of the sound, and the frames that are taken of it, perhaps with some of its neighbours'."""

    data: bytes
    kept: list[Sample]
    is_whole: bool

    @property
    def length_s(self) -> Fraction:
        return self.kept[-1].end_s - self.kept[0].start_s if self.kept else Fraction(0)

    @property
    def is_stub(self) -> bool:
        return not self.is_whole and self.length_s < _SHORTEST_S

    def joined(self, before: list[Sample], after: list[Sample]) -> _Edge:
        if not before and not after:
            return self
        return _Edge(self.data, [*before, *self.kept, *after], is_whole=False)

    def piece(self, name: str) -> Piece:
        data = segment_of(self.data, self.kept)
        return Piece(
            Segment(name, self.length_s, len(data), self.kept[0].start_s, starts_with_keyframe=True), None, data
        )


def _edge(data: bytes, init: InitBox, lead_s: Fraction, until_s: Fraction) -> _Edge:
    samples = read_samples(data, init)
    kept = [each for each in samples if each.end_s > lead_s and each.start_s < until_s]
    return _Edge(data, kept, is_whole=len(kept) == len(samples))


def cut_track(original: SetTrack, pieces: Sequence[Piece]) -> Track:
    """Return the track a cut has of a rendition."""
    return replace(original.track, segments=tuple(piece.segment for piece in pieces))


def _name(number: int) -> str:
    return f"{number:05d}.m4s"
