"""The JSON interface: what it answers, what it refuses, what it says of itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import validate
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.library.models import Lecture, LectureState
from app.library.services import set_chapters
from tests.integration.curation.shelf import Shelf

Work = Callable[[], AbstractContextManager[Session]]


def test_lectures_are_listed_newest_first(client: FlaskClient, shelf: Shelf):
    answer = client.get("/api/v1/lectures")
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    body = answer.get_json()
    assert (body["total"], body["page"], body["pages"]) == (6, 1, 1)
    assert [item["id"] for item in body["items"]] == list(shelf.lectures)
    first = body["items"][0]
    assert first["url"] == f"http://127.0.0.1:8000/lectures/{first['id']}"
    assert first["poster_url"].startswith("http://127.0.0.1:8000/media/")
    assert first["duration_s"] == 300.0


def test_a_two_letter_word_is_found(client: FlaskClient, shelf: Shelf):
    items = client.get("/api/v1/lectures", query_string={"q": "养生"}).get_json()["items"]
    assert [item["id"] for item in items] == [shelf.lectures[0]]


def test_filters_narrow(client: FlaskClient):
    city = client.get("/api/v1/lectures?city=210100").get_json()
    assert city["total"] == 6
    assert client.get("/api/v1/lectures?city=210200").get_json()["total"] == 0
    assert client.get("/api/v1/lectures?city=210200&city=210100").get_json()["total"] == 6
    assert client.get("/api/v1/lectures?type=micro_course").get_json()["total"] == 6


def test_a_page_beyond_the_end_is_empty(client: FlaskClient, shelf: Shelf):
    body = client.get("/api/v1/lectures?page=9").get_json()
    assert (body["items"], body["total"]) == ([], 6)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("page=abc", "page"),
        ("page=401", "page"),
        ("pgae=2", "pgae"),
        (f"q={'长' * 101}", "q"),
        ("audience=", "audience"),
        ("&".join(f"topic=t{n}" for n in range(21)), "topic"),
    ],
)
def test_bad_parameters_are_named(client: FlaskClient, shelf: Shelf, query: str, field: str):
    answer = client.get(f"/api/v1/lectures?{query}")
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    body = answer.get_json()
    assert body["code"] == "invalid_parameters"
    assert field in body["fields"]


def test_a_lecture_is_described(client: FlaskClient, shelf: Shelf):
    body = client.get(f"/api/v1/lectures/{shelf.lectures[0]}").get_json()
    assert body["title"] == "冬季养生：三九天怎么进补"
    assert body["media"]["manifest_url"].endswith("/master.m3u8")
    assert body["captions"] == []
    assert body["chapters"] == []
    assert body["licence"] == "platform_public_good"


def test_its_chapters_are_listed(client: FlaskClient, shelf: Shelf, work: Work):
    with work() as db:
        lecture = db.scalars(select(Lecture).where(Lecture.public_id == shelf.lectures[0])).one()
        set_chapters(db, lecture, [(0.0, "开场"), (200.5, "食补")])
    body = client.get(f"/api/v1/lectures/{shelf.lectures[0]}").get_json()
    assert body["chapters"] == [{"start_s": 0.0, "title": "开场"}, {"start_s": 200.5, "title": "食补"}]


def test_what_is_not_public_is_not_there(
    client: FlaskClient, shelf: Shelf, work: Work, sign_in: Callable[[str], FlaskClient]
):
    with work() as db:
        draft, gone = db.scalars(select(Lecture).where(Lecture.public_id.in_(shelf.lectures[:2])).order_by(Lecture.id))
        draft.state, gone.state = LectureState.DRAFT, LectureState.WITHDRAWN
    for browser in (client, sign_in(shelf.operator_login)):
        answers = [browser.get(f"/api/v1/lectures/{public_id}") for public_id in (*shelf.lectures[:2], "nosuchlecture")]
        assert [answer.status_code for answer in answers] == [404, 410, 404]
        assert all(answer.content_type == "application/problem+json" for answer in answers)
        assert browser.get("/api/v1/lectures", query_string={"q": "养生"}).get_json()["items"] == []


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v2/lectures"])
def test_unknown_addresses_answer_in_json(client: FlaskClient, shelf: Shelf, path: str):
    answer = client.get(path)
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


def test_other_methods_are_refused_in_json(client: FlaskClient, shelf: Shelf):
    answer = client.post("/api/v1/lectures")
    assert answer.status_code in {400, 405}
    assert answer.content_type == "application/problem+json"


def test_the_description_is_valid_and_true(client: FlaskClient, shelf: Shelf):
    document = client.get("/api/v1/openapi.json").get_json()
    validate(document)
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {"/api/v1/lectures", "/api/v1/lectures/{public_id}"}
    parameters = {item["name"] for item in document["paths"]["/api/v1/lectures"]["get"]["parameters"]}
    assert parameters == {"q", "city", "audience", "topic", "level", "language", "type", "page"}
    assert "cdn" not in json.dumps(document)


def test_the_number_of_queries_is_fixed(
    client: FlaskClient, shelf: Shelf, count_queries: Callable[[], AbstractContextManager[list[str]]]
):
    with count_queries() as one:
        client.get("/api/v1/lectures?q=养生")
    with count_queries() as many:
        client.get("/api/v1/lectures")
    assert len(one) == len(many) + 1 <= 6, "words ask once whether the operator's have changed"
