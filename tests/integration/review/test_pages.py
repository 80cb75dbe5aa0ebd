"""The pages of the review as people use them: forms, errors that keep what was typed, who sees what."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from app.kernel.db import reading, unit_of_work
from app.review import rules
from app.review.queries import get_case
from app.review.rulebook import rulebook
from app.review.views.case import read_time
from app.studio.services import publish_lecture, remove_caption
from tests.integration.review.person import Person
from tests.integration.review.school import CHECKS, Desk, draft

SCORES = {f"score-{aspect.key}": "5" for aspect in rulebook().aspects}


def submission(desk: Desk, **changes: object) -> dict[str, object]:
    version = desk.lecture().version
    return {
        "lecture": desk.public_id, f"version-{desk.public_id}": version, "check": sorted(CHECKS), "signature": "y",
        **changes,
    }  # fmt: skip


def test_a_teacher_checks_signs_and_sends_in(desk: Desk, person: Callable[[str], Person]) -> None:
    teacher = person("teacher")
    page = teacher.get(f"/studio/lectures/{desk.public_id}")
    assert "要经过 3 级审核才公开" in page
    assert 'data-testid="publish"' not in page
    assert desk.lecture().title in teacher.get("/review/submission")
    assert "逐项自查" in teacher.get(f"/review/submission?lecture={desk.public_id}")
    kept = teacher.post("/review/submission", status=422, **submission(desk, check="watched", signature=""))
    assert "每一项都勾上" in kept
    assert 'value="watched" checked' in kept
    teacher.post("/review/submission", **submission(desk))
    page = teacher.get(f"/studio/lectures/{desk.public_id}")
    assert "一审规定在 2 个工作日内有结论" in page, "no figures yet: only the rule is told"
    assert 'data-testid="recall"' in page
    teacher.post(f"/review/lectures/{desk.public_id}/recall")
    assert "已撤回" in teacher.get(f"/studio/lectures/{desk.public_id}")


def test_a_word_that_may_not_be_used_is_told_with_its_place(desk: Desk, person: Callable[[str], Person]) -> None:
    with desk.app.app_context(), unit_of_work() as db:
        bad = draft(db, desk.school["teacher"], desk.school.here, "祖 传－秘方养生").public_id
    page = person("teacher").get(f"/review/submission?lecture={bad}&lecture={desk.public_id}")
    assert "祖传秘方" in page
    assert "标题：“祖 传－秘方养生”" in page


def test_three_desks_see_what_is_theirs(desk: Desk, person: Callable[[str], Person]) -> None:
    public_id = desk.submit()
    reviewer, admin, officer = person("reviewer"), person("admin"), person("officer")
    assert [desk.lecture().title in each.get("/review/") for each in (reviewer, admin, officer)] == [True, False, False]
    assert desk.lecture().title in officer.get("/review/?desk=open")
    case = f"/review/cases/{public_id}"
    assert 'data-testid="decision-form"' in reviewer.get(case)
    assert 'data-testid="decision-form"' not in admin.get(case)
    person("sibling-reviewer").get(case, status=404)
    person("foreign-officer").get(case, status=404)
    assert 'data-testid="queue-row"' not in person("foreign-officer").get("/review/?desk=open")


def test_what_was_typed_is_kept_when_something_is_missing(desk: Desk, person: Callable[[str], Person]) -> None:
    public_id = desk.submit()
    reviewer, case = person("reviewer"), f"/review/cases/{public_id}"
    typed = {"verdict": "pass", "level": 1, "reason": "不错", "score-formal": "4"}
    kept = reviewer.post(f"{case}/decision", status=422, **typed)
    assert "请给七项都打分" in kept
    assert ">不错</textarea>" in kept
    assert 'name="score-formal" value="4" checked' in kept
    assert "请写明理由" in reviewer.post(f"{case}/decision", status=422, verdict="return", level=1)
    wrong = reviewer.post(f"{case}/comments", status=422, at="三分钟", words="字错了")
    assert "时间请写成" in wrong
    assert "字错了" in wrong
    reviewer.post(f"{case}/comments", at="0:03", words="字错了")
    reviewer.post(f"{case}/comments", at="0：03", words="字错了")
    page = reviewer.get(case)
    assert page.count('data-player-chapter="3.0"') == 1, "the same remark twice is one"
    reviewer.post(f"{case}/decision", verdict="pass", level=1, **SCORES)
    assert 'data-testid="undo"' in reviewer.get(case)
    reviewer.post(f"{case}/undo")
    assert 'data-testid="decision-form"' in reviewer.get(case)


def test_the_captions_sent_in_are_what_reviewers_see(desk: Desk, person: Callable[[str], Person]) -> None:
    public_id = desk.submit()
    officer = person("provincial")
    assert "今天学八段锦" in officer.get(f"/review/cases/{public_id}/captions/zh-CN.vtt")
    officer.get(f"/review/cases/{public_id}/captions/en.vtt", status=404)
    officer.get(f"/review/cases/{public_id}/media/{'0' * 64}/master.m3u8", status=404)
    person("teacher").get(f"/review/cases/{public_id}/captions/zh-CN.vtt", status=403)


def test_a_change_on_the_shelf_is_shown_in_the_form_but_not_to_residents(
    desk: Desk, person: Callable[[str], Person], app: Flask
) -> None:
    desk.submit()
    desk.pass_all()
    teacher = person("teacher")
    values = {
        "title": "改过的题目", "teacher": "周老师", "description": "跟着做。", "audience": "elder",
        "topic": "public_health", "resource_type": "micro_course",
        "licence": "platform_public_good", "version": desk.lecture().version,
    }  # fmt: skip
    teacher.post(f"/studio/lectures/{desk.public_id}/edit", **values)
    assert 'value="改过的题目"' in teacher.get(f"/studio/lectures/{desk.public_id}/edit")
    assert "改过的题目" not in app.test_client().get(f"/lectures/{desk.public_id}").get_data(as_text=True)
    page = teacher.get(f"/studio/lectures/{desk.public_id}")
    assert "改动还没有送审：介绍" in page
    assert "放弃" in teacher.get(f"/review/lectures/{desk.public_id}/discard")
    clash = teacher.post(f"/studio/lectures/{desk.public_id}/edit", status=412, **values)
    assert "改过的题目" not in clash or "两边的内容其实一样" in clash
    teacher.post(f"/review/lectures/{desk.public_id}/discard", version=desk.lecture().version)
    assert 'value="改过的题目"' not in teacher.get(f"/studio/lectures/{desk.public_id}/edit")


def test_the_operator_sets_rules_and_words(desk: Desk, person: Callable[[str], Person]) -> None:
    operator, here = person("operator"), desk.school.public_ids[desk.school.here]
    assert "请写明理由" in operator.post(f"/review/rules/{here}", status=422, levels="1", reason=" ")
    operator.post(f"/review/rules/{here}", levels="1", reason="只有两位老师")
    assert "只有两位老师" in operator.get("/review/rules")
    assert "至少两个字" in operator.post("/review/words", status=422, word="药", category="x", severity="hard", why="")
    operator.post("/review/words", word="神 药", category="夸大", severity="hard", why="不实")
    assert "神 药" in operator.get("/review/words")
    number = re.findall(r"/review/words/(\d+)/end", operator.get("/review/words"))
    operator.post(f"/review/words/{max(map(int, number))}/end")
    person("admin").get("/review/rules", status=403)


def test_the_queue_asks_the_database_as_often_for_many_as_for_one(
    desk: Desk, person: Callable[[str], Person], count_queries
) -> None:
    desk.submit()
    reviewer = person("reviewer")
    reviewer.get("/review/")
    with count_queries() as few:
        reviewer.get("/review/")
    for _ in range(6):
        Desk(desk.app, desk.school).submit()
    with count_queries() as many:
        reviewer.get("/review/")
    assert len(many) == len(few)
    assert len(many) < 14


def test_a_batch_is_passed_from_the_queue(desk: Desk, person: Callable[[str], Person]) -> None:
    public_id = desk.submit()
    reviewer = person("reviewer")
    assert "通过勾选的微课" not in reviewer.get("/review/"), "not before it was opened"
    assert "打开看过" in reviewer.post("/review/pass", status=422, review=public_id, score="5")
    reviewer.get(f"/review/cases/{public_id}")
    assert "通过勾选的微课" in reviewer.get("/review/")
    reviewer.post("/review/pass", review=public_id, score="5")
    assert desk.review().state.level == 2


@pytest.mark.parametrize(("typed", "seconds"), [("3:20", 200.0), ("1:02:03", 3723.0), ("0：03", 3.0), (" ", None)])
def test_times_are_read(typed: str, seconds: float | None) -> None:
    assert read_time(typed) == seconds


def test_a_change_is_compared_with_what_residents_see(desk: Desk) -> None:
    """Also where nobody reviewed that: it was published before the institution had levels."""
    here = desk.school.public_ids[desk.school.here]
    desk.do(rules.set_rule, "operator", here, levels=0, reason="试点")
    desk.do(publish_lecture, "teacher", desk.public_id, expected_version=desk.lecture().version)
    desk.do(rules.set_rule, "operator", here, levels=3, reason="按规范")
    desk.do(remove_caption, "teacher", desk.public_id, language="zh-CN")
    desk.submit()
    with desk.app.app_context(), reading() as db:
        case = get_case(db, desk.school["reviewer"], desk.review().public_id)
    assert [(each.name, each.after) for each in case.differences] == [("caption:zh-CN", "")]
    everything = {"text", "captions", "chapters", "media", "beside"}
    assert set(case.to_review) == everything, "the level passed nothing of it yet"
