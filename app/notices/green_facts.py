"""Facts of the green channel: badges that went and came, openings that ended or are paused."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.models import Membership, Role
from app.green_channel.events import GreenBadgeLost, GreenBadgeShown, GreenGrantEnded
from app.green_channel.models import GrantAction, GreenGrantEvent
from app.green_channel.periods import first_day, last_day
from app.green_channel.standing import lectures_of
from app.kernel.clock import utc_now
from app.kernel.outbox import Subscriptions
from app.library.green_grants import GreenGrant, GreenStanding
from app.library.models import Lecture
from app.notices.kinds import NoticeKind
from app.notices.letters import Letterhead
from app.notices.services import tell
from app.review.seat_holders import who

#: An opening of a single lecture is not "paused": its lecture's own notice says it.
_PAUSED_FROM: Final = 2


def subscribe(subscriptions: Subscriptions, head: Letterhead) -> None:
    """Listen to badges and openings."""

    def lost(db: Session, event: GreenBadgeLost) -> None:
        _tell_of_loss(db, head, event)

    def shown(db: Session, event: GreenBadgeShown) -> None:
        _tell_of_return(db, head, event.lecture_id)

    def ended(db: Session, event: GreenGrantEnded) -> None:
        _tell_of_end(db, head, event)

    subscriptions.listen(GreenBadgeLost, lost)
    subscriptions.listen(GreenBadgeShown, shown)
    subscriptions.listen(GreenGrantEnded, ended)


def openers_of(db: Session, grant: GreenGrant) -> set[int | None]:
    """Return who answers for an opening: whoever opened it, and the administrators of its institution."""
    is_admin = Membership.role == Role.INSTITUTION_ADMIN, Membership.institution_id == grant.institution_id
    return {grant.created_by_id, *who(db, *is_admin)}


def makers_of(db: Session, grant: GreenGrant) -> set[int | None]:
    """Return whose lectures an opening opens."""
    lectures = lectures_of(db, grant)
    return set(db.scalars(select(Lecture.created_by_id).where(Lecture.id.in_(lectures)).distinct()))


def grant_facts(grant: GreenGrant, what: str, **more: Any) -> dict[str, Any]:
    """Return what notices of an opening keep."""
    return {"what": what, "title": grant.title, "grant": grant.public_id, **more}


def _tell_of_loss(db: Session, head: Letterhead, event: GreenBadgeLost) -> None:
    """Tell of broken promises; of a period that is over its own notice tells."""
    standing, lecture = db.get(GreenStanding, event.lecture_id), db.get(Lecture, event.lecture_id)
    if standing is None or lecture is None or standing.is_shown or not standing.broken:
        return
    grant = db.get(GreenGrant, standing.grant_id) if standing.grant_id is not None else None
    if grant is None or not grant.holds_at(utc_now()):
        return
    facts = {"title": lecture.title, "lecture": lecture.public_id, "broken": standing.broken[0]}
    openers = openers_of(db, grant)
    key = f"green-lost:{lecture.id}:{standing.changed_at:%Y%m%d%H%M%S%f}"
    tell(db, head, {lecture.created_by_id, *openers}, NoticeKind.GREEN_LOST, facts, key=key)
    opened = lectures_of(db, grant)
    shown = select(func.count()).where(GreenStanding.lecture_id.in_(opened), GreenStanding.is_shown)
    if len(opened) >= _PAUSED_FROM and not db.scalar(shown):
        key = f"green-paused:{grant.id}:{first_day(utc_now())}"
        tell(db, head, openers, NoticeKind.GREEN_GRANT, grant_facts(grant, "paused"), key=key)


def _tell_of_return(db: Session, head: Letterhead, lecture_id: int) -> None:
    standing, lecture = db.get(GreenStanding, lecture_id), db.get(Lecture, lecture_id)
    if standing is None or lecture is None or not standing.is_shown or standing.grant_id is None:
        return
    facts = {"title": lecture.title, "lecture": lecture.public_id}
    people = {lecture.created_by_id, *openers_of(db, db.get_one(GreenGrant, standing.grant_id))}
    key = f"green-back:{lecture.id}:{standing.changed_at:%Y%m%d%H%M%S%f}"
    tell(db, head, people, NoticeKind.GREEN_BACK, facts, key=key)


def _tell_of_end(db: Session, head: Letterhead, event: GreenGrantEnded) -> None:
    grant = db.get(GreenGrant, event.grant_id)
    if grant is None:
        return
    line = db.scalars(
        select(GreenGrantEvent)
        .where(GreenGrantEvent.grant_id == grant.id, GreenGrantEvent.action == GrantAction.ENDED)
        .order_by(GreenGrantEvent.id.desc())
        .limit(1)
    ).first()
    by_id, name = (line.actor_id, line.actor_name) if line is not None else (None, "")
    facts = grant_facts(grant, "ended", why=event.reason, who=name)
    people = (openers_of(db, grant) | makers_of(db, grant)) - {by_id}
    tell(db, head, people, NoticeKind.GREEN_GRANT, facts, key=f"green-ended:{grant.id}")


def last_day_of(grant: GreenGrant) -> str:
    """Return the last day of an opening's period."""
    return last_day(grant.ends_at).isoformat()
