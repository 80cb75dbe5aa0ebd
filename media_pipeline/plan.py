"""What shall be done to one source: steps with digests, from which the plan's own digest follows. Pure.

The picture is cut into chunks on the segment grid, which any worker encodes in any order; the sound into longer
stretches on the grid of AAC frames. Not here: the steps as values (`steps.py`), argv (`command.py`), execution
(`encoder.py`, `pipeline.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, is_dataclass
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Any

from .errors import MediaRefused
from .ladder import choose_profile, fit_picture, make_ladder
from .steps import (
    EARLY_AUDIO_FOLDER,
    AudioStep,
    LoudnessStep,
    MediaRange,
    PackageStep,
    Plan,
    PosterTarget,
    StoryboardTarget,
    VideoStep,
)

if TYPE_CHECKING:
    from .ladder import LadderPolicy
    from .types import Ladder, MediaInfo, VideoInfo

# Raised whenever a change of this package changes the bytes it writes for the same policy.
RECIPE_VERSION = 4
_DIGEST_HEX = 40
# The lowest rung alone costs so little that longer stretches lose no more work, and find fewer key frames to seek.
_CHUNKS_OF_LOWEST = 3
# A last chunk shorter than this is made together with the one before it.
_SHORTEST_CHUNK_S = 2


@dataclass(frozen=True, slots=True)
class _Recipe:
    """What every step of one plan shares."""

    info: MediaInfo
    policy: LadderPolicy
    base: dict[str, Any]

    def digest(self, kind: str, content: object, *, after: str | list[str] = "") -> str:
        """Return a digest that is the same for equal values in every process and on every machine."""
        words = [kind, {**self.base, "after": after}, content]
        text = json.dumps(words, default=_plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_HEX]

    @property
    def duration_s(self) -> Fraction:
        """Return the source's length, exact to the millisecond."""
        return Fraction(self.info.duration_s).limit_denominator(1000)

    @property
    def sound_s(self) -> Fraction:
        """Return when the last sound ends."""
        audio = self.info.audio
        return min(self.duration_s, Fraction(audio.end_s if audio and audio.end_s else self.info.duration_s))

    @property
    def segment_s(self) -> Fraction:
        """Return the length of a segment of sound: that of the picture, as the policy names it."""
        video = self.info.video
        return Fraction((choose_profile(video, self.policy) if video is not None else self.policy.fallback).segment_s)

    @property
    def is_seekable(self) -> bool:
        """Return whether a stretch of the source can be read from its middle; else it is made in one piece."""
        return self.info.is_seekable

    @property
    def has_early_sound(self) -> bool:
        """Return whether measuring the whole sound would keep viewers waiting."""
        return self.is_seekable and self.duration_s > self.policy.early_sound_above_s


def recipe_of(policy: LadderPolicy) -> str:
    """Return what is written beside a set made by this policy and this release; another one means an outdated set."""
    return f"{policy.recipe}/{RECIPE_VERSION}"


def make_plan(info: MediaInfo, policy: LadderPolicy, source_sha256: str) -> Plan:
    """Decide everything that will be done to a source.

    Args:
        info: what probing found.
        policy: the ladder policy in force.
        source_sha256: hex digest of the source's bytes; the same source gives the same plan wherever it lies.
    """
    if info.video is None and info.audio is None:
        raise MediaRefused("no_playable_stream")
    tags = tuple(sorted({**info.rights, **({"AIGC": info.aigc} if info.aigc is not None else {})}.items()))
    base = {"source": source_sha256, "recipe": policy.recipe, "version": RECIPE_VERSION, "tags": tags}
    recipe = _Recipe(info, policy, base)
    ladder = make_ladder(info.video, policy) if info.video is not None else None
    videos = () if ladder is None or info.video is None else tuple(_video_steps(recipe, info.video, ladder))
    loudness, audios = _audio_steps(recipe)
    early_loudness, early_audios = _early_steps(recipe, loudness) if recipe.has_early_sound else (None, ())
    package = _package_step(
        recipe, ladder, [*(step.digest for step in videos), *(step.digest for step in audios)], has_audio=bool(audios)
    )
    early = [step.digest for step in early_audios]
    return Plan(
        digest=recipe.digest("plan", [package.digest, early]),
        recipe=recipe_of(policy),
        source_sha256=source_sha256,
        container=info.container,
        duration_s=info.duration_s,
        start_bitrate_bps=policy.start_bitrate_bps,
        tags=tags,
        ladder=ladder,
        loudness=loudness,
        audios=audios,
        videos=videos,
        early_loudness=early_loudness,
        early_audios=early_audios,
        package=package,
    )


def _ranges(total_s: Fraction, first_s: Fraction, chunk_s: Fraction, segment_s: Fraction) -> Iterator[MediaRange]:
    """Cut a length into chunks; the last has no end of its own, since headers are rarely exact."""
    start_s, length_s = Fraction(0), first_s
    while total_s - (start_s + length_s) >= _SHORTEST_CHUNK_S:
        yield MediaRange(start_s, length_s, int(start_s / segment_s))
        start_s, length_s = start_s + length_s, chunk_s
    yield MediaRange(start_s, None, int(start_s / segment_s))


def _video_ranges(recipe: _Recipe, ladder: Ladder, chunks: int = 1) -> list[MediaRange]:
    """Return the stretches of a picture, each `chunks` chunks long but for the first: two segments, soon there."""
    segment_s = ladder.segment_s
    chunk_s = max(1, round(recipe.policy.chunk_s / segment_s)) * segment_s
    if not recipe.is_seekable or recipe.duration_s - chunk_s < _SHORTEST_CHUNK_S:
        return [MediaRange()]
    return list(_ranges(recipe.duration_s, 2 * segment_s, chunks * chunk_s, segment_s))


def _video_steps(recipe: _Recipe, video: VideoInfo, ladder: Ladder) -> Iterator[VideoStep]:
    """Cut the picture into chunks; the lowest rung of the first, or of all, is made alone and before the others.

    What is made alone is decoded twice, but can be watched in a third of the time.
    """
    ranges, threads = _video_ranges(recipe, ladder), recipe.policy.encoder_threads
    lowest, others = ladder.rungs[:1], ladder.rungs[1:]
    alone, without_lowest = ranges[:1] if len(ranges) > 1 and others else [], 1
    if alone and choose_profile(video, recipe.policy).lowest_rung_first:
        alone, without_lowest = _video_ranges(recipe, ladder, _CHUNKS_OF_LOWEST), len(ranges)
    for number, stretch in enumerate(alone):
        fields = _video_fields(recipe, video, ladder, stretch) | {"rungs": lowest}
        # Everybody waits for the first one, so it may use more than its share.
        fields["encoder_threads"] = 1 if number else threads
        yield VideoStep(digest=recipe.digest("video", fields), **fields)
    for number, stretch in enumerate(ranges):
        fields = _video_fields(recipe, video, ladder, stretch)
        fields |= _stills(recipe, video, ladder, stretch, (number, len(ranges)))
        fields |= {"rungs": others if alone and number < without_lowest else ladder.rungs}
        fields["encoder_threads"] = threads if len(ranges) == 1 else 1
        yield VideoStep(digest=recipe.digest("video", fields), **fields)


def _video_fields(recipe: _Recipe, video: VideoInfo, ladder: Ladder, stretch: MediaRange) -> dict[str, Any]:
    return {
        "stream_index": video.stream_index,
        "is_interlaced": video.is_interlaced,
        "transfer": video.transfer,
        **_turning(video),
        "color_codes": video.color_codes,
        "held_until_s": recipe.info.held_until_s(video.end_s),
        "range": stretch,
        "ladder": ladder,
        "poster": None,
        "storyboard": None,
    }


def _turning(video: VideoInfo) -> dict[str, Any]:
    """Return the size of frames before our own filters, and how these turn them."""
    stored_px = (video.width_px, video.height_px)
    if not video.is_mirrored and video.rotation_deg % 90 == 0:
        return {"stored_px": stored_px, "turned_deg": -video.rotation_deg % 360}
    return {"stored_px": stored_px[::-1] if video.rotation_deg % 180 == 90 else stored_px, "turned_deg": None}


def _stills(
    recipe: _Recipe, video: VideoInfo, ladder: Ladder, stretch: MediaRange, place: tuple[int, int]
) -> dict[str, Any]:
    """Return what stills chunk `place[0]` of `place[1]` takes: its storyboard, and its share of poster candidates."""
    policy, (number, chunks) = recipe.policy, place
    side = min(policy.storyboard.short_side_px, ladder.rungs[0].short_side_px)
    first = int(stretch.start_s / policy.storyboard.interval_s)
    storyboard = StoryboardTarget(*fit_picture(video, side), policy.storyboard, first)
    if number % max(1, chunks // policy.poster.candidates):
        return {"storyboard": storyboard, "poster": None}
    length_s = stretch.length_s or max(Fraction(1), recipe.duration_s - stretch.start_s)
    # Three frames stand for one candidate: the thumbnail filter keeps the most typical of each three.
    rate = Fraction(3 * ceil(policy.poster.candidates / chunks)) / length_s
    side = min(policy.poster.max_short_side_px, ladder.rungs[-1].short_side_px)
    poster = PosterTarget(min(rate, ladder.frame_rate), *fit_picture(video, side), policy.poster)
    return {"storyboard": storyboard, "poster": poster}


def _loudness_step(recipe: _Recipe, stretch: MediaRange) -> LoudnessStep | None:
    audio = recipe.info.audio
    if audio is None:
        return None
    fields: dict[str, Any] = {
        "stream_index": audio.stream_index,
        "channels": 1 if audio.channels == 1 else 2,
        "range": stretch,
        "audio": recipe.policy.audio,
    }
    return LoudnessStep(digest=recipe.digest("loudness", fields), **fields)


def _audio_step(recipe: _Recipe, loudness: LoudnessStep, stretch: MediaRange, **more: str) -> AudioStep:
    fields: dict[str, Any] = {
        "stream_index": loudness.stream_index,
        "channels": loudness.channels,
        "range": stretch,
        "segment_s": recipe.segment_s,
        "audio": loudness.audio,
        "loudness": loudness.digest,
        "filled_until_s": recipe.info.held_until_s(recipe.info.audio.end_s) if recipe.info.audio is not None else None,
        **more,
    }
    return AudioStep(digest=recipe.digest("audio", fields), **fields)


def _audio_steps(recipe: _Recipe) -> tuple[LoudnessStep | None, tuple[AudioStep, ...]]:
    loudness = _loudness_step(recipe, MediaRange())
    if loudness is None:
        return None, ()
    if not recipe.is_seekable:
        return loudness, (_audio_step(recipe, loudness, MediaRange()),)
    piece_s = Fraction(recipe.policy.audio_chunk_s)
    # Behind the last sound nothing can be read: its last stretch goes on as silence.
    ranges = _ranges(recipe.sound_s, piece_s, piece_s, recipe.segment_s)
    return loudness, tuple(_audio_step(recipe, loudness, stretch) for stretch in ranges)


def _early_steps(recipe: _Recipe, whole: LoudnessStep | None) -> tuple[LoudnessStep | None, tuple[AudioStep, ...]]:
    """Return a sound for the time until the whole sound is measured: by the loudness of the first chunk alone.

    Behind it one more chunk goes over from that gain to the gain of the whole.
    """
    chunk_s = Fraction(recipe.policy.chunk_s)
    loudness = _loudness_step(recipe, MediaRange(Fraction(0), chunk_s))
    if loudness is None or whole is None:
        return None, ()
    # Measuring and encoding take about a fortieth of the duration; a viewer must not arrive before that.
    until_s = min(Fraction(recipe.policy.audio_chunk_s), ceil(recipe.duration_s / 40 / chunk_s) * chunk_s)
    if recipe.sound_s < until_s + chunk_s:
        # So little sound is measured at once.
        return None, ()
    ranges = [MediaRange(Fraction(0), chunk_s)]
    if until_s > chunk_s:
        ranges.append(MediaRange(chunk_s, until_s - chunk_s, int(chunk_s / recipe.segment_s)))
    early = [_audio_step(recipe, loudness, stretch, folder=EARLY_AUDIO_FOLDER) for stretch in ranges]
    stretch = MediaRange(until_s, chunk_s, int(until_s / recipe.segment_s))
    fade = _audio_step(recipe, whole, stretch, folder=EARLY_AUDIO_FOLDER, fades_from=loudness.digest)
    return loudness, (*early, fade)


def _package_step(recipe: _Recipe, ladder: Ladder | None, after: list[str], *, has_audio: bool) -> PackageStep:
    name = None
    if ladder is not None:
        limit_px = recipe.policy.progressive.max_short_side_px
        fitting = [rung for rung in ladder.rungs if rung.short_side_px <= limit_px]
        name = (fitting[-1] if fitting else ladder.rungs[0]).name
    fields: dict[str, Any] = {"video_name": name, "has_audio": has_audio}
    return PackageStep(digest=recipe.digest("package", fields, after=after), **fields)


def _plain(value: object) -> object:
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    message = f"no digest for {type(value).__name__}"
    raise TypeError(message)
