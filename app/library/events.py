"""Facts about lectures that other rooms react to (the index, feeds)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LecturePublished:
    """A lecture became public."""

    lecture_id: int


@dataclass(frozen=True, slots=True)
class LectureChanged:
    """Something shown or indexed of a lecture changed (title, captions, media)."""

    lecture_id: int


@dataclass(frozen=True, slots=True)
class LectureWithdrawn:
    """A lecture left the library."""

    lecture_id: int
