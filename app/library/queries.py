"""Reads of vocabularies, regions, institutions and single lectures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import NotFound, Withdrawn
from app.library import policies
from app.library.models import Chapter, Excerpt, Lecture, LectureState, Term
from app.library.places import Institution, Region, RegionLevel


def list_current_terms(db: Session, scheme: str | None = None) -> Sequence[Term]:
    """Terms valid this year, in display order."""
    year = utc_now().year
    statement = select(Term).where(Term.valid_from <= year, or_(Term.valid_to.is_(None), Term.valid_to >= year))
    if scheme is not None:
        statement = statement.where(Term.scheme == scheme)
    return db.scalars(statement.order_by(Term.scheme, Term.position)).all()


def list_terms(db: Session) -> Sequence[Term]:
    """Return every term of every year: labels of old records need them."""
    return db.scalars(select(Term).order_by(Term.scheme, Term.position)).all()


def list_cities(db: Session) -> Sequence[Region]:
    """Cities of the province, by code."""
    return db.scalars(select(Region).where(Region.level == RegionLevel.CITY).order_by(Region.code)).all()


def list_institutions_of(db: Session, actor: Actor) -> Sequence[Institution]:
    """Institutions the actor may add lectures for; the operator sees all."""
    statement = select(Institution).where(Institution.is_active.is_(True)).order_by(Institution.name)
    if not actor.is_operator:
        statement = statement.where(Institution.id.in_(actor.institution_ids("contributor", "institution_admin")))
    return db.scalars(statement).all()


def city_of(region: Region) -> str:
    """Code of the city a region lies in (its own code for cities and the province)."""
    return region.parent_code if region.level is RegionLevel.COUNTY and region.parent_code else region.code


def get_lecture(db: Session, actor: Actor, public_id: str) -> Lecture:
    """Load a lecture with everything its page shows.

    Raises:
        NotFound: none, or a draft of others (a draft's existence is nobody's business).
        Withdrawn: it was public once; the error carries title and reason for the tombstone.
    """
    lecture = db.scalars(
        select(Lecture)
        .where(Lecture.public_id == public_id)
        .options(
            joinedload(Lecture.institution).joinedload(Institution.region).joinedload(Region.parent),
            selectinload(Lecture.terms),
            selectinload(Lecture.captions),
            selectinload(Lecture.chapters),
            joinedload(Lecture.excerpt).joinedload(Excerpt.original),
        )
    ).first()
    if lecture is None:
        raise NotFound(public_id=public_id)
    if lecture.state is LectureState.WITHDRAWN and not policies.can_edit_lecture(actor, lecture):
        raise Withdrawn(title=lecture.title, reason=lecture.withdrawn_reason)
    if not policies.can_view_lecture(actor, lecture):
        raise NotFound(public_id=public_id)
    return lecture


def published_among(db: Session, lecture_ids: Iterable[int]) -> frozenset[int]:
    """Return the ids that are published right now; nothing from an index is shown without this."""
    statement = select(Lecture.id).where(Lecture.id.in_(list(lecture_ids)), Lecture.state == LectureState.PUBLISHED)
    return frozenset(db.scalars(statement))


def origin_of(actor: Actor, lecture: Lecture) -> Excerpt | None:
    """Return what a lecture of `get_lecture` was taken out of, its `original` with it, if the actor may open that."""
    excerpt = lecture.excerpt
    if excerpt is None or excerpt.original is None or excerpt.original.state is LectureState.WITHDRAWN:
        return None
    return excerpt if policies.can_view_lecture(actor, excerpt.original) else None


def list_chapters(db: Session, lecture_id: int) -> Sequence[Chapter]:
    """Return the chapters of a lecture in order."""
    return db.scalars(select(Chapter).where(Chapter.lecture_id == lecture_id).order_by(Chapter.position)).all()


def list_excerpts(db: Session, original_id: int) -> Sequence[tuple[Excerpt, Lecture]]:
    """Return what was taken out of a lecture, in the order of its time."""
    statement = (
        select(Excerpt, Lecture)
        .join(Lecture, Lecture.id == Excerpt.lecture_id)
        .where(Excerpt.original_id == original_id, Lecture.deleted_at.is_(None))
        .order_by(Excerpt.start_s, Excerpt.lecture_id)
    )
    return [(excerpt, lecture) for excerpt, lecture in db.execute(statement)]
