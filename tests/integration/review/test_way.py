"""A lecture's way through three people onto the shelf, off it and back; what changes on the shelf waits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.kernel.errors import Conflict, InvalidInput, NotPermitted, StaleVersion
from app.library import services as library
from app.library.models import Lecture, LectureState
from app.library.pending import list_pending
from app.media.models import MediaSet
from app.media.queries import current_set, may_fetch_media, waiting_set
from app.media.services import make_current, record_media_set
from app.review import recheck, rules, services, submission
from app.review.models import Decision, Review, ReviewEvent
from app.review.queries import get_case
from app.review.standing import get_standing
from app.review.states import ReviewState
from app.studio.services import publish_lecture, withdraw_lecture
from media_pipeline.types import Published
from tests.integration.review.school import PASS, REJECT, RETURN, VTT, Desk, draft, give_file, send_in


def history(desk: Desk) -> list[tuple[str, str, str, str]]:
    with desk.app.app_context(), reading() as db:
        rows = db.scalars(select(ReviewEvent).order_by(ReviewEvent.id))
        return [(row.actor_name, row.action.value, row.from_state, row.to_state) for row in rows]


def edit(desk: Desk, **changes: str) -> None:
    def do(db, actor):
        lecture = library.get_lecture_for_edit(db, actor, desk.public_id)
        fields = library.LectureFields(
            **{"title": lecture.title, "description": lecture.description, "teacher": lecture.teacher,
               "tags": lecture.tags, "terms": [(term.scheme, term.key) for term in lecture.terms], **changes}
        )  # fmt: skip
        library.edit_lecture(db, actor, desk.public_id, fields, expected_version=lecture.version)

    desk.do(do, "teacher")


def test_three_people_put_a_lecture_on_the_shelf(desk: Desk) -> None:
    with pytest.raises(Conflict, match="送审"):
        desk.do(publish_lecture, "teacher", desk.public_id, expected_version=desk.lecture().version)
    desk.submit()
    desk.submit()  # once more is taken as done
    assert desk.decide("reviewer", PASS, at_level=1) == "level_2"
    assert desk.decide("reviewer", PASS, at_level=1) == "level_2", "said again, nothing changes"
    with pytest.raises(Conflict):
        desk.decide("reviewer2", PASS, at_level=1)
    assert desk.decide("admin", PASS, at_level=2) == "level_3"
    assert desk.lecture().state is LectureState.DRAFT
    assert desk.decide("provincial", PASS, at_level=3) == "passed"
    assert desk.lecture().state is LectureState.PUBLISHED
    assert history(desk) == [
        ("teacher", "submit", "draft", "level_1"),
        ("reviewer", "pass", "level_1", "level_2"),
        ("admin", "pass", "level_2", "level_3"),
        ("provincial", "pass", "level_3", "passed"),
    ]


def test_returned_at_the_second_level_only_what_changed_is_reviewed_again(desk: Desk) -> None:
    desk.submit()
    desk.decide("reviewer", PASS, at_level=1)
    services_comment = desk.do(services.add_comment, "admin", desk.review().public_id, words="这里写错了", at_s=3.0)
    assert services_comment.level == 2
    desk.decide("admin", RETURN, at_level=2)
    assert desk.lecture().is_held is False, "a draft is its teacher's again"
    edit(desk, title="八段锦第一讲：起势")
    desk.submit()
    with desk.app.app_context(), reading() as db:
        case = get_case(db, desk.school["reviewer"], desk.review().public_id)
        assert (case.to_review, [each.name for each in case.differences]) == (["text"], ["title"])
        assert case.former_scores["political"] == 5
    desk.decide("reviewer", PASS, at_level=1)
    with desk.app.app_context(), reading() as db:
        assert set(get_case(db, desk.school["admin"], desk.review().public_id).to_review) == {
            "text", "captions", "chapters", "media", "beside",
        }, "the second level never passed anything of it"  # fmt: skip
    assert desk.decide("admin", PASS, at_level=2) == "level_3"


def test_nobody_reviews_their_own_work_nor_twice(desk: Desk) -> None:
    school = desk.school
    desk.maker = "admin"  # sent in by another than who made it: both are out
    desk.submit("admin")
    desk.decide("reviewer", PASS, at_level=1)
    with pytest.raises(NotPermitted, match="三个不同的人"):
        desk.decide("admin", PASS, at_level=2)
    review = desk.review()
    values = {
        "review_id": review.id, "submitted_by_id": review.submitted_by_id, "made_by_id": review.made_by_id, "level": 2,
        "reviewer_name": "x", "verdict": "pass", "reason": "", "scores": {}, "decided_at": utc_now(),
    }  # fmt: skip
    def write(**changes: object) -> None:
        with desk.app.app_context(), unit_of_work() as db:
            db.add(Decision(**{**values, **changes}))

    for who in ("admin", "teacher", "reviewer"):
        with pytest.raises(IntegrityError):
            write(reviewer_id=school[who].user_id)
    with pytest.raises(IntegrityError):  # nor by naming other people as the makers
        write(submitted_by_id=school["curator"].user_id, reviewer_id=school["admin"].user_id)
    write(reviewer_id=school["officer"].user_id)  # the same by somebody else is fine


def test_the_history_only_grows(desk: Desk) -> None:
    desk.submit()
    for statement in ("UPDATE review_event SET why = 'x'", "DELETE FROM review_event"):
        with desk.app.app_context(), pytest.raises(IntegrityError, match="only grows"), unit_of_work() as db:
            db.execute(text(statement))


def test_changes_on_the_shelf_wait_and_the_address_stays(desk: Desk) -> None:
    desk.submit()
    desk.pass_all()
    first = desk.lecture()
    edit(desk, title="八段锦第一讲（新）", description="新的简介，慢慢讲。")
    desk.do(lambda db, actor: library.set_caption(
        db, library.get_lecture_for_edit(db, actor, desk.public_id), language="zh-CN", label="中文",
        webvtt=VTT.replace("大家好", "各位好")), "teacher")  # fmt: skip
    new_set = desk.do(lambda db, _: give_file(db, db.get(Lecture, first.id), "b" * 64)[1].digest, "teacher")
    shown = desk.lecture()
    assert (shown.title, shown.version) == (first.title, first.version + 2)
    with desk.app.app_context(), reading() as db:
        lecture = library.get_lecture_for_edit(db, desk.school["teacher"], desk.public_id)
        standing = get_standing(db, desk.school["teacher"], lecture)
        assert list(standing.waiting) == ["caption:zh-CN", "text", "media"]
        assert "大家好" in lecture.captions[0].webvtt
        assert current_set(db, first.id).digest != new_set
        assert may_fetch_media(db, desk.school["teacher"], new_set) == (True, False)
        assert may_fetch_media(db, desk.school["sibling-teacher"], new_set) == (False, False), "before its time"
    desk.submit()
    edit(desk, title="改到一半又改")  # meanwhile: reviewers go on with what was sent in
    desk.pass_all()
    shown = desk.lecture()
    assert shown.title == "八段锦第一讲（新）"
    assert (shown.public_id, shown.published_at) == (first.public_id, first.published_at)
    with desk.app.app_context(), reading() as db:
        assert current_set(db, first.id).digest == new_set
        assert waiting_set(db, first.id) is None
        assert list(list_pending(db, first.id)) == ["text"], "what came later waits for its own review"
        lecture = library.get_lecture_for_edit(db, desk.school["teacher"], desk.public_id)
        assert "各位好" in lecture.captions[0].webvtt
    with pytest.raises(Conflict, match="不能撤销"):
        desk.do(services.undo, "officer", desk.review().public_id)
    desk.do(submission.discard_changes, "teacher", desk.public_id, expected_version=desk.lecture().version)
    with pytest.raises(InvalidInput) as refused:
        desk.submit()
    assert "完全一样" in next(iter(refused.value.fields.values()))


def test_a_set_of_another_file_waits_but_one_made_anew_does_not(desk: Desk) -> None:
    desk.submit()
    desk.pass_all()
    lecture_id = desk.lecture().id

    def record(db, source_id: int, digest: str) -> None:
        record_media_set(db, source_id, digest, Published(
            recipe="new", duration_s=12, size_bytes=1, master_name="m", saver_name="s", audio_name="a", mp4_name="v",
            m4a_name="w", poster_name=None, storyboard_name=None, renditions=(),
        ))  # fmt: skip

    with desk.app.app_context(), unit_of_work() as db:
        source_id = current_set(db, lecture_id).source_id
        record(db, source_id, "c" * 64)
        assert current_set(db, lecture_id).digest == "c" * 64
        source, made = give_file(db, db.get(Lecture, lecture_id), "d" * 64)
        db.delete(made)
        db.flush()
        record(db, source.id, "e" * 64)
        assert (current_set(db, lecture_id).digest, waiting_set(db, lecture_id).digest) == ("c" * 64, "e" * 64)
        make_current(db, waiting_set(db, lecture_id))
        assert db.scalars(select(MediaSet.is_current).where(MediaSet.digest == "c" * 64)).one() is False


def test_recall_and_undo_have_their_ten_minutes(desk: Desk) -> None:
    public_id = desk.submit()
    with pytest.raises(NotPermitted):
        desk.do(submission.recall, "colleague", desk.public_id)
    assert desk.do(submission.recall, "teacher", desk.public_id).state is ReviewState.RECALLED
    assert desk.do(submission.recall, "teacher", desk.public_id).state is ReviewState.RECALLED, "twice is fine"
    public_id = desk.submit()
    desk.decide("reviewer", RETURN, at_level=1)
    assert desk.do(services.undo, "reviewer", public_id).state is ReviewState.LEVEL_1
    desk.decide("reviewer", PASS, at_level=1)
    desk.do(services.undo, "reviewer", public_id)
    desk.decide("reviewer2", PASS, at_level=1)
    desk.do(services.note_opening, "admin", public_id)
    with pytest.raises(Conflict, match="下一级已经开始"):
        desk.do(services.undo, "reviewer2", public_id)
    desk.do(lambda db, _: db.execute(update(Review).values(submitted_at=utc_now() - timedelta(minutes=11))), "teacher")
    with pytest.raises(Conflict, match="十分钟"):
        desk.do(submission.recall, "teacher", desk.public_id)
    desk.decide("admin", PASS, at_level=2)
    desk.decide("officer", PASS, at_level=3)
    assert desk.lecture().state is LectureState.PUBLISHED
    desk.do(services.undo, "officer", public_id)
    assert (desk.lecture().state, desk.review().state) == (LectureState.DRAFT, ReviewState.LEVEL_3)


def test_rejected_as_it_is_cannot_come_again(desk: Desk) -> None:
    desk.submit()
    desk.decide("reviewer", REJECT, at_level=1)
    with pytest.raises(InvalidInput) as refused:
        desk.submit()
    assert "没有通过审核" in next(iter(refused.value.fields.values()))
    edit(desk, description="全部重写的简介。")
    assert desk.submit()


def test_off_the_shelf_and_back_without_a_change_needs_no_review(desk: Desk) -> None:
    desk.submit()
    desk.pass_all()
    desk.do(withdraw_lecture, "teacher", desk.public_id, reason="核对", expected_version=desk.lecture().version)
    assert history(desk)[-1] == ("teacher", "withdraw", "published", "withdrawn")
    desk.do(publish_lecture, "teacher", desk.public_id, expected_version=desk.lecture().version)
    assert desk.lecture().state is LectureState.PUBLISHED
    desk.do(withdraw_lecture, "teacher", desk.public_id, reason="重写", expected_version=desk.lecture().version)
    edit(desk, title="完全换了内容")
    with pytest.raises(Conflict, match="送审"):
        desk.do(publish_lecture, "teacher", desk.public_id, expected_version=desk.lecture().version)


def test_rules_with_fewer_levels_are_kept_with_the_review(desk: Desk) -> None:
    school = desk.school
    with pytest.raises(NotPermitted):
        desk.do(rules.set_rule, "admin", school.public_ids[school.here], levels=1, reason="小学校")
    desk.do(rules.set_rule, "operator", school.public_ids[school.here], levels=1, reason="只有两位老师")
    desk.submit()
    assert desk.decide("reviewer", PASS, at_level=1) == "passed"
    assert (desk.review().levels, desk.review().rule_note) == (1, "只有两位老师")
    edit(desk, title="在架上改了题目")
    desk.do(rules.set_rule, "operator", school.public_ids[school.here], levels=0, reason="试点")
    assert desk.lecture().is_held, "what waits goes through one submission more"
    desk.submit()
    assert (desk.lecture().title, desk.lecture().is_held) == ("在架上改了题目", False)


def test_what_is_old_is_looked_at_again(desk: Desk) -> None:
    desk.submit()
    desk.pass_all()
    with desk.app.app_context(), reading() as db:
        assert recheck.list_stale(db, desk.school["admin"])[1] == 0
    long_ago = utc_now() - timedelta(days=400)
    desk.do(lambda db, _: db.execute(update(Review).values(closed_at=long_ago)), "teacher")
    with desk.app.app_context(), reading() as db:
        assert [row.public_id for row in recheck.list_stale(db, desk.school["officer"])[0]] == [desk.public_id]
        assert recheck.list_stale(db, desk.school["foreign-officer"])[1] == 0
    desk.do(recheck.start_recheck, "reviewer", desk.public_id)
    desk.decide("reviewer", PASS, at_level=1)
    desk.decide("admin", REJECT, at_level=2)
    gone = desk.lecture()
    assert (gone.state, gone.withdrawn_reason) == (LectureState.WITHDRAWN, "内容不实")


def test_a_batch_under_one_signature_is_all_or_nothing(desk: Desk) -> None:
    school = desk.school
    with desk.app.app_context(), unit_of_work() as db:
        others = [draft(db, school["teacher"], school.here, f"第{n}讲").public_id for n in range(2, 5)]
        bad = draft(db, school["teacher"], school.here, "这个方子包　治百*病").public_id
    with pytest.raises(InvalidInput) as refused, desk.app.app_context(), unit_of_work() as db:
        send_in(db, school["teacher"], *others, bad)
    assert list(refused.value.fields) == [f"lecture-{bad}"]
    with desk.app.app_context(), reading() as db:
        assert db.scalars(select(Review)).all() == []
    with desk.app.app_context(), unit_of_work() as db:
        made = send_in(db, school["teacher"], *others)
        assert len({review.commitment_id for review in made}) == 1
        names = [review.public_id for review in made]
    with pytest.raises(InvalidInput, match="打开看过"):
        desk.do(services.pass_many, "reviewer", names, score=5)
    for name in names:
        desk.do(services.note_opening, "reviewer", name)
    assert {review.state for review in desk.do(services.pass_many, "reviewer", names, score=5)} == {ReviewState.LEVEL_2}


def test_somebody_saved_meanwhile(desk: Desk) -> None:
    wish = submission.Wish(desk.public_id, desk.lecture().version)
    edit(desk, title="刚刚改过")
    with pytest.raises(StaleVersion):
        desk.do(submission.submit, "teacher", [wish], checks=frozenset(), is_signed=True)


def test_a_soft_word_asks_for_a_sentence(desk: Desk) -> None:
    edit(desk, description="课后加 微 信群交流，不收费。")
    with pytest.raises(InvalidInput) as refused:
        desk.submit()
    assert list(refused.value.fields) == [f"answer-{desk.public_id}-0"]
    desk.submit(**{"description:加微信": "只是班级通知群，不推销。"})
    assert desk.review().hits[0]["answer"] == "只是班级通知群，不推销。"
