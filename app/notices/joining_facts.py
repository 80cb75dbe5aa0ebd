"""Facts of joining: who applied, who came, whose work went to whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.accounts.models import Membership, Role, User
from app.joining.events import ApplicationArrived, ApplicationMoved, MemberJoined, WorkHandedOver
from app.joining.models import Application, ApplicationState, Handover, Invitation, Message, MessageKind
from app.joining.places import Place, place_by_id
from app.kernel.outbox import Subscriptions
from app.library.places import Region
from app.notices.kinds import NoticeKind
from app.notices.letters import Letterhead
from app.notices.services import settle, tell
from app.review.seat_holders import nearest_officers, who


def subscribe(subscriptions: Subscriptions, head: Letterhead) -> None:
    """Listen to what happens at the door."""

    def arrived(db: Session, event: ApplicationArrived) -> None:
        _tell_of_application(db, head, event.application_id)

    def moved(db: Session, event: ApplicationMoved) -> None:
        _settle_application(db, head, event.application_id)

    def joined(db: Session, event: MemberJoined) -> None:
        _tell_of_member(db, head, event)

    def handed_over(db: Session, event: WorkHandedOver) -> None:
        _tell_of_handover(db, head, event.handover_id)

    subscriptions.listen(ApplicationArrived, arrived)
    subscriptions.listen(ApplicationMoved, moved)
    subscriptions.listen(MemberJoined, joined)
    subscriptions.listen(WorkHandedOver, handed_over)


def managers_of(db: Session, place: Place) -> set[int | None]:
    """Return who looks after the members of a place."""
    here = place.of(Membership.institution_id, Membership.unit_id)
    if place.is_institution:
        return set(who(db, here, Membership.role == Role.INSTITUTION_ADMIN))
    return set(who(db, here, Membership.is_responsible.is_(True)))


def _tell_of_application(db: Session, head: Letterhead, application_id: int) -> None:
    """Tell the officers of the region that an application waits; its applicant is written to by the page."""
    application = db.get(Application, application_id)
    if application is None or application.state is not ApplicationState.SUBMITTED:
        return  # withdrawn or decided faster than this delivery
    line = db.scalars(
        select(Message).where(Message.application_id == application.id, Message.author_id.is_(None))
        .order_by(Message.id.desc()).limit(1)
    ).first()  # fmt: skip
    is_answer = line is not None and line.kind is MessageKind.ANSWER
    region = db.get_one(Region, application.region_code)
    facts = {
        "what": "answered" if is_answer else "arrived", "name": application.name, "region": region.name_zh,
        "application": application.public_id,
    }  # fmt: skip
    officers = nearest_officers(db, application.region_code)
    tell(db, head, officers, NoticeKind.APPLICATION, facts, key=_waiting(application, f"{application.version}"))


def _waiting(application: Application, part: str = "") -> str:
    return f"application:{application.public_id}:{part}"


def _settle_application(db: Session, head: Letterhead, application_id: int) -> None:
    """Take an application that one officer dealt with off the others' lists; a refusal taken back waits again."""
    application = db.get(Application, application_id)
    if application is None:
        return
    if application.state is ApplicationState.SUBMITTED:
        _tell_of_application(db, head, application_id)
    else:
        settle(db, _waiting(application))


def _tell_of_member(db: Session, head: Letterhead, event: MemberJoined) -> None:
    invitation, user = db.get(Invitation, event.invitation_id), db.get(User, event.user_id)
    if invitation is None or user is None:
        return
    place = place_by_id(db, invitation.institution_id, invitation.unit_id)
    people = {*managers_of(db, place), invitation.created_by_id} - {user.id}
    facts = {"what": "joined", "person": user.display_name, "place": place.name}
    tell_of_invitation(db, head, invitation, people, facts)


def tell_of_invitation(
    db: Session, head: Letterhead, invitation: Invitation, people: set[int | None], facts: dict[str, Any], *,
    at: datetime | None = None,
) -> None:  # fmt: skip
    """Tell what became of an invitation; only who looks after the place is led to its members."""
    place = place_by_id(db, invitation.institution_id, invitation.unit_id)
    managers, key = managers_of(db, place), f"invitation:{invitation.public_id}:{facts['what']}"
    theirs = facts | {"members": place.public_id}
    tell(db, head, people & managers, NoticeKind.MEMBER, theirs, key=key, at=at)
    tell(db, head, people - managers, NoticeKind.MEMBER, facts, key=key, at=at)


def _tell_of_handover(db: Session, head: Letterhead, handover_id: int) -> None:
    statement = select(Handover).where(Handover.id == handover_id)
    people = joinedload(Handover.from_user), joinedload(Handover.to_user)
    handover = db.scalars(statement.options(*people)).first()
    if handover is None or handover.undone_at is not None:
        return
    place = place_by_id(db, handover.institution_id, handover.unit_id)
    counts = {name: len(handover.moved.get(name, ())) for name in ("lectures", "reviews", "playlists")}
    what, key = "lectures" if place.is_institution else "playlists", f"handover:{handover.public_id}"
    facts = {"what": what, "place": place.name, "person": handover.from_user.display_name, **counts}
    tell(db, head, {handover.to_user_id} - {handover.by_id}, NoticeKind.WORK, facts, key=key)
    given = {"what": "given", "place": place.name, "person": handover.to_user.display_name}
    tell(db, head, {handover.from_user_id} - {handover.by_id}, NoticeKind.WORK, given, key=key)
