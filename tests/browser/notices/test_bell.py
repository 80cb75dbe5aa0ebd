"""A reviewer returns a lecture; its teacher sees the bell, opens the notice, and stops such mails by the link in one.

With NOTICE_SHOTS=folder the pages are photographed on the way, at 360 and 1280 px.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.accounts.models import Role, User
from app.kernel.actor import Actor, Grant
from app.kernel.db import unit_of_work
from app.library.places import Institution
from app.review.rules import put_rule
from app.web import assets
from tests.browser.journey.visitor import DESK, PHONE, Visitor, visitors
from tests.fixtures.app import make_user, run_jobs
from tests.fixtures.stack import TEACHER, Stack, make_stack
from tests.integration.review.school import RETURN, draft, send_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
SHOTS = os.environ.get("NOTICE_SHOTS", "")


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A product whose web process runs; the worker's turns are taken by the test."""
    if not (assets.DIST_FOLDER / "manifest.json").exists():
        pytest.skip("the front end is not built: npm run build")
    made = make_stack(tmp_path, MAIL_KIND="folder", MAIL_PATH=f"{tmp_path}/mail", SIGNIN_TOTP_ROLES="operator")
    try:
        made.start_web()
        yield made
    finally:
        made.stop()


@pytest.fixture
def visit(chromium: Any, stack: Stack) -> Iterator[Callable[..., Visitor]]:
    with visitors(chromium, stack.url) as begin:
        yield begin


def shoot(visitor: Visitor, name: str) -> None:
    """Photograph a page at both widths, in normal and elder mode, where pictures are asked for."""
    if not SHOTS:
        return
    size = visitor.page.viewport_size
    for width in (360, 1280):
        visitor.page.set_viewport_size({"width": width, "height": 780})
        visitor.page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)
    visitor.page.set_viewport_size(size)


def returned_lecture(stack: Stack) -> tuple[str, str]:
    """Give the college a lecture under review; return the lecture and the review."""
    with stack.app.app_context(), unit_of_work() as db:
        place = db.scalars(select(Institution).where(Institution.name == "沈阳示范开放大学")).one()
        put_rule(db, Actor(display_name="测试"), place.id, levels=3, reason="按规范三审")
        make_user(db, Role.REVIEWER, login="reviewer", institution_id=place.id)
        user = db.scalars(select(User).where(User.login == TEACHER)).one()
        user.mail_address = "teacher@example.com"
        teacher = Actor(user.id, user.public_id, user.display_name, (Grant("institution_admin", place.id),))
        lecture = draft(db, teacher, place.id, "八段锦第一讲：两手托天理三焦，跟着做一遍十二分钟")
        review = send_in(db, teacher, lecture.public_id)[0]
        return lecture.public_id, review.public_id


def give_back(reviewer: Visitor, review: str) -> None:
    """Return the lecture as reviewers do."""
    page = reviewer.page
    reviewer.open("/notices/")
    shoot(reviewer, "inbox-reviewer")
    page.get_by_role("link", name="等您审核").click()
    page.get_by_test_id("decision-form").wait_for()
    page.fill("#reason", RETURN.reason)
    page.get_by_test_id("return").click()
    page.get_by_text("已记下").wait_for()


def stop_address(folder: Path) -> str:
    """Read the newest mail to the teacher; return the path of the link that stops such mails."""
    [file] = [each for each in folder.glob("*.eml") if b"teacher@example.com" in each.read_bytes()]
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert "退回" in message["Subject"]
    return str(message["List-Unsubscribe"]).strip("<>")


def test_from_a_return_to_the_bell_and_out_of_the_mail(stack: Stack, visit: Callable[..., Visitor]) -> None:
    lecture, review = returned_lecture(stack)
    run_jobs(stack.app)
    teacher, reviewer, stranger = visit(TEACHER, **PHONE), visit("reviewer", **DESK), visit(**PHONE)
    bell = teacher.page.get_by_test_id("bell")
    assert bell.inner_text() == "通知"
    give_back(reviewer, review)
    run_jobs(stack.app)

    teacher.open("/studio/")
    assert "1" in bell.inner_text()
    bell.click()
    shoot(teacher, "inbox")
    row = teacher.page.get_by_test_id("notice")
    assert RETURN.reason in row.inner_text()
    row.get_by_role("link").click()
    teacher.page.wait_for_url(f"**/studio/lectures/{lecture}")
    assert RETURN.reason in teacher.page.get_by_test_id("standing").inner_text()
    assert bell.inner_text() == "通知", "what was opened is read"

    # Whoever opens the link of the mail on another phone is not signed in there.
    stranger.open(stop_address(stack.folder / "mail"))
    shoot(stranger, "stop")
    stranger.page.get_by_role("button", name="退订").click()
    stranger.page.get_by_test_id("stop-stopped").wait_for()
    teacher.open("/notices/settings")
    shoot(teacher, "settings")
    chosen = teacher.page.locator("[data-kind=returned] select")
    assert chosen.input_value() == "none"
    teacher.page.locator("[data-kind=returned] input").uncheck()
    teacher.page.get_by_role("button", name="保存").click()
    teacher.page.get_by_text("通知设置已保存").wait_for()
    assert not teacher.page.locator("[data-kind=returned] input").is_checked()
    if SHOTS:
        more_pages(teacher, reviewer, visit)
    for person in (teacher, reviewer, stranger):
        person.leave()


def more_pages(teacher: Visitor, reviewer: Visitor, visit: Callable[..., Visitor]) -> None:
    """Photograph what the journey does not come by."""
    for name, path in (("account", "/account/"), ("enrol", "/account/phone"), ("give", "/password/give")):
        teacher.open(path)
        shoot(teacher, name)
    nobody = visit(**DESK)
    for name, path in (("forgotten", "/password/forgotten"), ("sign-in", "/sign-in"), ("gone", "/password/new/x")):
        nobody.open(path)
        shoot(nobody, name)
    nobody.context.close()
    reviewer.open("/notices/?elder=1")
    shoot(reviewer, "inbox-elder")
    reviewer.open("/notices/settings?lang=en")
    shoot(reviewer, "settings-en")


