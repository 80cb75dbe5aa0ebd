"""What a listing page costs: the same few statements however much there is, and a time nobody waits for."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from flask import Flask
from flask.testing import FlaskClient

from app.kernel.clock import utc_now
from app.kernel.db import unit_of_work
from app.kernel.ids import new_public_id
from app.library.models import Course
from app.library.places import Institution
from tests.factories.lectures import make_lecture
from tests.fixtures.app import make_institution, run_jobs
from tests.integration.catalogue.conftest import DIGITAL, ELDER, HEALTH, WORKER, Catalogue
from tests.integration.catalogue.reading import fetch, links

Count = Callable[[], AbstractContextManager[list[str]]]

#: Median time of a page in milliseconds of the processor, which others that keep the machine busy do not lengthen.
MOST_MS = 150
#: Statements each page may send.
STATEMENTS = {
    "/": 10,
    "/lectures": 6,
    "/lectures?audience=elder&topic=public_health&city=210100&length=15": 6,
    "/lectures?sort=popular": 6,
    "/lectures?level=zero&language=mandarin": 9,
    "/lectures?topic=xyz": 12,
    "/search?q=养生": 6,
    "/search?q=养生&sort=popular": 6,
    "/search?q=养生&sort=newest": 6,
    "/browse": 4,
    "/browse/topic/public-health": 7,
    "/browse/audience/elder": 7,
    "/browse/city/shenyang": 7,
    "/find": 4,
    "/find/elder": 5,
    "/find/elder/public-health": 6,
}


def enlarge(app: Flask, count: int) -> None:
    """Add lectures of many schools about everything."""
    with app.app_context(), unit_of_work() as db:
        schools = [make_institution(db, name=f"第{number}示范学校", region_code="210104") for number in range(10)]
        for number in range(count):
            terms = (ELDER, WORKER, HEALTH) if number % 2 else (ELDER, DIGITAL)
            make_lecture(db, schools[number % 10], f"养生第{number}讲", terms=terms, tags=(f"词{number % 7}",))
    run_jobs(app)


def test_listing_pages_send_the_same_few_statements_however_much_there_is(
    app: Flask, client: FlaskClient, count_queries: Count, stocked: Catalogue
) -> None:
    pages = {**STATEMENTS, f"/browse/institution/{stocked.university}": 8}
    before = {}
    for address in pages:
        with count_queries() as sent:
            fetch(client, address)
        before[address] = len(sent)
    enlarge(app, 80)
    for address, most in pages.items():
        with count_queries() as sent:
            fetch(client, address)
        assert len(sent) == before[address] <= most, (address, before[address], "\n".join(sent))


def test_a_page_that_found_nothing_sends_few_statements_more(
    app: Flask, client: FlaskClient, count_queries: Count
) -> None:
    """What comes near decides how much is suggested, and each suggestion is confirmed: a bound, no fixed number."""
    enlarge(app, 80)
    for address in ("/search?q=量子色动力学", "/search?q=养生&level=further", "/lectures?topic=reading"):
        with count_queries() as sent:
            assert "没有找到合适的课" in fetch(client, address)
        assert len(sent) <= 12 + 2 * 12, (address, "\n".join(sent))


def test_the_next_page_costs_one_statement_more(app: Flask, client: FlaskClient, count_queries: Count) -> None:
    enlarge(app, 80)
    for start in ("/lectures", "/search?q=养生", "/browse/audience/elder"):
        with count_queries() as first:
            page = fetch(client, start)
        with count_queries() as second:
            fetch(client, links(page, "下一页")[0])
        assert len(second) == len(first) + 1, start


def test_listing_pages_are_quick(app: Flask, client: FlaskClient, stocked: Catalogue) -> None:
    enlarge(app, 80)
    addresses = [*STATEMENTS, f"/browse/institution/{stocked.university}", "/search?q=量子色动力学"]
    for start in ("/lectures", "/search?q=养生", "/browse/audience/elder"):
        (following,) = set(links(fetch(client, start), "下一页"))
        addresses.append(following)
    for address in addresses:
        fetch(client, address)
        took_ms = []
        for _ in range(3):
            started_s = time.thread_time()
            client.get(address)
            took_ms.append((time.thread_time() - started_s) * 1000)
        assert statistics.median(took_ms) < MOST_MS, (address, took_ms)


def test_ways_onward_from_a_lecture_cost_the_same_however_long_the_course_is(
    app: Flask, client: FlaskClient, count_queries: Count
) -> None:
    with app.app_context(), unit_of_work() as db:
        college = db.query(Institution).first()
        course = Course(public_id=new_public_id(), institution_id=college.id, title="养生课", created_at=utc_now())
        db.add(course)
        db.flush()
        course_id, college_id = course.id, college.id
        alone = make_lecture(db, college, "养生课外", terms=(HEALTH,)).public_id
        shown = make_lecture(db, college, "养生课第1讲", terms=(HEALTH,))
        shown.course_id, shown.position = course_id, 1
        public_id = shown.public_id
    counts = []
    for number in (1, 20):
        with app.app_context(), unit_of_work() as db:
            college = db.get_one(Institution, college_id)
            for place in range(number):
                lecture = make_lecture(db, college, f"养生{number}之{place}", terms=(HEALTH,))
                lecture.course_id, lecture.position = course_id, 100 * number + place
        run_jobs(app)
        with count_queries() as sent:
            page = fetch(client, f"/lectures/{public_id}")
        assert len(links(page, "下一讲")) == 1
        counts.append(len(sent))
    with count_queries() as without:
        fetch(client, f"/lectures/{alone}")
    assert counts[0] == counts[1] == len(without) + 1, "a course costs one statement"
