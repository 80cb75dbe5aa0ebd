"""Watching while it is being made: manifests that grow as chunks arrive, under `live/` beside the set to come.

What is listed once stays as it is. When all chunks are there these manifests end, so that whoever follows them reaches
the end of the lecture; the set's own manifests are another matter (`assembly.py`).

A manifest itself tells how far it is, so that of hundreds of chunks only the notes of the next ones are read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import zip_longest
from math import ceil, inf
from typing import TYPE_CHECKING

from .chunks import find_chunk
from .errors import EncodingFailed
from .manifest import MASTER_NAME, SAVER_NAME, growing_manifest, multivariant_manifest
from .ports import ObjectMissing
from .publish import LIVE_FOLDER, Item, put_item
from .steps import AUDIO_FOLDER, AudioStep
from .types import Track

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .ports import Storage
    from .steps import Plan, VideoStep

# How far a segment of speech goes beyond the rate the encoder keeps on average.
_SOUND_PEAK = 1.25
LIVE_MASTER_NAME = f"{LIVE_FOLDER}/{MASTER_NAME}"
LIVE_SAVER_NAME = f"{LIVE_FOLDER}/{SAVER_NAME}"
_END = "#EXT-X-ENDLIST"
_LISTED = re.compile(r"^#EXTINF:([\d.]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Growth:
    """How much of a lecture can be watched by now, and in which rungs, lowest first."""

    available_s: float
    is_complete: bool
    rungs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    """One rendition and the steps that make it, in the order of their time."""

    name: str
    steps: tuple[VideoStep | AudioStep, ...]

    @property
    def file_name(self) -> str:
        return f"{LIVE_FOLDER}/{_file_name(self.name)}"


@dataclass(frozen=True, slots=True)
class _Store:
    """The plan under way and where its set grows."""

    plan: Plan
    storage: Storage
    prefix: str

    def read(self, name: str) -> str:
        """Return a manifest as it stands; empty before it was begun."""
        try:
            return b"".join(self.storage.open_range(f"{self.prefix}/{name}")).decode()
        except ObjectMissing:
            return ""

    def track(self, line: _Line, step: VideoStep | AudioStep) -> Track | None:
        """Return what a step made of a rendition, without segments where the source had ended; None if undone."""
        chunk = find_chunk(self.storage, self.prefix, step.digest)
        if chunk is None:
            return None
        nothing = Track("audio", line.name, "", 0, "", "", ())
        return next((track for track in chunk.tracks if track.kind == "audio" or track.name == line.name), nothing)

    def put_longer(self, name: str, text: str, counted: str) -> None:
        """Store a manifest unless a longer one is there: another worker may have seen more chunks than we did."""
        there = self.read(name)
        if (text.count(counted), _END in text) > (there.count(counted), _END in there):
            put_item(self.storage, self.prefix, Item(name, text))


def grow(plan: Plan, storage: Storage, prefix: str) -> Growth | None:
    """Bring the growing manifests up to what is in the store.

    Returns:
        How far it can be watched; None while it cannot, or when the lecture is made in one piece.

    Side effects: writes under `live/`. Safe in several processes at once: nobody shortens a manifest, and whoever
    wrote looks again whether a chunk came meanwhile.
    """
    if len({step.range.start_s for step in plan.videos} or plan.audios) < 2:
        return None
    store, lines = _Store(plan, storage, prefix), _lines(plan)
    needed = [line for number, line in enumerate(lines) if number == 0 or line.name == AUDIO_FOLDER]
    while True:
        before = {line.name: store.read(line.file_name) for line in lines}
        after = {line.name: _gone_on(store, line, before[line.name]) for line in lines}
        if not all(after[line.name] for line in needed):
            return None
        for line in lines:
            if after[line.name] != before[line.name]:
                store.put_longer(line.file_name, after[line.name], "#EXTINF")
        is_complete = all(text.endswith(f"{_END}\n") for text in after.values())
        lengths_s = {line.name: _length_s(after[line.name]) for line in lines}
        # Players that step up to a rung which is behind the lowest one would wait at its end.
        offered = [line for line in lines if line in needed or lengths_s[line.name] >= lengths_s[lines[0].name]]
        if after != before and is_complete:
            _offer_measured(store, offered)
        elif not is_complete:
            _offer(store, offered)
        if after == before:
            rungs = tuple(line.name for line in offered if line.name != AUDIO_FOLDER)
            return Growth(min(lengths_s[line.name] for line in needed), is_complete, rungs)


def _lines(plan: Plan) -> list[_Line]:
    """Return all renditions, the lowest picture first; the sound is the early one, then the final one."""
    names = [rung.name for rung in plan.ladder.rungs] if plan.ladder is not None else []
    lines = [
        _Line(name, tuple(step for step in plan.videos if any(rung.name == name for rung in step.rungs)))
        for name in names
    ]
    return [*lines, *([_Line(AUDIO_FOLDER, (*plan.early_audios, *plan.audios))] if plan.audios else [])]


def _gone_on(store: _Store, line: _Line, text: str) -> str:
    """Return a manifest with all that follows what it lists; empty while there is nothing."""
    if _END in text:
        return text
    parts, is_complete = _following(store, line, text.count("#EXTINF"))
    if not parts and not (text and is_complete):
        return text
    return growing_manifest(parts, _target_s(store.plan), begun=text, is_complete=is_complete)


def _following(store: _Store, line: _Line, count: int) -> tuple[list[Track], bool]:
    """Return what follows the first so many segments without a gap, and whether nothing more is to come."""
    parts: list[Track] = []
    waiting = _waiting(line.steps, count)
    for number, step in enumerate(waiting):
        track = store.track(line, step)
        if track is None or not (track.segments or _has_ended(store, line, waiting[number:])):
            return parts, False
        # Early sound may end within a final stretch: of that only the rest is listed.
        rest = tuple(part for part in track.segments if int(part.name.partition(".")[0]) >= count)
        if rest:
            parts.append(replace(track, segments=rest))
            count += len(rest)
    return parts, True


def _has_ended(store: _Store, line: _Line, steps: Sequence[VideoStep | AudioStep]) -> bool:
    """Return whether nothing follows; silence may still be put where sound was damaged (`silence.py`)."""
    tracks = [store.track(line, step) for step in steps]
    return all(track is not None and not track.segments for track in tracks)


def _waiting(steps: Sequence[VideoStep | AudioStep], count: int) -> list[VideoStep | AudioStep]:
    """Return the steps that reach beyond the first so many segments."""
    found = []
    for step, after in zip_longest(steps, steps[1:]):
        # Of hundreds of steps nearly all are told apart by whole numbers.
        is_listed = after is not None and step.range.first_segment < after.range.first_segment <= count
        if not is_listed and (step.range.first_segment >= count or _last_segment(step) > count):
            found.append(step)
    return found


def _last_segment(step: VideoStep | AudioStep) -> float:
    """Return how many segments there are when a step is done, from the start of the lecture."""
    segment_s = step.segment_s if isinstance(step, AudioStep) else step.ladder.segment_s
    return inf if step.range.length_s is None else step.range.first_segment + ceil(step.range.length_s / segment_s)


def _target_s(plan: Plan) -> int:
    return round(plan.ladder.segment_s) if plan.ladder is not None else round(plan.audios[0].segment_s)


def _length_s(text: str) -> float:
    return sum(float(length) for length in _LISTED.findall(text))


def _offer(store: _Store, offered: Sequence[_Line]) -> None:
    """Offer renditions by the rates they are expected to keep: not all of their segments can be measured yet."""
    videos = [line for line in offered if line.name != AUDIO_FOLDER]
    for name, count in ((LIVE_SAVER_NAME, min(1, len(videos))), (LIVE_MASTER_NAME, len(videos))):
        if store.read(name).count("#EXT-X-STREAM-INF") < max(1, count):
            tracks = {line.name: _first(store, line) for line in offered}
            store.put_longer(name, _choices(store.plan, tracks, count, _expected_bps(store.plan)), "#EXT-X-STREAM-INF")


def _offer_measured(store: _Store, lines: Sequence[_Line]) -> None:
    """Offer renditions that are whole by their own rates."""
    tracks = {}
    for line in lines:
        parts, _ = _following(store, line, 0)
        if not parts:
            raise _gone(line)
        tracks[line.name] = replace(parts[0], segments=tuple(segment for part in parts for segment in part.segments))
    videos = len([name for name in tracks if name != AUDIO_FOLDER])
    for name, count in ((LIVE_SAVER_NAME, min(1, videos)), (LIVE_MASTER_NAME, videos)):
        put_item(store.storage, store.prefix, Item(name, _choices(store.plan, tracks, count, {})))


def _choices(plan: Plan, tracks: Mapping[str, Track], count: int, expected_bps: Mapping[str, int]) -> str:
    """Return the manifest that offers the lowest rungs, so many of them, with the sound."""
    videos = [track for name, track in tracks.items() if name != AUDIO_FOLDER][:count]
    sound = replace(tracks[AUDIO_FOLDER], name=AUDIO_FOLDER) if AUDIO_FOLDER in tracks else None
    return multivariant_manifest(
        videos, sound, plan.start_bitrate_bps, lambda track: _file_name(track.name), expected_bps
    )


def _expected_bps(plan: Plan) -> dict[str, int]:
    """Return what a segment's bit rate will not exceed, by the track's name."""
    expected_bps = {}
    if plan.audios:
        expected_bps[AUDIO_FOLDER] = ceil(_SOUND_PEAK * plan.audios[0].audio.bitrate_bps)
    if plan.ladder is not None:
        segment_s = plan.ladder.segment_s
        expected_bps |= {rung.name: rung.peak_bitrate_bps(segment_s) for rung in plan.ladder.rungs}
    return expected_bps


def _first(store: _Store, line: _Line) -> Track:
    track = store.track(line, line.steps[0])
    if track is None:
        raise _gone(line)
    return track


def _gone(line: _Line) -> EncodingFailed:
    """Return the failure of a rendition whose notes were there a moment ago: assembly takes torn chunks' back."""
    return EncodingFailed(is_transient=True, detail=f"{line.name}: a chunk is gone")


def _file_name(name: str) -> str:
    return f"{name.rpartition('/')[2]}.m3u8"
