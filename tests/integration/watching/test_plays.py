"""Beacons taken in once, counted as they can be true, shown to those whose lectures they are of."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import func, select, update

from app.kernel.db import reading, unit_of_work
from app.library.models import Lecture, LectureState
from app.watching.jobs import request_count
from app.watching.models import PlayBeacon, WatchDay
from tests.factories.lectures import make_lecture
from tests.fixtures.app import make_institution, run_jobs
from tests.integration.watching.conftest import NOON, PHONE, Clock, Resident, School

Watch = Callable[..., None]
SignIn = Callable[[str], FlaskClient]


def count(app: Flask) -> None:
    with app.app_context(), unit_of_work() as db:
        request_count(db)
    run_jobs(app)


def sums(app: Flask) -> list[tuple[date, str, int, int, int, int]]:
    with app.app_context(), reading() as db:
        columns = WatchDay.day, WatchDay.region_code, WatchDay.plays, WatchDay.listens, WatchDay.completions
        return [tuple(row) for row in db.execute(select(*columns, WatchDay.watched_s).order_by(WatchDay.id))]


def beacons(app: Flask) -> int:
    with app.app_context(), reading() as db:
        return db.scalar(select(func.count()).select_from(PlayBeacon)) or 0


def test_plays_are_counted_by_day_and_place(app: Flask, school: School, watch: Watch) -> None:
    watch("八段锦", "a", 590, q=school.playlist)
    watch("八段锦", "b", 200, a=1)
    watch("八段锦", "c", 5)
    count(app)
    today = date(2026, 11, 28)
    assert sorted(sums(app)) == [(today, "", 1, 1, 0, 200), (today, "210103", 1, 0, 1, 590)]


def test_the_same_beacon_and_the_same_counting_count_once(
    app: Flask, school: School, resident: Resident, watch: Watch
) -> None:
    watch("八段锦", "a", 100)
    before = beacons(app)
    for _ in range(3):
        resident.tell(school.lectures["八段锦"], "a", 1, 60)
    assert beacons(app) == before
    count(app)
    first = sums(app)
    count(app)
    assert sums(app) == first == [(date(2026, 11, 28), "", 1, 0, 0, 100)]


def test_what_comes_late_is_added_to_the_day_the_play_began(
    app: Flask, school: School, resident: Resident, clock: Clock
) -> None:
    lecture = school.lectures["八段锦"]
    clock.now = NOON.replace(hour=15, minute=59, second=30)
    resident.tell(lecture, "a", 0, 0)
    count(app)
    clock.shift(300)
    resident.tell(lecture, "a", 1, 300)
    count(app)
    assert sums(app) == [(date(2026, 11, 28), "", 1, 0, 0, 300)]


def test_nobody_watches_longer_than_time_goes(
    app: Flask, school: School, resident: Resident, clock: Clock
) -> None:
    lecture = school.lectures["八段锦"]
    resident.tell(lecture, "a", 0, 0)
    clock.shift(30)
    resident.tell(lecture, "a", 1, 80_000, 600)
    count(app)
    assert sums(app) == [(date(2026, 11, 28), "", 1, 0, 0, 50)]


def test_old_beacons_go_and_their_sums_stay(app: Flask, watch: Watch, clock: Clock) -> None:
    watch("八段锦", "a", 100)
    count(app)
    kept = sums(app)
    clock.shift(timedelta(days=15).total_seconds())
    count(app)
    assert beacons(app) == 0
    assert sums(app) == kept


def test_who_is_not_counted(app: Flask, school: School, resident: Resident, sign_in: SignIn) -> None:
    lecture = school.lectures["八段锦"]
    assert Resident(app, sign_in("teacher")).tell(lecture, "own", 0, 0) == 204
    assert resident.tell("nosuchlecture", "gone", 0, 0) == 204
    bot = resident.client.post("/plays", json=[], headers={"User-Agent": "Googlebot"})
    assert bot.status_code == 422
    body = [{"p": "A" * 16, "n": 0, "l": lecture, "s": 0, "c": 0}]
    for agent in ("Mozilla/5.0 (compatible; Googlebot/2.1)", "curl/8.0", ""):
        assert resident.client.post("/plays", json=body, headers={"User-Agent": agent}).status_code == 204
    foreign = {"User-Agent": PHONE, "Sec-Fetch-Site": "cross-site"}
    assert resident.client.post("/plays", json=body, headers=foreign).status_code == 403
    with app.app_context(), unit_of_work() as db:
        db.execute(update(Lecture).values(state=LectureState.WITHDRAWN))
    assert resident.tell(lecture, "late", 0, 0) == 204
    assert beacons(app) == 0


def test_hostile_bodies_change_nothing(app: Flask, resident: Resident) -> None:
    for body in (b"", b"[" * 2000, b"\x00", b'[{"p":1}]', b"a=1&b=2"):
        assert resident.client.post("/plays", data=body, headers={"User-Agent": PHONE}).status_code == 422, body[:10]
    assert resident.client.post("/plays", data=b" " * 5000, headers={"User-Agent": PHONE}).status_code == 413
    assert resident.client.get("/plays").status_code == 405
    assert beacons(app) == 0


def test_taking_a_beacon_costs_two_statements(
    school: School, resident: Resident, count_queries: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    with count_queries() as sent:
        resident.tell(school.lectures["八段锦"], "a", 0, 0)
    assert len(sent) == 2, sent


def test_the_page_of_a_lecture_tells_its_player_where(app: Flask, school: School, sign_in: SignIn) -> None:
    page = f"/lectures/{school.lectures['八段锦']}"
    assert '"url": "/plays"' in app.test_client().get(page).get_data(as_text=True)
    assert '"watch": null' in sign_in("teacher").get(page).get_data(as_text=True), "a preview is not counted"


def test_a_teacher_sees_who_is_watching(app: Flask, school: School, watch: Watch, sign_in: SignIn) -> None:
    for number in range(6):
        watch("八段锦", f"p{number}", 590, q=school.playlist)
    for number in range(3):
        watch("八段锦", f"n{number}", 120)
    watch("=手机课", "m", 60)
    count(app)
    teacher = sign_in("teacher")
    page = teacher.get("/watching").get_data(as_text=True)
    assert '<dd data-testid="plays">10</dd>' in page
    assert f'<dd data-testid="minutes">{round((6 * 590 + 3 * 120 + 60) / 60)}</dd>' in page
    assert "沈阳市沈河区" in page
    assert "少于5" in page
    playlists = page.partition('data-testid="playlists"')[2].partition("</table>")[0]
    assert "早晨练一练" in playlists
    assert "沈河示范社区中心" in playlists, "the centre that uses the lecture is named"
    assert 'role="img"' in page
    one = teacher.get(f"/watching/lectures/{school.lectures['八段锦']}?period=year").get_data(as_text=True)
    assert '<dd data-testid="plays">9</dd>' in one
    assert "2026年11月" in one

    sheet = teacher.get("/watching/export.csv")
    lines = sheet.data.decode("utf-8-sig").splitlines()
    assert lines[1].startswith("八段锦,9,0,65,6,0.667")
    assert lines[2].startswith("'=手机课,1,")
    book = load_workbook(io.BytesIO(teacher.get("/watching/export.xlsx").data))
    assert book.sheetnames == ["讲座", "日期", "地方", "播单"]
    assert (book["讲座"]["A3"].value, book["讲座"]["A3"].data_type) == ("=手机课", "s")
    assert teacher.get("/watching/export.pdf").status_code == 404


def test_who_sees_whose_figures(school: School, sign_in: SignIn) -> None:
    lecture = f"/watching/lectures/{school.lectures['八段锦']}"
    institution = f"/watching/institutions/{school.institution}"
    statuses = {
        login: [sign_in(login).get(path).status_code for path in (lecture, institution)]
        for login in ("teacher", "admin", "stranger", "curator")
    }
    assert statuses == {"teacher": [200, 403], "admin": [200, 200], "stranger": [404, 403], "curator": [403, 403]}


def test_before_anything_was_watched(school: School, sign_in: SignIn) -> None:
    assert "这段时间还没有人看" in sign_in("teacher").get("/watching").get_data(as_text=True)
    assert "还没有公开的讲座" in sign_in("stranger").get("/watching").get_data(as_text=True)


def test_many_lectures_cost_no_more_statements(
    app: Flask, school: School, watch: Watch, sign_in: SignIn,
    count_queries: Callable[[], AbstractContextManager[list[str]]],
) -> None:  # fmt: skip
    watch("八段锦", "a", 60)
    count(app)
    admin, path = sign_in("admin"), f"/watching/institutions/{school.institution}"
    admin.get(path)
    with count_queries() as few:
        admin.get(path)
    with app.app_context(), unit_of_work() as db:
        place = make_institution(db)
        lectures = [make_lecture(db, place, f"第{number}讲") for number in range(40)]
        db.flush()
        db.execute(
            update(Lecture)
            .where(Lecture.id.in_([each.id for each in lectures]))
            .values(institution_id=select(Lecture.institution_id).where(Lecture.title == "八段锦").scalar_subquery())
        )
        db.add_all(
            WatchDay(lecture_id=each.id, day=date(2026, 11, 27), plays=7, listens=0, completions=1, watched_s=900)
            for each in lectures
        )
    with count_queries() as many:
        assert "281" in admin.get(path).get_data(as_text=True)
    assert len(many) == len(few) <= 14, "\n".join(many)


@pytest.mark.parametrize("page", ["0", "-1", "99999999999999999999"])
def test_no_such_page(school: School, sign_in: SignIn, page: str) -> None:
    assert sign_in("teacher").get(f"/watching?page={page}").status_code == 404
