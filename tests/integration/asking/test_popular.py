"""Popular queries: counted after the answer, by several askers, without anything that tells who."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect, select

from app.asking.jobs import request_settling
from app.asking.models import AskedDay
from app.asking.popular import list_popular, settle
from app.asking.tally import BUCKETS, add_seen, bucket_of, local_day
from app.asking.typed import squeeze
from app.kernel.clock import utc_now
from app.kernel.db import unit_of_work
from app.review.models import NegativeTerm
from app.review.rules import bad_among
from tests.fixtures.app import run_jobs

TODAY = local_day(utc_now())


def ask(app: Flask, client: FlaskClient, query: str, *, askers: int, times: int = 1) -> None:
    for number in range(askers):
        for _ in range(times):
            client.get(
                "/search", query_string={"q": query}, environ_base={"REMOTE_ADDR": f"10.0.{number}.1"}
            ).close()
    app.extensions["asking"].tally.flush()


def popular(app: Flask) -> tuple[str, ...]:
    with app.app_context(), unit_of_work() as db:
        request_settling(db)
    run_jobs(app)
    with app.app_context(), unit_of_work() as db:
        return list_popular(db)


def test_what_several_asked_is_popular_and_one_who_asks_often_is_one(app: Flask, client: FlaskClient) -> None:
    ask(app, client, "手机", askers=12)
    ask(app, client, "养生", askers=1, times=15)
    ask(app, client, "颈椎", askers=3)
    assert popular(app) == ("手机",)


def test_a_search_that_finds_nothing_or_holds_a_number_is_not_counted(app: Flask, client: FlaskClient) -> None:
    for query in ("量子色动力学", "手机13800000000", "手机 一三八零零零零一二三四", "shouji@example.com", "ys"):
        ask(app, client, query, askers=8)
    with app.app_context(), unit_of_work() as db:
        kept = set(db.scalars(select(AskedDay.text)))
    assert kept <= {"养生"}, kept  # initials are counted, if at all, under what they stand for


def test_bad_words_are_never_offered(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), unit_of_work() as db:
        now = utc_now()
        db.add(NegativeTerm(word="手机", folded="手机", category="试", severity="soft", why="试", added_at=now))
    ask(app, client, "手机", askers=12)
    assert popular(app) == ()


def test_asking_does_not_write_before_the_answer_is_out(app: Flask, client: FlaskClient) -> None:
    client.get("/search?q=手机").close()
    with app.app_context(), unit_of_work() as db:
        assert db.scalars(select(AskedDay)).all() == []
    app.extensions["asking"].tally.flush()
    with app.app_context(), unit_of_work() as db:
        (row,) = db.scalars(select(AskedDay)).all()
        assert (row.text, row.day, row.seen.bit_count()) == ("手机", TODAY, 1)


def test_what_waits_is_written_when_an_answer_has_gone_out(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.asking.tally.MOST_WAITING", 2)
    client.get("/search?q=手机").close()
    answer = client.get("/search?q=颈椎")
    with app.app_context(), unit_of_work() as db:
        assert db.scalars(select(AskedDay)).all() == []
    answer.close()
    with app.app_context(), unit_of_work() as db:
        assert set(db.scalars(select(AskedDay.text))) == {"手机", "颈椎"}


def test_only_day_text_and_buckets_are_kept(app: Flask) -> None:
    with app.app_context(), unit_of_work() as db:
        names = {column["name"] for column in inspect(db.connection()).get_columns("asked_day")}
    assert names == {"day", "text", "seen"}
    people = {bucket_of("secret", TODAY, f"10.0.0.{number}|phone") for number in range(400)}
    assert people == set(range(BUCKETS))  # nobody is alone in a bucket


def test_an_asker_changes_the_bucket_with_the_week() -> None:
    monday = date(2026, 11, 23)
    same = {bucket_of("secret", monday + timedelta(days=day), "10.0.0.1") for day in range(7)}
    later = {bucket_of("secret", monday + timedelta(weeks=week), "10.0.0.1") for week in range(20)}
    assert len(same) == 1
    assert len(later) > 5


def test_what_few_asked_is_forgotten_with_its_week_and_counts_merge(app: Flask) -> None:
    last_week = TODAY - timedelta(days=7)
    with app.app_context(), unit_of_work() as db:
        add_seen(db, {(last_week, "少人问"): 0b11, (last_week, "多人问"): 0b111})
        add_seen(db, {(last_week, "多人问"): 0b111000, (TODAY, "今天问"): 0b1})
        add_seen(db, {(last_week, "多人问"): 0b111000, (TODAY - timedelta(days=90), "很久以前"): 0b111111})
        assert settle(db, TODAY, screen=bad_among, finds=lambda _text: True) == 1
        assert list_popular(db) == ("多人问",)
        assert set(db.scalars(select(AskedDay.text))) == {"多人问", "今天问"}
        settle(db, TODAY, screen=bad_among, finds=lambda _text: False)
        assert list_popular(db) == ()  # what finds nothing any more is not offered


def test_the_same_text_in_other_clothes_is_one() -> None:
    assert squeeze("太極拳　２４式！") == squeeze("太极拳24式")
