"""Members of a place: who is one, what each may do, resting and coming back. Leaving is `handover`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from app.accounts import services as accounts
from app.accounts.models import Membership, Role, User
from app.joining import policies
from app.joining.models import MemberAct, MemberEvent
from app.joining.places import LEAD, Place, load_place
from app.joining.record import note_member
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import Conflict, InvalidInput, NotFound, StaleVersion

log = structlog.get_logger(__name__)

HISTORY_SHOWN: Final = 30


@dataclass(frozen=True, slots=True)
class Member:
    """One person of a place with everything they are there."""

    user_id: int
    public_id: str
    name: str
    login: str
    is_active: bool
    keys: frozenset[str] = field(default=frozenset())
    is_responsible: bool = False
    suspended_at: datetime | None = None
    since: datetime | None = None


def manage(db: Session, actor: Actor, place_id: str, *, lock: bool = False) -> Place:
    """Return a place whose members the actor looks after.

    Raises:
        NotFound: when there is none, or it is not theirs to look after.
    """
    place = load_place(db, place_id, lock=lock)
    if not policies.can_manage(actor, place):
        raise NotFound(place=place_id)
    return place


def list_members(db: Session, place: Place) -> Sequence[Member]:
    """Return the members of a place, resting ones last. One query."""
    rows = db.execute(
        select(Membership, User)
        .join(User, User.id == Membership.user_id)
        .where(place.members())
        .order_by(Membership.id)
    ).all()
    by_user: dict[int, list[tuple[Membership, User]]] = {}
    for membership, user in rows:
        by_user.setdefault(user.id, []).append((membership, user))
    members = [_member(place, held) for held in by_user.values()]
    return sorted(members, key=lambda each: (each.suspended_at is not None, not each.is_responsible, each.user_id))


def _member(place: Place, held: Sequence[tuple[Membership, User]]) -> Member:
    user = held[0][1]
    keys = {membership.role.value for membership, _ in held}
    is_responsible = any(membership.is_responsible for membership, _ in held)
    if is_responsible and not place.is_institution:
        keys.add(LEAD)
    rests = [membership.suspended_at for membership, _ in held]
    return Member(
        user.id, user.public_id, user.display_name, user.login, user.is_active, frozenset(keys), is_responsible,
        suspended_at=rests[0] if all(rests) else None, since=min(membership.started_at for membership, _ in held),
    )  # fmt: skip


def get_member(db: Session, place: Place, person_id: str) -> Member:
    """Return one member of a place.

    Raises:
        NotFound: when there is none of this id.
    """
    found = [each for each in list_members(db, place) if each.public_id == person_id]
    if not found:
        raise NotFound(person=person_id)
    return found[0]


def set_keys(
    db: Session, actor: Actor, place_id: str, person_id: str, keys: Collection[str], *, seen: Collection[str]
) -> Member:
    """Say what a member may do; the same again changes nothing.

    Raises:
        NotFound: when place or person is none of the actor's.
        InvalidInput: when nothing is left, or something is not for this place.
        Conflict: when the last administrator would be lost.
        StaleVersion: when a colleague changed it since the page was shown; `seen` is what that said.
    """
    place = manage(db, actor, place_id, lock=True)
    member = get_member(db, place, person_id)
    wanted = frozenset(keys)
    if LEAD in wanted:
        wanted |= {"curator"}
    if wanted == member.keys:
        return member
    if member.keys != frozenset(seen):
        raise StaleVersion(user_id=member.user_id)
    if not wanted:
        raise InvalidInput(fields={"keys": "至少留一个角色；要让这位成员离开，请用“离开并交接”。"})
    if not wanted <= frozenset(place.keys):
        raise InvalidInput(fields={"keys": "请从列表中选择。"})
    if place.admin_key not in wanted:
        require_another_admin(db, place, member)
    put_keys(db, place, member, wanted)
    note_member(db, place, member.user_id, MemberAct.ROLES_CHANGED, by=actor, before=member.keys, after=wanted)
    log.info("member_roles_changed", user_id=member.user_id, actor_id=actor.user_id)
    return get_member(db, place, person_id)


def put_keys(db: Session, place: Place, member: Member, wanted: Collection[str]) -> None:
    """Begin and end roles so that the member has exactly these; the caller has asked the policies."""
    roles = {Role(key) for key in wanted if key != LEAD}
    user = db.get_one(User, member.user_id)
    for role in sorted(roles):
        accounts.grant(db, user, role, **place.columns())
    db.flush()
    held = place.members(), Membership.user_id == member.user_id
    db.execute(update(Membership).where(*held, Membership.role.not_in(roles)).values(ended_at=utc_now()))
    if not place.is_institution:
        db.execute(update(Membership).where(*held).values(is_responsible=LEAD in wanted))
    db.execute(update(Membership).where(*held).values(suspended_at=member.suspended_at))
    db.flush()


def require_another_admin(db: Session, place: Place, member: Member) -> None:
    """Refuse to lose the last person who looks after a place.

    Raises:
        Conflict.
    """
    if place.admin_key not in member.keys or member.suspended_at is not None:
        return
    others = [
        each for each in list_members(db, place)
        if each.user_id != member.user_id and place.admin_key in each.keys
        and each.suspended_at is None and each.is_active
    ]  # fmt: skip
    if not others:
        sentence = "这是本单位最后一位管理员，请先让另一位成员做管理员。"
        raise Conflict(sentence, code="last_administrator", user_id=member.user_id)


def suspend(db: Session, actor: Actor, place_id: str, person_id: str) -> Member:
    """Let a member's roles rest: they can do nothing here until they come back, and keep what they made.

    Raises:
        NotFound.
        Conflict: for oneself and for the last administrator.
    """
    place = manage(db, actor, place_id, lock=True)
    member = get_member(db, place, person_id)
    if member.suspended_at is not None:
        return member
    if member.user_id == actor.user_id:
        raise Conflict("不能停用自己，请让另一位管理员来做。", code="not_oneself")
    require_another_admin(db, place, member)
    return _rest(db, actor, place, member, until_resumed=True)


def resume(db: Session, actor: Actor, place_id: str, person_id: str) -> Member:
    """Let a resting member come back; one who does not rest is fine.

    Raises:
        NotFound.
    """
    place = manage(db, actor, place_id, lock=True)
    member = get_member(db, place, person_id)
    if member.suspended_at is None:
        return member
    return _rest(db, actor, place, member, until_resumed=False)


def _rest(db: Session, actor: Actor, place: Place, member: Member, *, until_resumed: bool) -> Member:
    held = place.members(), Membership.user_id == member.user_id
    db.execute(update(Membership).where(*held).values(suspended_at=utc_now() if until_resumed else None))
    db.flush()
    act = MemberAct.SUSPENDED if until_resumed else MemberAct.RESUMED
    note_member(db, place, member.user_id, act, by=actor)
    log.info("member_rest_changed", user_id=member.user_id, is_resting=until_resumed, actor_id=actor.user_id)
    return get_member(db, place, member.public_id)


def list_history(db: Session, place: Place) -> Sequence[MemberEvent]:
    """Return what was done about members lately, newest first."""
    here = place.of(MemberEvent.institution_id, MemberEvent.unit_id)
    statement = select(MemberEvent).where(here).options(joinedload(MemberEvent.user))
    return db.scalars(statement.order_by(MemberEvent.id.desc()).limit(HISTORY_SHOWN)).all()
