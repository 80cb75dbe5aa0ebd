"""Writes: telling people, marking as read, choices, unsubscribing, forgetting."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.accounts.models import User
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import InvalidInput, NotFound
from app.kernel.mail.outgoing import hand_in
from app.notices.kinds import SPECS, MailMode, NoticeKind
from app.notices.letters import DIGEST, Letterhead, notice_letter
from app.notices.models import DigestStop, Notice, NoticeChoice

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person gets of a kind."""

    is_shown: bool
    mail: MailMode


def tell(
    db: Session, head: Letterhead, user_ids: Collection[int | None], kind: NoticeKind, facts: Mapping[str, Any], *,
    key: str, at: datetime | None = None,
) -> None:  # fmt: skip
    """Give each person one notice of a fact, as they chose; `key` names the fact, and telling it again does nothing.

    What happened at another moment than now goes into the digest of that moment.
    """
    ids = sorted({user_id for user_id in user_ids if user_id is not None})
    if not ids:
        return
    people = db.scalars(select(User).where(User.id.in_(ids), User.is_active.is_(True)).order_by(User.id)).all()
    chosen = {
        row.user_id: row
        for row in db.scalars(select(NoticeChoice).where(NoticeChoice.user_id.in_(ids), NoticeChoice.kind == kind))
    }
    told = set(db.scalars(select(Notice.user_id).where(Notice.user_id.in_(ids), Notice.key == key)))
    stopped = set(db.scalars(select(DigestStop.user_id).where(DigestStop.user_id.in_(ids))))
    for user in people:
        if user.id in told:
            continue
        wanted = _wanted(kind, chosen.get(user.id))
        if not wanted.is_shown and wanted.mail is MailMode.NONE:
            continue
        if SPECS[kind].is_gathered and _gather(db, user.id, kind, facts):
            continue
        is_in_digest = wanted.mail in {MailMode.DAILY, MailMode.WEEKLY} and user.id not in stopped
        notice = Notice(
            user_id=user.id, kind=kind, key=key, facts=dict(facts), count=1, happened_at=at or utc_now(),
            is_shown=wanted.is_shown, digest=wanted.mail if is_in_digest else None,
        )  # fmt: skip
        db.add(notice)
        db.flush()
        if wanted.mail is MailMode.NOW and head.is_on and user.mail_address:
            hand_in(db, notice_letter(head, user, notice), key=f"notice:{notice.id}")
    log.info("notice_told", kind=kind, people=len(people))


def _wanted(kind: NoticeKind, row: NoticeChoice | None) -> Wanted:
    if row is None or SPECS[kind].is_fixed:
        return Wanted(is_shown=True, mail=SPECS[kind].mail)
    return Wanted(row.is_shown, row.mail)


def _gather(db: Session, user_id: int, kind: NoticeKind, facts: Mapping[str, Any]) -> bool:
    """Count a fact with the unread notice of its kind; False when there is none."""
    unread = select(Notice).where(Notice.user_id == user_id, Notice.kind == kind, Notice.read_at.is_(None))
    notice = db.scalars(unread.order_by(Notice.id.desc()).limit(1)).first()
    if notice is None:
        return False
    # The same lecture once more, such as a badge that comes and goes, is not one more lecture.
    more = 0 if notice.facts.get("lecture") == facts.get("lecture") else 1
    notice.count, notice.facts, notice.happened_at = notice.count + more, dict(facts), utc_now()
    return True


def mark_read(db: Session, actor: Actor, notice_id: int, *, is_read: bool = True) -> Notice:
    """Mark one of one's own notices as read, or as unread again.

    Raises:
        NotFound: no such notice, or another person's.
    """
    notice = db.get(Notice, notice_id)
    if notice is None or notice.user_id != actor.user_id:
        raise NotFound(notice_id=notice_id)
    if is_read != (notice.read_at is not None):
        notice.read_at = utc_now() if is_read else None
    return notice


def mark_all_read(db: Session, actor: Actor, *, up_to_id: int) -> int:
    """Mark everything the actor has seen listed as read; what came since stays. Return how many."""
    unread = update(Notice).where(Notice.user_id == actor.user_id, Notice.read_at.is_(None), Notice.id <= up_to_id)
    return len(db.scalars(unread.values(read_at=utc_now()).returning(Notice.id)).all())


def choose(db: Session, actor: Actor, wishes: Mapping[NoticeKind, Wanted], *, is_digest_on: bool) -> None:
    """Keep what a person wants of each kind; what waits for a digest follows at once.

    Raises:
        InvalidInput: for a kind that cannot be chosen.
    """
    assert actor.user_id is not None, "the route asks for a person"
    if any(SPECS[kind].is_fixed for kind in wishes):
        raise InvalidInput("账号安全的通知不能关闭。", code="kind_is_fixed")
    for kind, wanted in wishes.items():
        db.merge(NoticeChoice(user_id=actor.user_id, kind=kind, is_shown=wanted.is_shown, mail=wanted.mail))
        _follow(db, actor.user_id, kind, wanted.mail)
    if is_digest_on:
        resume_digests(db, actor.user_id)
    else:
        stop_digests(db, actor.user_id)


def _follow(db: Session, user_id: int, kind: NoticeKind, mail: MailMode) -> None:
    waiting = update(Notice).where(Notice.user_id == user_id, Notice.kind == kind, Notice.digest.is_not(None))
    db.execute(waiting.values(digest=mail if mail in {MailMode.DAILY, MailMode.WEEKLY} else None))


def stop_mail(db: Session, head: Letterhead, token: str) -> User:
    """Stop what a signed link names, for whoever it was sent to; the bell goes on. Stopping twice is fine.

    Raises:
        NotFound: for a token that is not ours.
    """
    user, what = _who(db, head, token)
    if what == DIGEST:
        stop_digests(db, user.id)
    else:
        kind = NoticeKind(what)
        shown = _wanted(kind, db.get(NoticeChoice, (user.id, kind))).is_shown
        db.merge(NoticeChoice(user_id=user.id, kind=kind, is_shown=shown, mail=MailMode.NONE))
        _follow(db, user.id, kind, MailMode.NONE)
    log.info("notice_mail_stopped", user_id=user.id, what=what)
    return user


def resume_mail(db: Session, head: Letterhead, token: str) -> User:
    """Take a stop back: the kind is mailed as it is to people who chose nothing, the digests as the kinds say."""
    user, what = _who(db, head, token)
    if what == DIGEST:
        resume_digests(db, user.id)
    else:
        kind = NoticeKind(what)
        shown = _wanted(kind, db.get(NoticeChoice, (user.id, kind))).is_shown
        mail = SPECS[kind].mail if SPECS[kind].mail is not MailMode.NONE else MailMode.NOW
        db.merge(NoticeChoice(user_id=user.id, kind=kind, is_shown=shown, mail=mail))
    return user


def _who(db: Session, head: Letterhead, token: str) -> tuple[User, str]:
    public_id, what = head.read_stop_token(token)
    user = db.scalars(select(User).where(User.public_id == public_id)).first()
    if user is None:
        raise NotFound(public_id=public_id)
    return user, what


def stop_digests(db: Session, user_id: int) -> None:
    """Send a person no digests, also of what waits."""
    if db.get(DigestStop, user_id) is None:
        db.add(DigestStop(user_id=user_id, stopped_at=utc_now()))
    db.execute(update(Notice).where(Notice.user_id == user_id, Notice.digest.is_not(None)).values(digest=None))


def resume_digests(db: Session, user_id: int) -> None:
    """Send digests again, of what happens from now on."""
    db.execute(delete(DigestStop).where(DigestStop.user_id == user_id))


def settle(db: Session, key_prefix: str) -> None:
    """Mark as read whatever asked people to do something that somebody has done."""
    waiting = update(Notice).where(Notice.key.startswith(key_prefix, autoescape=True), Notice.read_at.is_(None))
    db.execute(waiting.values(read_at=utc_now()))


def forget_notices(db: Session, *, before: datetime) -> int:
    """Delete what happened before a moment, read or not. Return how many."""
    result = db.execute(delete(Notice).where(Notice.happened_at < before))
    return int(getattr(result, "rowcount", 0))
