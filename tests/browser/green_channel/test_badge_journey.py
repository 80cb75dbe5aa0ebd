"""One grant in real browsers: opened, the badge seen by a resident, lost with the captions, mended, back again.

The lecture is encoded by the real pipeline before the browsers come; reviews and the delivery of facts, which the
worker does within a second, are done in this process in between.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.accounts.models import Role, User
from app.kernel.actor import Actor, Grant
from app.kernel.db import unit_of_work
from app.library.models import Lecture
from app.library.places import Institution
from app.library.services import LectureFields, create_lecture, set_caption
from app.media.services import StoredSource, attach_source, source_key
from app.review import submission
from app.review.models import Review
from app.review.rulebook import rulebook
from app.review.rules import put_rule
from app.review.services import Verdict, decide
from app.review.states import Action
from app.review.submission import Wish
from app.web import assets
from tests.browser.journey.visitor import DESK, PHONE, Visitor, visitors
from tests.factories.clips import ClipShelf, shared_folder
from tests.fixtures.app import make_user, run_jobs
from tests.fixtures.stack import TEACHER, Stack, make_stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

CAPTION = "WEBVTT\n\n00:00.000 --> 00:04.000\n同学们好，今天学八段锦。\n"
SRT = "1\n00:00:00,000 --> 00:00:04,000\n同学们好，今天学八段锦。\n"
TITLE = "八段锦第一讲"


class College:
    """An institution with one level of review, and what its people do away from the browsers."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        with stack.app.app_context(), unit_of_work() as db:
            place = db.scalars(select(Institution).where(Institution.name == "沈阳示范开放大学")).one()
            put_rule(db, Actor(display_name="测试"), place.id, levels=1, reason="试点一级审核")
            make_user(db, Role.REVIEWER, login="reviewer", institution_id=place.id)
            self.place_id = place.id

    def _actor(self, db: Session, login: str) -> Actor:
        user = db.scalars(select(User).where(User.login == login).options(selectinload(User.memberships))).one()
        grants = tuple(Grant(each.role, each.institution_id, each.unit_id) for each in user.memberships)
        return Actor(user.id, user.public_id, user.display_name, grants)

    def make_lecture(self, clips: ClipShelf) -> str:
        """Add a lecture with captions, its file encoded."""
        clip = clips.lecture(8)
        sha256 = hashlib.sha256(clip.read_bytes()).hexdigest()
        stored = StoredSource("lecture.mp4", sha256, clip.stat().st_size, source_key(sha256))
        self.stack.app.extensions["platform"].storage.put_file(stored.storage_key, clip, "video/mp4")
        with self.stack.app.app_context(), unit_of_work() as db:
            teacher = self._actor(db, TEACHER)
            terms = (("audience", "elder"), ("topic", "public_health"))
            fields = LectureFields(TITLE, "跟着做，一遍十二分钟。", "周老师", terms=terms)
            lecture = create_lecture(db, teacher, self.place_id, fields)
            set_caption(db, lecture, language="zh-CN", label="中文", webvtt=CAPTION)
            attach_source(db, teacher, lecture, stored)
        run_jobs(self.stack.app)
        return lecture.public_id

    def review(self, lecture: str) -> None:
        """Send a lecture in as it is now, and pass it."""
        book = rulebook()
        with self.stack.app.app_context(), unit_of_work() as db:
            version = db.scalars(select(Lecture.version).where(Lecture.public_id == lecture)).one()
            checks = {check.key for check in book.checks}
            submission.submit(db, self._actor(db, TEACHER), [Wish(lecture, version, {})], checks=checks, is_signed=True)
        with self.stack.app.app_context(), unit_of_work() as db:
            review = db.scalars(select(Review).where(Review.closed_at.is_(None))).one()
            verdict = Verdict(Action.PASS, scores={aspect.key: 5 for aspect in book.aspects})
            decide(db, self._actor(db, "reviewer"), review.public_id, verdict, at_level=1)
        run_jobs(self.stack.app)


@pytest.fixture(scope="module")
def college(tmp_path_factory: pytest.TempPathFactory) -> Iterator[College]:
    if not (assets.DIST_FOLDER / "manifest.json").exists():
        pytest.skip("the front end is not built: npm run build")
    stack = make_stack(tmp_path_factory.mktemp("green"))
    try:
        made = College(stack)
        stack.start_web()
        yield made
    finally:
        stack.stop()


@pytest.fixture
def visit(chromium: Any, college: College) -> Iterator[Callable[..., Visitor]]:
    with visitors(chromium, college.stack.url) as begin:
        yield begin


def open_to_communities(teacher: Visitor) -> str:
    """Fill in the form as an admin does; return the address of the grant's page."""
    page = teacher.page
    teacher.open("/green-channel/desk")
    page.get_by_test_id("new-grant").click()
    page.fill("#title", "春季社区课堂")
    page.get_by_label(TITLE).check()
    page.fill("#contact_name", "社区教育部")
    page.fill("#contact_phone", "024-0000 0000")
    page.get_by_test_id("save-grant").click()
    page.get_by_text("已经开放").first.wait_for()
    return page.url


def badge_of(resident: Visitor, lecture: str) -> tuple[bool, bool]:
    """Return whether the lecture's page shows the badge, and its card at home."""
    assert resident.open(f"/lectures/{lecture}") == 200
    on_page = resident.page.get_by_test_id("green-badge").count() == 1
    assert resident.open("/") == 200
    card = resident.page.locator(".card", has_text=TITLE).first
    return on_page, card.get_by_text("绿色通道").count() == 1


def read_promises(resident: Visitor, lecture: str) -> None:
    """Follow the badge to what it promises, and on to the register."""
    page = resident.page
    resident.open(f"/lectures/{lecture}")
    page.get_by_test_id("green-badge").get_by_role("link").click()
    page.get_by_role("heading", name="不用登录").wait_for()
    page.get_by_role("link", name="看开放目录").click()
    assert "1 讲有绿色通道标识" in page.get_by_test_id("register").inner_text()


def take_captions_away(teacher: Visitor, lecture: str) -> None:
    teacher.open(f"/studio/lectures/{lecture}")
    teacher.page.get_by_test_id("captions").get_by_role("link", name="删除").click()
    teacher.page.get_by_role("button", name="是的，删除").click()
    teacher.page.get_by_test_id("waiting").wait_for()


def read_the_bell(teacher: Visitor) -> None:
    """See in the bell that the badge went and why, and go where it is mended."""
    teacher.open("/notices/")
    lost = teacher.page.locator("[data-testid=notice][data-kind=green_lost]")
    assert "居民看到的这一讲没有字幕" in lost.inner_text()
    lost.get_by_role("link").click()
    teacher.page.get_by_test_id("green-standing").wait_for()


def give_captions(teacher: Visitor, lecture: str) -> None:
    """Follow the advice on the lecture's page and upload them again."""
    page = teacher.page
    teacher.open(f"/studio/lectures/{lecture}")
    advice = page.get_by_test_id("green-standing").inner_text()
    assert "居民看到的这一讲没有字幕" in advice
    assert "在“字幕”里上传" in advice
    file = {"name": "a.srt", "mimeType": "application/x-subrip", "buffer": SRT.encode()}
    page.get_by_test_id("caption-form").locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="添加字幕").click()
    page.get_by_test_id("waiting").wait_for()


def test_the_badge_comes_goes_and_comes_back(
    college: College, visit: Callable[..., Visitor], tmp_path_factory: pytest.TempPathFactory
) -> None:
    lecture = college.make_lecture(ClipShelf(shared_folder(tmp_path_factory)))
    college.review(lecture)
    teacher, resident = visit(**DESK), visit(**PHONE)
    teacher.sign_in(TEACHER)
    assert badge_of(resident, lecture) == (False, False)

    grant = open_to_communities(teacher)
    assert "8 项都做到了" in teacher.page.get_by_test_id("standings").inner_text()
    assert badge_of(resident, lecture) == (True, True)
    read_promises(resident, lecture)

    take_captions_away(teacher, lecture)
    run_jobs(college.stack.app)
    assert badge_of(resident, lecture) == (True, True), "residents have them until the removal is passed"
    college.review(lecture)
    assert badge_of(resident, lecture) == (False, False)
    teacher.page.goto(grant)
    row = teacher.page.get_by_test_id("standings").inner_text()
    assert "有 1 项没做到" in row
    assert "居民看到的这一讲没有字幕" in row

    read_the_bell(teacher)
    give_captions(teacher, lecture)
    college.review(lecture)
    assert badge_of(resident, lecture) == (True, True)
    for person in (teacher, resident):
        person.leave()
