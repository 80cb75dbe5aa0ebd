"""Reviews on PostgreSQL: what SQLite is lenient about, triggers and constraints of its own dialect."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import selectinload

from app.kernel.clock import utc_now
from app.kernel.db import db as database
from app.kernel.db import reading, unit_of_work
from app.library.models import Lecture, LectureState
from app.library.pending import working_texts
from app.review.candidates import Chance, count_submittable, list_outlooks, list_submittable
from app.review.deadlines import get_board
from app.review.models import Review
from app.review.queries import Desk as Shelf
from app.review.queries import get_case, list_reviews
from app.review.recheck import list_stale
from app.review.rules import list_rules
from tests.integration.review.school import PASS, Desk, School, found_school

pytestmark = pytest.mark.services


def test_the_way_and_every_list_of_it(postgres_app: Flask) -> None:
    app = postgres_app
    with app.app_context(), unit_of_work() as db:
        school = found_school(db)
    desk = Desk(app, school)
    with app.app_context(), reading() as db:
        assert [each.public_id for each in list_submittable(db, school["teacher"])] == [desk.public_id]
        assert count_submittable(db, school["teacher"]) == 1
        lectures = db.scalars(select(Lecture).options(selectinload(Lecture.terms))).all()
        outlooks = list_outlooks(db, school["teacher"], lectures, working_texts(db, lectures))
        assert [each.chance for each in outlooks.values()] == [Chance.READY]
    public_id = desk.submit()
    desk.decide("reviewer", PASS, at_level=1)
    with app.app_context(), reading() as db:
        for login in ("reviewer", "admin", "officer", "operator"):
            assert list_reviews(db, school[login], desk=Shelf.OPEN, text="八段锦").counts[Shelf.OPEN] == 1
            assert [load.waiting for load in get_board(db, school[login]).loads] == [0, 1, 0]
            assert list_stale(db, school[login]) == ([], 0)
        assert get_case(db, school["admin"], public_id).may_decide
        assert len(list_rules(db)) == 3
    _look_at_the_board(app, school)
    desk.decide("admin", PASS, at_level=2)
    desk.decide("officer", PASS, at_level=3)
    assert desk.lecture().state is LectureState.PUBLISHED
    with app.app_context(), pytest.raises(DBAPIError, match="only grows"), unit_of_work() as db:
        db.execute(text("DELETE FROM review_event"))
    with app.app_context():
        database.engine.dispose()


def _look_at_the_board(app: Flask, school: School) -> None:
    with app.app_context(), unit_of_work() as db:
        db.execute(update(Review).values(due_at=utc_now() - timedelta(days=14)))
    with app.app_context(), reading() as db:
        [late] = get_board(db, school["officer"]).overdue
        assert late.names == ["admin"]
