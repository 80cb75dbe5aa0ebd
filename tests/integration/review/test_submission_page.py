"""Sending many in on one page: choosing, leaving out what cannot go, one signature for the others."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlalchemy import func, select

from app.kernel.db import reading, unit_of_work
from app.library.models import LectureOwner
from app.library.services import edit_lecture
from app.review.candidates import list_submittable
from app.review.models import Review
from app.review.submission import BATCH_MAX
from tests.integration.review.person import Person
from tests.integration.review.school import CHECKS, FIELDS, Desk, draft

BAD_TITLE = "祖 传－秘方养生"
SIGNED = {"check": sorted(CHECKS), "signature": "y"}


def address(*public_ids: str) -> str:
    return "/review/submission?" + "&".join(f"lecture={each}" for each in public_ids)


def filled_in(*desks: Desk) -> dict[str, object]:
    """Return what the form sends with every lecture ticked and everything signed."""
    ids = [each.public_id for each in desks]
    versions = {f"version-{each.public_id}": each.lecture().version for each in desks}
    return {"lecture": ids, "shown": ids, **versions, **SIGNED}


def ticks(page: str) -> dict[str, bool]:
    """Return the lectures a page offers to send, and whether each is ticked."""
    boxes = re.findall(r'type="checkbox" name="lecture" value="(\w+)"( checked)?', page)
    return {public_id: bool(checked) for public_id, checked in boxes}


def left_out(page: str) -> str:
    found = re.search(r'data-testid="left-out">(.*?)</section>', page, re.DOTALL)
    return found[1] if found else ""


def bad_draft(desk: Desk) -> str:
    with desk.app.app_context(), unit_of_work() as db:
        return draft(db, desk.school["teacher"], desk.school.here, BAD_TITLE).public_id


def reviews(desk: Desk) -> int:
    with desk.app.app_context(), reading() as db:
        return db.scalar(select(func.count()).select_from(Review))


def test_one_that_cannot_go_does_not_keep_back_the_others(desk: Desk, person: Callable[[str], Person]) -> None:
    other, bad, teacher = Desk(desk.app, desk.school), bad_draft(desk), person("teacher")
    page = teacher.get(address(desk.public_id, bad, other.public_id))
    assert ticks(page) == {desk.public_id: True, other.public_id: True}
    assert BAD_TITLE in left_out(page)
    assert "祖传秘方" in left_out(page)
    teacher.post("/review/submission", **filled_in(desk, other))
    assert {desk.review().commitment_id} == {other.review().commitment_id}
    assert "已经在审核" in left_out(teacher.get(address(desk.public_id)))


def test_one_that_went_wrong_meanwhile_is_left_out_and_the_rest_may_be_sent(
    desk: Desk, person: Callable[[str], Person]
) -> None:
    other, teacher = Desk(desk.app, desk.school), person("teacher")
    sent = filled_in(desk, other)
    other.submit("admin")
    page = teacher.post("/review/submission", status=422, **sent)
    assert other.public_id in left_out(page)
    assert ticks(page) == {desk.public_id: True}
    assert 'name="signature" value="y" checked' in page, "what was signed stays"
    teacher.post("/review/submission", **filled_in(desk))
    assert reviews(desk) == 2


def test_one_that_somebody_saved_meanwhile_is_shown_and_nothing_typed_is_lost(
    desk: Desk, person: Callable[[str], Person]
) -> None:
    other, teacher = Desk(desk.app, desk.school), person("teacher")
    sent = filled_in(desk, other)
    desk.do(edit_lecture, "admin", desk.public_id, FIELDS, expected_version=desk.lecture().version)
    page = teacher.post("/review/submission", status=412, **sent)
    assert page.count("这一讲刚刚有人改过") == 1
    assert f'name="version-{desk.public_id}" value="{desk.lecture().version}"' in page
    assert ticks(page) == {desk.public_id: True, other.public_id: True}
    assert page.count(" checked") == len(CHECKS) + 1 + 2
    assert reviews(desk) == 0


def test_ticking_all_or_none_needs_no_script(desk: Desk, person: Callable[[str], Person]) -> None:
    other, teacher = Desk(desk.app, desk.school), person("teacher")
    assert set(ticks(teacher.get("/review/submission")).values()) == {False}
    assert set(ticks(teacher.get("/review/submission?all=1")).values()) == {True}
    both = {"shown": [desk.public_id, other.public_id], "check": "watched"}
    page = teacher.post("/review/submission", status=200, tick="none", **both)
    assert ticks(page) == {desk.public_id: False, other.public_id: False}
    assert 'value="watched" checked' in page
    assert set(ticks(teacher.post("/review/submission", status=200, tick="all", **both)).values()) == {True}
    assert "一次送审 1 到 60 讲" in teacher.post("/review/submission", status=422, **both, signature="y")
    assert reviews(desk) == 0


def test_more_than_go_under_one_signature_are_told(desk: Desk, person: Callable[[str], Person]) -> None:
    unknown = [f"nobody{number}" for number in range(BATCH_MAX)]
    page = person("teacher").get(address(desk.public_id, *unknown))
    assert "后面还有 1 讲没有列出来" in page
    assert f"有 {BATCH_MAX - 1} 讲找不到" in page
    person("teacher").get(address("nobody", "nobody2"), status=404)


def test_what_was_made_with_others_may_be_sent_in_by_their_admins(
    desk: Desk, person: Callable[[str], Person]
) -> None:
    with desk.app.app_context(), unit_of_work() as db:
        db.add(LectureOwner(lecture_id=desk.lecture().id, institution_id=desk.school.sibling))
    for login, count in (("sibling-admin", 1), ("sibling-teacher", 0), ("foreign-admin", 0)):
        with desk.app.app_context(), reading() as db:
            assert len(list_submittable(db, desk.school[login])) == count, login
    partner = person("sibling-admin")
    assert "1 讲可以送审" in partner.get("/studio/")
    partner.post("/review/submission", **filled_in(desk))
    assert desk.review().submitted_name == "sibling-admin"
