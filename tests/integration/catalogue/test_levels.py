"""How hard a lecture is and what is spoken in it: said by its teacher, found by residents, never guessed."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.kernel.db import unit_of_work
from app.library.models import Lecture, LectureTerm, Term
from app.library.places import Institution
from app.library.services import touch
from tests.factories.lectures import make_lecture
from tests.fixtures.app import run_jobs
from tests.integration.catalogue.reading import facet, fetch, titles

SAID = {
    "认识二维码": (("difficulty", "zero"), ("speech", "mandarin")),
    "唠唠防诈骗": (("difficulty", "zero"), ("speech", "northeastern"), ("speech", "mandarin")),
    "剪辑短视频": (("difficulty", "further"), ("speech", "other_dialect")),
}


@pytest.fixture
def told(app: Flask) -> dict[str, str]:
    """Lectures that say how hard they are and what is spoken, besides six that say nothing; one in Korean."""
    with app.app_context(), unit_of_work() as db:
        college = db.query(Institution).order_by(Institution.id).first()
        made = [make_lecture(db, college, title, terms=terms) for title, terms in SAID.items()]
        made.append(make_lecture(db, college, "朝鲜族泡菜"))
        made[-1].language = "ko"
        ids = {lecture.title: lecture.public_id for lecture in made}
    run_jobs(app)
    return ids


def test_only_what_was_said_is_counted_and_found(client: FlaskClient, told: dict[str, str]) -> None:
    page = fetch(client, "/lectures")
    assert facet(page, "难度") == {"零基础": 2, "提高": 1}, "lectures that say nothing are in no count"
    assert facet(page, "语言") == {"普通话": 2, "东北话": 1, "其他方言": 1, "朝鲜语": 1}
    assert set(titles(fetch(client, "/lectures?level=zero"))) == {"认识二维码", "唠唠防诈骗"}
    assert titles(fetch(client, "/lectures?level=zero&language=northeastern")) == ["唠唠防诈骗"]
    assert titles(fetch(client, "/lectures?language=ko")) == ["朝鲜族泡菜"]
    assert client.get("/lectures?level=zero&language=en").status_code == 200


def test_the_interface_and_the_lectures_page_say_the_same(client: FlaskClient, told: dict[str, str]) -> None:
    found = client.get("/api/v1/lectures?level=zero&language=mandarin").get_json()
    assert {each["title"] for each in found["items"]} == {"认识二维码", "唠唠防诈骗"}
    shown = client.get(f"/api/v1/lectures/{told['唠唠防诈骗']}").get_json()
    assert (shown["level"], shown["speech"]) == ("zero", ["mandarin", "northeastern"])
    silent = client.get(f"/api/v1/lectures/{told['朝鲜族泡菜']}").get_json()
    assert (silent["level"], silent["speech"], silent["language"]) == (None, [], "ko")
    page = fetch(client, f"/lectures/{told['唠唠防诈骗']}")
    assert "零基础" in page
    assert "普通话、东北话" in page
    assert "朝鲜语" in fetch(client, f"/lectures/{told['朝鲜族泡菜']}")
    assert "难度" not in fetch(client, f"/lectures/{told['朝鲜族泡菜']}")


def test_a_lecture_that_says_it_later_is_found_by_it_then(app: Flask, client: FlaskClient) -> None:
    assert facet(fetch(client, "/lectures"), "难度") == {}
    assert titles(fetch(client, "/lectures?level=beginner")) == []
    with app.app_context(), unit_of_work() as db:
        lecture = db.query(Lecture).filter_by(title="合唱：怎样用气").one()
        term = db.query(Term).filter_by(scheme="difficulty", key="beginner").one()
        db.add(LectureTerm(lecture_id=lecture.id, term_id=term.id))
        touch(db, lecture)
    run_jobs(app)
    assert titles(fetch(client, "/lectures?level=beginner")) == ["合唱：怎样用气"]
