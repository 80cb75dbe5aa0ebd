"""What a member of a place has in hand: lectures, courses, batches, files on their way, reviews, playlists.

Counted and moved here; who may and what becomes of roles is in `handover`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from app.catalogue.playlists import Playlist
from app.joining.places import Place
from app.library.models import Lecture, LectureState
from app.review.models import Decision, Review, ReviewOpening
from app.studio.desk.models import Batch
from app.studio.models import Upload, UploadState

_LIVE: Final = (UploadState.RECEIVING, UploadState.FINISHING)

#: Ids by kind of thing.
Moved = Mapping[str, Collection[int]]


@dataclass(frozen=True, slots=True)
class Belongings:
    """How much of what one member has in hand."""

    drafts: int = 0
    lectures: int = 0
    courses: int = 0
    uploads: int = 0
    batches: int = 0
    reviews: int = 0
    playlists: int = 0

    @property
    def is_empty(self) -> bool:
        """Nothing to hand over."""
        return not any((self.drafts, self.lectures, self.uploads, self.batches, self.reviews, self.playlists))


def count_belongings(db: Session, place: Place, user_id: int) -> Belongings:
    """Return what a member has in hand at a place. At most five queries."""
    if not place.is_institution:
        mine = Playlist.unit_id == place.unit_id, Playlist.created_by_id == user_id
        return Belongings(playlists=_count(db, Playlist.id, *mine))
    made = Lecture.institution_id == place.institution_id, Lecture.created_by_id == user_id
    drafts, lectures, courses = db.execute(
        select(
            func.count().filter(Lecture.state == LectureState.DRAFT, Lecture.deleted_at.is_(None)),
            func.count().filter(Lecture.state != LectureState.DRAFT),
            func.count(Lecture.course_id.distinct()),
        ).where(*made)
    ).one()
    batches = Batch.institution_id == place.institution_id, Batch.user_id == user_id
    return Belongings(
        drafts=drafts, lectures=lectures, courses=courses,
        uploads=len(_uploads_of(db, place, user_id)), batches=_count(db, Batch.id, *batches),
        reviews=len(reviews_in_hand(db, place, user_id)),
    )  # fmt: skip


def _count(db: Session, column: object, *conditions: ColumnElement[bool]) -> int:
    return db.scalar(select(func.count(column)).where(*conditions)) or 0  # type: ignore[arg-type]


def reviews_in_hand(db: Session, place: Place, user_id: int) -> list[int]:
    """Return the open reviews somebody has begun at the level they are at, and not decided."""
    decided = select(Decision.id).where(
        Decision.review_id == Review.id, Decision.reviewer_id == user_id, Decision.undone_at.is_(None)
    )
    rows = db.execute(
        select(Review.id, Review.state, ReviewOpening.level)
        .join(ReviewOpening, ReviewOpening.review_id == Review.id)
        .join(Lecture, Lecture.id == Review.lecture_id)
        .where(
            Lecture.institution_id == place.institution_id, Review.closed_at.is_(None),
            ReviewOpening.user_id == user_id, ~decided.exists(),
        )
        .order_by(Review.id)
    )  # fmt: skip
    return [review_id for review_id, state, level in rows if state.level == level]


def _uploads_of(db: Session, place: Place, user_id: int) -> list[int]:
    """Return the files somebody is sending for lectures of an institution."""
    return list(
        db.scalars(
            select(Upload.id)
            .join(Lecture, Lecture.id == Upload.lecture_id)
            .where(
                Lecture.institution_id == place.institution_id, Upload.user_id == user_id, Upload.state.in_(_LIVE)
            )
        )
    )


def move_belongings(db: Session, place: Place, from_id: int, to_id: int) -> dict[str, list[int]]:
    """Give everything a member has at a place to a colleague; return the ids. Versions stay: nothing was edited.

    Reviews stay where they are: they wait for whoever holds the level's role, and remarks keep their authors.
    """
    if not place.is_institution:
        playlists = Playlist.unit_id == place.unit_id, Playlist.created_by_id == from_id
        return {"playlists": _give(db, Playlist, "created_by_id", to_id, *playlists)}
    uploads = _uploads_of(db, place, from_id)
    family = or_(Upload.id.in_(uploads), Upload.final_id.in_(uploads))
    # A key is one browser's; a colleague has the same one only by sending this very batch as well.
    theirs = select(Batch.key).where(Batch.user_id == to_id)
    return {
        "lectures": _give(
            db, Lecture, "created_by_id", to_id,
            Lecture.institution_id == place.institution_id, Lecture.created_by_id == from_id,
        ),
        "uploads": _give(db, Upload, "user_id", to_id, family, Upload.user_id == from_id),
        "batches": _give(
            db, Batch, "user_id", to_id,
            Batch.institution_id == place.institution_id, Batch.user_id == from_id, Batch.key.not_in(theirs),
        ),
        "reviews": reviews_in_hand(db, place, from_id),
    }  # fmt: skip


def move_back(db: Session, moved: Moved, from_id: int, to_id: int) -> None:
    """Give back what was moved and is still the colleague's."""
    for name, model, column in (
        ("lectures", Lecture, "created_by_id"), ("uploads", Upload, "user_id"), ("batches", Batch, "user_id"),
        ("playlists", Playlist, "created_by_id"),
    ):  # fmt: skip
        _give(db, model, column, from_id, model.id.in_(moved.get(name, ())), getattr(model, column) == to_id)


def _give(
    db: Session, model: type[Lecture | Upload | Batch | Playlist], column: str, to_id: int,
    *conditions: ColumnElement[bool],
) -> list[int]:
    statement = update(model).where(*conditions).values({column: to_id}).returning(model.id)
    return sorted(db.scalars(statement.execution_options(synchronize_session=False)))
