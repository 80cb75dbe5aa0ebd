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
RECIPE_VERSION = 3
_DIGEST_HEX = 40
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
    def segment_s(self) -> Fraction:
        """Return the length of a segment of sound: that of the picture, as the policy names it."""
        video = self.info.video
        return Fraction((choose_profile(video, self.policy) if video is not None else self.policy.fallback).segment_s)

    @property
    def is_seekable(self) -> bool:
        """Return whether a stretch of the source can be read from its middle; else it is made in one piece."""
        return self.info.is_seekable

    @property
    def has_early_start(self) -> bool:
        """Return whether the first minutes are worth steps of their own."""
        return self.is_seekable and self.duration_s > self.policy.early_start_above_s


def make_plan(info: MediaInfo, policy: LadderPolicy, source_sha256: str) -> Plan:
    """Decide everything that will be done to a source.

    Args:
        info: what probing found.
        policy: the ladder policy in force.
        source_sha256: hex digest of the source's bytes; the same source gives the same plan wherever it lies.
    """
    if info.video is None and info.audio is None:
        raise MediaRefused("no_playable_stream")
    tags = info.labels
    base = {"source": source_sha256, "recipe": policy.recipe, "version": RECIPE_VERSION, "tags": tags}
    recipe = _Recipe(info, policy, base)
    ladder = make_ladder(info.video, policy) if info.video is not None else None
    videos = () if ladder is None or info.video is None else tuple(_video_steps(recipe, info.video, ladder))
    loudness, audios = _audio_steps(recipe)
    early_loudness, early_audios = _early_steps(recipe) if recipe.has_early_start else (None, ())
    package = _package_step(
        recipe, ladder, [*(step.digest for step in videos), *(step.digest for step in audios)], has_audio=bool(audios)
    )
    early = [step.digest for step in early_audios]
    return Plan(
        digest=recipe.digest("plan", [package.digest, early]),
        recipe=f"{policy.recipe}/{RECIPE_VERSION}",
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


def _video_ranges(recipe: _Recipe, ladder: Ladder) -> list[MediaRange]:
    if not recipe.is_seekable:
        return [MediaRange()]
    segment_s = ladder.segment_s
    chunk_s = max(1, round(recipe.policy.chunk_s / segment_s)) * segment_s
    first_s = 2 * segment_s if recipe.has_early_start else chunk_s
    return list(_ranges(recipe.duration_s, first_s, chunk_s, segment_s))


def _video_steps(recipe: _Recipe, video: VideoInfo, ladder: Ladder) -> Iterator[VideoStep]:
    ranges = _video_ranges(recipe, ladder)
    for number, stretch in enumerate(ranges):
        if number == 0 and recipe.has_early_start and len(ladder.rungs) > 1:
            # The lowest rung of the first chunk alone: decoded twice, but watchable in a third of the time.
            head = _video_fields(recipe, video, ladder, stretch)
            head |= {"rungs": ladder.rungs[:1], "encoder_threads": recipe.policy.encoder_threads}
            yield VideoStep(digest=recipe.digest("video", head), **head)
            rungs = ladder.rungs[1:]
        else:
            rungs = ladder.rungs
        fields = _video_fields(recipe, video, ladder, stretch)
        fields |= {"rungs": rungs, **_stills(recipe, video, ladder, stretch, (number, len(ranges)))}
        if len(ranges) == 1:
            fields["encoder_threads"] = recipe.policy.encoder_threads
        yield VideoStep(digest=recipe.digest("video", fields), **fields)


def _video_fields(recipe: _Recipe, video: VideoInfo, ladder: Ladder, stretch: MediaRange) -> dict[str, Any]:
    return {
        "stream_index": video.stream_index,
        "is_interlaced": video.is_interlaced,
        "transfer": video.transfer,
        "held_until_s": recipe.info.held_until_s(video.end_s),
        "range": stretch,
        "ladder": ladder,
        # Chunks run beside each other: one thread each costs least. What is made in one piece gets more.
        "encoder_threads": 1,
        "poster": None,
        "storyboard": None,
    }


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
    audio = recipe.info.audio
    sound_s = min(recipe.duration_s, Fraction(audio.end_s if audio and audio.end_s else recipe.info.duration_s))
    ranges = _ranges(sound_s, piece_s, piece_s, recipe.segment_s)
    return loudness, tuple(_audio_step(recipe, loudness, stretch) for stretch in ranges)


def _early_steps(recipe: _Recipe) -> tuple[LoudnessStep | None, tuple[AudioStep, ...]]:
    """Return a sound for the time until the whole sound is measured: by the loudness of the first chunk alone."""
    chunk_s = Fraction(recipe.policy.chunk_s)
    loudness = _loudness_step(recipe, MediaRange(Fraction(0), chunk_s))
    if loudness is None:
        return None, ()
    # Measuring and encoding take about a fortieth of the duration; a viewer must not arrive before that.
    until_s = min(Fraction(recipe.policy.audio_chunk_s), ceil(recipe.duration_s / 40 / chunk_s) * chunk_s)
    ranges = [MediaRange(Fraction(0), chunk_s)]
    if until_s > chunk_s:
        ranges.append(MediaRange(chunk_s, until_s - chunk_s, int(chunk_s / recipe.segment_s)))
    return loudness, tuple(_audio_step(recipe, loudness, stretch, folder=EARLY_AUDIO_FOLDER) for stretch in ranges)


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
