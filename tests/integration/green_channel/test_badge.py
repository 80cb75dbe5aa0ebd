"""The badge comes and goes by itself: with every promise, with the period, and never by anybody's hand."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.catalogue.documents import build_documents
from app.catalogue.queries import list_cards
from app.green_channel import jobs, services, standing
from app.green_channel.facts import gather
from app.green_channel.jobs import list_due, request_check
from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.kernel.outbox import OutboxEvent
from app.library.green_grants import GreenGrant, GreenStanding
from app.library.models import Lecture
from app.library.services import LectureFields, edit_lecture
from app.media.models import MediaSet, Rendition
from app.review import rules
from app.review.submission import discard_changes
from app.studio.services import add_caption, publish_lecture, remove_caption, withdraw_lecture
from config.settings import Settings, load
from tests.fixtures.app import make_environ
from tests.integration.green_channel.openings import (
    broken_of,
    deliver,
    has_badge_now,
    keep_rates,
    open_for,
    put_files,
    reviewed,
)
from tests.integration.review.school import VTT, Desk, School

SRT = b"1\n00:00:00,000 --> 00:00:04,000\n\xe5\xa4\xa7\xe5\xae\xb6\xe5\xa5\xbd\n"


@pytest.fixture
def settings(tmp_path: Path, shelf_database: tuple[Path, str]) -> Settings:
    shutil.copy(shelf_database[0], tmp_path / "app.db")
    return load(make_environ(tmp_path))


def events(app: Flask, name: str) -> list[dict[str, object]]:
    with app.app_context(), reading() as db:
        wanted = select(OutboxEvent.payload).where(OutboxEvent.name == name).order_by(OutboxEvent.id)
        return list(db.scalars(wanted))


def lecture_of(db: Session, public_id: str) -> Lecture:
    return db.scalars(select(Lecture).where(Lecture.public_id == public_id)).one()


def test_a_reviewed_lecture_gets_the_badge_when_it_is_opened_and_everybody_is_told(app: Flask, shelf: Desk) -> None:
    public_id = shelf.public_id
    assert not has_badge_now(app, public_id), "nobody opened it"
    open_for(shelf)
    assert has_badge_now(app, public_id)
    assert broken_of(app, public_id) == []
    deliver(app)
    lecture_id = shelf.lecture().id
    assert [fact["lecture_id"] for fact in events(app, "GreenBadgeShown")] == [lecture_id]
    assert len(events(app, "GreenGrantOpened")) == 1
    with app.app_context(), reading() as db:
        assert [card.is_green_channel for card in list_cards(db, [lecture_id])] == [True]
        assert build_documents(db, [lecture_id])[lecture_id].facets["green_channel"] == ("yes",)


def test_a_draft_is_told_all_it_lacks_and_gets_the_badge_by_being_passed(app: Flask, desk: Desk) -> None:
    open_for(desk)
    assert broken_of(app, desk.public_id) == [
        ("no_sign_in", "draft"), ("phone", "no_media"), ("own_content", "not_signed"), ("reviewed", "not_reviewed"),
    ]  # fmt: skip
    reviewed(desk)
    assert not has_badge_now(app, desk.public_id), "nobody has been told yet"
    deliver(app)
    assert has_badge_now(app, desk.public_id)


def test_captions_taken_away_cost_the_badge_once_residents_lose_them(app: Flask, shelf: Desk) -> None:
    public_id = shelf.public_id
    open_for(shelf)
    shelf.do(remove_caption, "teacher", public_id, language="zh-CN")
    deliver(app)
    assert has_badge_now(app, public_id), "the removal waits for its review: residents have them still"
    shelf.submit()
    shelf.pass_all()
    deliver(app)
    assert not has_badge_now(app, public_id)
    assert broken_of(app, public_id) == [("captions", "no_captions")]
    assert [fact["broken"] for fact in events(app, "GreenBadgeLost")] == [["captions"]]
    shelf.do(add_caption, "teacher", public_id, language="zh-CN", data=SRT, filename="a.srt")
    shelf.submit()
    shelf.pass_all()
    deliver(app)
    assert has_badge_now(app, public_id)
    assert len(events(app, "GreenBadgeShown")) == 2


def test_a_withdrawn_lecture_has_none_and_gets_it_back_on_its_shelf(app: Flask, shelf: Desk) -> None:
    public_id = shelf.public_id
    open_for(shelf)
    shelf.do(withdraw_lecture, "teacher", public_id, reason="有一处口误", expected_version=shelf.lecture().version)
    deliver(app)
    assert not has_badge_now(app, public_id)
    assert broken_of(app, public_id) == [("no_sign_in", "withdrawn")]
    shelf.do(publish_lecture, "teacher", public_id, expected_version=shelf.lecture().version)
    deliver(app)
    assert has_badge_now(app, public_id)


def test_the_badge_ends_with_the_period_before_any_sweep(
    app: Flask, shelf: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    public_id = shelf.public_id
    put_files(app)
    open_for(shelf)
    deliver(app)
    later = utc_now() + timedelta(days=400)
    for module in ("app.library.green_grants", "app.green_channel.standing", "app.green_channel.jobs"):
        monkeypatch.setattr(f"{module}.utc_now", lambda: later)
    assert not has_badge_now(app, public_id), "readers compare the period with the clock"
    with app.app_context(), unit_of_work() as db:
        assert list_due(db) == [shelf.lecture().id]
        request_check(db)
    deliver(app)
    assert [fact["broken"] for fact in events(app, "GreenBadgeLost")] == [[]]
    with app.app_context(), reading() as db:
        assert list_due(db) == [], "told once"


def test_the_badge_begins_with_the_period(app: Flask, shelf: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    public_id = shelf.public_id
    starts = (utc_now() + timedelta(days=20)).date().isoformat()
    put_files(app)
    open_for(shelf, starts_on=starts)
    deliver(app)
    assert not has_badge_now(app, public_id)
    assert broken_of(app, public_id) == []
    later = utc_now() + timedelta(days=30)
    for module in ("app.library.green_grants", "app.green_channel.standing", "app.green_channel.jobs"):
        monkeypatch.setattr(f"{module}.utc_now", lambda: later)
    assert has_badge_now(app, public_id)
    with app.app_context(), unit_of_work() as db:
        request_check(db)
    deliver(app)
    assert len(events(app, "GreenBadgeShown")) == 1


def test_ended_grants_take_the_badge_at_once_unless_another_one_holds(app: Flask, shelf: Desk) -> None:
    public_id = shelf.public_id
    first, second = open_for(shelf), open_for(shelf, title="另一次开放")
    shelf.do(services.end_channel, "admin", first, reason="合并到另一次")
    assert has_badge_now(app, public_id)
    ended = shelf.do(services.end_channel, "admin", second, reason="课程要重录")
    assert not has_badge_now(app, public_id)
    again = shelf.do(services.end_channel, "admin", second, reason="别的原因")
    assert (again.ended_at, again.ended_reason) == (ended.ended_at, "课程要重录"), "ending twice is fine"
    assert [fact["reason"] for fact in events(app, "GreenGrantEnded")] == ["合并到另一次", "课程要重录"]


@pytest.mark.parametrize(
    ("statement", "cause"),
    [
        (update(Rendition).values(average_bandwidth_bps=200_001), ("phone", "too_fast")),
        (update(MediaSet).values(audio_name=None), ("listen", "no_sound")),
        (update(MediaSet).values(mp4_name=None, m4a_name=None), ("download", "no_file")),
        (update(Lecture).values(licence="limited_term"), ("free", "licence_narrower")),
        (update(Lecture).values(licence="something_new"), ("free", "licence_narrower")),
    ],
)
def test_each_promise_is_asked_of_the_rows(app: Flask, shelf: Desk, statement: Any, cause: tuple[str, str]) -> None:
    public_id = shelf.public_id
    open_for(shelf)
    with app.app_context(), unit_of_work() as db:
        db.execute(statement.execution_options(synchronize_session=False))
        standing.recheck(db, [shelf.lecture().id])
    assert broken_of(app, public_id) == [cause]
    assert not has_badge_now(app, public_id)


def test_what_was_changed_without_a_review_is_not_reviewed(app: Flask, shelf: Desk, school: School) -> None:
    public_id = shelf.public_id
    open_for(shelf)
    with app.app_context(), unit_of_work() as db:
        rules.put_rule(db, school["operator"], school.here, levels=0, reason="试点")
    said = "跟着做。请加微信领资料 www.example.com"
    fields = LectureFields("八段锦第一讲", said, "周老师", terms=(("audience", "elder"),))
    shelf.do(edit_lecture, "teacher", public_id, fields, expected_version=shelf.lecture().version)
    deliver(app)
    assert broken_of(app, public_id) == [("own_content", "advert"), ("reviewed", "changed_since")]


def test_what_was_published_without_levels_can_be_sent_in_as_it_is(app: Flask, shelf: Desk, school: School) -> None:
    with app.app_context(), unit_of_work() as db:
        rules.put_rule(db, school["operator"], school.here, levels=0, reason="试点")
    own = Desk(app, school)
    with app.app_context(), unit_of_work() as db:
        keep_rates(db, own.public_id)
    own.do(publish_lecture, "teacher", own.public_id, expected_version=own.lecture().version)
    open_for(own)
    assert broken_of(app, own.public_id) == [("own_content", "not_signed"), ("reviewed", "not_reviewed")]
    with app.app_context(), unit_of_work() as db:
        rules.put_rule(db, school["operator"], school.here, levels=3, reason="按规范三审")
    own.submit()
    own.pass_all()
    deliver(app)
    assert has_badge_now(app, own.public_id)


def test_a_word_that_reviewers_passed_with_its_explanation_is_no_advertising(app: Flask, desk: Desk) -> None:
    fields = LectureFields("识别骗局", "对方说“加微信领奖”，就是骗子。", "周老师",
                           terms=(("audience", "elder"), ("topic", "digital_life")))  # fmt: skip
    desk.do(edit_lecture, "teacher", desk.public_id, fields, expected_version=desk.lecture().version)
    with app.app_context(), unit_of_work() as db:
        keep_rates(db, desk.public_id)
    desk.submit(**{"description:加微信": "讲的是骗子的话"})
    desk.pass_all()
    open_for(desk)
    assert broken_of(app, desk.public_id) == []


def test_files_the_store_lost_are_noticed_by_the_daily_check(app: Flask, shelf: Desk) -> None:
    public_id = shelf.public_id
    open_for(shelf)
    deliver(app)
    with app.app_context(), unit_of_work() as db:
        db.execute(update(GreenStanding).values(checked_at=utc_now() - timedelta(days=2)))
        request_check(db)
    deliver(app)
    assert broken_of(app, public_id) == [("download", "file_missing")], "the tests' set has rows and no objects"
    put_files(app)
    with app.app_context(), unit_of_work() as db:
        db.execute(update(GreenStanding).values(checked_at=utc_now() - timedelta(days=2)))
        request_check(db)
    deliver(app)
    assert has_badge_now(app, public_id)


def test_a_lecture_that_cannot_be_judged_does_not_stop_everybodys_facts(
    app: Flask, shelf: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    public_id = shelf.public_id
    open_for(shelf)

    def fail(*_arguments: object) -> None:
        raise ValueError("unreadable")

    monkeypatch.setattr(standing, "gather", fail)
    monkeypatch.setattr(jobs, "request_check", lambda _db: None)
    shelf.do(withdraw_lecture, "teacher", public_id, reason="有一处口误", expected_version=shelf.lecture().version)
    deliver(app)
    with app.app_context(), reading() as db:
        assert db.scalar(select(func.count()).where(OutboxEvent.delivered_at.is_(None))) == 0
    monkeypatch.setattr(standing, "gather", gather)
    shelf.do(services.recheck_lecture, "teacher", public_id)
    assert broken_of(app, public_id) == [("no_sign_in", "withdrawn")]


def test_a_failed_check_is_made_up_by_the_job(app: Flask, shelf: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    put_files(app)
    open_for(shelf)
    deliver(app)
    answers = iter([ValueError("unreadable")])

    def fail_once(*arguments: Any) -> Any:
        for error in answers:
            raise error
        return gather(*arguments)

    monkeypatch.setattr(standing, "gather", fail_once)
    shelf.do(withdraw_lecture, "teacher", shelf.public_id, reason="口误", expected_version=shelf.lecture().version)
    deliver(app)
    assert broken_of(app, shelf.public_id) == [("no_sign_in", "withdrawn")]


def test_a_lecture_nobody_opened_costs_nothing(app: Flask, shelf: Desk) -> None:
    public_id = shelf.public_id
    deliver(app)
    with app.app_context(), reading() as db:
        assert db.get(GreenStanding, lecture_of(db, public_id).id) is None
        assert db.scalar(select(func.count(GreenGrant.id))) == 0


def test_changes_that_are_given_up_change_nothing(app: Flask, shelf: Desk) -> None:
    public_id = shelf.public_id
    open_for(shelf)
    shelf.do(remove_caption, "teacher", public_id, language="zh-CN")
    shelf.do(discard_changes, "teacher", public_id, expected_version=shelf.lecture().version)
    deliver(app)
    assert has_badge_now(app, public_id)
    assert VTT, "and its captions are there"
