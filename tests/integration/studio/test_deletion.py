"""Drafts are deleted with all that is theirs, come back for ten minutes, and leave nothing but their row."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.db import reading
from app.kernel.jobs import queue
from app.kernel.jobs.model import Job, JobState
from app.library.models import Caption, Lecture, LectureState
from app.library.quotas import InstitutionQuota
from app.library.services import create_lecture, set_caption, set_chapters
from app.media.models import MediaSet, Source
from app.media.queries import ENCODE_KIND, lecture_subject
from app.media.services import StoredSource, attach_source
from app.review.models import Review
from app.review.rules import put_rule
from app.review.states import ReviewState
from app.studio.allowance import usage_of
from app.studio.models import Upload, UploadState
from tests.fixtures.app import run_jobs
from tests.integration.review.school import draft, send_in
from tests.integration.studio.college import FULL, Browser, College, find_lecture, give_media, in_work
from tests.integration.studio.test_desk import desk_of, made

PAGE = "/studio/lectures/{}"


def delete(browser: Browser, *public_ids: str) -> int:
    return browser.post("/studio/deletion", lecture=list(public_ids)).status_code


def later(app: Flask, public_id: str) -> None:
    """Let the ten minutes pass."""
    moved = update(Lecture).where(Lecture.public_id == public_id).values(deleted_at=utc_now() - timedelta(minutes=11))
    in_work(app, lambda db: db.execute(moved))


def empty(app: Flask) -> None:
    job = queue.NewJob("empty_deleted_drafts", lane="default", key="empty_deleted_drafts")
    in_work(app, lambda db: queue.enqueue(db, job))
    run_jobs(app)


def count(app: Flask, table: type, *conditions: object) -> int:
    with app.app_context(), reading() as db:
        return db.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


def test_one_draft_goes_after_a_question_and_comes_back(app: Flask, teacher: Browser, lecture_id: str):
    give_media(app, lecture_id)
    in_work(app, lambda db: set_chapters(db, find(db, lecture_id), [(0.0, "开头"), (5.0, "正文")]))
    assert f"/studio/deletion?lecture={lecture_id}" in teacher.get(PAGE.format(lecture_id))
    question = teacher.get(f"/studio/deletion?lecture={lecture_id}")
    assert "删除草稿“八段锦第一讲”？" in question
    assert "2 个章节" in question
    assert find_lecture(app, lecture_id).deleted_at is None, "asking deletes nothing"

    assert delete(teacher, lecture_id) == 303
    for address in (PAGE, "/lectures/{}", PAGE + "/edit", PAGE + "/status"):
        assert teacher.client.get(address.format(lecture_id)).status_code == 404
    page = teacher.get("/studio/")
    assert FULL.title not in page
    assert "刚删除了 1 讲草稿" in page
    assert delete(teacher, lecture_id) == 303, "sent again after a lost answer"

    assert FULL.title in teacher.get("/studio/deleted")
    assert teacher.post("/studio/deleted", lecture=lecture_id).status_code == 303
    assert "2" in teacher.get(PAGE.format(lecture_id))
    assert "刚删除了" not in teacher.get("/studio/")


def find(db: Session, public_id: str) -> Lecture:
    return db.scalars(select(Lecture).where(Lecture.public_id == public_id)).one()


def test_what_is_under_way_stops(app: Flask, college: College, teacher: Browser, lecture_id: str):
    """An upload is given up, an encode that waits is cancelled."""
    def attach(db: Session) -> None:
        stored = StoredSource("a.mp4", "b" * 64, 9, "sources/bb/x")
        attach_source(db, college.teacher, find(db, lecture_id), stored)

    in_work(app, attach)
    upload = teacher.begin(lecture_id, 100).headers["Location"]
    assert "正在上传的文件" in teacher.get(f"/studio/deletion?lecture={lecture_id}")
    assert delete(teacher, lecture_id) == 303
    assert teacher.head(upload).status_code == 410
    subject = lecture_subject(find_lecture(app, lecture_id).id)
    waiting = Job.subject == subject, Job.kind == ENCODE_KIND, Job.state == JobState.QUEUED
    assert count(app, Job, *waiting) == 0
    assert count(app, Upload, Upload.state == UploadState.RECEIVING) == 0


def test_room_is_free_at_once_and_taken_again_only_where_there_is_some(
    app: Flask, college: College, teacher: Browser, lecture_id: str
):
    give_media(app, lecture_id)

    def limit(db: Session, size_bytes: int) -> None:
        db.add(InstitutionQuota(
            institution_id=college.id, storage_bytes=size_bytes, monthly_hours=None, set_by_name="某人",
            valid_from=utc_now(),
        ))  # fmt: skip

    def used() -> int:
        with app.app_context(), reading() as db:
            return usage_of(db, [college.id])[college.id].total_bytes

    assert used() == 2
    assert delete(teacher, lecture_id) == 303
    assert used() == 0
    in_work(app, lambda db: limit(db, 1))
    answer = teacher.post("/studio/deleted", lecture=lecture_id)
    assert answer.status_code == 413
    assert "空出来的地方已经用掉了" in answer.get_data(as_text=True)
    assert find_lecture(app, lecture_id).deleted_at is not None


def test_after_ten_minutes_nothing_is_left_but_the_row(app: Flask, teacher: Browser, lecture_id: str):
    give_media(app, lecture_id)
    in_work(app, lambda db: set_caption(db, find(db, lecture_id), language="en", label="English", webvtt="WEBVTT\n"))
    delete(teacher, lecture_id)
    empty(app)
    assert count(app, Caption) == 1, "it may still come back"
    later(app, lecture_id)
    answer = teacher.post("/studio/deleted", lecture=lecture_id)
    assert answer.status_code == 409
    assert "已经超过十分钟" in answer.get_data(as_text=True)
    empty(app)
    lecture = find_lecture(app, lecture_id)
    assert (lecture.title, lecture.description, lecture.tags, lecture.terms) == (FULL.title, "", [], [])
    assert lecture.emptied_at is not None
    assert count(app, Caption) == 0
    assert count(app, MediaSet, MediaSet.is_current) == 0
    assert count(app, MediaSet, MediaSet.replaced_at.is_(None)) == 0
    assert count(app, Source, Source.master_dropped_at.is_(None)) == 0, "the store's sweep removes what no row keeps"
    assert "还没有讲座" in teacher.get("/studio/")


def test_what_was_public_stays(app: Flask, teacher: Browser, lecture_id: str):
    def withdraw(db: Session) -> None:
        lecture = find(db, lecture_id)
        lecture.state, lecture.published_at, lecture.withdrawn_at = LectureState.WITHDRAWN, utc_now(), utc_now()

    in_work(app, withdraw)
    assert "删除草稿" not in teacher.get(PAGE.format(lecture_id))
    answer = teacher.post("/studio/deletion", lecture=lecture_id)
    assert answer.status_code == 409
    assert "发布过，不能删除" in answer.get_data(as_text=True)
    assert find_lecture(app, lecture_id).deleted_at is None


def test_all_or_none(app: Flask, college: College, teacher: Browser, lecture_id: str):
    """One that was public holds the others."""
    shown = in_work(app, lambda db: create_lecture(db, college.teacher, college.id, FULL).public_id)

    def publish(db: Session) -> None:
        lecture = find(db, shown)
        lecture.state, lecture.published_at = LectureState.PUBLISHED, utc_now()

    in_work(app, publish)
    assert delete(teacher, lecture_id, shown) == 409
    assert find_lecture(app, lecture_id).deleted_at is None
    assert delete(teacher) == 422


def test_a_review_ends_with_its_draft_and_its_history_stays(app: Flask, college: College, teacher: Browser):
    def send(db: Session) -> str:
        put_rule(db, Actor(display_name="测试"), college.id, levels=3, reason="测试")
        lecture = draft(db, college.teacher, college.id)
        send_in(db, college.teacher, lecture.public_id)
        return lecture.public_id

    public_id = str(in_work(app, send))
    assert "正在审核" in teacher.get(f"/studio/deletion?lecture={public_id}")
    assert delete(teacher, public_id) == 303
    assert count(app, Review, Review.state == ReviewState.RECALLED, Review.closed_at.is_not(None)) == 1
    later(app, public_id)
    empty(app)
    assert count(app, Review) == 1


def test_several_of_a_batch(teacher: Browser, college: College):
    address, desk = made(teacher, college)
    batch = address.rpartition("/")[2]
    ids = [row["id"] for row in desk["rows"]]
    assert teacher.get(f"/studio/deletion?batch={batch}&all=1").count(" checked") == 3
    assert delete(teacher, *ids[:2]) == 303
    assert teacher.get(f"/studio/deletion?batch={batch}").count('name="lecture"') == 1
    assert [row["id"] for row in desk_of(teacher, address)["rows"]] == ids[2:]
    assert teacher.post("/studio/deleted", lecture=ids[:2]).status_code == 303
    assert [row["id"] for row in desk_of(teacher, address)["rows"]] == ids


def test_who_may(app: Flask, browser_of: Callable[[str], Browser], teacher: Browser, lecture_id: str):
    for login, status in (("colleague", 403), ("stranger", 404)):
        browser = browser_of(login)
        assert delete(browser, lecture_id) == status
        delete(teacher, lecture_id)
        assert browser.post("/studio/deleted", lecture=lecture_id).status_code == 404
        assert teacher.post("/studio/deleted", lecture=lecture_id).status_code == 303
    admin = browser_of("admin")
    assert delete(admin, lecture_id) == 303
    assert admin.post("/studio/deleted", lecture=lecture_id).status_code == 303
    assert find_lecture(app, lecture_id).deleted_at is None


def test_the_list_costs_the_same_however_many_there_are(
    app: Flask, college: College, teacher: Browser, count_queries: Callable[[], AbstractContextManager[list[str]]]
):
    def add(number: int) -> None:
        in_work(app, lambda db: [create_lecture(db, college.teacher, college.id, FULL) for _ in range(number)])

    costs = []
    for number in (2, 8):
        add(number)
        with count_queries() as statements:
            teacher.get("/studio/deletion")
        costs.append(len(statements))
    assert costs[0] == costs[1]
