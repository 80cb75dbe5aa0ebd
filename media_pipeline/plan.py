"""What shall be done to one source: steps with digests, from which the plan's own digest follows. Pure.

A digest names everything that decides a step's bytes: source, recipe, and the step's own parameters. A finished step
can therefore be found again by its digest. Today one video step covers the whole source; `MediaRange` is where pieces
of it come in. Not here: argv (`command.py`), execution (`pipeline.py`).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, is_dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from .errors import MediaRefused
from .ladder import fit_picture, make_ladder

if TYPE_CHECKING:
    from .ladder import AudioPolicy, LadderPolicy, PosterPolicy, StoryboardPolicy
    from .types import Ladder, MediaInfo

# Raised whenever a change of this package changes the bytes it writes for the same policy.
RECIPE_VERSION = 1
_DIGEST_HEX = 40


@dataclass(frozen=True, slots=True)
class MediaRange:
    """A stretch of the source on the segment grid; no length means to the end."""

    start_s: Fraction = Fraction(0)
    length_s: Fraction | None = None
    first_segment: int = 0

    @property
    def is_whole(self) -> bool:
        """Return whether this is the source from start to end."""
        return self.start_s == 0 and self.length_s is None


@dataclass(frozen=True, slots=True)
class PosterTarget:
    """Candidate stills taken while encoding, one of which becomes the poster."""

    rate: Fraction
    width_px: int
    height_px: int
    policy: PosterPolicy


@dataclass(frozen=True, slots=True)
class StoryboardTarget:
    """Small stills on a fixed rhythm, joined into sheets afterwards."""

    width_px: int
    height_px: int
    policy: StoryboardPolicy


@dataclass(frozen=True, slots=True)
class LoudnessStep:
    """Measure the sound once, so that the encode can set one gain."""

    digest: str
    stream_index: int
    channels: int
    audio: AudioPolicy


@dataclass(frozen=True, slots=True)
class VideoStep:
    """Decode one stretch once and write every rung of it, with the stills from the same decode."""

    digest: str
    stream_index: int
    is_interlaced: bool
    range: MediaRange
    ladder: Ladder
    encoder_threads: int
    poster: PosterTarget | None
    storyboard: StoryboardTarget | None


@dataclass(frozen=True, slots=True)
class AudioStep:
    """Write the one audio rendition of the whole source, with the gain the loudness step found."""

    digest: str
    stream_index: int
    channels: int
    segment_s: Fraction
    audio: AudioPolicy


@dataclass(frozen=True, slots=True)
class PackageStep:
    """Remux what was encoded into plain files; `video_name` is the rung inside the MP4."""

    digest: str
    video_name: str | None
    has_audio: bool


Step: TypeAlias = LoudnessStep | VideoStep | AudioStep | PackageStep


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything to be done to one source under one policy."""

    digest: str
    recipe: str
    source_sha256: str
    container: str
    duration_s: float
    start_bitrate_bps: int
    tags: tuple[tuple[str, str], ...]
    loudness: LoudnessStep | None
    audio: AudioStep | None
    videos: tuple[VideoStep, ...]
    package: PackageStep

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return all steps in the order of their dependence."""
        found = (self.loudness, self.audio, *self.videos, self.package)
        return tuple(step for step in found if step is not None)

    @property
    def ladder(self) -> Ladder | None:
        """Return the ladder all video steps share, or None for a lecture to listen to."""
        return self.videos[0].ladder if self.videos else None


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
    ladder = make_ladder(info.video, policy) if info.video is not None else None
    segment_s = ladder.segment_s if ladder is not None else Fraction(policy.fallback.segment_s)
    videos = () if ladder is None else (_video_step(base, info, policy, ladder),)
    loudness = _loudness_step(base, info, policy)
    audio = _audio_step(base, loudness, segment_s)
    package = _package_step(base, policy, videos, audio)
    digest = _digest("plan", base, [step.digest for step in (loudness, audio, *videos, package) if step is not None])
    return Plan(
        digest=digest,
        recipe=f"{policy.recipe}/{RECIPE_VERSION}",
        source_sha256=source_sha256,
        container=info.container,
        duration_s=info.duration_s,
        start_bitrate_bps=policy.start_bitrate_bps,
        tags=tags,
        loudness=loudness,
        audio=audio,
        videos=videos,
        package=package,
    )


def _video_step(base: dict[str, Any], info: MediaInfo, policy: LadderPolicy, ladder: Ladder) -> VideoStep:
    video = info.video
    if video is None:  # pragma: no cover - the caller has a ladder only for a picture
        raise MediaRefused("no_playable_stream")
    poster_side = min(policy.poster.max_short_side_px, ladder.rungs[-1].short_side_px)
    story_side = min(policy.storyboard.short_side_px, ladder.rungs[0].short_side_px)
    # Three frames stand for one candidate: the thumbnail filter keeps the most typical of each three.
    rate = Fraction(3 * policy.poster.candidates) / max(Fraction(1), Fraction(info.duration_s).limit_denominator(1000))
    fields: dict[str, Any] = {
        "stream_index": video.stream_index,
        "is_interlaced": video.is_interlaced,
        "range": MediaRange(),
        "ladder": ladder,
        "encoder_threads": policy.encoder_threads,
        "poster": PosterTarget(min(rate, ladder.frame_rate), *fit_picture(video, poster_side), policy.poster),
        "storyboard": StoryboardTarget(*fit_picture(video, story_side), policy.storyboard),
    }
    return VideoStep(digest=_digest("video", base, fields), **fields)


def _loudness_step(base: dict[str, Any], info: MediaInfo, policy: LadderPolicy) -> LoudnessStep | None:
    if info.audio is None:
        return None
    fields: dict[str, Any] = {
        "stream_index": info.audio.stream_index,
        "channels": 1 if info.audio.channels == 1 else 2,
        "audio": policy.audio,
    }
    return LoudnessStep(digest=_digest("loudness", base, fields), **fields)


def _audio_step(base: dict[str, Any], loudness: LoudnessStep | None, segment_s: Fraction) -> AudioStep | None:
    if loudness is None:
        return None
    fields: dict[str, Any] = {
        "stream_index": loudness.stream_index,
        "channels": loudness.channels,
        "segment_s": segment_s,
        "audio": loudness.audio,
    }
    return AudioStep(digest=_digest("audio", {**base, "after": loudness.digest}, fields), **fields)


def _package_step(
    base: dict[str, Any], policy: LadderPolicy, videos: tuple[VideoStep, ...], audio: AudioStep | None
) -> PackageStep:
    name = None
    if videos:
        rungs = videos[0].ladder.rungs
        fitting = [rung for rung in rungs if rung.short_side_px <= policy.progressive.max_short_side_px]
        name = (fitting[-1] if fitting else rungs[0]).name
    after = [step.digest for step in (*videos, audio) if step is not None]
    fields: dict[str, Any] = {"video_name": name, "has_audio": audio is not None}
    return PackageStep(digest=_digest("package", {**base, "after": after}, fields), **fields)


def _digest(kind: str, base: dict[str, Any], content: object) -> str:
    """Return a digest that is the same for equal values in every process and on every machine."""
    text = json.dumps([kind, base, content], default=_plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_HEX]


def _plain(value: object) -> object:
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    message = f"no digest for {type(value).__name__}"
    raise TypeError(message)
