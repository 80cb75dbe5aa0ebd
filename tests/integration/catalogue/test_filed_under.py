"""Topics, places and series are words of the search: found and suggested although no text of the lecture says them."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.catalogue.comparing import find_drift
from app.kernel.clock import utc_now
from app.kernel.db import unit_of_work
from app.kernel.ids import new_public_id
from app.library.models import Course, Lecture, LectureState
from config.settings import Settings
from tests.factories.lectures import make_lecture
from tests.fixtures.app import make_institution, run_jobs
from tests.integration.catalogue.reading import fetch, titles

SERIES = "银发触屏课堂"


@pytest.fixture
def filed(app: Flask) -> int:
    """A lecture whose own texts say nothing of its topic, its county and its series; the id of the series."""
    with app.app_context(), unit_of_work() as db:
        school = make_institution(db, name="千山学校", region_code="210303")
        course = Course(public_id=new_public_id(), institution_id=school.id, title=SERIES, created_at=utc_now())
        db.add(course)
        db.flush()
        lecture = make_lecture(db, school, "付款码别截图", terms=(("topic", "digital_life"), ("audience", "veteran")))
        lecture.course_id = course_id = course.id
    run_jobs(app)
    return course_id


def suggested(client: FlaskClient, typed: str) -> dict[str, str]:
    return {each["text"]: each["kind"] for each in client.get("/suggest", query_string={"q": typed}).get_json()}


@pytest.mark.parametrize(
    "query",
    [
        *("网络生活", "wangluo shenghuo", "退役军人", "鞍山", "anshan", "铁西区"),
        *("银发触屏课堂", "触屏", "yinfachuping", "鞍山 付款码"),
    ],
)
def test_what_it_is_filed_under_finds_it(client: FlaskClient, filed: int, query: str) -> None:
    assert "付款码别截图" in titles(fetch(client, f"/search?q={query}"))


def test_a_title_that_says_it_comes_first(app: Flask, client: FlaskClient, filed: int) -> None:
    with app.app_context(), unit_of_work() as db:
        make_lecture(db, make_institution(db), "网络生活小常识")
    run_jobs(app)
    assert titles(fetch(client, "/search?q=网络生活"))[0] == "网络生活小常识"


def test_topics_places_and_series_are_suggested_as_what_they_are(client: FlaskClient, filed: int) -> None:
    assert suggested(client, "网络")["网络生活"] == "topic"
    assert suggested(client, "wlsh")["网络生活"] == "topic"
    assert suggested(client, "鞍")["鞍山市"] == "place"
    assert suggested(client, "退役")["退役军人"] == "audience"
    assert suggested(client, "银发")[SERIES] == "course"


def test_a_series_of_which_nothing_is_public_is_not_suggested(app: Flask, client: FlaskClient, filed: int) -> None:
    with app.app_context(), unit_of_work() as db:
        lecture = db.query(Lecture).filter_by(title="付款码别截图").one()
        lecture.state, lecture.withdrawn_at = LectureState.WITHDRAWN, lecture.published_at
    assert SERIES not in suggested(client, "银发")


def test_another_name_of_the_series_is_drift_until_it_is_written(app: Flask, settings: Settings, filed: int) -> None:
    """Nobody renames a series in the product; who does it in the database has it found after the night."""
    with app.app_context(), unit_of_work() as db:
        db.get_one(Course, filed).title = "银发手机课堂"
    with app.app_context():
        assert len(find_drift(settings.search.index_path).stale) == 1
