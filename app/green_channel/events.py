"""Facts about grants and badges that other rooms react to (notices)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GreenGrantOpened:
    """An institution opened something."""

    grant_id: int


@dataclass(frozen=True, slots=True)
class GreenGrantChanged:
    """What a grant says or opens was changed."""

    grant_id: int


@dataclass(frozen=True, slots=True)
class GreenGrantEnded:
    """A grant was ended before its time."""

    grant_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class GreenBadgeShown:
    """A lecture carries the badge from now on."""

    lecture_id: int
    grant_id: int


@dataclass(frozen=True, slots=True)
class GreenBadgeLost:
    """A lecture carries the badge no more: promises broke (their keys), or none did and its period is over."""

    lecture_id: int
    grant_id: int | None
    broken: list[str]
