"""The green channel on PostgreSQL: its locks, its conditions in queries, the triggers of its history."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.green_channel import jobs, overview, queries, register, services
from app.green_channel.register import Wanted, When
from app.kernel.db import db as database
from app.kernel.db import reading, unit_of_work
from app.review.queries import Desk as Shelf
from app.review.queries import list_reviews
from app.studio.services import withdraw_lecture
from tests.integration.green_channel.openings import (
    broken_of,
    deliver,
    grant_fields,
    has_badge_now,
    keep_rates,
    open_for,
    put_files,
)
from tests.integration.review.school import Desk, found_school

pytestmark = pytest.mark.services


def test_the_badge_and_every_list_of_it(postgres_app: Flask) -> None:
    app = postgres_app
    with app.app_context(), unit_of_work() as db:
        school = found_school(db)
    desk = Desk(app, school)
    with app.app_context(), unit_of_work() as db:
        keep_rates(db, desk.public_id)
    put_files(app)
    grant = open_for(desk)
    desk.submit()
    with app.app_context(), reading() as db:
        assert [row.is_green for row in list_reviews(db, school["reviewer"], desk=Shelf.OPEN).rows] == [True]
    desk.pass_all()
    deliver(app)
    assert has_badge_now(app, desk.public_id)
    with app.app_context(), reading() as db:
        wanted = Wanted(When.NOW, region="210100", audience="elder", topic="public_health")
        assert [row.counts.with_badge for row in register.list_register(db, wanted).rows] == [1]
        assert overview.get_overview(db, school["officer"]).total == (1, 1, 1, 1)
        page = queries.get_grant_page(db, school["admin"], grant)
        assert [each.has_badge for each in page.standings] == [True]
        assert len(queries.list_own(db, school["teacher"])) == 1
        assert jobs.list_due(db) == []
    fields = grant_fields(lectures=[desk.public_id], regions=["210000"])
    desk.do(services.change_channel, "admin", grant, fields, expected_version=1)
    desk.do(withdraw_lecture, "teacher", desk.public_id, reason="口误", expected_version=desk.lecture().version)
    deliver(app)
    assert broken_of(app, desk.public_id) == [("no_sign_in", "withdrawn")]
    desk.do(services.end_channel, "admin", grant, reason="课程要重录")
    with app.app_context(), pytest.raises(DBAPIError, match="only grows"), unit_of_work() as db:
        db.execute(text("DELETE FROM green_grant_event"))
    with app.app_context():
        database.engine.dispose()
