"""Notices, digests and links on PostgreSQL, where two workers and two browsers really act at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.accounts import links
from app.accounts.models import User
from app.joining.appointing import list_units
from app.kernel.clock import utc_now
from app.kernel.db import db as database
from app.kernel.db import reading, unit_of_work
from app.kernel.errors import Withdrawn
from app.kernel.mail.model import OutgoingMail
from app.library.quotas import InstitutionQuota
from app.notices import jobs, queries
from app.notices.kinds import NoticeKind
from app.notices.letters import Letterhead
from app.notices.models import Notice
from app.notices.reminders import tell_reminders
from app.review.models import Review
from tests.fixtures.app import make_unit, run_jobs
from tests.integration.review.school import RETURN, Desk, School, found_school

pytestmark = pytest.mark.services
MORNING = datetime.fromisoformat("2027-03-03T08:05+08:00")


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Do things at the same moment in threads of their own; return what they returned or raised."""
    barrier, answers = threading.Barrier(len(acts)), [None for _ in acts]

    def run(number: int) -> None:
        barrier.wait()
        try:
            answers[number] = acts[number]()  # type: ignore[call-overload]
        except Exception as error:  # noqa: BLE001 - told by the test
            answers[number] = error  # type: ignore[call-overload]

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return list(answers)


def test_two_workers_send_one_digest_and_two_browsers_use_one_link(postgres_app: Flask) -> None:
    app = postgres_app
    with app.app_context(), unit_of_work() as db:
        school = found_school(db)
        for user in db.scalars(select(User)):
            user.mail_address = f"{user.login}@example.com"
    desk = Desk(app, school)
    desk.submit()
    run_jobs(app)
    with app.app_context(), unit_of_work() as db:
        db.execute(update(Notice).values(happened_at=MORNING - timedelta(hours=9)))
        db.execute(update(Review).values(due_at=MORNING + timedelta(days=30)))
    head = jobs.make_letterhead(app.extensions["platform"].settings)

    def morning() -> None:
        with app.app_context():
            jobs.tell_morning(None, head, MORNING, hour=8)

    assert at_once(morning, morning, morning) == [None] * 3
    with app.app_context(), reading() as db:
        digests = db.scalars(select(OutgoingMail.to).where(OutgoingMail.key.startswith("digest:"))).all()
    assert sorted(digests) == ["reviewer2@example.com", "reviewer@example.com"]

    _remind_at_once(app, school, head)
    desk.decide("reviewer", RETURN, at_level=1)
    run_jobs(app)
    with app.app_context(), reading() as db:
        assert queries.count_unread(db, school["teacher"]) == 1
        assert queries.list_notices(db, school["teacher"]).total == 1
        assert queries.get_choices(db, school["reviewer"]).is_digest_on
    _use_one_link_twice(app, school)
    with app.app_context():
        database.engine.dispose()


def _use_one_link_twice(app: Flask, school: School) -> None:
    with app.app_context(), unit_of_work() as db:
        _, token = links.give_reset_link(db, school["operator"], "teacher")

    def use() -> str:
        with app.app_context(), unit_of_work() as db:
            return links.use_reset(db, token, new="one sentence of the two").login

    answers = at_once(use, use, use)
    assert answers.count("teacher") == 1
    assert sum(isinstance(answer, Withdrawn) for answer in answers) == 2


def _remind_at_once(app: Flask, school: School, head: Letterhead) -> None:
    """Reminders told twice are one notice; the list of units below asks what PostgreSQL can answer."""
    with app.app_context(), unit_of_work() as db:
        full = InstitutionQuota(institution_id=school.here, storage_bytes=1, set_by_name="x", valid_from=utc_now())
        db.add(full)
        below = make_unit(db).name
    with app.app_context(), unit_of_work() as db:
        tell_reminders(db, head, utc_now())
        tell_reminders(db, head, utc_now())
        told = select(Notice.id).join(User, User.id == Notice.user_id).where(Notice.kind == NoticeKind.QUOTA)
        assert len(db.scalars(told.where(User.login == "admin")).all()) == 1
        assert [row.name for row in list_units(db, school["officer"]).rows] == [below]
