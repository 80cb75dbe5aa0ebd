"""Suggestions: in Chinese, pinyin and initials; nothing of what left the library; quick, cacheable, bounded."""

from __future__ import annotations

import time
from statistics import quantiles

from flask import Flask
from flask.testing import FlaskClient

from app.asking.models import PopularQuery
from app.kernel.db import unit_of_work
from app.library.models import Lecture, LectureState


def texts(client: FlaskClient, typed: str) -> dict[str, str]:
    answer = client.get("/suggest", query_string={"q": typed})
    assert answer.status_code == 200
    return {each["text"]: each["kind"] for each in answer.get_json()}


def test_chinese_pinyin_and_initials_are_completed_with_their_kind(client: FlaskClient) -> None:
    for typed in ("养", "yangsheng", "yangs", "ys"):
        assert "养生" in texts(client, typed), typed
    assert texts(client, "春季")["春季养生与经络调理"] == "title"
    assert texts(client, "zhou")["周老师"] == "teacher"
    assert texts(client, "大连")["大连示范开放大学"] == "institution"
    assert texts(client, "养生")["养生"] == "tag"


def test_what_left_the_library_is_not_suggested_although_the_index_knows_its_words(
    app: Flask, client: FlaskClient
) -> None:
    assert "春季养生与经络调理" in texts(client, "春季")
    with app.app_context(), unit_of_work() as db:
        lecture = db.query(Lecture).filter_by(title="春季养生与经络调理").one()
        lecture.state, lecture.withdrawn_at = LectureState.WITHDRAWN, lecture.published_at
    assert "春季养生与经络调理" not in texts(client, "春季")


def test_nothing_typed_gives_what_many_ask(app: Flask, client: FlaskClient) -> None:
    assert texts(client, "") == {}
    with app.app_context(), unit_of_work() as db:
        db.add_all([PopularQuery(text="手机", askers=7), PopularQuery(text="颈椎", askers=9)])
    app.extensions["asking"].popular._read_s = float("-inf")
    assert list(texts(client, "")) == ["颈椎", "手机"]
    assert texts(client, "shouji")["手机"] == "popular"


def test_hostile_texts_are_answered(client: FlaskClient) -> None:
    for typed in ("\x00", "<script>", "'; DROP", "养" * 5000, "\ud83d\ude00", "%", "🙂🙂", " \t"):
        assert client.get("/suggest", query_string={"q": typed.encode("utf-8", "replace")}).status_code == 200


def test_the_answer_may_be_kept_and_takes_less_than_ten_milliseconds(client: FlaskClient) -> None:
    assert "max-age=120" in client.get("/suggest?q=ys").headers["Cache-Control"]
    took_ms = []
    for number in range(60):
        began_s = time.process_time()
        client.get("/suggest", query_string={"q": ("y", "ys", "养", "手机", "shou")[number % 5]})
        took_ms.append((time.process_time() - began_s) * 1000)
    assert quantiles(took_ms, n=20)[18] < 10, took_ms


def test_a_flood_from_one_address_is_refused(client: FlaskClient) -> None:
    answers = {client.get("/suggest?q=y", environ_base={"REMOTE_ADDR": "192.0.2.9"}).status_code for _ in range(1210)}
    assert answers == {200, 429}
