"""Wishes: from the page that found nothing to an officer's answer; bounded, repeat-safe, without personal data."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from app.asking.models import Wish, WishPlace, WishState
from app.asking.rules import rules
from app.asking.wishes import new_receipt
from app.kernel.db import unit_of_work
from app.library.models import Lecture
from tests.fixtures.app import csrf_token, make_unit
from tests.integration.catalogue.conftest import Catalogue

SignIn = Callable[[str], FlaskClient]


def wish(client: FlaskClient, text: str, *, city: str = "", receipt: str = "", address: str = "10.1.0.1") -> int:
    form = {"text": text, "city": city, "receipt": receipt or new_receipt(), "csrf_token": csrf_token(client, "/wish")}
    return client.post("/wish", data=form, environ_base={"REMOTE_ADDR": address}).status_code


def kept(app: Flask) -> dict[str, tuple[int, dict[str, int]]]:
    with app.app_context(), unit_of_work() as db:
        places = {(each.wish_id, each.region_code): each.count for each in db.scalars(select(WishPlace))}
        return {
            row.text: (row.count, {code: count for (owner, code), count in places.items() if owner == row.id})
            for row in db.scalars(select(Wish))
        }


def test_a_search_that_finds_nothing_leads_on(client: FlaskClient) -> None:
    page = unescape(client.get("/search?q=手机量子色动力学").get_data(as_text=True))
    if "没有找到合适的课" not in page:
        assert "没有正好讲" in page
    page = unescape(client.get("/search?q=量子色动力学").get_data(as_text=True))
    assert "没有找到合适的课" in page
    assert "/browse/topic/" in page
    assert re.search(r'href="/wish\?text=[^"]+"', page)


def test_nearest_queries_find_something(client: FlaskClient) -> None:
    page = unescape(client.get("/search?q=颈椎&city=210100").get_data(as_text=True))
    near = re.findall(r'class="chip" href="(/search\?q=[^"]+)"', page)
    assert near
    for address in near:
        assert "没有找到合适的课" not in client.get(address).get_data(as_text=True), address


def test_a_city_names_its_centre(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), unit_of_work() as db:
        make_unit(db, name="大连示范社区教育中心", region_code="210200")
    page = client.get("/search?q=量子色动力学&city=210200").get_data(as_text=True)
    assert "大连示范社区教育中心" in page
    assert 'href="tel:024-0000-0001"' in page


def test_the_same_wish_is_counted_together_and_the_same_form_once(app: Flask, client: FlaskClient) -> None:
    receipt = new_receipt()
    assert wish(client, "怎么给孙子做辅食", city="210100", receipt=receipt) == 303
    assert wish(client, "怎么给孙子做辅食", city="210100", receipt=receipt) == 303
    assert wish(client, "怎麼給孫子做輔食？", city="210200") == 303
    assert wish(client, "怎么给孙子做 辅食") == 303
    assert kept(app) == {"怎么给孙子做辅食": (3, {"210100": 1, "210200": 1, "": 1})}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("学吉他，电话13800000000", "请不要写电话"), ("找我 一三八 零零零零 零零零零 学琴", "请不要写电话"),
        ("学琴 a@example.com", "请不要写电话"), ("学", "至少两个字"), ("琴" * 41, "最多 40 个字"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_explained_and_stays_in_the_form(
    app: Flask, client: FlaskClient, text: str, sentence: str
) -> None:
    form = {"text": text, "receipt": new_receipt(), "csrf_token": csrf_token(client, "/wish")}
    answer = client.post("/wish", data=form)
    page = unescape(answer.get_data(as_text=True))
    assert (answer.status_code, sentence in page, text in page) == (422, True, True)
    assert kept(app) == {}


def test_one_address_makes_so_many_and_all_together_so_many(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [wish(client, f"第{number}种手艺", address="10.9.9.9") for number in range(14)]
    assert answers == [303] * 12 + [429] * 2
    few = replace(rules(), new_wishes_per_day=12)
    monkeypatch.setattr("app.asking.wishes.rules", lambda: few)
    assert wish(client, "第一百种手艺", address="10.9.9.8") == 429
    assert wish(client, "第1种手艺", address="10.9.9.8") == 303  # a wish that is known finds room
    assert len(kept(app)) == 12


def test_answering_listing_and_counting_by_city(
    app: Flask, client: FlaskClient, people: SignIn, stocked: Catalogue, count_queries: Callable[[], object]
) -> None:
    for number in range(3):
        wish(client, "剪纸", city="210200", address=f"10.2.0.{number}")
    wish(client, "水彩", city="210100")
    teacher, officer = people("teacher"), people("officer")
    page = teacher.get("/wishes").get_data(as_text=True)
    assert page.index("剪纸") < page.index("水彩")
    assert "剪纸" not in teacher.get("/wishes?city=210100").get_data(as_text=True)
    with count_queries() as asked:
        teacher.get("/wishes")
    assert len(asked) <= 8, asked
    with app.app_context(), unit_of_work() as db:
        ids = {row.text: row.public_id for row in db.scalars(select(Wish))}
    lecture = stocked.lectures["合唱：怎样用气"]
    form = {"state": "has_lecture", "version": "1", "csrf_token": csrf_token(teacher, "/wishes/" + ids["剪纸"])}
    missing = teacher.post("/wishes/" + ids["剪纸"], data={**form, "lecture": "nosuch"})
    assert (missing.status_code, "没有找到这一讲" in missing.get_data(as_text=True)) == (422, True)
    linked = {**form, "lecture": f"http://127.0.0.1/lectures/{lecture}?t=3"}
    assert teacher.post("/wishes/" + ids["剪纸"], data=linked).status_code == 303
    stale = officer.post(
        "/wishes/" + ids["剪纸"],
        data={"state": "unsuitable", "version": "1", "csrf_token": csrf_token(officer, "/wishes/" + ids["剪纸"])},
    )
    assert (stale.status_code, "别人刚刚回应过" in stale.get_data(as_text=True)) == (412, True)
    form = {"state": "unsuitable", "version": "1", "csrf_token": csrf_token(teacher, "/wishes/" + ids["水彩"])}
    assert teacher.post("/wishes/" + ids["水彩"], data=form).status_code == 403
    # Whoever wishes for it again is shown the lecture.
    again = {"text": "剪紙", "receipt": new_receipt(), "csrf_token": csrf_token(client, "/wish")}
    assert client.post("/wish", data=again).headers["Location"] == f"/lectures/{lecture}"


def test_exports_hold_no_formulas(app: Flask, client: FlaskClient, people: SignIn) -> None:
    wish(client, "=SUM(A1)怎么算")
    teacher = people("teacher")
    sheet = teacher.get("/wishes/export.csv").get_data(as_text=True)
    assert "'=SUM(A1)怎么算,1" in sheet
    book = load_workbook(io.BytesIO(teacher.get("/wishes/export.xlsx").data))
    cell = book.active["A2"]
    assert (cell.value, cell.data_type) == ("=SUM(A1)怎么算", "s")
    assert client.get("/wishes/export.csv").status_code == 303


def test_state_and_lecture_agree_in_the_database(app: Flask, client: FlaskClient) -> None:
    wish(client, "剪纸")
    with app.app_context(), pytest.raises(Exception, match="lecture_named"), unit_of_work() as db:
        db.scalars(select(Wish)).one().state = WishState.HAS_LECTURE
    with app.app_context(), unit_of_work() as db:
        assert db.scalars(select(Lecture.id)).first()
