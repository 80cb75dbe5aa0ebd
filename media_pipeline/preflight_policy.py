"""What a file is checked for, as values: how the analysis measures, and from where on the teacher is told.

Pure; not here: reading the policy file (the caller does), measuring (`analysis.py`), judging (`preflight.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from .ladder import PolicyInvalid

_STRICT = ConfigDict(extra="forbid")
_Positive = Annotated[float, Field(gt=0)]
_NotNegative = Annotated[float, Field(ge=0)]
_Level = Annotated[float, Field(le=0)]
_Share = Annotated[float, Field(gt=0, le=1)]
#: The profile of every kind of resource without one of its own.
OTHER = "other"


@dataclass(frozen=True, slots=True)
class MeasureRules:
    """From where on the analysis calls a stretch silent, clipped, black, blurred or bordered."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    silence_below_db: _Level
    silence_under_level_db: _Positive
    silence_min_s: _Positive
    clipped_samples: Annotated[int, Field(ge=2)]
    black_share: _Share
    black_min_s: _Positive
    blur_above: _Positive
    blurred_min_s: _Positive
    border_share: _Share
    border_part: _Share


@dataclass(frozen=True, slots=True)
class Checks:
    """From where on a measured fact becomes a finding."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    silence_advice_s: _Positive
    silence_problem_s: _Positive
    black_advice_s: _Positive
    black_problem_s: _Positive
    clipped_advice_s: _Positive
    clipped_problem_part: _Share
    blurred_advice_s: _Positive
    quiet_below_db: _Level
    very_quiet_below_db: _Level
    loud_above_db: _Level
    one_channel_below_db: _Positive
    min_short_side_px: Annotated[int, Field(gt=0)]
    min_frame_rate: _Positive
    max_frame_rate: Annotated[int, Field(gt=0)]
    cut_off_s: _Positive
    picture_step_s: _Positive


@dataclass(frozen=True, slots=True)
class Profile:
    """How long one kind of resource should be, from a day on."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    name: Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,39}$")]
    valid_from: date
    min_s: _NotNegative
    max_s: _Positive
    advised_min_s: _NotNegative
    advised_max_s: _Positive
    outside: Literal["problem", "advice"]


@dataclass(frozen=True, slots=True)
class PreflightPolicy:
    """All choices of the preflight report."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    version: Annotated[int, Field(gt=0)]
    measure: MeasureRules
    checks: Checks
    profiles: Annotated[tuple[Profile, ...], Field(min_length=1)]

    def rules_for(self, resource_type: str, day: date) -> Rules:
        """Return what a file of this kind is judged by on a day."""
        valid = [profile for profile in self.profiles if profile.valid_from <= day]
        named = [profile for profile in valid if profile.name == resource_type]
        others = [profile for profile in valid if profile.name == OTHER]
        profile = max(named or others, key=lambda each: each.valid_from, default=None)
        return Rules(self.checks, profile)


@dataclass(frozen=True, slots=True)
class Rules:
    """What one file is judged by; without a profile any length is right."""

    checks: Checks
    profile: Profile | None


_ADAPTER: TypeAdapter[PreflightPolicy] = TypeAdapter(PreflightPolicy)


def parse_preflight(mapping: Mapping[str, Any]) -> PreflightPolicy:
    """Check a policy mapping (a parsed preflight.toml) and return it as a value.

    Raises:
        PolicyInvalid: with one line for every fault.
    """
    try:
        policy = _ADAPTER.validate_python(dict(mapping))
    except ValidationError as error:
        faults = [f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()]
        raise PolicyInvalid("\n".join(faults)) from error
    faults = _find_faults(policy)
    if faults:
        raise PolicyInvalid("\n".join(faults))
    return policy


def _find_faults(policy: PreflightPolicy) -> list[str]:
    checks, faults = policy.checks, []
    for each in ("silence", "black"):
        if getattr(checks, f"{each}_problem_s") < getattr(checks, f"{each}_advice_s"):
            faults.append(f"checks: {each}_problem_s lies below {each}_advice_s")
        if getattr(checks, f"{each}_advice_s") < getattr(policy.measure, f"{each}_min_s"):
            faults.append(f"checks: {each}_advice_s lies below what is measured, {each}_min_s")
    if not checks.very_quiet_below_db <= checks.quiet_below_db <= checks.loud_above_db:
        faults.append("checks: very quiet, quiet and loud must lie in this order")
    faults += [
        f"profiles.{profile.name}: the advised lengths must lie within min_s and max_s"
        for profile in policy.profiles
        if not profile.min_s <= profile.advised_min_s < profile.advised_max_s <= profile.max_s
    ]
    if len({(profile.name, profile.valid_from) for profile in policy.profiles}) != len(policy.profiles):
        faults.append("profiles: two of one name begin on the same day")
    if OTHER not in {profile.name for profile in policy.profiles}:
        faults.append(f"profiles: none is called '{OTHER}'")
    return faults
