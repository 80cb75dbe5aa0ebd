"""What config/review.toml says, typed. Which institution needs how many levels is in `rules`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from config.policies import read_review


@dataclass(frozen=True, slots=True)
class Level:
    """One of the reviews a lecture passes."""

    number: int
    name_zh: str
    name_en: str
    #: Roles that decide at it: reviewer, institution_admin (at the lecture's institution), officer, operator.
    who: frozenset[str]
    #: Working days.
    days: int


@dataclass(frozen=True, slots=True)
class Aspect:
    """What a reviewer scores."""

    key: str
    name_zh: str
    name_en: str
    line_zh: str
    line_en: str


@dataclass(frozen=True, slots=True)
class Check:
    """What a maker checks before sending in."""

    key: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The whole policy of reviews."""

    version: str
    levels_required: int
    recheck_after: timedelta
    second_thoughts: timedelta
    due_soon_days: int
    levels: Sequence[Level]
    aspects: Sequence[Aspect]
    checks: Sequence[Check]
    commitment: Check
    commitment_version: str

    def level(self, number: int) -> Level:
        """Return one level, counted from 1."""
        return self.levels[number - 1]


@cache
def rulebook() -> Rulebook:
    """Read the policy once."""
    data = read_review()
    levels = [Level(number, **{**row, "who": frozenset(row["who"])}) for number, row in enumerate(data["level"], 1)]
    words = data["commitment"]
    return Rulebook(
        version=data["version"],
        levels_required=data["levels_required"],
        recheck_after=timedelta(days=data["recheck_after_days"]),
        second_thoughts=timedelta(minutes=data["second_thoughts_minutes"]),
        due_soon_days=data["due_soon_days"],
        levels=levels,
        aspects=[Aspect(**row) for row in data["aspect"]],
        checks=[Check(**row) for row in data["check"]],
        commitment=Check("commitment", words["zh"], words["en"]),
        commitment_version=words["version"],
    )
