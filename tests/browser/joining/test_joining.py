"""The whole way of an institution in browsers: apply, question, answer, acceptance, invitation, teacher, hand-over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from app.accounts.models import Membership, Role, User
from app.kernel.actor import Actor, Grant
from app.kernel.db import unit_of_work
from app.library.models import Lecture
from app.library.places import RegionDuty, UnitKind, UnitRegion
from app.library.services import LectureFields, create_lecture
from app.web import assets
from tests.browser.journey.visitor import DESK, PHONE, Visitor, visitors
from tests.fixtures.app import make_unit, make_user
from tests.fixtures.stack import PASSWORD, Stack, make_stack
from tests.integration.joining.acting import png

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

NAME = "沈阳新民示范老年大学"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A product with an officer of the city."""
    if not (assets.DIST_FOLDER / "manifest.json").exists():
        pytest.skip("the front end is not built: npm run build")
    stack = make_stack(tmp_path_factory.mktemp("joining"))
    try:
        with stack.app.app_context(), unit_of_work() as db:
            bureau = make_unit(db, name="示范市教育局", region_code="210100", kind=UnitKind.BUREAU)
            db.add(UnitRegion(unit_id=bureau.id, region_code="210100", duty=RegionDuty.ADMINISTERS))
            make_user(db, Role.OFFICER, login="officer", unit_id=bureau.id)
        stack.start_web()
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def visit(chromium: Any, product: Stack) -> Iterator[Callable[..., Visitor]]:
    with visitors(chromium, product.url) as begin:
        yield begin


def fill_in(applicant: Visitor) -> str:
    """Fill in the form on a phone; return the receipt as it is shown."""
    page = applicant.page
    applicant.open("/join")
    page.get_by_test_id("begin").click()
    page.get_by_text("处需要改一改").wait_for()
    applicant.complaints.clear()  # the browser notes every 422
    page.get_by_label("提供课程的机构").check(force=True)
    page.fill("#name", NAME)
    page.select_option("#type_key", "elder_university")
    page.select_option("#region_code", "210181")
    for field, words in {
        "person_name": "示范负责人", "person_post": "校长", "person_phone": "024-0000-0000",
        "statement": "开设养生课程。",
    }.items():  # fmt: skip
        page.fill(f"#{field}", words)
    page.locator("#consent").check(force=True)
    page.get_by_test_id("begin").click()
    page.get_by_test_id("receipt").wait_for()
    page.set_input_files("#paper", [{"name": "法人证书.png", "mimeType": "image/png", "buffer": png()}])
    page.get_by_test_id("add-paper").click()
    page.get_by_text("材料已经附上").wait_for()
    page.get_by_test_id("submit-application").click()
    page.get_by_text("已经送出").first.wait_for()
    return page.get_by_test_id("receipt").inner_text()


def follow(applicant: Visitor, receipt: str) -> None:
    """Come back days later, with what was copied from the screen."""
    applicant.open("/join/application")
    applicant.page.fill("#code", receipt)
    applicant.page.get_by_role("button", name="查看").click()
    applicant.page.get_by_test_id("receipt").wait_for()


def answer(applicant: Visitor, receipt: str, words: str) -> None:
    follow(applicant, receipt)
    assert "公章看不清" in applicant.page.get_by_test_id("history").inner_text()
    applicant.page.fill("#words", words)
    applicant.page.get_by_test_id("submit-application").click()
    applicant.page.get_by_text("已经送出").first.wait_for()


def open_case(officer: Visitor) -> None:
    officer.open("/joining/")
    officer.page.get_by_role("link", name=NAME).click()
    officer.page.get_by_test_id("accept-form").wait_for()


def set_up_account(person: Visitor, login: str, name: str = "") -> None:
    """Fill in the invitation's form, then sign in."""
    page = person.page
    if name:
        page.fill("#display_name", name)
    page.fill("#login", login)
    for field in ("password", "again"):
        page.fill(f"#{field}", PASSWORD)
    page.get_by_test_id("accept-new").click()
    page.get_by_text("账号已经建好").wait_for()
    person.sign_in(login)


def invite(admin: Visitor, name: str) -> str:
    admin.open("/members/")
    admin.page.fill("#person_name", name)
    admin.page.get_by_test_id("invite").click()
    return admin.page.get_by_test_id("invitation-link").inner_text()


def give_a_draft(stack: Stack, login: str, colleague: str, title: str) -> None:
    """Let a teacher have a draft and a colleague: how both come about is tested elsewhere."""
    with stack.app.app_context(), unit_of_work() as db:
        user = db.scalars(select(User).where(User.login == login)).one()
        place = db.scalars(select(Membership.institution_id).where(Membership.user_id == user.id)).one()
        assert place is not None
        actor = Actor(user.id, user.public_id, user.display_name, (Grant("contributor", place),))
        create_lecture(db, actor, place, LectureFields(title, teacher=user.display_name))
        make_user(db, Role.CONTRIBUTOR, login=colleague, institution_id=place)


def test_from_an_application_to_a_hand_over(product: Stack, visit: Callable[..., Visitor]) -> None:
    applicant, officer = visit(**PHONE), visit("officer", **DESK)
    receipt = fill_in(applicant)
    open_case(officer)
    officer.page.fill("#words", "公章看不清，请重拍")
    officer.page.get_by_test_id("ask").click()
    officer.page.get_by_text("问题已经发给申请人").wait_for()

    answer(applicant, receipt, "已经重拍")
    open_case(officer)
    officer.page.get_by_test_id("accept").click()
    link = officer.page.get_by_test_id("invitation-link").inner_text()
    follow(applicant, receipt)
    applicant.page.get_by_test_id("claim").click()
    applicant.page.get_by_test_id("invitation-form").wait_for()
    set_up_account(applicant, "head")
    old = officer.context.request.get(link)
    assert old.status == 409, "the officer's link was the other way to the same account"

    teacher = visit(**DESK)
    teacher.open(invite(applicant, "甲老师"))
    set_up_account(teacher, "teacher1")
    assert teacher.page.url.endswith("/studio/")
    give_a_draft(product, "teacher1", "teacher2", "八段锦第一讲")
    hand_over(applicant, "甲老师", "测试contributor")
    assert teacher.context.request.get("/studio/").status == 403
    colleague = visit("teacher2", **DESK)
    colleague.page.get_by_role("link", name="八段锦第一讲").click()
    colleague.page.get_by_role("heading", name="八段锦第一讲").wait_for()
    with product.app.app_context(), unit_of_work() as db:
        owner = db.scalars(select(User.login).join(Lecture, Lecture.created_by_id == User.id)).one()
    assert owner == "teacher2"
    applicant.page.get_by_role("button", name="撤销交接").click()
    applicant.page.get_by_text("人和工作都回来了").wait_for()
    for person in (applicant, officer, colleague, teacher):
        person.leave()


def hand_over(admin: Visitor, leaver: str, colleague: str) -> None:
    page = admin.page
    admin.open("/members/")
    page.get_by_test_id("member").filter(has_text=leaver).get_by_role("link", name="离开并交接").click()
    assert "没公开的讲座" in page.get_by_test_id("leave-form").inner_text()
    page.get_by_label(colleague).check(force=True)
    page.locator("#confirmed").check(force=True)
    page.get_by_test_id("leave").click()
    page.get_by_text("工作已经交接").wait_for()
