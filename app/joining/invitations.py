"""Invitations: one person, one place, once. The link is shown to whoever invites and kept only as a hash.

The secret comes with the form that asks for the invitation, so that the same form sent twice is one invitation, whose
link can be shown again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app.accounts import services as accounts
from app.accounts.models import Membership, Role, User
from app.curation.typed_text import clean
from app.joining import policies
from app.joining.applications import load_by_receipt
from app.joining.events import MemberJoined
from app.joining.fields import checked_email
from app.joining.models import PERSON_MAX, ApplicationState, Invitation, MemberAct
from app.joining.places import LEAD, Place, load_place, place_by_id
from app.joining.record import note_member
from app.joining.rulebook import rulebook
from app.kernel import outbox
from app.kernel.actor import NOBODY, Actor
from app.kernel.clock import utc_now
from app.kernel.errors import Conflict, InvalidInput, NotFound, NotPermitted
from app.kernel.ids import new_public_id
from app.kernel.sentences import too_long
from app.review.reach import get_reach

log = structlog.get_logger(__name__)

#: What `new_token` makes; nothing shorter opens a door.
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """Whom to invite as what."""

    role: Role
    person_name: str
    email: str = ""
    is_responsible: bool = False
    application_id: int | None = None


def token_hash(token: str) -> str:
    """Return what is kept of an invitation's secret."""
    return hashlib.sha256(f"invitation:{token}".encode()).hexdigest()


def find_by_token(db: Session, token: str, *, lock: bool = False) -> Invitation | None:
    """Return the invitation a link opens, whatever became of it."""
    if not _TOKEN.fullmatch(token):
        return None
    statement = select(Invitation).where(Invitation.token_hash == token_hash(token))
    return db.scalars(statement.with_for_update() if lock else statement).first()


def invite(
    db: Session, actor: Actor, place_id: str, *, key: str, person_name: str, email: str, token: str
) -> Invitation:
    """Invite somebody to a place as one of its keys (a role, or the lead of a unit).

    Raises:
        NotFound: when the place is none of the actor's.
        NotPermitted: when an officer invites anybody but an administrator.
        InvalidInput: with a sentence per wrong field.
    """
    place = load_place(db, place_id)
    if not policies.can_manage(actor, place):
        if not policies.can_oversee(get_reach(db, actor), place.region_code):
            raise NotFound(place=place_id)
        if key != place.admin_key:
            raise NotPermitted("主管部门只能邀请管理员，其他成员由本单位的管理员邀请。", code="admins_only")
    wrong = {} if key in place.keys else {"key": "请从列表中选择。"}
    name, address = checked_person(person_name, email, wrong)
    role = Role.CURATOR if key == LEAD else Role(key)
    return put(db, place, NewInvitation(role, name, address, is_responsible=key == LEAD), token=token, by=actor)


def checked_person(person_name: str, email: str, problems: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Return name and address as typed by whoever invites, cleaned; InvalidInput with these problems and others."""
    found, name = dict(problems or {}), clean(person_name)
    if not name or len(name) > PERSON_MAX:
        found["person_name"] = too_long("姓名", PERSON_MAX, name) if name else "请填写姓名。"
    address = checked_email(email, "email", found)
    if found:
        raise InvalidInput(fields=found)
    return name, address


def claim(db: Session, receipt: str, *, token: str) -> Invitation:
    """Give an accepted applicant, known by the receipt, the invitation of its responsible person.

    Raises:
        NotFound, Conflict: when it is not accepted, or somebody has set the account up already.
    """
    application = load_by_receipt(db, receipt, lock=True)
    if application.state is not ApplicationState.ACCEPTED:
        raise Conflict("申请还没有通过。", code="not_accepted", application_id=application.id)
    if is_claimed(db, application.id):
        raise Conflict("管理员账号已经建好，请直接登录。", code="already_claimed", application_id=application.id)
    place = place_by_id(db, application.institution_id, application.unit_id)
    role = Role.INSTITUTION_ADMIN if place.is_institution else Role.CURATOR
    new = NewInvitation(role, application.person_name, is_responsible=True, application_id=application.id)
    return put(db, place, new, token=token, by=NOBODY)


def is_claimed(db: Session, application_id: int) -> bool:
    """Tell whether somebody has become the responsible person of an accepted applicant."""
    used = Invitation.application_id == application_id, Invitation.used_at.is_not(None)
    return db.scalar(select(Invitation.id).where(*used).limit(1)) is not None


def put(db: Session, place: Place, new: NewInvitation, *, token: str, by: Actor) -> Invitation:
    """Keep an invitation; the same token again is the same one. The caller has asked the policies."""
    if not _TOKEN.fullmatch(token):
        raise InvalidInput("页面已经过期，请刷新后再试。", code="bad_token")
    known = find_by_token(db, token)
    if known is not None:
        if known.person_name != new.person_name or not is_to(known, place):
            raise InvalidInput("页面已经过期，请刷新后再试。", code="bad_token")
        return known
    now = utc_now()
    invitation = Invitation(
        public_id=new_public_id(), token_hash=token_hash(token), role=new.role, is_responsible=new.is_responsible,
        person_name=new.person_name, email=new.email, application_id=new.application_id, created_by_id=by.user_id,
        created_by_name=by.display_name or new.person_name, created_at=now,
        expires_at=now + rulebook().invitation_lasts, **place.columns(),
    )  # fmt: skip
    db.add(invitation)
    db.flush()
    log.info("invitation_made", invitation_id=invitation.id, role=new.role.value, actor_id=by.user_id)
    return invitation


def is_to(invitation: Invitation, place: Place) -> bool:
    """Tell whether an invitation is to this place."""
    return (invitation.institution_id, invitation.unit_id) == (place.institution_id, place.unit_id)


def get_revocable(db: Session, actor: Actor, place_id: str, invitation_id: str) -> Invitation:
    """Load an invitation to a place of the actor's that nobody has used; raises as `revoke` does."""
    place = load_place(db, place_id)
    if not policies.can_manage(actor, place):
        raise NotFound(place=place_id)
    here = place.of(Invitation.institution_id, Invitation.unit_id)
    invitation = db.scalars(select(Invitation).where(Invitation.public_id == invitation_id, here)).first()
    if invitation is None:
        raise NotFound(invitation=invitation_id)
    if invitation.used_at is not None:
        raise Conflict("这份邀请已经用过，请在成员里停用。", code="invitation_used")
    return invitation


def revoke(db: Session, actor: Actor, place_id: str, invitation_id: str) -> None:
    """Make a link useless; twice is fine.

    Raises:
        NotFound: when there is no such invitation to a place of the actor's.
        Conflict: when somebody has used it.
    """
    invitation = get_revocable(db, actor, place_id, invitation_id)
    invitation.revoked_at, invitation.email = invitation.revoked_at or utc_now(), ""


def load_usable(db: Session, token: str, *, lock: bool = False) -> Invitation:
    """Load the invitation behind a link that still opens.

    Raises:
        NotFound: when nobody ever made it.
        Conflict: with a sentence why it opens no more.
    """
    invitation = find_by_token(db, token, lock=lock)
    if invitation is None:
        raise NotFound("这个邀请链接不对，请看看有没有复制完整。", code="no_invitation")
    for is_over, code, sentence in (
        (invitation.used_at is not None, "used", "这份邀请已经用过了。请直接登录；不是您本人用的，请告诉邀请您的人。"),
        (invitation.revoked_at is not None, "revoked", "这份邀请已经撤销，请找邀请您的人。"),
        (invitation.expires_at <= utc_now(), "expired", "这份邀请已经过期，请找邀请您的人重新发。"),
    ):  # fmt: skip
        if is_over:
            raise Conflict(sentence, code=f"invitation_{code}", invitation_id=invitation.id)
    return invitation


def accept_as_new(db: Session, token: str, *, login: str, display_name: str, password: str) -> User:
    """Make an account for the invited person and let them in.

    Raises:
        NotFound, Conflict: when the link opens no more.
        InvalidInput: when account, name or password will not do.
    """
    invitation = load_usable(db, token, lock=True)
    user = accounts.create_user(db, login=login, display_name=clean(display_name), password=password)
    _join(db, invitation, user.id, user.display_name)
    return user


def accept_as_myself(db: Session, actor: Actor, token: str) -> None:
    """Let somebody in who has an account; whoever is a member already becomes what the invitation adds.

    Raises:
        NotFound, Conflict: when the link opens no more.
    """
    if actor.user_id is None:
        raise NotPermitted
    invitation = load_usable(db, token, lock=True)
    _join(db, invitation, actor.user_id, actor.display_name)


def _join(db: Session, invitation: Invitation, user_id: int, name: str) -> None:
    place = place_by_id(db, invitation.institution_id, invitation.unit_id)
    user = db.get_one(User, user_id)
    accounts.grant(db, user, invitation.role, **place.columns())
    db.flush()
    held = place.members(), Membership.user_id == user_id
    if invitation.is_responsible:
        db.execute(update(Membership).where(*held, Membership.role == invitation.role).values(is_responsible=True))
    db.execute(update(Membership).where(*held).values(suspended_at=None))
    now = utc_now()
    invitation.used_at, invitation.used_by_id, invitation.email = now, user_id, ""
    if invitation.application_id is not None:
        # The officer's link and the applicant's own are two ways to one account.
        others = Invitation.application_id == invitation.application_id, Invitation.used_at.is_(None)
        db.execute(update(Invitation).where(*others, Invitation.revoked_at.is_(None)).values(revoked_at=now, email=""))
    note_member(db, place, user_id, MemberAct.JOINED, by=Actor(user_id, display_name=name))
    outbox.emit(db, MemberJoined(user_id, invitation.id))
    log.info("invitation_used", invitation_id=invitation.id, user_id=user_id)


def list_open(db: Session, place: Place) -> Sequence[Invitation]:
    """Return the invitations to a place that still open, newest first."""
    here = place.of(Invitation.institution_id, Invitation.unit_id)
    is_open = Invitation.used_at.is_(None), Invitation.revoked_at.is_(None), Invitation.expires_at > utc_now()
    return db.scalars(select(Invitation).where(here, *is_open).order_by(Invitation.id.desc())).all()


def forget_addresses(db: Session) -> None:
    """Forget where mails of invitations went that open no more."""
    is_over = or_(Invitation.expires_at <= utc_now(), Invitation.revoked_at.is_not(None))
    db.execute(update(Invitation).where(Invitation.email != "", is_over).values(email=""))
