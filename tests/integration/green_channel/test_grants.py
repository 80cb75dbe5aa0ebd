"""Opening, changing and ending: who may, what is refused with which words, what the queues make of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.green_channel import overview, queries, register, services
from app.green_channel.models import GreenGrantEvent
from app.green_channel.register import Wanted, When
from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.kernel.errors import Conflict, InvalidInput, NotFound, NotPermitted, StaleVersion
from app.kernel.jobs.model import Job, Priority
from app.library.green_grants import GreenGrant, GreenGrantItem
from app.library.models import Lecture
from app.library.services import find_or_create_course
from app.media.models import Source
from app.media.services import request_encode
from app.review.models import Review
from app.review.queries import Desk as ReviewDesk
from app.review.queries import list_reviews
from tests.integration.green_channel.openings import (
    deliver,
    grant_fields,
    has_badge_now,
    open_for,
    open_something,
    reviewed,
    today,
)
from tests.integration.review.school import Desk, School, draft, send_in


@pytest.fixture
def work(app: Flask) -> Iterator[Session]:
    """A session of a unit of work; nothing is kept."""
    with app.app_context(), unit_of_work() as db:
        yield db
        db.rollback()


def test_only_admins_open_and_only_what_is_theirs(work: Session, school: School) -> None:
    own = draft(work, school["teacher"], school.here)
    other = draft(work, school["sibling-teacher"], school.sibling)
    here = school.public_ids[school.here]
    for login in ("teacher", "reviewer", "officer", "sibling-admin", "curator"):
        with pytest.raises(NotPermitted):
            open_something(work, school[login], here, lectures=[own.public_id])
    with pytest.raises(InvalidInput) as refused:
        open_something(work, school["admin"], here, lectures=[own.public_id, other.public_id])
    assert refused.value.fields == {"lectures": "选中的课程或讲座有的已经不在了，请重新选择。"}
    assert open_something(work, school["admin"], here, lectures=[own.public_id]).institution_id == school.here


def test_every_wrong_field_is_named_at_once(work: Session, school: School) -> None:
    yesterday = (today() - timedelta(days=1)).isoformat()
    fields = grant_fields(title=" \x00 ", regions=["999999"], audiences=["aliens"], licence="mine", starts_on="明天",
                          ends_on=yesterday, contact_name="人" * 61, contact_phone="问我")  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        services.open_channel(work, school["admin"], school.public_ids[school.here], fields, key="k")
    assert set(refused.value.fields) == {"title", "lectures", "regions", "audiences", "licence", "starts_on",
                                         "contact_name", "contact_phone"}  # fmt: skip
    own = draft(work, school["teacher"], school.here)
    now, far = today().isoformat(), "2199-01-01"
    for starts, ends, name in ((yesterday, now, "starts_on"), (now, yesterday, "ends_on"), (now, far, "ends_on")):
        with pytest.raises(InvalidInput) as refused:
            open_something(work, school["admin"], school.public_ids[school.here], lectures=[own.public_id],
                           starts_on=starts, ends_on=ends)  # fmt: skip
        assert set(refused.value.fields) == {name}


def test_the_same_form_sent_twice_opens_once(work: Session, school: School) -> None:
    own = draft(work, school["teacher"], school.here)
    here = school.public_ids[school.here]
    made = [open_something(work, school["admin"], here, key="k1", lectures=[own.public_id]) for _ in range(2)]
    assert made[0] is made[1]
    with pytest.raises(InvalidInput):
        open_something(work, school["admin"], here, key="x" * 41, lectures=[own.public_id])


def test_a_change_is_guarded_and_its_history_kept(work: Session, school: School) -> None:
    own = draft(work, school["teacher"], school.here)
    second = draft(work, school["teacher"], school.here, "第二讲")
    admin = school["admin"]
    made = open_something(work, admin, school.public_ids[school.here], lectures=[own.public_id])
    fields = grant_fields(lectures=[second.public_id], regions=["210000"], title="改名的课堂")
    services.change_channel(work, admin, made.public_id, fields, expected_version=1)
    assert work.scalars(select(GreenGrantItem.lecture_id)).all() == [second.id]
    with pytest.raises(StaleVersion):
        services.change_channel(work, admin, made.public_id, fields, expected_version=1)
    services.change_channel(work, admin, made.public_id, fields, expected_version=2)
    assert made.version == 2, "the same again is no change"
    events = work.scalars(select(GreenGrantEvent).order_by(GreenGrantEvent.id)).all()
    assert [event.action.value for event in events] == ["opened", "changed"]
    assert events[1].details["title"] == ["春季社区课堂", "改名的课堂"]
    assert events[1].details["lectures"] == [["八段锦第一讲"], ["第二讲"]]
    assert set(events[1].details) == {"title", "lectures", "regions"}
    with pytest.raises(DBAPIError, match="only grows"):
        work.execute(update(GreenGrantEvent).values(why="nothing happened"))


def test_what_is_over_is_history(work: Session, school: School) -> None:
    own = draft(work, school["teacher"], school.here)
    admin = school["admin"]
    made = open_something(work, admin, school.public_ids[school.here], lectures=[own.public_id])
    with pytest.raises(InvalidInput) as refused:
        services.end_channel(work, admin, made.public_id, reason=" ")
    assert set(refused.value.fields) == {"reason"}
    with pytest.raises(NotPermitted):
        services.end_channel(work, school["teacher"], made.public_id, reason="不想开放了")
    services.end_channel(work, admin, made.public_id, reason="课程要重录")
    with pytest.raises(Conflict):
        services.change_channel(work, admin, made.public_id, grant_fields(lectures=[own.public_id]), expected_version=2)


def test_opened_lectures_go_first_in_both_queues(work: Session, school: School) -> None:
    first, second, third = (draft(work, school["teacher"], school.here, title) for title in ("甲", "乙", "丙"))
    for each in (first, second, third):
        source = work.scalars(select(Source).where(Source.lecture_id == each.id)).one()
        request_encode(work, each, source)
    send_in(work, school["teacher"], first.public_id, second.public_id, third.public_id)
    open_something(work, school["admin"], school.public_ids[school.here], lectures=[second.public_id])

    def priorities() -> dict[str, int]:
        return dict(work.execute(select(Job.subject, Job.priority).where(Job.kind == "encode_lecture")).all())

    green = f"lecture:{second.id}"
    assert {each for each, value in priorities().items() if value == Priority.GREEN_CHANNEL} == {green}
    later = draft(work, school["teacher"], school.here, "课程里的")
    course = find_or_create_course(work, school["teacher"], school.here, "一门课")
    open_something(work, school["admin"], school.public_ids[school.here], courses=[course.public_id])
    later.course_id = course.id
    work.flush()
    request_encode(work, later, work.scalars(select(Source).where(Source.lecture_id == later.id)).one())
    assert priorities()[f"lecture:{later.id}"] == Priority.GREEN_CHANNEL, "what comes into the course later as well"
    rows = list_reviews(work, school["reviewer"], desk=ReviewDesk.MINE).rows
    assert [row.title for row in rows] == ["乙", "甲", "丙"]
    assert [row.is_green for row in rows] == [True, False, False]
    late = utc_now() - timedelta(days=1)
    work.execute(update(Review).where(Review.lecture_id == third.id).values(due_at=late))
    rows = list_reviews(work, school["reviewer"], desk=ReviewDesk.MINE).rows
    assert [row.title for row in rows] == ["丙", "乙", "甲"], "what is late waits for nobody"


def many(db: Session, school: School, count: int) -> list[GreenGrant]:
    own = draft(db, school["teacher"], school.here)
    here = school.public_ids[school.here]
    return [open_something(db, school["admin"], here, lectures=[own.public_id], title=f"第{number}次")
            for number in range(count)]  # fmt: skip


def test_the_register_is_paged_without_gaps_while_more_is_opened(work: Session, school: School) -> None:
    made = many(work, school, 7)
    seen, after = [], ""
    while True:
        page = register.list_register(work, Wanted(), after=after, limit=3)
        seen += [row.grant.title for row in page.rows]
        open_something(work, school["admin"], school.public_ids[school.here], title="新来的",
                       lectures=[work.scalars(select(Lecture.public_id)).first() or ""])  # fmt: skip
        if not page.next_after:
            break
        after = page.next_after
    assert seen == [grant.title for grant in reversed(made)]
    with pytest.raises(NotFound):
        register.list_register(work, Wanted(), after="nothing")


def test_the_register_is_filtered_by_everything(work: Session, school: School) -> None:
    own = draft(work, school["teacher"], school.here)
    own.state, own.published_at = own.state.PUBLISHED, utc_now()
    here, abroad = school.public_ids[school.here], school.public_ids[school.abroad]
    theirs = draft(work, school["foreign-admin"], school.abroad)
    soon = (today() + timedelta(days=30)).isoformat()
    a = open_something(work, school["admin"], here, lectures=[own.public_id], title="沈阳")
    b = open_something(work, school["operator"], abroad, lectures=[theirs.public_id], title="大连", regions=["210200"],
                       audiences=["farmer"], starts_on=soon)  # fmt: skip
    c = open_something(work, school["admin"], here, lectures=[own.public_id], title="全省", regions=["210000"])
    services.end_channel(work, school["admin"], c.public_id, reason="到此为止")

    def found(**wanted: object) -> set[str]:
        page = register.list_register(work, replace(Wanted(when=When.ALL), **wanted))
        assert page.total == len(page.rows)
        return {row.grant.title for row in page.rows}

    assert found() == {"沈阳", "大连", "全省"}
    assert found(when=When.NOW) == {"沈阳"}
    assert found(when=When.SOON) == {"大连"}
    assert found(when=When.PAST) == {"全省"}
    assert found(region="210100") == {"沈阳", "全省"}, "the province's is for every city"
    assert found(region="210000") == {"沈阳", "大连", "全省"}
    assert found(region="999999") == set()
    assert found(institution=abroad) == {"大连"}
    assert found(audience="elder") == {"沈阳", "全省"}
    assert found(topic="public_health") == {"沈阳", "全省"}, "only what is public has a topic for residents"
    assert found(from_day=today() + timedelta(days=1)) == {"沈阳", "大连"}
    assert found(to_day=today()) == {"沈阳", "全省"}
    assert {a.id, b.id} == set(work.scalars(select(GreenGrant.id).where(GreenGrant.ended_at.is_(None))))


def test_exports_are_texts_and_hold_what_is_shown(app: Flask, desk: Desk) -> None:
    public_id = reviewed(desk)
    open_for(desk, title="=cmd|' /C calc'!A0", note="+86 微信", contact_name="@办公室")
    deliver(app)
    assert has_badge_now(app, public_id)
    client = app.test_client()
    book = load_workbook(io.BytesIO(client.get("/green-channel/register.xlsx").data))
    head, line = list(book.active.iter_rows())[:2]
    cells = {label.value: cell for label, cell in zip(head, line, strict=True)}
    assert {cell.data_type for cell in line if cell.value is not None} == {"s"}
    assert cells["名称"].value == "=cmd|' /C calc'!A0"
    assert cells["名称"].quotePrefix
    assert (cells["讲数"].value, cells["有标识的讲数"].value) == ("1", "1")
    answer = client.get("/green-channel/register.csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["名称"] for row in rows] == ["'=cmd|' /C calc'!A0"]
    assert (rows[0]["说明"], rows[0]["联系人"]) == ("'+86 微信", "'@办公室")
    assert client.get("/green-channel/register.csv?when=past").data.decode("utf-8-sig").count("\r\n") == 1


def test_an_officer_sees_the_region_and_nothing_beyond(app: Flask, desk: Desk, school: School) -> None:
    reviewed(desk)
    open_for(desk)
    with app.app_context(), unit_of_work() as db:
        waiting = draft(db, school["teacher"], school.here, "还没审的")
        open_something(db, school["admin"], school.public_ids[school.here], lectures=[waiting.public_id])
    with app.app_context(), reading() as db:
        mine = overview.get_overview(db, school["officer"])
        shares = {share.institution.id: share for share in mine.shares}
        assert set(shares) == {school.here, school.sibling}
        here = shares[school.here]
        assert (here.grants_now, here.opened_lectures, here.with_badge, here.public_lectures) == (2, 2, 1, 1)
        assert mine.total == (1, 2, 2, 1)
        assert {promise.value for promise in mine.broken} == {"no_sign_in", "phone", "own_content", "reviewed"}
        assert overview.get_overview(db, school["foreign-officer"]).total == (0, 0, 0, 0)
        for login in ("admin", "reviewer", "curator"):
            with pytest.raises(NotPermitted):
                overview.get_overview(db, school[login])


def test_lists_take_as_many_queries_for_many_as_for_few(
    app: Flask, school: School, count_queries: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    def count() -> list[int]:
        counts = []
        for read in (
            lambda db: register.list_register(db, Wanted()),
            lambda db: queries.list_own(db, school["admin"]),
            lambda db: overview.get_overview(db, school["officer"]),
        ):
            with app.app_context(), reading() as db, count_queries() as statements:
                read(db)
            counts.append(len(statements))
        return counts

    with app.app_context(), unit_of_work() as db:
        many(db, school, 2)
    few = count()
    with app.app_context(), unit_of_work() as db:
        many(db, school, 9)
    assert count() == few
    assert max(few) <= 8
