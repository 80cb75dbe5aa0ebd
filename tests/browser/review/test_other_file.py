"""A lecture on the shelf gets another file in real browsers, and the first one again.

The files are attached and encoded before the browsers come: how they are sent is tested in tests/browser/journey, what
reviewers do on their pages in tests/browser/desk.
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

from app.accounts.models import User
from app.kernel.actor import Actor, Grant
from app.kernel.db import unit_of_work
from app.library.models import Lecture
from app.library.services import LectureFields, create_lecture, set_caption
from app.media.services import StoredSource, attach_source, source_key
from app.review.models import Review
from app.review.rulebook import rulebook
from app.review.services import Verdict, decide
from app.review.states import Action
from app.web import assets
from tests.browser.journey.visitor import DESK, PHONE, Visitor, visitors
from tests.browser.review.people import REVIEWERS, ask_for_three_levels, pass_what, sign
from tests.factories.clips import ClipShelf, shared_folder
from tests.fixtures.app import run_jobs
from tests.fixtures.stack import TEACHER, Stack, make_stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

CAPTION = "WEBVTT\n\n00:00.000 --> 00:04.000\n同学们好，今天学八段锦。\n"
TERMS = (("audience", "elder"), ("topic", "public_health"))


@pytest.fixture(scope="module")
def college(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Actor]]:
    """A product whose college needs three levels, with the people for them."""
    if not (assets.DIST_FOLDER / "manifest.json").exists():
        pytest.skip("the front end is not built: npm run build")
    stack = make_stack(tmp_path_factory.mktemp("review"))
    try:
        teacher = ask_for_three_levels(stack)
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
    """Send it in from its page."""
    teacher.open(f"/studio/lectures/{lecture}")
    teacher.page.get_by_test_id("send-in").click()
    sign(teacher, 1)


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


def test_another_file_and_the_first_one_again(
    college: tuple[Stack, Actor], visit: Callable[..., Visitor], tmp_path_factory: pytest.TempPathFactory
) -> None:
    stack, actor = college
    clips = ClipShelf(shared_folder(tmp_path_factory))
    lecture = attach(stack, actor, clips.lecture(8))
    teacher, reviewer, resident = visit(TEACHER, **DESK), visit("reviewer", **DESK), visit(**PHONE)
    send_in(teacher, lecture)
    teacher.page.get_by_text("等待一审").first.wait_for()
    pass_on(stack, *REVIEWERS)
    title, first = media_of(resident, lecture)

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
    pass_on(stack, *REVIEWERS)
    assert media_of(resident, lecture) == (title, first)
    for person in (teacher, reviewer, resident):
        person.leave()
