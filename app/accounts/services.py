"""Writes: users, memberships, signing in and out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.accounts import passwords
from app.accounts.models import INSTITUTION_ROLES, UNIT_ROLES, LoginSession, Membership, Purpose, Role, User
from app.kernel.clock import utc_now
from app.kernel.errors import InvalidInput, NotAuthenticated, NotFound
from app.kernel.ids import new_public_id, new_token

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What the browser keeps."""

    token: str
    user_id: int


def token_hash(token: str) -> str:
    """Return the SHA-256 of a session token; a stolen database holds no usable session."""
    return hashlib.sha256(token.encode()).hexdigest()


def normalise_login(login: str) -> str:
    """Fold what people type into the stored form."""
    return login.strip().casefold()


def sign_in(db: Session, login: str, password: str, *, user_agent: str, lasts: timedelta) -> SignedIn:
    """Open a session.

    Raises:
        NotAuthenticated: one sentence for every cause, so that nobody learns which names exist.
    """
    user = check_password(db, login, password)
    token = open_session(db, user, user_agent=user_agent, lasts=lasts)
    return SignedIn(token, user.id)


def check_password(db: Session, login: str, password: str) -> User:
    """Return whose name and password these are.

    Raises:
        NotAuthenticated: one sentence for every cause, so that nobody learns which names exist.
    """
    user = db.scalars(select(User).where(User.login == normalise_login(login))).first()
    is_right = passwords.verify(user.password_hash if user is not None else None, password)
    if user is None or not is_right or not user.is_active:
        log.info("sign_in_refused", user_id=user.id if user else None)
        raise NotAuthenticated("账号或密码不对，请再试一次。", code="wrong_credentials")
    if passwords.needs_rehash(user.password_hash):
        user.password_hash = passwords.hash_password(password)
    return user


def open_session(
    db: Session, user: User, *, user_agent: str, lasts: timedelta, has_second_factor: bool = False
) -> str:
    """Sign a browser in for somebody who proved who they are; return its token."""
    token = _open_session(db, user, user_agent, lasts=lasts, purpose=Purpose.BROWSER)
    if has_second_factor:
        db.flush()
        note_second_factor(db, token)
    log.info("signed_in", user_id=user.id, has_second_factor=has_second_factor)
    return token


def note_second_factor(db: Session, token: str) -> None:
    """Note that a session's person gave a code as well as the password."""
    mine = update(LoginSession).where(LoginSession.token_hash == token_hash(token))
    db.execute(mine.values(second_factor_at=utc_now()))


def _open_session(db: Session, user: User, name: str, *, lasts: timedelta, purpose: Purpose) -> str:
    now, token = utc_now(), new_token()
    db.add(
        LoginSession(
            token_hash=token_hash(token),
            user_id=user.id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + lasts,
            user_agent=name[:200],
            purpose=purpose,
        )
    )
    return token


def get_user(db: Session, login: str) -> User:
    """Return who signs in by a name.

    Raises:
        NotFound: nobody does.
    """
    user = db.scalars(select(User).where(User.login == normalise_login(login))).first()
    if user is None:
        raise NotFound(login=login)
    return user


def issue_upload_token(db: Session, login: str, *, name: str, lasts: timedelta) -> str:
    """Let a program send files as this user; return its secret, which is shown once.

    It opens the upload door and nothing else, and ends with a change of the password like every session.

    Raises:
        NotFound: for a user who does not exist or may not sign in.
    """
    user = db.scalars(select(User).where(User.login == normalise_login(login))).first()
    if user is None or not user.is_active:
        raise NotFound(login=login)
    log.info("upload_token_issued", user_id=user.id, days=lasts.days)
    return _open_session(db, user, name, lasts=lasts, purpose=Purpose.UPLOAD)


def revoke_upload_tokens(db: Session, login: str) -> int:
    """End all programs of a user; return how many there were."""
    mine = select(User.id).where(User.login == normalise_login(login)).scalar_subquery()
    ended = db.scalars(
        update(LoginSession)
        .where(
            LoginSession.user_id == mine, LoginSession.purpose == Purpose.UPLOAD, LoginSession.revoked_at.is_(None)
        )
        .values(revoked_at=utc_now())
        .returning(LoginSession.id)
    ).all()
    return len(ended)


def sign_out(db: Session, token: str) -> None:
    """Close one session; closing it twice is fine."""
    db.execute(
        update(LoginSession)
        .where(LoginSession.token_hash == token_hash(token), LoginSession.revoked_at.is_(None))
        .values(revoked_at=utc_now())
    )


def change_password(db: Session, user_id: int, *, old: str, new: str, keep_token: str | None = None) -> None:
    """Set a new password and close every other session of the user."""
    user = db.get(User, user_id)
    if user is None:
        raise NotFound(user_id=user_id)
    if not passwords.verify(user.password_hash, old):
        raise InvalidInput("原密码不对。", code="wrong_password", fields={"old_password": "原密码不对。"})
    user.password_hash, user.password_changed_at = passwords.hash_password(new), utc_now()
    others = update(LoginSession).where(LoginSession.user_id == user_id, LoginSession.revoked_at.is_(None))
    if keep_token is not None:
        others = others.where(LoginSession.token_hash != token_hash(keep_token))
    db.execute(others.values(revoked_at=utc_now()))


def create_user(db: Session, *, login: str, display_name: str, password: str) -> User:
    """Add a user who may sign in.

    Raises:
        InvalidInput: for an empty or taken login, an empty name, a weak password.
    """
    name, shown = normalise_login(login), display_name.strip()
    if not name or len(name) > 64 or not shown or len(shown) > 60:
        raise InvalidInput("账号和姓名不能为空，也不能太长。", code="bad_user")
    if db.scalar(select(User.id).where(User.login == name)) is not None:
        raise InvalidInput("这个账号已经存在。", code="login_taken", fields={"login": "这个账号已经存在。"})
    now = utc_now()
    user = User(
        public_id=new_public_id(),
        login=name,
        display_name=shown,
        password_hash=passwords.hash_password(password),
        created_at=now,
        password_changed_at=now,
    )
    db.add(user)
    db.flush()
    return user


def grant(
    db: Session, user: User, role: Role, *, institution_id: int | None = None, unit_id: int | None = None
) -> None:
    """Give a role at a place; giving it twice changes nothing.

    Raises:
        InvalidInput: when the place does not fit the role.
    """
    fits = (
        (role in INSTITUTION_ROLES and institution_id is not None and unit_id is None)
        or (role in UNIT_ROLES and unit_id is not None and institution_id is None)
        or (role is Role.OPERATOR and institution_id is None and unit_id is None)
    )
    if not fits:
        raise InvalidInput("这个角色需要指定所属单位。", code="place_does_not_fit_role", role=role)
    held = select(Membership.id).where(
        Membership.user_id == user.id,
        Membership.role == role,
        Membership.institution_id.is_(institution_id)
        if institution_id is None
        else Membership.institution_id == institution_id,
        Membership.unit_id.is_(None) if unit_id is None else Membership.unit_id == unit_id,
        Membership.ended_at.is_(None),
    )
    if db.scalar(held) is None:
        db.add(
            Membership(user_id=user.id, role=role, institution_id=institution_id, unit_id=unit_id, started_at=utc_now())
        )


def forget_old_sessions(db: Session, *, keep: timedelta) -> None:
    """Delete sessions that ended longer than `keep` ago."""
    db.execute(delete(LoginSession).where(LoginSession.expires_at < utc_now() - keep))
