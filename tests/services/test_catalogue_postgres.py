"""The catalogue's pages on PostgreSQL, which is stricter about texts and orders than SQLite."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.catalogue.jobs import note_changes
from app.catalogue.models import IndexChange
from app.kernel.clock import utc_now
from app.kernel.db import db as database
from app.kernel.db import reading, unit_of_work
from app.kernel.ids import new_public_id
from app.library.models import Course
from app.watching.counting import local_day
from app.watching.models import WatchDay
from app.watching.use import settle_use
from tests.factories.lectures import make_lecture
from tests.fixtures.app import make_institution, run_jobs
from tests.fixtures.pages import stand_in_assets
from tests.integration.catalogue.reading import fetch, links, titles

__all__ = ["stand_in_assets"]

pytestmark = pytest.mark.services


def test_pages_are_found_turned_and_left_onward(postgres_app: Flask) -> None:
    yesterday = local_day(utc_now()) - timedelta(days=1)
    with postgres_app.app_context(), unit_of_work() as db:
        school = make_institution(db, name="沈阳示范老年大学", type_key="elder_university")
        course = Course(public_id=new_public_id(), institution_id=school.id, title="手机课", created_at=utc_now())
        db.add(course)
        db.flush()
        for number in range(30):
            lecture = make_lecture(db, school, f"手机第{number}课", terms=(("topic", "digital_life"),))
            lecture.course_id, lecture.position = course.id, number
            if number == 7:
                sums = {"plays": 9, "listens": 0, "completions": 0, "watched_s": 90}
                db.add(WatchDay(lecture_id=lecture.id, day=yesterday, playlist_id=0, region_code="", **sums))
        public_id = lecture.public_id
        db.flush()
        assert settle_use(db, local_day(utc_now())) == 1
    run_jobs(postgres_app)
    client = postgres_app.test_client()
    for start in ("/lectures", "/search?q=手机&sort=newest", "/browse/topic/digital-life"):
        first = fetch(client, start)
        seen = titles(first) + titles(fetch(client, links(first, "下一页")[0]))
        assert seen == [f"手机第{number}课" for number in range(30)], start
    first = fetch(client, "/lectures?sort=popular")
    seen = titles(first) + titles(fetch(client, links(first, "下一页")[0]))
    assert (seen[:2], len(set(seen))) == (["手机第7课", "手机第0课"], 30)
    assert len(titles(fetch(client, "/browse/city/shenyang"))) == 24
    assert links(fetch(client, "/find/any/digital-life"), "多长都行") == ["/lectures?topic=digital_life"]
    assert len(titles(fetch(client, f"/lectures/{public_id}"))) == 6
    for odd in ("institution=%00", "county=%00", "after=%00", "before=%ff", "topic=" + "x" * 3000):
        assert client.get(f"/lectures?{odd}").status_code == 200, odd
    for odd in ("/browse/topic/%00", "/browse/institution/%00", "/find/%00"):
        assert client.get(odd).status_code == 404, odd
    with postgres_app.app_context():
        database.engine.dispose()


def test_changes_become_visible_in_the_order_of_their_numbers(postgres_app: Flask) -> None:
    """Else a copy of the index that has seen the later one would never look for the earlier."""

    def note(lecture_id: int) -> None:
        with postgres_app.app_context(), unit_of_work() as db:
            note_changes(db, [("lecture", lecture_id)])

    with ThreadPoolExecutor(1) as pool:
        with postgres_app.app_context(), unit_of_work() as db:
            note_changes(db, [("lecture", 1)])
            db.flush()
            later = pool.submit(note, 2)
            with pytest.raises(TimeoutError):
                later.result(0.5)
        later.result(60)
    with postgres_app.app_context(), reading() as db:
        noted = select(IndexChange.subject_id).order_by(IndexChange.id)
        assert db.scalars(noted).all() == [1, 2]
    with postgres_app.app_context():
        database.engine.dispose()
