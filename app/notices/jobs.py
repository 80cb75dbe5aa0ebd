"""The morning's job: deadlines, reminders, then digests, one transaction a person; and what the factory needs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.kernel.jobs import queue
from app.kernel.jobs.engine import JobContext, JobKind
from app.notices import morning
from app.notices.letters import Letterhead
from app.notices.reminders import tell_reminders
from app.notices.services import forget_notices
from app.review.working_days import is_working_day
from config.sections import NoticesSection
from config.settings import Settings

MORNING_KIND: Final = "tell_morning"


def request_morning(db: Session, settings: NoticesSection) -> None:
    """Queue the morning's work where it is due, as the hourly chores do; and forget what is too old."""
    now = utc_now()
    forget_notices(db, before=now - timedelta(days=settings.keep_days))
    if morning.due_periods(now, hour=settings.digest_hour):
        queue.enqueue(db, queue.NewJob(MORNING_KIND, lane=queue.LANE_DEFAULT, key=MORNING_KIND))


def make_letterhead(settings: Settings) -> Letterhead:
    """Return what mails of this installation are made with."""
    secret = settings.app.secret_key.get_secret_value()
    return Letterhead(settings.app.base_url, settings.site.name, secret, settings.mail.is_configured)


def job_kind(head: Letterhead, settings: NoticesSection) -> JobKind:
    """Return what the worker must know of this room."""

    def handle(context: JobContext) -> None:
        now = utc_now()
        tell_morning(context, head, now, hour=settings.digest_hour)

    return JobKind(MORNING_KIND, queue.LANE_DEFAULT, handle)


def tell_morning(context: JobContext | None, head: Letterhead, now: datetime, *, hour: int) -> None:
    """Do everything that is due at a moment; killed half-way, the rest is done when it is called again."""
    periods = morning.due_periods(now, hour=hour)
    if periods:
        with unit_of_work() as db:
            # Deadlines are working days: nobody is reminded of them at a weekend.
            if is_working_day(now.astimezone(morning.ZONE).date()) and not morning.is_morning_told(db, now):
                morning.tell_deadlines(db, head, now)
            tell_reminders(db, head, now, began_at=periods[0].began_at)
    for period in periods:
        with reading() as db:
            people = morning.waiting_people(db, period)
        for user_id in people:
            if context is not None and context.is_cancelled():
                return
            with unit_of_work() as db:
                morning.send_digest(db, head, user_id, period)
