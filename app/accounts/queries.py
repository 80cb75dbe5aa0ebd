"""Reads: who is behind a session token."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import LoginSession, Membership, Purpose, User
from app.accounts.services import normalise_login, token_hash
from app.kernel.actor import Actor, Grant
from app.kernel.clock import utc_now


def find_actor(
    db: Session, token: str, purpose: Purpose = Purpose.BROWSER, *, second_factor_roles: Collection[str] = ()
) -> Actor | None:
    """Return the actor of a live session, or None when it ended, expired or the user was switched off.

    A session without a second factor ends where one of the person's roles asks for it, also when the role came later.
    """
    now = utc_now()
    row = db.execute(
        select(User, LoginSession.second_factor_at)
        .join(LoginSession, LoginSession.user_id == User.id)
        .where(
            LoginSession.token_hash == token_hash(token),
            LoginSession.purpose == purpose,
            LoginSession.revoked_at.is_(None),
            LoginSession.expires_at > now,
            User.is_active.is_(True),
        )
    ).first()
    if row is None:
        return None
    actor = _actor_of(db, row[0])
    lacks_code = row[1] is None and any(grant.role in second_factor_roles for grant in actor.grants)
    return None if lacks_code else actor


def find_actor_by_login(db: Session, login: str) -> Actor | None:
    """Return the actor a command of the operator acts for, or None without such a user who may sign in."""
    user = db.scalars(select(User).where(User.login == normalise_login(login), User.is_active.is_(True))).first()
    return _actor_of(db, user) if user is not None else None


def _actor_of(db: Session, user: User) -> Actor:
    rows = db.execute(
        select(Membership.role, Membership.institution_id, Membership.unit_id, Membership.is_responsible)
        .where(Membership.user_id == user.id, Membership.ended_at.is_(None), Membership.suspended_at.is_(None))
        .order_by(Membership.id)
    )
    grants = tuple(
        Grant(str(role), institution_id, unit_id, is_responsible=is_responsible)
        for role, institution_id, unit_id, is_responsible in rows
    )
    return Actor(user.id, user.public_id, user.display_name, grants)
