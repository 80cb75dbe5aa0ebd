"""Facts become notices of the right people, once, in words of theirs; choices decide whether and how."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.accounts.models import User
from app.kernel import outbox
from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.kernel.jobs.model import Job, JobState
from app.library.models import Lecture
from app.media.events import MediaReady
from app.media.models import Source
from app.media.services import note_failure
from app.notices.kinds import MailMode, NoticeKind, sentence_of
from app.notices.models import Notice
from app.notices.services import Wanted, choose
from app.review import services, submission
from app.review.models import ReviewOpening
from app.studio.services import withdraw_lecture
from tests.fixtures.app import run_jobs
from tests.integration.review.school import PASS, RETURN, Desk, School, draft

Told = Callable[[str], list[Notice]]


def kinds(notices: list[Notice]) -> list[NoticeKind]:
    return [each.kind for each in notices]


def words(notice: Notice) -> str:
    return sentence_of(notice.kind, notice.facts, notice.count)


def test_each_turn_is_told_to_those_whose_turn_it_is(desk: Desk, told: Told):
    desk.submit()
    assert kinds(told("reviewer")) == kinds(told("reviewer2")) == [NoticeKind.CASE]
    assert told("admin") == told("officer") == told("sibling-reviewer") == told("operator") == []
    assert told("teacher") == []  # who did it knows it
    desk.decide("reviewer", PASS, at_level=1)
    [turn] = told("admin")
    assert words(turn) == "《八段锦第一讲》送到二审，等您审核。"
    [progress] = told("teacher")
    assert words(progress) == "《八段锦第一讲》通过了一审。"
    desk.decide("admin", PASS, at_level=2)
    assert kinds(told("officer")) == kinds(told("provincial")) == [NoticeKind.CASE]
    assert told("foreign-officer") == told("operator") == []
    desk.decide("officer", PASS, at_level=3)
    assert kinds(told("teacher"))[-1] is NoticeKind.PUBLISHED


def test_a_return_tells_why_and_how_many_remarks(app: Flask, desk: Desk, told: Told):
    review = desk.submit()
    with app.app_context(), unit_of_work() as db:
        services.add_comment(db, desk.school["reviewer"], review, words="字小了", at_s=3.0)
    assert told("teacher") == []  # a remark is for the teacher when the decision is
    desk.decide("reviewer", RETURN, at_level=1)

    [notice] = told("teacher")
    assert words(notice) == "《八段锦第一讲》一审退回，请修改后再送审。"
    assert (notice.facts["why"], notice.facts["who"], notice.facts["remarks"]) == (RETURN.reason, "reviewer", 1)


def test_a_turn_that_passed_before_it_was_told_is_not_told(desk: Desk, told: Told):
    desk.submit()
    desk.decide("reviewer", PASS, at_level=1)

    assert told("reviewer2") == []
    assert kinds(told("admin")) == [NoticeKind.CASE]


def test_a_recall_reaches_who_had_opened_it(app: Flask, desk: Desk, told: Told):
    review = desk.submit()
    desk.do(services.note_opening, "reviewer", review)
    with app.app_context(), reading() as db:
        assert db.scalars(select(ReviewOpening.user_id)).all() == [desk.school["reviewer"].user_id]
    desk.do(submission.recall, "teacher", desk.public_id)

    assert NoticeKind.CASE_RECALLED in kinds(told("reviewer"))
    assert NoticeKind.CASE_RECALLED not in kinds(told("reviewer2"))


def test_an_undone_decision_is_told_too(desk: Desk, told: Told):
    review = desk.submit()
    desk.decide("reviewer", RETURN, at_level=1)
    told("teacher")
    desk.do(services.undo, "reviewer", review)

    assert words(told("teacher")[-1]) == "《八段锦第一讲》一审的结论撤销了，会重新审。"


def test_thirty_lectures_of_one_batch_are_one_line_until_it_is_read(app: Flask, school: School, told: Told):
    desks = [Desk(app, school) for _ in range(3)]
    for desk in desks[:2]:
        desk.submit()
    [notice] = told("reviewer")
    assert words(notice) == "《八段锦第一讲》等 2 讲送到您这一级，等您审核。"
    with app.app_context(), unit_of_work() as db:
        db.execute(update(Notice).values(read_at=utc_now()))
    desks[2].submit()

    assert [each.count for each in told("reviewer")] == [2, 1]


def test_a_withdrawal_by_others_is_told_with_its_reason(app: Flask, desk: Desk, told: Told):
    desk.submit()
    desk.pass_all()
    told("teacher")
    with app.app_context(), unit_of_work() as db:
        lecture = db.scalars(select(Lecture).where(Lecture.public_id == desk.public_id)).one()
        admin, version = desk.school["admin"], lecture.version
        withdraw_lecture(db, admin, desk.public_id, expected_version=version, reason="版权有争议")

    last = told("teacher")[-1]
    assert (last.kind, last.facts["why"], last.facts["who"]) == (NoticeKind.WITHDRAWN, "版权有争议", "admin")


def test_a_file_is_told_once_ready_or_when_it_failed_for_good(app: Flask, school: School, told: Told):
    with app.app_context(), unit_of_work() as db:
        lecture = draft(db, school["teacher"], school.here)
        source_id = db.scalars(select(Source.id).where(Source.lecture_id == lecture.id)).one()
        outbox.emit(db, MediaReady(lecture.id, source_id))
        outbox.emit(db, MediaReady(lecture.id, source_id))
        bare = draft(db, school["teacher"], school.here, "没处理好的")
        other = Source(
            lecture_id=bare.id, filename="b.mp4", sha256="b" * 64, size_bytes=1, storage_key="k",
            uploaded_by_id=school["colleague"].user_id, created_at=utc_now(),
        )  # fmt: skip
        db.add(other)
        db.flush()
        for number, each in enumerate((other.id, source_id)):  # the second has been watchable: its renewal is no news
            note_failure(db, Job(
                kind="encode_lecture", lane="media", key=str(number), payload={"source_id": each},
                state=JobState.FAILED, error_message="画面读不出来。", run_after=utc_now(), created_at=utc_now(),
            ))  # fmt: skip

    assert [words(each) for each in told("teacher")] == ["《八段锦第一讲》的视频处理好了。"]
    [failure] = told("colleague")
    assert (failure.kind, failure.facts["why"]) == (NoticeKind.MEDIA_FAILED, "画面读不出来。")


@pytest.mark.parametrize(
    ("is_shown", "mail", "notices", "mailed"),
    [(False, MailMode.NONE, 0, 0), (False, MailMode.NOW, 1, 1), (True, MailMode.NONE, 1, 0)],
)
def test_people_are_told_as_they_chose(
    app: Flask, desk: Desk, told: Told, mails: Callable[[str], list], *, is_shown: bool, mail: MailMode, notices: int,
    mailed: int,
):  # fmt: skip
    with app.app_context(), unit_of_work() as db:
        choose(db, desk.school["teacher"], {NoticeKind.RETURNED: Wanted(is_shown, mail)}, is_digest_on=True)
    desk.submit()
    desk.decide("reviewer", RETURN, at_level=1)

    assert len(told("teacher")) == notices
    assert len(mails("teacher")) == mailed


def test_people_who_left_are_not_told(app: Flask, desk: Desk, told: Told):
    with app.app_context(), unit_of_work() as db:
        db.execute(update(User).where(User.login == "reviewer2").values(is_active=False))
    desk.submit()

    assert told("reviewer2") == []
    assert len(told("reviewer")) == 1


def test_old_notices_are_forgotten_by_the_chores(app: Flask, desk: Desk, told: Told):
    from app.worker import Housekeeper  # noqa: PLC0415 - the process, beside its one use

    desk.submit()
    told("reviewer")
    with app.app_context(), unit_of_work() as db:
        reviewer = desk.school["reviewer"].user_id
        old = update(Notice).where(Notice.user_id == reviewer)
        db.execute(old.values(happened_at=utc_now() - timedelta(days=181)))
    Housekeeper(app)._chores()
    run_jobs(app)

    assert told("reviewer") == []
    assert len(told("reviewer2")) == 1
