"""The board of deadlines: what is late or soon due in working days, and whose turn it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload, selectinload

from app.accounts.models import Membership, User
from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.library.models import Lecture
from app.review.models import Review
from app.review.seat_holders import list_seat_holders
from app.review.turns import names_of_turns
from app.review.working_days import days_left, due_after
from tests.integration.review.person import Person
from tests.integration.review.school import PASS, Desk

Who = Callable[[str], Person]


def section(page: str, name: str) -> str:
    return page.split(f'data-testid="{name}"')[1].split("</section>", maxsplit=1)[0]


def put_due(desk: Desk, moment: datetime) -> None:
    with desk.app.app_context(), unit_of_work() as db:
        db.execute(update(Review).values(due_at=moment))


def test_a_submission_is_due_at_the_end_of_the_second_working_day(desk: Desk) -> None:
    desk.submit()
    assert desk.review().due_at == due_after(utc_now(), 2)
    desk.decide("reviewer", PASS, at_level=1)
    assert desk.review().due_at == due_after(utc_now(), 3)


def test_the_board_tells_what_is_late_by_whom(desk: Desk, person: Who) -> None:
    desk.submit()
    late = utc_now() - timedelta(days=14)
    put_due(desk, late)
    part = section(person("officer").get("/review/board"), "late")
    assert f"已超期 {-days_left(utc_now(), late)} 个工作日" in part
    assert "reviewer、reviewer2" in part
    assert "没有快到期的" in person("officer").get("/review/board")
    assert "没有超期的" in person("foreign-officer").get("/review/board")


def test_the_board_tells_what_is_due_soon_and_not_what_has_time(desk: Desk, person: Who) -> None:
    desk.submit()
    desk.decide("reviewer", PASS, at_level=1)
    put_due(desk, due_after(utc_now(), 1))
    board = person("admin").get("/review/board")
    assert "还有 1 个工作日" in section(board, "soon")
    assert ">admin<" in section(board, "soon")
    put_due(desk, due_after(utc_now(), 2))
    assert "没有快到期的" in section(person("admin").get("/review/board"), "soon")


def test_a_review_nobody_can_decide_is_told_so(desk: Desk, person: Who) -> None:
    desk.submit()
    put_due(desk, utc_now() - timedelta(days=14))
    with desk.app.app_context(), unit_of_work() as db:
        reviewers = [desk.school[login].user_id for login in ("reviewer", "reviewer2")]
        db.execute(update(Membership).where(Membership.user_id.in_(reviewers)).values(suspended_at=utc_now()))
    assert "没有人能审" in section(person("officer").get("/review/board"), "late")


def test_the_board_names_the_same_people_as_notices_reach_in_as_many_queries_for_many(
    desk: Desk, count_queries
) -> None:
    # The last one is the dean's own work: at the second level nobody is left.
    desks = [desk, *(Desk(desk.app, desk.school) for _ in range(2)), Desk(desk.app, desk.school, maker="admin")]
    for each in desks:
        each.submit()
    desks[1].decide("reviewer", PASS, at_level=1)
    for level, login in enumerate(("reviewer2", "admin"), start=1):
        desks[2].decide(login, PASS, at_level=level)
    desks[3].decide("reviewer", PASS, at_level=1)
    with desk.app.app_context(), reading() as db:
        loaded = joinedload(Review.lecture).joinedload(Lecture.institution), selectinload(Review.decisions)
        reviews = db.scalars(select(Review).options(*loaded).order_by(Review.id)).all()
        named = {user.id: user.display_name for user in db.scalars(select(User))}
        with count_queries() as one:
            names_of_turns(db, reviews[:1])
        with count_queries() as many:
            names = names_of_turns(db, reviews)
        for review in reviews:
            assert list(names[review.id]) == [named[each] for each in list_seat_holders(db, review)]
    assert len(one) == len(many) <= 5
    assert [names[each.id] for each in reviews[1:]] == [["admin"], ["officer", "provincial"], []]
