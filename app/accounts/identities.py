"""Whom another house's sign-in means: linked by the person while signed in here, never guessed from a mail address."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.accounts.credentials import ExternalIdentity
from app.accounts.events import AccountChanged
from app.accounts.models import User
from app.kernel import outbox
from app.kernel.clock import utc_now
from app.kernel.errors import Conflict

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Proven:
    """Who somebody is to another house, as it has just confirmed to us."""

    provider: str
    issuer: str
    subject: str


def find_user(db: Session, proven: Proven) -> User | None:
    """Return whose identity it is; None when it was never linked, or the user was switched off."""
    return db.scalars(
        select(User)
        .join(ExternalIdentity, ExternalIdentity.user_id == User.id)
        .where(
            ExternalIdentity.provider == proven.provider, ExternalIdentity.issuer == proven.issuer,
            ExternalIdentity.subject == proven.subject, User.is_active.is_(True),
        )
    ).first()  # fmt: skip


def link(db: Session, user_id: int, proven: Proven) -> None:
    """Let an identity sign in as a person; linking it again changes nothing.

    Raises:
        Conflict: when it is another person's, or this person has another one of that house.
    """
    same_house = ExternalIdentity.provider == proven.provider, ExternalIdentity.issuer == proven.issuer
    known = db.scalars(select(ExternalIdentity).where(*same_house, ExternalIdentity.subject == proven.subject)).first()
    if known is not None and known.user_id != user_id:
        sentence = "这个统一登录账号已经关联了别的账号，请先在那个账号里解除。"
        raise Conflict(sentence, code="identity_taken", user_id=user_id)
    if known is not None:
        return
    if db.scalar(select(ExternalIdentity.id).where(*same_house, ExternalIdentity.user_id == user_id)) is not None:
        raise Conflict("您已经关联了一个，请先解除再换。", code="identity_held", user_id=user_id)
    db.add(
        ExternalIdentity(
            user_id=user_id, provider=proven.provider, issuer=proven.issuer, subject=proven.subject, linked_at=utc_now()
        )
    )
    outbox.emit(db, AccountChanged(user_id, "identity"))
    log.info("identity_linked", user_id=user_id, provider=proven.provider)


def unlink(db: Session, user_id: int, provider: str) -> None:
    """Take what a person has linked of a house away; none is fine."""
    mine = delete(ExternalIdentity).where(ExternalIdentity.user_id == user_id, ExternalIdentity.provider == provider)
    db.execute(mine)
    log.info("identity_unlinked", user_id=user_id, provider=provider)


def linked_providers(db: Session, user_id: int) -> frozenset[str]:
    """Return of which houses a person has linked an identity."""
    return frozenset(db.scalars(select(ExternalIdentity.provider).where(ExternalIdentity.user_id == user_id)))
