"""Facts about reviews that other rooms react to (notices)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReviewMoved:
    """A review reached another state."""

    review_id: int
    lecture_id: int
    action: str
    state: str
