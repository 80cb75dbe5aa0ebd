"""The batch desk: drafts out of names, saving rows, what the page of a batch says and how much it asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.kernel.ids import new_token
from app.library.models import Course, Lecture
from app.library.services import edit_lecture
from app.review.rulebook import rulebook
from app.review.rules import put_rule
from app.review.submission import Wish, submit
from app.studio.desk.models import Batch, BatchRow
from app.studio.desk.services import FILES_MAX
from tests.integration.studio.college import FULL, Browser, College, find_lecture, give_media, in_work

KEY = "0123456789abcdef"
NAMES = ["八段锦/第10讲_收势_张老师.mp4", "八段锦/第2讲_两手托天.mp4", "八段锦/MVI_0012.MOV"]


def send_json(browser: Browser, path: str, body: Any) -> TestResponse:
    return browser.client.post(path, json=body, headers={"X-CSRFToken": browser.token, "Accept": "application/json"})


def create(
    browser: Browser, college: College, names: list[str] = NAMES, **changes: Any
) -> TestResponse:
    files = [{"path": name, "size": 1000 + place} for place, name in enumerate(names)]
    body = {"key": KEY, "institution": college.public_id, "choice": "new", "course": "八段锦", "files": files}
    body.update(changes)
    return send_json(browser, "/studio/desk", body)


def desk_of(browser: Browser, address: str) -> dict[str, Any]:
    page = browser.get(address)
    return json.loads(page.split('id="desk-data">')[1].split("</script>")[0])


def made(browser: Browser, college: College, **changes: Any) -> tuple[str, dict[str, Any]]:
    """Create a batch; return its address and what its page says."""
    answer = create(browser, college, **changes)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    address = answer.get_json()["page_url"]
    return address, desk_of(browser, address)


def count(app: Flask, table: type) -> int:
    return in_work(app, lambda db: db.scalar(select(func.count()).select_from(table)))


# --- drafts out of names --------------------------------------------------------------------------------------------


def test_one_draft_per_file_in_the_order_of_the_names(app: Flask, teacher: Browser, college: College):
    _, desk = made(teacher, college)
    told = [(row["path"].split("/")[1], row["cells"]["title"], row["cells"]["teacher"]) for row in desk["rows"]]
    assert told == [
        ("第2讲_两手托天.mp4", "两手托天", ""),
        ("第10讲_收势_张老师.mp4", "收势", "张老师"),
        ("MVI_0012.MOV", "MVI_0012", ""),
    ]
    assert [row["cells"]["position"] for row in desk["rows"]] == ["2", "10", ""], "what is not told stays empty"
    assert desk["rows"][2]["notes"]["title"], "a camera's name is marked as no title"
    assert "title" not in desk["rows"][1]["notes"]
    courses = in_work(app, lambda db: list(db.execute(select(Course.title, Lecture.title).join(
        Lecture, Lecture.course_id == Course.id))))
    assert {course for course, _ in courses} == {"八段锦"}
    assert len(courses) == 3


def test_the_same_batch_twice_makes_nothing_twice(app: Flask, teacher: Browser, college: College):
    first, again = create(teacher, college), create(teacher, college)
    assert first.get_json() == again.get_json()
    assert (count(app, Batch), count(app, BatchRow), count(app, Lecture)) == (1, 3, 3)
    create(teacher, college, [*NAMES, "八段锦/第3讲_左右开弓.mp4"])
    assert (count(app, Batch), count(app, BatchRow), count(app, Lecture)) == (1, 4, 4)


def test_one_course_for_each_series(app: Flask, teacher: Browser, college: College):
    names = ["书法/第1讲 横.mp4", "书法/第2讲 竖.mp4", "剪纸/第1讲 窗花.mp4"]
    _, desk = made(teacher, college, names=names, choice="by_series", course="")
    assert [row["cells"]["position"] for row in desk["rows"]] == ["1", "2", "1"]
    assert in_work(app, lambda db: set(db.scalars(select(Course.title)))) == {"书法", "剪纸"}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"key": "x"}, 422), ({"institution": "other"}, 422), ({"files": []}, 422), ({"files": "all"}, 422),
        ({"files": [{"path": "a.mp4", "size": -1}]}, 422), ({"files": [{"path": 3, "size": 1}]}, 422),
        ({"choice": "existing", "course": "nothing"}, 422), ({"choice": "new", "course": " "}, 422),
        ({"choice": "odd"}, 422), ({"files": [{"path": "/../..", "size": 1}]}, 422),
        ({"files": [{"path": f"{number}.mp4", "size": 1} for number in range(FILES_MAX + 1)]}, 422),
    ],
)  # fmt: skip
def test_odd_requests_change_nothing(
    app: Flask, teacher: Browser, college: College, changes: dict[str, Any], status: int
):
    assert create(teacher, college, **changes).status_code == status
    assert (count(app, Batch), count(app, Course), count(app, Lecture)) == (0, 0, 0)


def test_the_key_a_page_gives_is_taken(teacher: Browser, college: College, monkeypatch: pytest.MonkeyPatch):
    """Keys are random: one holding every sign they may hold stands for all."""
    alphabet = "".join(sorted({sign for _ in range(200) for sign in new_token()}))
    assert {"-", "_"} < set(alphabet)
    for start in range(0, len(alphabet), 32):
        monkeypatch.setattr("app.studio.views.desk.new_token", lambda start=start: alphabet[start : start + 32])
        key = desk_of(teacher, "/studio/desk")["key"]
        assert create(teacher, college, key=key).status_code == 201, key


def test_tricks_in_names_are_only_text(teacher: Browser, college: College):
    names = ["../../etc/passwd.mp4", "a\u202eb\x00.mp4", "<img src=x onerror=alert(1)>.mp4", "第1讲_=1+1.mp4"]
    _, desk = made(teacher, college, names=names)
    titles = {row["cells"]["title"] for row in desk["rows"]}
    assert titles == {"passwd", "ab", "<img src=x onerror=alert(1)>", "=1+1"}
    assert all(".." not in row["path"].split("/") for row in desk["rows"])


def test_a_batch_is_its_makers_and_the_admins(browser_of: Callable[[str], Browser], teacher: Browser, college: College):
    address, desk = made(teacher, college)
    row = desk["row_url"].replace("ROW", desk["rows"][0]["id"])
    assert browser_of("admin").client.get(address).status_code == 200
    for login in ("stranger", "colleague"):
        other = browser_of(login)
        assert other.client.get(address).status_code == 404
        assert send_json(other, row, {"version": 1, "cells": {"title": "别人的"}}).status_code == 404
        assert other.client.get(f"{address}/sheet.xlsx").status_code == 404


# --- rows -----------------------------------------------------------------------------------------------------------


def save(browser: Browser, desk: dict[str, Any], place: int, version: int, **cells: str) -> TestResponse:
    address = desk["row_url"].replace("ROW", desk["rows"][place]["id"])
    return send_json(browser, address, {"version": version, "cells": cells})


def test_cells_are_saved_as_typed(app: Flask, teacher: Browser, college: College):
    _, desk = made(teacher, college)
    typed = {"title": "左右开弓", "audience": "老年人群，社区居民", "tags": "养生 、 晨练", "position": "三"}
    answer = save(teacher, desk, 1, 1, licence="知识共享 署名 4.0", **typed)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    told = answer.get_json()
    assert told["version"] == 2
    assert (told["cells"]["audience"], told["cells"]["tags"]) == ("社区居民、老年人群", "养生、晨练")
    lecture = find_lecture(app, desk["rows"][1]["id"])
    assert (lecture.title, lecture.licence, lecture.position) == ("左右开弓", "cc_by", 3)


def test_level_and_speech_are_cells_that_may_stay_empty(app: Flask, teacher: Browser, college: College):
    _, desk = made(teacher, college)
    offered = {column["name"]: column["options"] for column in desk["columns"]}
    assert offered["difficulty"] == ["", "零基础", "入门", "提高"]
    told = save(teacher, desk, 1, 1, difficulty="进阶", speech="东北方言、普通话").get_json()
    assert (told["cells"]["difficulty"], told["cells"]["speech"]) == ("提高", "普通话、东北话")
    assert save(teacher, desk, 1, 2, difficulty="很难").get_json()["fields"].keys() == {"difficulty"}
    told = save(teacher, desk, 1, 2, difficulty="").get_json()
    assert (told["cells"]["difficulty"], told["cells"]["speech"]) == ("", "普通话、东北话")


def test_a_wrong_cell_is_told_beside_it_and_changes_nothing(app: Flask, teacher: Browser, college: College):
    _, desk = made(teacher, college)
    answer = save(teacher, desk, 1, 1, title="新标题", audience="老人")
    assert answer.status_code == 422
    assert answer.get_json()["fields"] == {"audience": "没有这个词“老人”；是不是“老年人群”？"}
    answer = save(teacher, desk, 1, 1, title="长" * 200, position="很前面", licence="")
    assert set(answer.get_json()["fields"]) == {"position", "licence"}
    assert save(teacher, desk, 1, 1, title="长" * 200).get_json()["fields"].keys() == {"title"}
    assert save(teacher, desk, 1, 1, description="长" * 9000).status_code == 422
    lecture = find_lecture(app, desk["rows"][1]["id"])
    assert (lecture.title, lecture.version) == ("收势", 1)


def test_an_older_version_is_answered_with_the_newer_cells(app: Flask, teacher: Browser, college: College):
    _, desk = made(teacher, college)
    public_id = desk["rows"][1]["id"]
    in_work(app, lambda db: edit_lecture(db, college.teacher, public_id, FULL, expected_version=1))
    answer = save(teacher, desk, 1, 1, title="我的标题")
    assert answer.status_code == 412
    assert (answer.get_json()["version"], answer.get_json()["cells"]["title"]) == (2, FULL.title)
    assert save(teacher, desk, 1, 2, title="我的标题").status_code == 200


@pytest.mark.parametrize(
    "body", [None, [], {"version": "1", "cells": {}}, {"version": 1}, {"version": 1, "cells": {"title": 3}}]
)
def test_odd_rows_are_refused(teacher: Browser, college: College, body: Any):
    _, desk = made(teacher, college)
    address = desk["row_url"].replace("ROW", desk["rows"][0]["id"])
    assert send_json(teacher, address, body).status_code == 422


# --- the page -------------------------------------------------------------------------------------------------------


def test_the_page_says_how_far_each_file_is(teacher: Browser, college: College):
    address, desk = made(teacher, college)
    first, second = desk["rows"][0]["id"], desk["rows"][1]["id"]
    url = teacher.begin(first, 100).headers["Location"]
    teacher.patch(url, 0, b"x" * 40)
    teacher.upload(second, b"x" * 100)
    states = json.loads(teacher.get(f"{address}/state"))["rows"]
    assert (states[first]["phase"], states[first]["words"]) == ("uploading", "传了 40%，还没传完")
    assert states[first]["unfinished"]["url"] in url
    assert (states[second]["phase"], states[second]["has_file"]) == ("finishing", True)
    assert states[desk["rows"][2]["id"]]["phase"] == "empty"


def test_the_page_says_what_may_be_sent_in_and_what_is_missing(app: Flask, teacher: Browser, college: College):
    in_work(app, lambda db: put_rule(db, college.admin, college.id, levels=3, reason="按规范"))
    address, desk = made(teacher, college)
    ready, wordless, _ = (row["id"] for row in desk["rows"])
    give_media(app, ready)
    give_media(app, wordless)
    in_work(app, lambda db: edit_lecture(db, college.teacher, ready, FULL, expected_version=1))
    page = teacher.get(address)
    assert 'data-testid="send-in-batch"' in page
    assert desk_of(teacher, address)["send_in_max"] == 60

    def told() -> list[dict[str, Any]]:
        states = json.loads(teacher.get(f"{address}/state"))["rows"]
        return [states[row["id"]]["review"] for row in desk["rows"]]

    assert [each["state"] for each in told()] == ["ready", "not_yet", "not_yet"]
    assert told()[1]["lacks"] == ["请写一两句内容简介。", "请选择适合的人群。", "请选择话题。"]
    assert told()[2]["lacks"][0] == "视频还没有上传，或者还没有处理好。"
    wish = Wish(ready, find_lecture(app, ready).version)
    checks = {check.key for check in rulebook().checks}
    in_work(app, lambda db: submit(db, college.teacher, [wish], checks=checks, is_signed=True))
    assert told()[0] == {"state": "under_way", "lacks": []}


def test_the_page_of_a_place_without_reviews_offers_none(teacher: Browser, college: College):
    address, _ = made(teacher, college)
    assert 'data-testid="send-in-batch"' not in teacher.get(address)


def test_the_page_asks_the_database_as_often_for_thirty_rows(
    teacher: Browser, college: College, count_queries: Callable[[], AbstractContextManager[list[str]]]
):
    small, _ = made(teacher, college)
    large, _ = made(teacher, college, key="another-key", names=[f"第{n}讲 书法.mp4" for n in range(1, 31)])
    counts = []
    for address in (small, large):
        with count_queries() as statements:
            teacher.get(address)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 18
    with count_queries() as statements:
        page = teacher.get("/studio/desk")
    assert "以前的批次" in page
    assert len(statements) <= 9
