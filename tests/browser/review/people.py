"""The people a lecture passes on its way to the shelf, and what each does on the pages of the review."""

from __future__ import annotations

from sqlalchemy import select

from app.accounts.models import Role, User
from app.kernel.actor import Actor, Grant
from app.kernel.db import unit_of_work
from app.library.places import Institution, RegionDuty, UnitRegion
from app.review.rules import put_rule
from tests.browser.journey.visitor import Visitor
from tests.fixtures.app import make_unit, make_user
from tests.fixtures.stack import TEACHER, Stack

#: Who decides at the first, the second and the third level.
REVIEWERS = ("reviewer", "dean", "officer")


def ask_for_three_levels(stack: Stack) -> Actor:
    """Let the college of a stack need three levels, add the people for them, and return its teacher."""
    with stack.app.app_context(), unit_of_work() as db:
        place = db.scalars(select(Institution).where(Institution.name == "沈阳示范开放大学")).one()
        put_rule(db, Actor(display_name="测试"), place.id, levels=3, reason="按规范三审")
        make_user(db, Role.REVIEWER, login="reviewer", institution_id=place.id)
        make_user(db, Role.INSTITUTION_ADMIN, login="dean", institution_id=place.id)
        bureau = make_unit(db, name="示范省教育厅", region_code="210000")
        db.add(UnitRegion(unit_id=bureau.id, region_code="210000", duty=RegionDuty.ADMINISTERS))
        make_user(db, Role.OFFICER, login="officer", unit_id=bureau.id)
        user = db.scalars(select(User).where(User.login == TEACHER)).one()
        return Actor(user.id, user.public_id, user.display_name, (Grant("institution_admin", place.id),))


def sign(teacher: Visitor, count: int) -> None:
    """Check every item on the page of the submission, sign once, send."""
    page = teacher.page
    for box in page.locator("input[name=check]").all():
        box.check()
    page.check("input[name=signature]")
    page.get_by_test_id("submit-review").click()
    page.get_by_text(f"已送审 {count} 讲").wait_for()


def open_case(reviewer: Visitor, title: str = "") -> None:
    """Open the lecture of this title in the queue, or the first one."""
    reviewer.open("/review/")
    reviewer.page.locator("[data-testid=queue-row] h2 a", has_text=title).first.click()
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


def pass_what(reviewer: Visitor, scope: str, title: str = "") -> None:
    """See that only this is asked for, and pass it."""
    open_case(reviewer, title)
    assert scope in reviewer.page.get_by_test_id("scope").inner_text()
    judge(reviewer, "pass")


def return_with_a_remark(reviewer: Visitor, title: str) -> None:
    """Write a remark at 0:03, see that it leads there, return the lecture."""
    page = reviewer.page
    open_case(reviewer, title)
    page.fill("#at", "0:03")
    page.fill("#words", "这里的字写错了")
    page.get_by_role("button", name="添加批注").click()
    mark = page.get_by_test_id("comments").get_by_role("link")
    mark.wait_for()
    mark.click()
    video = page.locator("[data-player] video")
    reviewer.wait_until(lambda: video.evaluate("media => media.currentTime") >= 2.9, "the remark leads to its moment")
    judge(reviewer, "return", reason="第三秒的字请改好")
