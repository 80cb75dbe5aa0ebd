"""The studio's list says how far each lecture is in its review, filters by it, and asks no more for many lectures."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select, update

from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.library.models import Lecture
from app.library.services import set_chapters
from app.review.models import Review
from app.review.recheck import start_recheck
from app.review.stages import Stage
from app.studio.listing import PAGE_SIZE, list_lectures
from app.studio.services import withdraw_lecture
from tests.integration.review.person import Person
from tests.integration.review.school import PASS, RETURN, Desk, draft, send_in


def stage(desk: Desk) -> Stage:
    with desk.app.app_context(), reading() as db:
        return list_lectures(db, desk.school["teacher"]).rows[0].stage


def change(desk: Desk) -> None:
    with desk.app.app_context(), unit_of_work() as db:
        set_chapters(db, db.scalars(select(Lecture)).one(), [(0.0, "开头"), (5.0, "正文")])


def test_every_step_of_the_way_is_told(desk: Desk) -> None:
    assert stage(desk) is Stage.NOT_SENT
    desk.submit()
    assert stage(desk) is Stage.LEVEL_1
    desk.decide("reviewer", PASS, at_level=1)
    assert stage(desk) is Stage.LEVEL_2
    desk.decide("admin", RETURN, at_level=2)
    assert stage(desk) is Stage.RETURNED
    change(desk)
    desk.submit()
    desk.pass_all()
    assert stage(desk) is Stage.SHELVED
    with desk.app.app_context(), unit_of_work() as db:
        set_chapters(db, db.scalars(select(Lecture)).one(), [(0.0, "开头"), (6.0, "正文")])
    assert stage(desk) is Stage.CHANGED
    desk.submit()
    desk.decide("reviewer", RETURN, at_level=1)
    assert stage(desk) is Stage.RETURNED
    with desk.app.app_context(), unit_of_work() as db:
        set_chapters(db, db.scalars(select(Lecture)).one(), [(0.0, "开头"), (5.0, "正文")])
    assert stage(desk) is Stage.SHELVED, "nothing is left of what was refused"
    with desk.app.app_context(), unit_of_work() as db:
        db.execute(update(Review).values(closed_at=utc_now() - timedelta(days=4000)))
        start_recheck(db, desk.school["operator"], desk.public_id)
    assert stage(desk) is Stage.RECHECK
    with desk.app.app_context(), unit_of_work() as db:
        version = db.scalars(select(Lecture.version)).one()
        withdraw_lecture(db, desk.school["teacher"], desk.public_id, reason="重录", expected_version=version)
    assert stage(desk) is Stage.WITHDRAWN


def test_the_list_is_filtered_and_counted(desk: Desk, person: Callable[[str], Person]) -> None:
    teacher = person("teacher")
    assert 'data-testid="stages"' not in teacher.get("/studio/"), "nothing was ever reviewed"
    with desk.app.app_context(), unit_of_work() as db:
        titles = ["第二讲", "第三讲", "第四讲"]
        sent = [draft(db, desk.school["teacher"], desk.school.here, title).public_id for title in titles]
        send_in(db, desk.school["teacher"], *sent[:2])
    page = teacher.get("/studio/")
    chips = re.search(r'data-testid="stages".*?</div>', page, re.DOTALL)[0]
    assert re.findall(r"review=(\w+)", chips) == ["not_sent", "level_1"]
    assert [re.sub(r"<[^>]+>", "", each) for each in re.findall(r"<a class=\"chip.*?</a>", chips)][1:] == [
        "没有送审共 2 讲", "等待一审共 2 讲",
    ]  # fmt: skip
    found = teacher.get("/studio/?review=level_1&q=第二")
    assert re.findall(r'data-stage="(\w+)"', found) == ["level_1"]
    assert 'name="review" value="level_1"' in found, "searching again keeps the filter"
    assert "等待一审" in found
    assert re.findall(r'data-stage="(\w+)"', teacher.get("/studio/?review=returned")) == []
    assert len(re.findall(r"data-stage", teacher.get("/studio/?review=nonsense"))) == 4


def test_the_filtered_list_asks_as_often_for_many(desk: Desk, count_queries) -> None:
    teacher = desk.school["teacher"]

    def fill(count: int) -> None:
        with desk.app.app_context(), unit_of_work() as db:
            sent = [draft(db, teacher, desk.school.here, f"第{number}讲").public_id for number in range(count)]
            send_in(db, teacher, *sent)

    def ask() -> tuple[int, int]:
        with desk.app.app_context(), reading() as db, count_queries() as statements:
            found = list_lectures(db, teacher, stage=Stage.LEVEL_1)
            return len(statements), found.page_count

    fill(2)
    few = ask()
    fill(PAGE_SIZE)
    assert (few[1], ask()) == (1, (few[0], 2))
