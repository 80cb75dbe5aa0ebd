"""Courses: the list, one with its order, what joins and leaves, and what residents see of that at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.clock import utc_now
from app.kernel.db import reading
from app.kernel.ids import new_public_id
from app.kernel.outbox import OutboxEvent
from app.library.green_grants import GreenGrant, GreenGrantItem
from app.library.models import Course, Lecture, LectureState
from app.library.services import create_lecture, find_or_create_course
from tests.integration.studio.college import FULL, Browser, College, find_lecture, in_work

LIST = "/studio/courses"


@pytest.fixture
def course_id(app: Flask, college: College) -> str:
    """Public id of a course with four published lectures, 第一讲 to 第四讲."""

    def make(db: Session) -> str:
        course = find_or_create_course(db, college.teacher, college.id, "八段锦")
        for number, name in enumerate("一二三四", start=1):
            lecture = create_lecture(db, college.teacher, college.id, FULL)
            lecture.title, lecture.course_id, lecture.position = f"第{name}讲", course.id, 10 * number
            lecture.state, lecture.published_at = LectureState.PUBLISHED, utc_now()
        return course.public_id

    return str(in_work(app, make))


def course_of(app: Flask, public_id: str) -> Course:
    with app.app_context(), reading() as db:
        return db.scalars(select(Course).where(Course.public_id == public_id)).one()


def order(app: Flask, public_id: str) -> list[str]:
    with app.app_context(), reading() as db:
        statement = select(Lecture.title).join(Course, Course.id == Lecture.course_id)
        return list(db.scalars(statement.where(Course.public_id == public_id).order_by(Lecture.position, Lecture.id)))


def lecture_called(app: Flask, title: str) -> str:
    with app.app_context(), reading() as db:
        return db.scalars(select(Lecture.public_id).where(Lecture.title == title)).one()


def act(browser: Browser, app: Flask, course_id: str, what: str, *, version: int = 0, **fields: object) -> int:
    address = f"{LIST}/{course_id}/{what}".rstrip("/")
    return browser.post(address, version=version or course_of(app, course_id).version, **fields).status_code


# --- the list -------------------------------------------------------------------------------------------------------


def test_the_list_counts_finds_and_makes(app: Flask, teacher: Browser, college: College):
    assert "还没有课程" in teacher.get(LIST)
    made = teacher.post(LIST, institution=college.public_id, title=" 太极拳 ")
    assert made.status_code == 303
    again = teacher.post(LIST, institution=college.public_id, title="太极拳")
    assert again.headers["Location"] == made.headers["Location"]
    in_work(app, lambda db: [find_or_create_course(db, college.teacher, college.id, f"剪纸{n}") for n in range(25)])
    first = teacher.get(LIST)
    assert "太极拳" not in first, "newest first, twenty to a page"
    assert "太极拳" in teacher.get(f"{LIST}?page=2")
    found = teacher.get(f"{LIST}?q=太极")
    assert "太极拳" in found
    assert "0 讲" in found
    assert "没有符合的课程" in teacher.get(f"{LIST}?q=没有这个")
    wrong = teacher.post(LIST, institution=college.public_id, title="")
    assert wrong.status_code == 422
    assert "请填写课程名" in wrong.get_data(as_text=True)
    assert teacher.post(LIST, institution="nobody", title="太极拳").status_code == 422


def test_lists_cost_the_same_however_much_is_in_them(
    app: Flask, college: College, teacher: Browser, course_id: str,
    count_queries: Callable[[], AbstractContextManager[list[str]]],
):  # fmt: skip
    def grow(number: int) -> None:
        def make(db: Session) -> None:
            course = find_or_create_course(db, college.teacher, college.id, "八段锦")
            for place in range(number):
                find_or_create_course(db, college.teacher, college.id, f"又一门{number}-{place}")
                for home in (course.id, None):
                    lecture = create_lecture(db, college.teacher, college.id, FULL)
                    lecture.course_id, lecture.position = home, 99

        in_work(app, make)

    costs = []
    for number in (2, 8):
        grow(number)
        for address in (LIST, f"{LIST}/{course_id}"):
            with count_queries() as statements:
                teacher.get(address)
            costs.append(len(statements))
    assert costs[:2] == costs[2:]


# --- the order ------------------------------------------------------------------------------------------------------


def test_moved_and_residents_follow_at_once(app: Flask, teacher: Browser, course_id: str):
    first, second = lecture_called(app, "第一讲"), lecture_called(app, "第二讲")
    page = teacher.get(f"{LIST}/{course_id}")
    places = [page.index(f"第{name}讲</a>") for name in "一二三四"]
    assert places == sorted(places)
    assert "第二讲" in next_of(app, first)
    assert act(teacher, app, course_id, "move", lecture=first, to="down") == 303
    assert order(app, course_id) == ["第二讲", "第一讲", "第三讲", "第四讲"]
    assert "第三讲" in next_of(app, first)
    assert act(teacher, app, course_id, "move", lecture=second, to="99") == 303
    assert order(app, course_id) == ["第一讲", "第三讲", "第四讲", "第二讲"]
    assert act(teacher, app, course_id, "move", lecture=second, to="sideways") == 422


def next_of(app: Flask, public_id: str) -> str:
    """Return what stands around the next lecture on a resident's page."""
    page = app.test_client().get(f"/lectures/{public_id}").get_data(as_text=True)
    found = re.search(r'data-testid="series".*?</(?:section|nav|aside)>', page, re.DOTALL)
    assert found, page
    return found[0].split("下一讲")[1]


def test_listeners_are_told_of_what_moved(app: Flask, teacher: Browser, course_id: str):
    in_work(app, lambda db: db.query(OutboxEvent).delete())
    act(teacher, app, course_id, "move", lecture=lecture_called(app, "第四讲"), to="1")
    act(teacher, app, course_id, "", title="八段锦新编", description="")
    told = in_work(app, lambda db: [each.payload["lecture_id"] for each in db.query(OutboxEvent)])
    assert len(told) >= 8, "each of the four, once for its place and once for the name"
    assert len(set(told)) == 4


def test_an_old_page_changes_nothing_and_shows_the_new_order(app: Flask, teacher: Browser, course_id: str):
    old = course_of(app, course_id).version
    last = lecture_called(app, "第四讲")
    assert act(teacher, app, course_id, "move", lecture=last, to="1") == 303
    answer = teacher.post(f"{LIST}/{course_id}/move", version=old, lecture=last, to="down")
    assert answer.status_code == 412
    page = answer.get_data(as_text=True)
    assert "同事改过这门课程" in page
    assert page.index("第四讲</a>") < page.index("第一讲</a>")
    assert order(app, course_id)[0] == "第四讲"


# --- words ----------------------------------------------------------------------------------------------------------


def test_renamed_and_a_clash_shows_both(
    app: Flask, teacher: Browser, browser_of: Callable[[str], Browser], course_id: str
):
    old = course_of(app, course_id).version
    assert act(browser_of("colleague"), app, course_id, "", title="八段锦十二讲", description="每天一遍") == 303
    clash = teacher.post(f"{LIST}/{course_id}", version=old, title="我起的名字", description="")
    assert clash.status_code == 412
    shown = clash.get_data(as_text=True).split('data-testid="clash"')[1].split("</table>")[0]
    assert "我起的名字" in shown
    assert "八段锦十二讲" in shown
    assert course_of(app, course_id).title == "八段锦十二讲"
    new = re.search(r'data-testid="words-form".*?name="version" value="(\d+)"', clash.get_data(as_text=True), re.DOTALL)
    assert new
    assert act(teacher, app, course_id, "", version=int(new[1]), title="我起的名字", description="") == 303
    assert course_of(app, course_id).title == "我起的名字"


def test_names_that_cannot_be(app: Flask, college: College, teacher: Browser, course_id: str):
    in_work(app, lambda db: find_or_create_course(db, college.teacher, college.id, "太极拳"))
    for title, sentence in (("", "请填写课程名"), ("太极拳", "已经有一门同名的课程"), ("长" * 121, "120")):
        version = course_of(app, course_id).version
        answer = teacher.post(f"{LIST}/{course_id}", version=version, title=title, description="")
        assert answer.status_code == 422
        assert sentence in answer.get_data(as_text=True)


# --- coming and going -----------------------------------------------------------------------------------------------


def test_lectures_are_found_join_at_the_end_and_leave(app: Flask, teacher: Browser, course_id: str, lecture_id: str):
    page = teacher.get(f"{LIST}/{course_id}?q=周老师+八段锦")
    assert f'name="lecture" value="{lecture_id}"' in page.split('id="add"')[1]
    assert lecture_id not in teacher.get(f"{LIST}/{course_id}?q=没有这个").split('id="add"')[1]
    assert act(teacher, app, course_id, "add", lecture=lecture_id) == 303
    assert order(app, course_id)[-1] == FULL.title
    assert find_lecture(app, lecture_id).position == 5
    assert lecture_id not in teacher.get(f"{LIST}/{course_id}").split('id="add"')[1]
    assert act(teacher, app, course_id, "add") == 422
    first = lecture_called(app, "第一讲")
    assert act(teacher, app, course_id, "take-out", lecture=first) == 303
    assert order(app, course_id) == ["第二讲", "第三讲", "第四讲", FULL.title]
    assert find_lecture(app, first).course_id is None
    assert app.test_client().get(f"/lectures/{first}").status_code == 200, "the lecture itself stays"


def test_the_page_of_a_lecture_says_its_course_and_changes_it(
    app: Flask, college: College, teacher: Browser, course_id: str, lecture_id: str
):
    other = str(in_work(app, lambda db: find_or_create_course(db, college.teacher, college.id, "太极拳").public_id))
    assert "不属于任何课程" in teacher.get(f"/studio/lectures/{lecture_id}")
    address = f"/studio/lectures/{lecture_id}/course"
    assert "太极拳" in teacher.get(address)
    old = find_lecture(app, lecture_id).version
    assert teacher.post(address, version=old, course=course_id).status_code == 303
    assert f"{LIST}/{course_id}" in teacher.get(f"/studio/lectures/{lecture_id}")
    clash = teacher.post(address, version=old, course=other)
    assert clash.status_code == 412
    both = clash.get_data(as_text=True).split('data-testid="clash"')[1].split("</table>")[0]
    assert "太极拳" in both
    assert "八段锦" in both
    assert order(app, course_id)[-1] == FULL.title
    now = find_lecture(app, lecture_id).version
    assert teacher.post(address, version=now, course="nothing").status_code == 422
    assert teacher.post(address, version=now, course=other).status_code == 303
    assert order(app, other) == [FULL.title]
    assert teacher.post(address, version=now + 1, course="").status_code == 303
    assert order(app, other) == []


def test_what_one_may_not_edit_neither_joins_nor_leaves(
    app: Flask, college: College, browser_of: Callable[[str], Browser], course_id: str, lecture_id: str
):
    colleague, stranger = browser_of("colleague"), browser_of("stranger")
    assert lecture_id not in colleague.get(f"{LIST}/{course_id}").split('id="add"')[1]
    assert act(colleague, app, course_id, "add", lecture=lecture_id) == 403
    assert act(colleague, app, course_id, "take-out", lecture=lecture_called(app, "第一讲")) == 403
    assert act(stranger, app, course_id, "add", lecture=lecture_id) == 404
    theirs = in_work(app, lambda db: create_lecture(db, college.stranger, place_of(college.stranger), FULL).public_id)
    assert act(browser_of("admin"), app, course_id, "add", lecture=theirs) == 404
    assert len(order(app, course_id)) == 4


def place_of(actor) -> int:
    return next(iter(actor.institution_ids("contributor")))


# --- the end --------------------------------------------------------------------------------------------------------


def test_a_course_ends_after_a_question_and_its_lectures_stay(
    app: Flask, college: College, teacher: Browser, browser_of: Callable[[str], Browser], course_id: str
):
    admin, first = browser_of("admin"), lecture_called(app, "第一讲")
    assert act(teacher, app, course_id, "dissolve") == 403
    assert "解散课程" not in teacher.get(f"{LIST}/{course_id}")
    assert "4 讲" in admin.get(f"{LIST}/{course_id}/dissolve")
    assert act(admin, app, course_id, "dissolve") == 303
    assert admin.client.get(f"{LIST}/{course_id}").status_code == 404
    lecture = find_lecture(app, first)
    assert (lecture.course_id, lecture.position, lecture.state) == (None, 0, LectureState.PUBLISHED)
    empty = str(in_work(app, lambda db: find_or_create_course(db, college.teacher, college.id, "空的").public_id))
    assert act(teacher, app, empty, "dissolve") == 303, "an empty one is anybody's of the institution"


def test_a_course_that_was_opened_stays(
    app: Flask, college: College, browser_of: Callable[[str], Browser], course_id: str
):
    def grant(db: Session) -> None:
        given = GreenGrant(
            public_id=new_public_id(), key=new_public_id(), institution_id=college.id, title="开放", licence="cc_by",
            contact_name="周老师", contact_phone="024-0000-0000", starts_at=utc_now(), created_at=utc_now(),
            ends_at=utc_now() + timedelta(days=1), updated_at=utc_now(),
        )  # fmt: skip
        db.add(given)
        db.flush()
        course = db.scalars(select(Course).where(Course.public_id == course_id)).one()
        db.add(GreenGrantItem(grant_id=given.id, course_id=course.id))

    in_work(app, grant)
    admin = browser_of("admin")
    answer = admin.post(f"{LIST}/{course_id}/dissolve", version=course_of(app, course_id).version)
    assert answer.status_code == 409
    assert "开放的记录要保留" in answer.get_data(as_text=True)
    assert len(order(app, course_id)) == 4
