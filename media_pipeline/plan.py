"""What shall be done to one source: steps with digests, from which the plan's own digest follows. Pure.

The picture is cut into chunks on the segment grid, which any worker encodes in any order; the sound into longer
stretches on the grid of AAC frames. Not here: the steps as values (`steps.py`), argv (`command.py`), execution
(`encoder.py`, `pipeline.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Any

from .copying import choose_copy
from .errors import MediaRefused
from .ladder import choose_rungs, fit_picture, make_ladder
from .recipe import SHORTEST_CHUNK_S, Recipe, cut_ranges
from .steps import (
    EARLY_AUDIO_FOLDER,
    EARLY_VIDEO_FOLDER,
    AudioStep,
    CopyStep,
    LoudnessStep,
    MediaRange,
    PackageStep,
    Plan,
    PosterTarget,
    StoryboardTarget,
    VideoStep,
)

if TYPE_CHECKING:
    from .copying import CopyChoice
    from .ladder import LadderPolicy
    from .types import Ladder, MediaInfo, Rung, VideoInfo

# Raised whenever a change of this package changes the bytes it writes for the same policy.
RECIPE_VERSION = 6
# Players begin when they have two segments.
_FIRST_SEGMENTS = 2


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
    tags = info.labels
    base = {"source": source_sha256, "recipe": policy.recipe, "version": RECIPE_VERSION, "tags": tags}
    recipe = Recipe(info, policy, base)
    ladder = make_ladder(info.video, policy) if info.video is not None else None
    copies, videos = ((), ()) if ladder is None or info.video is None else _picture(recipe, info.video, ladder)
    loudness, audios = _audio_steps(recipe)
    has_early_sound = recipe.has_early_sound or (bool(copies) and recipe.is_longer_than(policy.chunk_s))
    early_loudness, early_audios = _early_steps(recipe, loudness) if has_early_sound else (None, ())
    package = _package_step(
        recipe, ladder, [*(step.digest for step in videos), *(step.digest for step in audios)], has_audio=bool(audios)
    )
    early = [*(step.digest for step in early_audios), *(step.digest for step in copies)]
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
        copies=copies,
    )


def _picture(recipe: Recipe, video: VideoInfo, ladder: Ladder) -> tuple[tuple[CopyStep, ...], tuple[VideoStep, ...]]:
    copies = tuple(_copy_steps(recipe, video, ladder))
    is_kept = bool(copies) and copies[0].folder != EARLY_VIDEO_FOLDER
    return copies, tuple(_video_steps(recipe, video, ladder, ladder.rungs[:-1] if is_kept else ladder.rungs))


def _copy_steps(recipe: Recipe, video: VideoInfo, ladder: Ladder) -> Iterator[CopyStep]:
    """Cut the copy in two: what players begin with is there at once, however long the lecture."""
    policy = recipe.policy
    kept_below_bps = choose_rungs(video, policy)[-1].copy_below_bps
    choice = choose_copy(
        recipe.info, ladder, policy.copy, max_frame_rate=policy.max_frame_rate, kept_below_bps=kept_below_bps
    )
    if choice is None:
        return
    for stretch in _copy_ranges(choice, is_parted=recipe.is_longer_than(policy.chunk_s)):
        fields: dict[str, Any] = {
            "stream_index": video.stream_index,
            "range": stretch,
            "frame_rate": choice.frame_rate,
            "segment_s": choice.segment_s,
            "longest_segment_s": choice.longest_s,
            "folder": ladder.rungs[-1].name if choice.is_kept else EARLY_VIDEO_FOLDER,
        }
        yield CopyStep(digest=recipe.digest("copy", fields), **fields)


def _copy_ranges(choice: CopyChoice, *, is_parted: bool) -> list[MediaRange]:
    if not is_parted or len(choice.starts_s) <= _FIRST_SEGMENTS + 1:
        # A short last segment becomes a part of the one before it, which must not be listed by then.
        return [MediaRange()]
    first_s = choice.starts_s[_FIRST_SEGMENTS]
    return [MediaRange(Fraction(0), first_s), MediaRange(first_s, None, _FIRST_SEGMENTS)]


def _video_ranges(recipe: Recipe, ladder: Ladder) -> list[MediaRange]:
    """Return the chunks of a picture; the first is two segments, soon there."""
    segment_s = ladder.segment_s
    chunk_s = max(1, round(recipe.policy.chunk_s / segment_s)) * segment_s
    if not recipe.is_seekable or recipe.duration_s - chunk_s < SHORTEST_CHUNK_S:
        return [MediaRange()]
    return list(cut_ranges(recipe.duration_s, _first_stretch_s(segment_s, chunk_s), chunk_s, segment_s))


def _first_stretch_s(segment_s: Fraction, chunk_s: Fraction) -> Fraction:
    """Return how much is made first."""
    return min(_FIRST_SEGMENTS * segment_s, chunk_s)


def _video_steps(recipe: Recipe, video: VideoInfo, ladder: Ladder, encoded: tuple[Rung, ...]) -> Iterator[VideoStep]:
    """Cut the picture into chunks; the lowest rung of the first is made alone and before the others.

    What is made alone is decoded twice, but can be watched in a third of the time.
    """
    ranges, threads = _video_ranges(recipe, ladder), recipe.policy.encoder_threads
    lowest, others = encoded[:1], encoded[1:]
    is_parted = len(ranges) > 1 and bool(others)
    if is_parted:
        fields = _video_fields(recipe, video, ladder, ranges[0]) | {"rungs": lowest}
        # Everybody waits for it, so it may use more than its share.
        fields["encoder_threads"] = threads
        yield VideoStep(digest=recipe.digest("video", fields), **fields)
    for number, stretch in enumerate(ranges):
        fields = _video_fields(recipe, video, ladder, stretch)
        fields |= _stills(recipe, video, ladder, stretch, (number, len(ranges)))
        fields |= {"rungs": others if is_parted and number == 0 else encoded}
        fields["encoder_threads"] = threads if len(ranges) == 1 else 1
        yield VideoStep(digest=recipe.digest("video", fields), **fields)


def _video_fields(recipe: Recipe, video: VideoInfo, ladder: Ladder, stretch: MediaRange) -> dict[str, Any]:
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
    recipe: Recipe, video: VideoInfo, ladder: Ladder, stretch: MediaRange, place: tuple[int, int]
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


def _loudness_step(recipe: Recipe, stretch: MediaRange) -> LoudnessStep | None:
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


def _audio_step(recipe: Recipe, loudness: LoudnessStep, stretch: MediaRange, **more: str) -> AudioStep:
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


def _audio_steps(recipe: Recipe) -> tuple[LoudnessStep | None, tuple[AudioStep, ...]]:
    loudness = _loudness_step(recipe, MediaRange())
    if loudness is None:
        return None, ()
    if not recipe.is_seekable:
        return loudness, (_audio_step(recipe, loudness, MediaRange()),)
    piece_s = Fraction(recipe.policy.audio_chunk_s)
    # Behind the last sound nothing can be read: its last stretch goes on as silence.
    ranges = cut_ranges(recipe.sound_s, piece_s, piece_s, recipe.segment_s)
    return loudness, tuple(_audio_step(recipe, loudness, stretch) for stretch in ranges)


def _early_steps(recipe: Recipe, whole: LoudnessStep | None) -> tuple[LoudnessStep | None, tuple[AudioStep, ...]]:
    """Return a sound for the time until the whole sound is measured: by the loudness of the first chunk alone.

    Its first stretch is as short as the picture's. Behind it one more chunk goes over to the gain of the whole.
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
    first_s = _first_stretch_s(recipe.segment_s, chunk_s)
    ranges = [MediaRange(Fraction(0), first_s)]
    if until_s > first_s:
        ranges.append(MediaRange(first_s, until_s - first_s, int(first_s / recipe.segment_s)))
    early = [_audio_step(recipe, loudness, stretch, folder=EARLY_AUDIO_FOLDER) for stretch in ranges]
    stretch = MediaRange(until_s, chunk_s, int(until_s / recipe.segment_s))
    fade = _audio_step(recipe, whole, stretch, folder=EARLY_AUDIO_FOLDER, fades_from=loudness.digest)
    return loudness, (*early, fade)


def _package_step(recipe: Recipe, ladder: Ladder | None, after: list[str], *, has_audio: bool) -> PackageStep:
    name = None
    if ladder is not None:
        limit_px = recipe.policy.progressive.max_short_side_px
        fitting = [rung for rung in ladder.rungs if rung.short_side_px <= limit_px]
        name = (fitting[-1] if fitting else ladder.rungs[0]).name
    fields: dict[str, Any] = {"video_name": name, "has_audio": has_audio}
    return PackageStep(digest=recipe.digest("package", fields, after=after), **fields)
