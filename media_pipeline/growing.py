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
from typing import TYPE_CHECKING, TypeAlias

from .chunks import find_chunk
from .errors import EncodingFailed
from .manifest import MASTER_NAME, SAVER_NAME, growing_manifest, multivariant_manifest, target_of_longest_s
from .ports import ObjectMissing
from .publish import LIVE_FOLDER, Item, put_item
from .steps import AUDIO_FOLDER, AudioStep, CopyStep, VideoStep
from .types import Track

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .ports import Storage
    from .steps import Plan

# How far a segment of speech goes beyond the rate the encoder keeps on average.
_SOUND_PEAK = 1.5
LIVE_MASTER_NAME = f"{LIVE_FOLDER}/{MASTER_NAME}"
LIVE_SAVER_NAME = f"{LIVE_FOLDER}/{SAVER_NAME}"
_END = "#EXT-X-ENDLIST"
_CHOICE = "#EXT-X-STREAM-INF"
_Step: TypeAlias = "VideoStep | CopyStep | AudioStep"
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
    steps: tuple[_Step, ...]

    @property
    def is_copied(self) -> bool:
        return isinstance(self.steps[0], CopyStep)

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

    def track(self, line: _Line, step: _Step) -> Track | None:
        """Return what a step made of a rendition, without segments where the source had ended; None if undone."""
        chunk = find_chunk(self.storage, self.prefix, step.digest)
        if chunk is None:
            return None
        nothing = Track("audio", line.name, "", 0, "", "", ())
        return next((track for track in chunk.tracks if track.kind == "audio" or track.name == line.name), nothing)

    def put_longer(self, name: str, text: str, counted: str) -> bool:
        """Store a manifest unless a longer one is there, of a worker that saw more chunks; return whether we did."""
        there = self.read(name)
        is_longer = (text.count(counted), _END in text) > (there.count(counted), _END in there)
        if is_longer:
            put_item(self.storage, self.prefix, Item(name, text))
        return is_longer


def grow(plan: Plan, storage: Storage, prefix: str) -> Growth | None:
    """Bring the growing manifests up to what is in the store.

    Returns:
        How far it can be watched; None while it cannot, or when the lecture is made in one piece.

    Side effects: writes under `live/`. Safe in several processes at once: whoever wrote looks again whether a chunk
    came meanwhile. Of two that write at the same moment the slower one may replace a longer manifest; it then finds so
    when it looks again, and mends it. If it dies before, its step is done again, finds its chunk, and comes here.
    """
    if not plan.copies and len({step.range.start_s for step in plan.videos} or plan.audios) < 2:
        return None
    store, lines = _Store(plan, storage, prefix), _lines(plan)
    has_written = False
    while True:
        before = {line.name: store.read(line.file_name) for line in lines}
        after = _all_gone_on(store, lines, before)
        available_s = _available_s(plan, lines, after)
        if not available_s:
            return None
        is_news = after != before
        for line in lines:
            if after[line.name] != before[line.name]:
                store.put_longer(line.file_name, after[line.name], "#EXTINF")
        is_complete = all(text.endswith(f"{_END}\n") for text in after.values())
        offered = _keeping_up(lines, after)
        if not is_complete:
            is_news |= _offer(store, offered)
        elif is_news or has_written or _lacking(store, offered):
            _offer_measured(store, offered)
        if not is_news:
            return Growth(available_s, is_complete)
        has_written = True


def _available_s(plan: Plan, lines: Sequence[_Line], texts: Mapping[str, str]) -> float:
    """Return how far a viewer gets: there must be sound, and the lowest rung or a copy."""
    sounds = [_length_s(texts[line.name]) for line in lines if line.name == AUDIO_FOLDER]
    pictures = [_length_s(texts[line.name]) for line in lines if line is lines[0] or line.is_copied]
    return min([*([max(pictures)] if plan.ladder is not None else []), *sounds])


def _keeping_up(lines: Sequence[_Line], texts: Mapping[str, str]) -> list[_Line]:
    """Return what can be offered: players that step up to a rung behind the lowest one would wait at its end."""
    begun, lowest_s = [line for line in lines if texts[line.name]], _length_s(texts[lines[0].name])
    return [line for line in begun if line.name == AUDIO_FOLDER or _length_s(texts[line.name]) >= lowest_s]


def _lines(plan: Plan) -> list[_Line]:
    """Return all renditions, the lowest picture first; the sound is the early one, then the final one."""
    lines = [
        _Line(rung.name, plan.steps_of(rung.name)) for rung in (plan.ladder.rungs if plan.ladder is not None else ())
    ]
    if plan.early_copies:
        lines.append(_Line(plan.early_copies[0].folder, plan.early_copies))
    return [*lines, *([_Line(AUDIO_FOLDER, (*plan.early_audios, *plan.audios))] if plan.audios else [])]


def _all_gone_on(store: _Store, lines: Sequence[_Line], before: Mapping[str, str]) -> dict[str, str]:
    """Return all manifests with what follows what they list."""
    made = [line for line in lines if not line.is_copied]
    after = {line.name: _gone_on(store, line, before[line.name], may_end=True) for line in made}
    # A picture that ends while others grow would be taken for the end of all: they end together.
    may_end = all(_END in text for text in after.values())
    after |= {line.name: _gone_on(store, line, before[line.name], may_end=may_end) for line in lines if line.is_copied}
    return {line.name: after[line.name] for line in lines}


def _gone_on(store: _Store, line: _Line, text: str, *, may_end: bool) -> str:
    """Return a manifest with all that follows what it lists; empty while there is nothing."""
    if _END in text:
        return text
    parts, is_complete = _following(store, line, text.count("#EXTINF"))
    is_complete &= may_end
    if not parts and not (text and is_complete):
        return text
    first = _first(store, line) if parts and text else None
    return growing_manifest(parts, _target_s(store.plan, parts), begun=text, first=first, is_complete=is_complete)


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


def _has_ended(store: _Store, line: _Line, steps: Sequence[_Step]) -> bool:
    """Return whether nothing follows; silence may still be put where sound was damaged (`silence.py`)."""
    tracks = [store.track(line, step) for step in steps]
    return all(track is not None and not track.segments for track in tracks)


def _waiting(steps: Sequence[_Step], count: int) -> list[_Step]:
    """Return the steps that reach beyond the first so many segments."""
    found = []
    for step, after in zip_longest(steps, steps[1:]):
        # Of hundreds of steps nearly all are told apart by whole numbers.
        is_listed = after is not None and step.range.first_segment < after.range.first_segment <= count
        if not is_listed and (step.range.first_segment >= count or _last_segment(step) > count):
            found.append(step)
    return found


def _last_segment(step: _Step) -> float:
    """Return how many segments there are when a step is done, from the start of the lecture."""
    segment_s = step.ladder.segment_s if isinstance(step, VideoStep) else step.segment_s
    return inf if step.range.length_s is None else step.range.first_segment + ceil(step.range.length_s / segment_s)


def _target_s(plan: Plan, parts: Sequence[Track]) -> int:
    """Return the longest segment there will be, which is known beforehand."""
    if plan.early_copies and parts and parts[0].name == plan.early_copies[0].folder:
        return target_of_longest_s(plan.early_copies[0].longest_segment_s)
    return round(plan.ladder.segment_s) if plan.ladder is not None else round(plan.audios[0].segment_s)


def _length_s(text: str) -> float:
    return sum(float(length) for length in _LISTED.findall(text))


def _offer(store: _Store, offered: Sequence[_Line]) -> bool:
    """Offer renditions by the rates they are expected to keep, for not all segments can be measured; return if any."""
    is_news = False
    for name, lines in _lacking(store, offered):
        text = _choices(store.plan, [_first(store, line) for line in lines], _expected_bps(store.plan))
        is_news |= store.put_longer(name, text, _CHOICE)
    return is_news


def _lacking(store: _Store, offered: Sequence[_Line]) -> list[tuple[str, list[_Line]]]:
    """Return the manifests that offer too little; a worker that knew less may have put its own over another's."""
    lacking = []
    for name, lines in _offers(store.plan, offered):
        count = sum(line.name != AUDIO_FOLDER for line in lines)
        if store.read(name).count(_CHOICE) < max(1, count):
            lacking.append((name, lines))
    return lacking


def _offer_measured(store: _Store, offered: Sequence[_Line]) -> None:
    """Offer renditions that are whole by their own rates."""
    tracks = {}
    for line in offered:
        parts, _ = _following(store, line, 0)
        if not parts:
            raise _gone(line)
        tracks[line.name] = replace(parts[0], segments=tuple(segment for part in parts for segment in part.segments))
    for name, lines in _offers(store.plan, offered):
        text = _choices(store.plan, [tracks[line.name] for line in lines], {})
        put_item(store.storage, store.prefix, Item(name, text))


def _offers(plan: Plan, offered: Sequence[_Line]) -> list[tuple[str, list[_Line]]]:
    """Return what each manifest offers. Who saves bytes is never given more than the lowest rung."""
    lowest = plan.ladder.rungs[0].name if plan.ladder is not None else AUDIO_FOLDER
    saver = [line for line in offered if line.name in (lowest, AUDIO_FOLDER)]
    is_there = any(line.name == lowest for line in saver)
    return [*([(LIVE_SAVER_NAME, saver)] if is_there else []), (LIVE_MASTER_NAME, list(offered))]


def _choices(plan: Plan, tracks: Sequence[Track], expected_bps: Mapping[str, int]) -> str:
    """Return the manifest that offers some pictures with the sound."""
    videos = [track for track in tracks if track.kind == "video"]
    sound = next((replace(track, name=AUDIO_FOLDER) for track in tracks if track.kind == "audio"), None)
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
