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
    from collections.abc import Sequence

    from .ports import Storage
    from .steps import Plan, VideoStep

LIVE_MASTER_NAME = f"{LIVE_FOLDER}/{MASTER_NAME}"
LIVE_SAVER_NAME = f"{LIVE_FOLDER}/{SAVER_NAME}"
_END = "#EXT-X-ENDLIST"
_LISTED = re.compile(r"^#EXTINF:([\d.]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Growth:
    """How much of a lecture can be watched by now."""

    available_s: float
    is_complete: bool


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
        _offer(store, [line for line in lines if after[line.name]])
        if after == before:
            available_s = min(_length_s(after[line.name]) for line in needed)
            return Growth(available_s, all(text.endswith(f"{_END}\n") for text in after.values()))


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
    count = text.count("#EXTINF")
    parts: list[Track] = []
    waiting = _waiting(line.steps, count)
    is_complete = True
    for step in waiting:
        track = store.track(line, step)
        if track is None or not (track.segments or _has_ended(store, line, waiting[waiting.index(step) :])):
            is_complete = False
            break
        # Early sound may end within a final stretch: of that only the rest is listed.
        rest = tuple(part for part in track.segments if int(part.name.partition(".")[0]) >= count)
        if rest:
            parts.append(replace(track, segments=rest))
            count += len(rest)
    if not parts and not (text and is_complete):
        return text
    return growing_manifest(parts, _target_s(store.plan), begun=text, is_complete=is_complete)


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


def _offer(store: _Store, begun: Sequence[_Line]) -> None:
    """Offer every rendition that has begun; its rates are those of its first chunk."""
    videos = [line for line in begun if line.name != AUDIO_FOLDER]
    for name, offered in ((LIVE_SAVER_NAME, videos[:1]), (LIVE_MASTER_NAME, videos)):
        if store.read(name).count("#EXT-X-STREAM-INF") < max(1, len(offered)):
            tracks = [_first(store, line) for line in offered]
            sound = next((_first(store, line) for line in begun if line.name == AUDIO_FOLDER), None)
            sound = replace(sound, name=AUDIO_FOLDER) if sound is not None else None
            text = multivariant_manifest(
                tracks, sound, store.plan.start_bitrate_bps, lambda track: _file_name(track.name)
            )
            store.put_longer(name, text, "#EXT-X-STREAM-INF")


def _first(store: _Store, line: _Line) -> Track:
    track = store.track(line, line.steps[0])
    if track is None:
        # Assembly takes back the notes of torn chunks.
        raise EncodingFailed(is_transient=True, detail=f"{line.name}: the first chunk is gone")
    return track


def _file_name(name: str) -> str:
    return f"{name.rpartition('/')[2]}.m3u8"
