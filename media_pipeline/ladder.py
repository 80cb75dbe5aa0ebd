"""The encoding policy as a value, and which renditions one source gets under it. Pure functions.

Not here: reading the policy file (the caller does), steps and digests (`plan.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from .copying import CopyPolicy
from .scenes import SceneBounds
from .types import Ladder, Rung

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .types import VideoInfo

_STRICT = ConfigDict(extra="forbid")
_Positive = Annotated[int, Field(gt=0)]
_Even = Annotated[int, Field(gt=0, multiple_of=2)]

# Rates a source is brought to: players, key frame grids and segment lengths stay exact with these.
STANDARD_RATES = (
    Fraction(5),
    Fraction(8),
    Fraction(10),
    Fraction(25, 2),
    Fraction(15),
    Fraction(20),
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(30),
    Fraction(48),
    Fraction(50),
    Fraction(60000, 1001),
    Fraction(60),
)


# Seconds after which AAC frames of 1024 samples begin anew on a whole second, at 48 kHz: 375 frames.
AAC_GRID_S = 8


class PolicyInvalid(ValueError):
    """The policy mapping is wrong; the message lists every fault."""


@dataclass(frozen=True, slots=True)
class RungPolicy:
    """One rung as the policy wants it, before it meets a source."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    name: Annotated[str, Field(pattern=r"^[0-9a-z]{1,16}$")]
    short_side_px: _Even
    crf: Annotated[float, Field(ge=10, le=51)]
    max_bitrate_bps: _Positive
    preset: Literal["veryfast", "faster", "fast", "medium", "slow", "slower"]
    scaler: Literal["bicubic", "lanczos", "bilinear", "area", "spline"]
    bframes: Annotated[int, Field(ge=0, le=16)] | None = None
    b_strategy: Literal[0, 1, 2] | None = None
    tune: Literal["film", "animation", "grain", "stillimage"] | None = None
    aq_mode: Literal[0, 1, 2, 3] | None = None
    copy_below_bps: _Positive | None = None


@dataclass(frozen=True, slots=True)
class ProfilePolicy:
    """How one kind of picture is encoded; the first profile whose bounds hold takes the source."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,15}$")]
    segment_s: Annotated[int, Field(ge=2, le=12)]
    rungs: Annotated[tuple[RungPolicy, ...], Field(min_length=1, max_length=8)]
    bounds: SceneBounds | None = None
    halves_from_frame_rate: Annotated[int, Field(ge=10)] | None = None


@dataclass(frozen=True, slots=True)
class AudioPolicy:
    """The one audio rendition."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    bitrate_bps: Annotated[int, Field(ge=24_000, le=256_000)]
    sample_rate_hz: Literal[48_000]
    loudness_lufs: Annotated[float, Field(ge=-31, le=-9)]
    limiter_ceiling: Annotated[float, Field(gt=0.0625, le=1)]
    quiet_below_lufs: Annotated[float, Field(le=0)]
    max_lift_db: Annotated[float, Field(ge=0, le=60)]
    is_speech: bool
    coder: Literal["fast", "twoloop"]
    cutoff_hz: Annotated[int, Field(ge=4_000, le=20_000)]
    removes_hum: bool
    hiss_reduction_db: Annotated[float, Field(ge=0, le=24)]


@dataclass(frozen=True, slots=True)
class ProgressivePolicy:
    """Which rung becomes the plain MP4."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    max_short_side_px: _Even


@dataclass(frozen=True, slots=True)
class PosterPolicy:
    """How the still picture is chosen and kept."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    candidates: Annotated[int, Field(ge=1, le=32)]
    max_short_side_px: _Even
    quality: Annotated[int, Field(ge=40, le=95)]


@dataclass(frozen=True, slots=True)
class StoryboardPolicy:
    """Size and rhythm of the pictures shown over the seek bar."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    interval_s: _Positive
    short_side_px: _Even
    columns: Annotated[int, Field(ge=1, le=10)]
    rows: Annotated[int, Field(ge=1, le=10)]
    quality: Annotated[int, Field(ge=40, le=95)]


@dataclass(frozen=True, slots=True)
class LadderPolicy:
    """All choices that change what is published; `recipe` names them in records and logs."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
    version: _Positive
    valid_from: date
    chunk_s: _Positive
    audio_chunk_s: _Positive
    early_sound_above_s: _Positive
    max_frame_rate: Annotated[int, Field(ge=10, le=60)]
    min_rung_step: Annotated[float, Field(ge=1, le=3)]
    start_bitrate_bps: _Positive
    encoder_threads: Annotated[int, Field(ge=1, le=16)]
    profiles: Annotated[tuple[ProfilePolicy, ...], Field(min_length=1, max_length=8)]
    copy: CopyPolicy
    audio: AudioPolicy
    progressive: ProgressivePolicy
    poster: PosterPolicy
    storyboard: StoryboardPolicy
    valid_until: date | None = None

    @property
    def recipe(self) -> str:
        """Return the short name under which published files remember this policy."""
        return f"{self.name}-{self.version}"

    @property
    def fallback(self) -> ProfilePolicy:
        """Return the profile without bounds: for every picture no other one takes, and for sound alone."""
        return self.profiles[-1]

    def is_valid_on(self, day: date) -> bool:
        """Return whether the policy is in force on a day."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


_ADAPTER: TypeAdapter[LadderPolicy] = TypeAdapter(LadderPolicy)


def parse_policy(mapping: Mapping[str, Any]) -> LadderPolicy:
    """Check a policy mapping (a parsed ladder.toml) and return it as a value.

    Raises:
        PolicyInvalid: with one line for every fault.
    """
    try:
        policy = _ADAPTER.validate_python(dict(mapping))
    except ValidationError as error:
        faults = [f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()]
        raise PolicyInvalid("\n".join(faults)) from error
    faults = [fault for profile in policy.profiles for fault in _profile_faults(profile, policy)]
    if len({profile.name for profile in policy.profiles}) != len(policy.profiles):
        faults.append("profiles: names must differ")
    if [profile.bounds is None for profile in policy.profiles] != [False] * (len(policy.profiles) - 1) + [True]:
        faults.append("profiles: the last one takes everything and has no bounds, all others have some")
    if policy.chunk_s % policy.storyboard.interval_s:
        faults.append("storyboard.interval_s: must divide chunk_s")
    if policy.chunk_s % AAC_GRID_S or policy.audio_chunk_s % policy.chunk_s:
        faults.append(f"chunk_s: must be a multiple of {AAC_GRID_S}, and audio_chunk_s one of chunk_s")
    if policy.valid_until is not None and policy.valid_until < policy.valid_from:
        faults.append("valid_until: lies before valid_from")
    if faults:
        raise PolicyInvalid("\n".join(faults))
    return policy


def _profile_faults(profile: ProfilePolicy, policy: LadderPolicy) -> list[str]:
    faults = []
    sides = [rung.short_side_px for rung in profile.rungs]
    if sides != sorted(set(sides)):
        faults.append(f"profiles.{profile.name}.rungs: must go from small to large, each size once")
    if len({rung.name for rung in profile.rungs} | {"audio"}) != len(sides) + 1:
        faults.append(f"profiles.{profile.name}.rungs: names must differ, and none may be called 'audio'")
    if policy.chunk_s % profile.segment_s:
        faults.append(f"profiles.{profile.name}.segment_s: must divide chunk_s")
    return faults


def choose_profile(video: VideoInfo, policy: LadderPolicy) -> ProfilePolicy:
    """Return the first profile whose bounds the picture keeps, else the one without bounds."""
    return next((one for one in policy.profiles if one.bounds and one.bounds.hold_for(video.scene)), policy.fallback)


def choose_rungs(video: VideoInfo, policy: LadderPolicy) -> list[RungPolicy]:
    """Choose the rungs a source fills without upscaling, smallest first."""
    source_side = _even(min(video.display_width_px, video.display_height_px), floor=True)
    profile = choose_profile(video, policy)
    fitting = [rung for rung in profile.rungs if rung.short_side_px <= source_side]
    larger = next((rung for rung in profile.rungs if rung.short_side_px > source_side), None)
    if larger is not None and (not fitting or source_side >= policy.min_rung_step * fitting[-1].short_side_px):
        fitting.append(_shrink(larger, source_side))
    return fitting


def make_ladder(video: VideoInfo, policy: LadderPolicy) -> Ladder:
    """Return the rungs of a source, and the frame rate all of them share."""
    profile = choose_profile(video, policy)
    rate = choose_frame_rate(video.frame_rate, policy.max_frame_rate)
    if profile.halves_from_frame_rate is not None and rate >= profile.halves_from_frame_rate:
        rate /= 2
    return Ladder(
        rungs=tuple(_place(rung, video) for rung in choose_rungs(video, policy)),
        frame_rate=rate,
        frames_per_segment=max(1, round(profile.segment_s * rate)),
        profile=profile.name,
    )


def choose_frame_rate(measured: Fraction, max_rate: int) -> Fraction:
    """Return the standard rate for a source: the nearest one, or the next above an odd rate, thinned to the maximum.

    Variable sources arrive here with their average; constant output keeps the segment grid exact for every rung.
    """
    nearest = min(STANDARD_RATES, key=lambda rate: abs(rate - measured))
    if abs(nearest - measured) > nearest / 200:
        nearest = next((rate for rate in STANDARD_RATES if rate >= measured), measured)
    thinned = nearest
    divisor = 1
    while thinned > max_rate:
        divisor += 1
        thinned = nearest / divisor
    return thinned


def fit_picture(video: VideoInfo, short_side_px: int) -> tuple[int, int]:
    """Return even width and height with the given short side and the source's shape."""
    width_px, height_px = video.display_width_px, video.display_height_px
    if width_px >= height_px:
        return _even(Fraction(short_side_px * width_px, height_px)), _even(short_side_px)
    return _even(short_side_px), _even(Fraction(short_side_px * height_px, width_px))


def _place(rung: RungPolicy, video: VideoInfo) -> Rung:
    width_px, height_px = fit_picture(video, rung.short_side_px)
    # Rounding the long side to even may pass the source by one pixel where the rung is as large as the source.
    width_px = min(width_px, _even(video.display_width_px, floor=True))
    height_px = min(height_px, _even(video.display_height_px, floor=True))
    kept = {field.name for field in fields(Rung)} - {"width_px", "height_px"}
    return Rung(width_px=width_px, height_px=height_px, **{name: getattr(rung, name) for name in kept})


def _shrink(rung: RungPolicy, short_side_px: int) -> RungPolicy:
    """Return the rung at a smaller size, its rate cap in proportion to the pixels."""
    share = Fraction(short_side_px, rung.short_side_px) ** 2
    return replace(
        rung,
        name=f"{short_side_px}p",
        short_side_px=short_side_px,
        max_bitrate_bps=max(80_000, int(rung.max_bitrate_bps * share)),
        copy_below_bps=None if rung.copy_below_bps is None else max(1, int(rung.copy_below_bps * share)),
    )


def _even(value: Fraction | int, *, floor: bool = False) -> int:
    halves = int(value / 2) if floor else round(Fraction(value) / 2)
    return max(2, 2 * halves)
