"""The whole way of a lecture in real browsers: sent in, returned with a remark at 0:03, passed by three, replaced, and
back to the first file.

The files are attached and encoded before the browsers come: how they are sent is tested in tests/browser/journey.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.accounts.models import Role, User
from app.kernel.actor import Actor, Grant
from app.kernel.db import unit_of_work
from app.library.models import Lecture
from app.library.places import Institution, RegionDuty, UnitRegion
from app.library.services import LectureFields, create_lecture, set_caption
from app.media.services import StoredSource, attach_source, source_key
from app.review.models import Review
from app.review.rulebook import rulebook
from app.review.rules import put_rule
from app.review.services import Verdict, decide
from app.review.states import Action
from app.web import assets
from tests.browser.journey.visitor import DESK, PHONE, Visitor, visitors
from tests.factories.clips import ClipShelf, shared_folder
from tests.fixtures.app import make_unit, make_user, run_jobs
from tests.fixtures.stack import TEACHER, Stack, make_stack

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack"), pytest.mark.timeout(600)]

CAPTION = "WEBVTT\n\n00:00.000 --> 00:04.000\n同学们好，今天学八段锦。\n"
TERMS = (("audience", "elder"), ("topic", "public_health"))


@pytest.fixture(scope="module")
def college(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Actor]]:
    """A product whose college needs three levels, with the people for them."""
    if not (assets.DIST_FOLDER / "manifest.json").exists():
        pytest.skip("the front end is not built: npm run build")
    stack = make_stack(tmp_path_factory.mktemp("review"))
    try:
        with stack.app.app_context(), unit_of_work() as db:
            place = db.scalars(select(Institution).where(Institution.name == "沈阳示范开放大学")).one()
            put_rule(db, Actor(display_name="测试"), place.id, levels=3, reason="按规范三审")
            make_user(db, Role.REVIEWER, login="reviewer", institution_id=place.id)
            make_user(db, Role.INSTITUTION_ADMIN, login="dean", institution_id=place.id)
            bureau = make_unit(db, name="示范省教育厅", region_code="210000")
            db.add(UnitRegion(unit_id=bureau.id, region_code="210000", duty=RegionDuty.ADMINISTERS))
            make_user(db, Role.OFFICER, login="officer", unit_id=bureau.id)
            user = db.scalars(select(User).where(User.login == TEACHER)).one()
            teacher = Actor(user.id, user.public_id, user.display_name, (Grant("institution_admin", place.id),))
        stack.start_web()
        yield stack, teacher
    finally:
        stack.stop()


@pytest.fixture
def visit(chromium: Any, college: tuple[Stack, Actor]) -> Iterator[Callable[..., Visitor]]:
    with visitors(chromium, college[0].url) as begin:
        yield begin


def attach(stack: Stack, teacher: Actor, clip: Path, public_id: str = "") -> str:
    """Give a lecture (a new one when none is named) a file, and encode it."""
    sha256 = hashlib.sha256(clip.read_bytes()).hexdigest()
    stored = StoredSource("lecture.mp4", sha256, clip.stat().st_size, source_key(sha256))
    stack.app.extensions["platform"].storage.put_file(stored.storage_key, clip, "video/mp4")
    with stack.app.app_context(), unit_of_work() as db:
        lecture = db.scalars(
            select(Lecture).where(Lecture.public_id == public_id).options(selectinload(Lecture.terms))
        ).first()
        if lecture is None:
            place = next(iter(teacher.institution_ids()))
            fields = LectureFields("八段锦第一讲", "跟着做，一遍十二分钟。", "周老师", terms=TERMS)
            lecture = create_lecture(db, teacher, place, fields)
            set_caption(db, lecture, language="zh-CN", label="中文", webvtt=CAPTION)
        attach_source(db, teacher, lecture, stored)
        public_id = lecture.public_id
    run_jobs(stack.app)
    return public_id


def send_in(teacher: Visitor, lecture: str) -> None:
    """Check every item, sign, send."""
    page = teacher.page
    teacher.open(f"/studio/lectures/{lecture}")
    page.get_by_test_id("send-in").click()
    for box in page.locator("input[name=check]").all():
        box.check()
    page.check("input[name=signature]")
    page.get_by_test_id("submit-review").click()
    page.get_by_text("已送审 1 讲").wait_for()


def open_case(reviewer: Visitor) -> None:
    reviewer.open("/review/")
    reviewer.page.locator("[data-testid=queue-row] h2 a").first.click()
    reviewer.page.get_by_test_id("decision-form").wait_for()


def judge(reviewer: Visitor, verdict: str, *, reason: str = "", score: str = "5") -> None:
    """Score what is not scored yet and decide."""
    page = reviewer.page
    for row in page.locator(".review-scores fieldset").all():
        if row.locator("input:checked").count() == 0:
            row.locator(f"input[value='{score}']").check()
    if reason:
        page.fill("#reason", reason)
    page.get_by_test_id(verdict).click()
    page.get_by_text("已记下").wait_for()


def pass_on(stack: Stack, *logins: str) -> None:
    """Pass the open review at the levels that are left, without browsers: their pages were seen above."""
    for login in logins:
        with stack.app.app_context(), unit_of_work() as db:
            user = db.scalars(select(User).where(User.login == login).options(selectinload(User.memberships))).one()
            grants = tuple(Grant(each.role, each.institution_id, each.unit_id) for each in user.memberships)
            review = db.scalars(select(Review).where(Review.closed_at.is_(None))).one()
            verdict = Verdict(Action.PASS, scores={aspect.key: 5 for aspect in rulebook().aspects})
            actor = Actor(user.id, user.public_id, user.display_name, grants)
            decide(db, actor, review.public_id, verdict, at_level=review.state.level)


def media_of(resident: Visitor, lecture: str) -> tuple[str, str]:
    """Return the title residents read and the set they are sent to."""
    assert resident.open(f"/lectures/{lecture}") == 200
    served = re.search(r"/media/(\w+)/", resident.context.request.get(f"/lectures/{lecture}").text())
    assert served, "the page names its media"
    return resident.page.locator("h1").inner_text(), served[1]


def return_with_a_remark(dean: Visitor) -> None:
    """Write a remark at 0:03, see that it leads there, return the lecture."""
    page = dean.page
    open_case(dean)
    page.fill("#at", "0:03")
    page.fill("#words", "这里的字写错了")
    page.get_by_role("button", name="添加批注").click()
    mark = page.get_by_test_id("comments").get_by_role("link")
    mark.wait_for()
    mark.click()
    video = page.locator("[data-player] video")
    dean.wait_until(lambda: video.evaluate("media => media.currentTime") >= 2.9, "the remark leads to its moment")
    judge(dean, "return", reason="第三秒的字请改好")


def mend_the_title(teacher: Visitor, lecture: str, title: str) -> None:
    """Read why it came back, and change it."""
    page = teacher.page
    teacher.open(f"/studio/lectures/{lecture}")
    refusal = page.get_by_test_id("standing").inner_text()
    assert "第三秒的字请改好" in refusal
    assert "0:03" in refusal
    teacher.open(f"/studio/lectures/{lecture}/edit")
    page.fill("[name=title]", title)
    page.get_by_role("button", name="保存").click()
    page.get_by_text("修改已保存").wait_for()


def pass_what(reviewer: Visitor, scope: str) -> None:
    """See that only this is asked for, and pass it."""
    open_case(reviewer)
    assert scope in reviewer.page.get_by_test_id("scope").inner_text()
    judge(reviewer, "pass")


def go_back_to_the_first_file(stack: Stack, teacher: Visitor, lecture: str) -> None:
    """Find the old file under 旧版本, download it, confirm that it shall come back."""
    page = teacher.page
    teacher.open(f"/studio/lectures/{lecture}")
    page.get_by_test_id("versions-link").click()
    versions = page.get_by_test_id("version")
    versions.first.wait_for()
    assert [each.get_attribute("data-state") for each in versions.all()] == ["current", "old"]
    old = versions.nth(1)
    with page.expect_download() as download:
        old.get_by_test_id("download").click()
    assert download.value.suggested_filename == "lecture.mp4"
    old.get_by_test_id("restore").click()
    page.get_by_test_id("confirm").click()
    page.get_by_text("已经换回第 1 版").wait_for()
    run_jobs(stack.app)


def test_three_reviewers_a_return_a_replacement(
    college: tuple[Stack, Actor], visit: Callable[..., Visitor], tmp_path_factory: pytest.TempPathFactory
) -> None:
    stack, actor = college
    clips, title = ClipShelf(shared_folder(tmp_path_factory)), "八段锦第一讲：起势"
    lecture = attach(stack, actor, clips.lecture(8))
    teacher, resident = visit(TEACHER, **DESK), visit(**PHONE)
    reviewer, dean, officer = (visit(login, **DESK) for login in ("reviewer", "dean", "officer"))
    send_in(teacher, lecture)
    teacher.page.get_by_text("等待一审").first.wait_for()
    pass_what(reviewer, "全部内容")
    return_with_a_remark(dean)
    mend_the_title(teacher, lecture, title)
    send_in(teacher, lecture)
    pass_what(reviewer, "只看改动的：介绍")
    pass_what(dean, "全部内容")
    assert resident.context.request.get(f"/lectures/{lecture}").status == 404
    pass_what(officer, "全部内容")
    shown, first = media_of(resident, lecture)
    assert shown == title

    attach(stack, actor, clips.lecture(9), lecture)
    assert media_of(resident, lecture) == (title, first), "residents keep the old file until the new one is passed"
    send_in(teacher, lecture)
    pass_what(reviewer, "只看改动的：视频")
    pass_on(stack, "dean", "officer")
    shown, second = media_of(resident, lecture)
    assert (shown, second != first) == (title, True)

    go_back_to_the_first_file(stack, teacher, lecture)
    assert media_of(resident, lecture) == (title, second), "an old version waits for the review as a new one does"
    send_in(teacher, lecture)
    pass_on(stack, "reviewer", "dean", "officer")
    assert media_of(resident, lecture) == (title, first)
    for person in (teacher, reviewer, dean, officer):
        person.leave()
