"""How much is opened, for officers: institution by institution within their regions, with what keeps badges away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, or_, select, true
from sqlalchemy.orm import Session, joinedload

from app.green_channel import policies
from app.green_channel.promises import Promise
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import NotPermitted
from app.library.green_grants import GreenGrant, GreenGrantItem, GreenStanding, has_badge
from app.library.models import Lecture, LectureState
from app.library.places import Institution
from app.review.reach import get_reach


@dataclass(frozen=True, slots=True)
class InstitutionShare:
    """What one institution opened."""

    institution: Institution
    grants_now: int
    public_lectures: int
    opened_lectures: int
    with_badge: int

    @property
    def share_percent(self) -> int:
        """How much of what the institution shows is opened with the badge."""
        return round(100 * self.with_badge / self.public_lectures) if self.public_lectures else 0


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole reach of an officer."""

    shares: Sequence[InstitutionShare]
    #: How many opened lectures break each promise.
    broken: Mapping[Promise, int]

    @property
    def total(self) -> tuple[int, int, int, int]:
        """Institutions that opened something, grants in force, lectures opened, lectures with the badge."""
        active = [share for share in self.shares if share.grants_now]
        return (
            len(active), sum(share.grants_now for share in active), sum(share.opened_lectures for share in active),
            sum(share.with_badge for share in active),
        )  # fmt: skip


def get_overview(db: Session, actor: Actor) -> Overview:
    """Count what is opened within the actor's reach. Five queries however many institutions.

    Raises:
        NotPermitted: for whoever oversees no region.
    """
    if not policies.can_oversee(actor):
        raise NotPermitted(code="oversees_nothing")
    within = _within(db, actor)
    statement = select(Institution).where(within, Institution.is_active.is_(True)).order_by(Institution.name)
    institutions = db.scalars(statement.options(joinedload(Institution.region))).all()
    now = utc_now()
    holds = (GreenGrant.ended_at.is_(None), GreenGrant.starts_at <= now, GreenGrant.ends_at > now)
    counting = select(GreenGrant.institution_id, func.count()).where(*holds).group_by(GreenGrant.institution_id)
    grants_now = {row[0]: int(row[1]) for row in db.execute(counting)}
    covers = or_(GreenGrantItem.lecture_id == Lecture.id, GreenGrantItem.course_id == Lecture.course_id)
    opened = select(GreenGrantItem.id).join(GreenGrant).where(covers, *holds).correlate(Lecture).exists()
    by_lecture = select(
        Lecture.institution_id,
        func.sum(case((Lecture.state == LectureState.PUBLISHED, 1), else_=0)),
        func.sum(case((opened, 1), else_=0)),
        func.sum(case((has_badge(now) & (Lecture.state == LectureState.PUBLISHED), 1), else_=0)),
    ).where(Lecture.deleted_at.is_(None)).group_by(Lecture.institution_id)
    lectures = {row[0]: (int(row[1] or 0), int(row[2] or 0), int(row[3] or 0)) for row in db.execute(by_lecture)}
    shares = [
        InstitutionShare(each, grants_now.get(each.id, 0), *lectures.get(each.id, (0, 0, 0))) for each in institutions
    ]
    shares.sort(key=lambda share: (-share.with_badge, -share.opened_lectures, share.institution.name))
    return Overview(shares, _broken(db, within, opened))


def _within(db: Session, actor: Actor) -> ColumnElement[bool]:
    if actor.is_operator:
        return true()
    return Institution.region_code.in_(get_reach(db, actor).region_codes)


def _broken(db: Session, within: ColumnElement[bool], opened: ColumnElement[bool]) -> Mapping[Promise, int]:
    statement = (
        select(GreenStanding.broken)
        .join(Lecture, Lecture.id == GreenStanding.lecture_id)
        .join(Institution, Institution.id == Lecture.institution_id)
        .where(within, opened, ~GreenStanding.is_kept)
    )
    counted = Counter(Promise(each["promise"]) for broken in db.scalars(statement) for each in broken)
    return {promise: counted[promise] for promise in Promise if counted[promise]}
