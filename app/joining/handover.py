"""Leaving a place: one step gives a member's work to a colleague and ends the membership. It can be undone."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from app.accounts import services as accounts
from app.accounts.models import Membership, Role, User
from app.joining.belongings import count_belongings, move_back, move_belongings
from app.joining.events import WorkHandedOver
from app.joining.members import Member, get_member, list_members, manage, put_keys, require_another_admin
from app.joining.models import Handover, MemberAct
from app.joining.places import Place
from app.joining.record import note_member
from app.joining.rulebook import rulebook
from app.kernel import outbox
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import Conflict, InvalidInput, NotFound
from app.kernel.ids import new_public_id

log = structlog.get_logger(__name__)


def hand_over(
    db: Session, actor: Actor, place_id: str, person_id: str, *, to_person_id: str, gives_roles: bool
) -> Handover | None:
    """Give a member's work to a colleague and end the membership; None when there was nothing to give.

    The same step again is the same hand-over.

    Args:
        db: session.
        actor: who looks after the members of the place; may be the one who leaves.
        place_id: public id of an institution or a unit.
        person_id: who leaves.
        to_person_id: the colleague; may be empty when there is nothing to give.
        gives_roles: the colleague gets the roles they lack, else reviews in hand may find nobody to decide them.

    Raises:
        NotFound: when place or person is none of the actor's.
        InvalidInput: when a colleague is needed and none is named.
        Conflict: when the place would lose its last administrator.
    """
    place = manage(db, actor, place_id, lock=True)
    before = _made_before(db, place, person_id, to_person_id)
    if before is not None:
        return before
    member = get_member(db, place, person_id)
    colleague = _colleague(db, place, member, to_person_id)
    if colleague is None:
        if not count_belongings(db, place, member.user_id).is_empty:
            raise InvalidInput(fields={"to": "这位成员还有没交接的工作，请选择由谁接手。"})
        require_another_admin(db, place, member)
        _end(db, actor, place, member)
        return None
    given = _give_roles(db, actor, place, member, colleague) if gives_roles else []
    require_another_admin(db, place, member)
    handover = _move(db, actor, place, member, colleague, given=given)
    _end(db, actor, place, member)
    outbox.emit(db, WorkHandedOver(handover.id))
    return handover


def _give_roles(db: Session, actor: Actor, place: Place, member: Member, colleague: Member) -> list[str]:
    given, after = sorted(member.keys - colleague.keys), colleague.keys | member.keys
    if given:
        put_keys(db, place, colleague, after)
        before = colleague.keys
        note_member(db, place, colleague.user_id, MemberAct.ROLES_CHANGED, by=actor, before=before, after=after)
    return given


def _move(
    db: Session, actor: Actor, place: Place, member: Member, colleague: Member, *, given: list[str]
) -> Handover:
    moved = move_belongings(db, place, member.user_id, colleague.user_id)
    takes_responsibility = _pass_responsibility(db, place, member, colleague)
    handover = Handover(
        public_id=new_public_id(), from_user_id=member.user_id, to_user_id=colleague.user_id,
        moved={**moved, "keys": sorted(member.keys), "given": given, "responsibility": takes_responsibility},
        by_id=actor.user_id, by_name=actor.display_name, made_at=utc_now(), **place.columns(),
    )  # fmt: skip
    db.add(handover)
    db.flush()
    log.info("work_handed_over", handover_id=handover.id, lectures=len(moved.get("lectures", ())))
    return handover


def _made_before(db: Session, place: Place, person_id: str, to_person_id: str) -> Handover | None:
    """Return the hand-over that this very step has made already, when its answer was lost."""
    here = place.of(Handover.institution_id, Handover.unit_id)
    last = db.scalars(
        select(Handover)
        .join(User, User.id == Handover.from_user_id)
        .where(here, User.public_id == person_id, Handover.undone_at.is_(None))
        .options(joinedload(Handover.to_user))
        .order_by(Handover.id.desc())
        .limit(1)
    ).first()
    if last is None or last.to_user.public_id != to_person_id:
        return None
    held = select(Membership.id).where(place.members(), Membership.user_id == last.from_user_id)
    return last if db.scalar(held.limit(1)) is None else None


def _colleague(db: Session, place: Place, member: Member, to_person_id: str) -> Member | None:
    if not to_person_id:
        return None
    found = [each for each in list_candidates(db, place, member) if each.public_id == to_person_id]
    if not found:
        raise InvalidInput(fields={"to": "请从列表中选择接手的人。"})
    return found[0]


def list_candidates(db: Session, place: Place, member: Member) -> Sequence[Member]:
    """Return the colleagues who may take over: members who neither rest nor are switched off."""
    everybody = list_members(db, place)
    return [each for each in everybody if each.user_id != member.user_id and not each.suspended_at and each.is_active]


def _pass_responsibility(db: Session, place: Place, member: Member, colleague: Member) -> bool:
    """Let the colleague answer for the place by name, when the one who leaves did and the colleague administers it."""
    if not member.is_responsible or not place.is_institution:
        return False
    held = place.members(), Membership.user_id == colleague.user_id, Membership.role == Role.INSTITUTION_ADMIN
    done = db.scalars(update(Membership).where(*held).values(is_responsible=True).returning(Membership.id))
    return bool(done.all())


def _end(db: Session, actor: Actor, place: Place, member: Member) -> None:
    held = place.members(), Membership.user_id == member.user_id
    db.execute(update(Membership).where(*held).values(ended_at=utc_now(), is_responsible=False))
    db.flush()
    elsewhere = select(Membership.id).where(Membership.user_id == member.user_id, Membership.ended_at.is_(None))
    if db.scalar(elsewhere.limit(1)) is None:
        accounts.revoke_upload_tokens(db, member.login)
    note_member(db, place, member.user_id, MemberAct.LEFT, by=actor, before=member.keys)
    log.info("member_left", user_id=member.user_id, actor_id=actor.user_id)


def undo(db: Session, actor: Actor, place_id: str, handover_id: str) -> Handover:
    """Bring a member back with everything that is still the colleague's; twice is fine.

    Raises:
        NotFound: when there is no such hand-over at a place of the actor's.
        Conflict: when it is too long ago.
    """
    place = manage(db, actor, place_id, lock=True)
    here = place.of(Handover.institution_id, Handover.unit_id)
    statement = select(Handover).where(Handover.public_id == handover_id, here)
    handover = db.scalars(statement.options(joinedload(Handover.from_user), joinedload(Handover.to_user))).first()
    if handover is None:
        raise NotFound(handover=handover_id)
    if handover.undone_at is not None:
        return handover
    if not can_undo(handover):
        raise Conflict("交接已经超过可以撤销的时间，请重新邀请这位成员。", code="too_late", handover_id=handover.id)
    move_back(db, handover.moved, handover.from_user_id, handover.to_user_id)
    keys = frozenset(handover.moved["keys"])
    _bring_back(db, place, handover.from_user, keys)
    _take_back(db, place, handover)
    handover.undone_at = utc_now()
    note_member(db, place, handover.from_user_id, MemberAct.RETURNED, by=actor, after=keys)
    log.info("handover_undone", handover_id=handover.id, actor_id=actor.user_id)
    return handover


def can_undo(handover: Handover) -> bool:
    """Tell whether a hand-over may still be taken back."""
    return handover.undone_at is None and handover.made_at + rulebook().handover_undo > utc_now()


def _bring_back(db: Session, place: Place, user: User, keys: frozenset[str]) -> None:
    now = [each for each in list_members(db, place) if each.user_id == user.id]
    member = now[0] if now else Member(user.id, user.public_id, user.display_name, user.login, user.is_active)
    put_keys(db, place, member, member.keys | keys)


def _take_back(db: Session, place: Place, handover: Handover) -> None:
    """Take from the colleague what the hand-over gave: roles, and the responsibility."""
    admin = Membership.role == (Role.INSTITUTION_ADMIN if place.is_institution else Role.CURATOR)
    if handover.moved["responsibility"]:
        for user_id, is_responsible in ((handover.to_user_id, False), (handover.from_user_id, True)):
            held = place.members(), admin, Membership.user_id == user_id
            db.execute(update(Membership).where(*held).values(is_responsible=is_responsible))
    colleague = [each for each in list_members(db, place) if each.user_id == handover.to_user_id]
    kept = colleague[0].keys - frozenset(handover.moved["given"]) if colleague else frozenset()
    if kept and kept != colleague[0].keys:
        put_keys(db, place, colleague[0], kept)


def list_handovers(db: Session, place: Place) -> Sequence[Handover]:
    """Return the hand-overs of a place that may still be taken back, newest first."""
    here = place.of(Handover.institution_id, Handover.unit_id)
    recent = Handover.undone_at.is_(None), Handover.made_at > utc_now() - rulebook().handover_undo
    people = joinedload(Handover.from_user), joinedload(Handover.to_user)
    return db.scalars(select(Handover).where(here, *recent).options(*people).order_by(Handover.id.desc())).all()
