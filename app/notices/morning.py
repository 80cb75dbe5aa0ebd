"""Once a day and week, in the morning of Asia/Shanghai: deadlines of reviews, and digests. All of it safe to repeat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.accounts.models import User
from app.kernel.mail.outgoing import hand_in, is_handed_in
from app.library.models import Lecture
from app.notices.kinds import MailMode, NoticeKind
from app.notices.letters import Letterhead, digest_letter
from app.notices.models import Notice
from app.notices.services import tell
from app.review.models import Review
from app.review.seat_holders import list_seat_holders

log = structlog.get_logger(__name__)

ZONE: Final = ZoneInfo("Asia/Shanghai")
#: A morning that was missed is made up for until now; nobody is written to at night.
LATEST: Final = time(21)
SOON: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Period:
    """A day or a week whose digest is due: what happened before it began goes in."""

    mode: MailMode
    #: Part of the mail's key: one digest a person and period.
    name: str
    began_at: datetime


def due_periods(now: datetime, *, hour: int) -> Sequence[Period]:
    """Return the periods whose digest may be sent now: today's from the hour on, this week's from Monday's on."""
    local = now.astimezone(ZONE)
    today = datetime.combine(local.date(), time(hour), ZONE)
    if local < today or local.time() > LATEST:
        return []
    monday = today - timedelta(days=local.weekday())
    year, week, _ = local.isocalendar()
    return [
        Period(MailMode.DAILY, f"{local.date():%Y-%m-%d}", today),
        Period(MailMode.WEEKLY, f"{year}-W{week:02}", monday),
    ]


def tell_deadlines(db: Session, head: Letterhead, now: datetime) -> int:
    """Tell everybody whose turn it is how many reviews end within a day, and are late. Return how many people."""
    statement = (
        select(Review)
        .where(Review.closed_at.is_(None), Review.due_at < now + SOON)
        .options(joinedload(Review.lecture).joinedload(Lecture.institution), selectinload(Review.decisions))
        .order_by(Review.due_at)
    )
    soon: Counter[int] = Counter()
    late: Counter[int] = Counter()
    for review in db.scalars(statement):
        count = late if review.due_at is not None and review.due_at < now else soon
        count.update(list_seat_holders(db, review))
    people = sorted({*soon, *late})
    for user_id in people:
        facts = {"soon": soon[user_id], "late": late[user_id]}
        tell(db, head, [user_id], NoticeKind.DEADLINE, facts, key=f"deadline:{now.astimezone(ZONE):%Y-%m-%d}")
    return len(people)


def waiting_people(db: Session, period: Period) -> Sequence[int]:
    """Return who has something in a period's digest."""
    return db.scalars(select(Notice.user_id).where(*_content(period)).distinct().order_by(Notice.user_id)).all()


def send_digest(db: Session, head: Letterhead, user_id: int, period: Period) -> bool:
    """Hand in one person's digest, and take its notices out of those that wait. Return whether there was one."""
    user, key = db.get(User, user_id, with_for_update=True), f"digest:{user_id}:{period.mode}:{period.name}"
    if is_handed_in(db, key):
        return False  # what came since waits for the next one
    statement = select(Notice).where(Notice.user_id == user_id, *_content(period))
    notices = db.scalars(statement.order_by(Notice.happened_at, Notice.id)).all()
    unseen = [each for each in notices if each.read_at is None]
    for notice in notices:
        notice.digest = None
    if user is None or not user.is_active or not user.mail_address or not head.is_on or not unseen:
        return False
    day = period.began_at.date() if period.mode is MailMode.DAILY else None
    hand_in(db, digest_letter(head, user, unseen, day=day), key=key)
    log.info("digest_handed_in", user_id=user_id, mode=period.mode, count=len(unseen))
    return True


def _content(period: Period) -> tuple[ColumnElement[bool], ...]:
    # Deadlines are counted in the morning itself, and belong to it.
    is_in = or_(Notice.happened_at < period.began_at, Notice.kind == NoticeKind.DEADLINE)
    return Notice.digest == period.mode, is_in


def is_morning_told(db: Session, now: datetime) -> bool:
    """Tell whether today's deadlines were told already: counting them again would be for nothing."""
    key = f"deadline:{now.astimezone(ZONE):%Y-%m-%d}"
    return db.scalar(select(Notice.id).where(Notice.key == key).limit(1)) is not None
