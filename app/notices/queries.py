"""Reads: the bell's count, the list, what a person chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.models import User
from app.kernel.actor import Actor
from app.notices.kinds import SPECS, Audience, NoticeKind
from app.notices.models import DigestStop, Notice, NoticeChoice
from app.notices.services import Wanted

PAGE_SIZE: Final = 20
#: The bell counts no further.
COUNT_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class NoticePage:
    """One page of a person's notices."""

    rows: Sequence[Notice]
    unread: int
    total: int
    page: int
    page_count: int
    #: The newest there is: what "all read" means on this page.
    newest_id: int


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person gets, kind by kind, and where mail would go."""

    wanted: Mapping[NoticeKind, Wanted]
    is_digest_on: bool
    mail_address: str | None


def count_unread(db: Session, actor: Actor) -> int:
    """Count what the bell shows, up to COUNT_MAX: one look at a small index."""
    if actor.user_id is None:
        return 0
    unread = select(Notice.id).where(Notice.user_id == actor.user_id, Notice.read_at.is_(None), Notice.is_shown)
    return db.scalar(select(func.count()).select_from(unread.limit(COUNT_MAX).subquery())) or 0


def list_notices(db: Session, actor: Actor, *, is_unread_only: bool = False, page: int = 1) -> NoticePage:
    """Page through one's own notices, the newest first."""
    mine = Notice.user_id == actor.user_id, Notice.is_shown
    counting = select(func.count(Notice.id), func.count(Notice.read_at), func.max(Notice.id)).where(*mine)
    total, read, newest_id = db.execute(counting).one()
    unread = total - read
    page_count = max(1, -(-(unread if is_unread_only else total) // PAGE_SIZE))
    page = min(max(page, 1), page_count)
    statement = select(Notice).where(*mine).order_by(Notice.happened_at.desc(), Notice.id.desc())
    if is_unread_only:
        statement = statement.where(Notice.read_at.is_(None))
    rows = db.scalars(statement.offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE)).all()
    return NoticePage(rows, unread, total, page, page_count, newest_id or 0)


def get_choices(db: Session, actor: Actor) -> Choices:
    """Return what the actor gets of every kind that concerns them."""
    rows = {row.kind: row for row in db.scalars(select(NoticeChoice).where(NoticeChoice.user_id == actor.user_id))}
    wanted = {
        kind: Wanted(rows[kind].is_shown, rows[kind].mail) if kind in rows else Wanted(is_shown=True, mail=spec.mail)
        for kind, spec in SPECS.items()
        if not spec.is_fixed and concerns(actor, kind)
    }
    address = db.scalar(select(User.mail_address).where(User.id == actor.user_id))
    stopped = db.scalar(select(DigestStop.user_id).where(DigestStop.user_id == actor.user_id))
    return Choices(wanted, stopped is None, address)


def concerns(actor: Actor, kind: NoticeKind) -> bool:
    """Tell whether a person of these roles can get a kind at all."""
    match SPECS[kind].audience:
        case Audience.REVIEWERS:
            return actor.can_review
        case Audience.OFFICERS:
            return actor.is_officer
        case Audience.MANAGERS_AND_OFFICERS:
            return actor.manages_members or actor.is_officer
        case Audience.MEMBERS:
            return actor.can_contribute or actor.can_review or actor.can_curate
        case Audience.MAKERS:
            return actor.can_contribute
