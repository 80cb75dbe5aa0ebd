"""Watching while it is being made: manifests that grow as chunks arrive, under `live/` beside the set to come.

What is listed once stays as it is. When all chunks are there these manifests end, so that whoever follows them reaches
the end of the lecture; the set's own manifests are another matter (`assembly.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from .chunks import Chunk, find_chunks
from .manifest import MASTER_NAME, SAVER_NAME, growing_manifest, multivariant_manifest
from .ports import ObjectMissing
from .publish import LIVE_FOLDER, Item, put_item
from .steps import AUDIO_FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .ports import Storage
    from .steps import AudioStep, Plan, VideoStep
    from .types import Track

# How far a segment of speech goes beyond the rate the encoder keeps on average.
_SOUND_PEAK = 1.25
LIVE_MASTER_NAME = f"{LIVE_FOLDER}/{MASTER_NAME}"
LIVE_SAVER_NAME = f"{LIVE_FOLDER}/{SAVER_NAME}"


@dataclass(frozen=True, slots=True)
class Growth:
    """How much of a lecture can be watched by now, and in which rungs, lowest first."""

    available_s: float
    is_complete: bool
    rungs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    """One rendition so far: tracks that follow each other from the start."""

    name: str
    parts: tuple[Track, ...]
    is_complete: bool

    @property
    def end_s(self) -> Fraction:
        return (
            self.parts[-1].segments[-1].start_s + self.parts[-1].segments[-1].duration_s if self.parts else Fraction(0)
        )

    @property
    def track(self) -> Track:
        """Return all parts as one."""
        return replace(self.parts[0], segments=tuple(segment for part in self.parts for segment in part.segments))


def grow(plan: Plan, storage: Storage, prefix: str) -> Growth | None:
    """Bring the growing manifests up to what is in the store.

    Returns:
        How far it can be watched; None while it cannot, or when the lecture is made in one piece.

    Side effects: writes under `live/`. Safe in several processes at once: nobody shortens a manifest, and whoever
    wrote looks again whether a chunk came meanwhile.
    """
    if len({step.range.start_s for step in plan.videos} or plan.audios) < 2:
        return None
    while True:
        chunks = find_chunks(storage, prefix, plan)
        growth = _write(plan, storage, prefix, chunks)
        if len(find_chunks(storage, prefix, plan)) == len(chunks):
            return growth


def _write(plan: Plan, storage: Storage, prefix: str, chunks: Mapping[str, Chunk]) -> Growth | None:
    videos = [_video_line(plan, chunks, rung.name) for rung in plan.ladder.rungs] if plan.ladder is not None else []
    audio = _audio_line(plan, chunks) if plan.audios else None
    begun = [line for line in videos if line.parts]
    needed = [line for line in (*videos[:1], audio) if line is not None]
    if not all(line.parts for line in needed):
        return None
    target_s = round(plan.ladder.segment_s) if plan.ladder is not None else round(plan.audios[0].segment_s)
    for line in (*begun, *([audio] if audio is not None else [])):
        text = growing_manifest(line.parts, target_s, is_complete=line.is_complete)
        _put_longer(storage, prefix, f"{LIVE_FOLDER}/{_file_name(line.name)}", text, "#EXTINF")
    is_complete = all(line.is_complete for line in (*videos, *([audio] if audio is not None else [])))
    # Players that step up to a rung which is behind the lowest one would wait at its end.
    offered = [line.track for line in begun if line.end_s >= begun[0].end_s]
    _put_offers(plan, storage, prefix, offered, audio, is_complete=is_complete)
    rungs = tuple(track.name for track in offered)
    return Growth(float(min(line.end_s for line in needed)), is_complete, rungs)


def _put_offers(
    plan: Plan, storage: Storage, prefix: str, tracks: Sequence[Track], audio: _Line | None, *, is_complete: bool
) -> None:
    """Write the manifests to choose from; rates are expected ones until all of them can be measured."""
    sound = replace(audio.track, name=AUDIO_FOLDER) if audio is not None else None
    expected_bps = {} if is_complete else _expected_bps(plan)
    for name, offered in ((LIVE_SAVER_NAME, tracks[:1]), (LIVE_MASTER_NAME, tracks)):
        text = multivariant_manifest(
            offered, sound, plan.start_bitrate_bps, lambda track: _file_name(track.name), expected_bps
        )
        if is_complete:
            put_item(storage, prefix, Item(name, text))
        else:
            _put_longer(storage, prefix, name, text, "#EXT-X-STREAM-INF")


def _expected_bps(plan: Plan) -> dict[str, int]:
    """Return what a segment's bit rate will not exceed, by the track's name."""
    expected_bps = {}
    if plan.audios:
        expected_bps[AUDIO_FOLDER] = ceil(_SOUND_PEAK * plan.audios[0].audio.bitrate_bps)
    if plan.ladder is not None:
        segment_s = plan.ladder.segment_s
        expected_bps |= {rung.name: rung.peak_bitrate_bps(segment_s) for rung in plan.ladder.rungs}
    return expected_bps


def _file_name(name: str) -> str:
    return f"{name.rpartition('/')[2]}.m3u8"


def _video_line(plan: Plan, chunks: Mapping[str, Chunk], name: str) -> _Line:
    steps = [step for step in plan.videos if any(rung.name == name for rung in step.rungs)]
    return _line(name, steps, chunks)


def _audio_line(plan: Plan, chunks: Mapping[str, Chunk]) -> _Line:
    """Return the early sound as far as it was planned, and from there on the final one."""
    early = _line(AUDIO_FOLDER, plan.early_audios, chunks)
    final = _line(AUDIO_FOLDER, plan.audios, chunks)
    if not plan.early_audios or not early.is_complete:
        return early if plan.early_audios else final
    count = sum(len(part.segments) for part in early.parts)
    rest = []
    for part in final.parts:
        after = tuple(segment for segment in part.segments if int(segment.name.partition(".")[0]) >= count)
        rest += [replace(part, segments=after)] if after else []
    return _Line(AUDIO_FOLDER, (*early.parts, *rest), final.is_complete)


def _line(name: str, steps: Sequence[VideoStep] | Sequence[AudioStep], chunks: Mapping[str, Chunk]) -> _Line:
    parts: list[Track] = []
    for step in steps:
        chunk = chunks.get(step.digest)
        if chunk is None:
            return _Line(name, tuple(parts), is_complete=False)
        parts += [track for track in chunk.tracks if track.kind == "audio" or track.name == name]
    return _Line(name, tuple(parts), is_complete=True)


def _put_longer(storage: Storage, prefix: str, name: str, text: str, counted: str) -> None:
    """Store a manifest unless a longer one is there: another worker may have seen more chunks than we did."""
    try:
        there = b"".join(storage.open_range(f"{prefix}/{name}")).decode()
    except ObjectMissing:
        there = ""
    if (text.count(counted), "#EXT-X-ENDLIST" in text) > (there.count(counted), "#EXT-X-ENDLIST" in there):
        put_item(storage, prefix, Item(name, text))
