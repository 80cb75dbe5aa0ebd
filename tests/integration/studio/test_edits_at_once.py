"""Two people on one lecture: whoever saves second is shown both, loses nothing and overwrites nothing unseen."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app.library.models import Caption, Chapter, Lecture
from app.library.services import set_caption
from tests.fixtures.app import make_institution
from tests.integration.studio.college import Browser, College, find_lecture, hidden_fields, in_work

JSON = {"Accept": "application/json"}
MINE, THEIRS = "0:00 我的开头\n1:40 我的第二段", "0:00 他的开头\n3:20 他的小结"


def titles(app: Flask) -> list[str]:
    return in_work(app, lambda db: list(db.scalars(select(Chapter.title).order_by(Chapter.position))))


def test_chapters_of_a_colleague_are_not_overwritten_unseen(
    app: Flask, teacher: Browser, browser_of: Callable[[str], Browser], lecture_id: str
) -> None:
    path = f"/studio/lectures/{lecture_id}"
    seen = hidden_fields(teacher.get(path), "/chapters#chapters")
    browser_of("admin").post(f"{path}/chapters", **seen, chapters=THEIRS)
    clash = teacher.post(f"{path}/chapters", **seen, chapters=MINE)
    page = clash.get_data(as_text=True)
    assert clash.status_code == 412
    table = re.search(r'data-testid="clash">(.*?)</table>', page, re.DOTALL)[1]
    for shown in ("我的开头", "他的开头", "1:40", "我的第二段", "3:20", "他的小结"):
        assert shown in table, shown
    assert titles(app) == ["他的开头", "他的小结"]
    answer = teacher.client.post(
        f"{path}/chapters", data={"csrf_token": teacher.token, **seen, "chapters": MINE}, headers=JSON
    )
    assert (answer.status_code, answer.json["code"]) == (412, "stale_version")
    assert teacher.post(f"{path}/chapters", **hidden_fields(page, "/chapters")).status_code == 303
    assert titles(app) == ["我的开头", "我的第二段"]


def test_what_was_seen_stays_known_while_lines_are_mended(
    teacher: Browser, browser_of: Callable[[str], Browser], lecture_id: str
) -> None:
    path = f"/studio/lectures/{lecture_id}"
    seen = hidden_fields(teacher.get(path), "/chapters#chapters")
    browser_of("admin").post(f"{path}/chapters", **seen, chapters=THEIRS)
    for more, status in (({"chapters": "没有时间"}, 422), ({"chapters": MINE, "preview": "1"}, 200)):
        again = teacher.post(f"{path}/chapters", **seen, **more)
        assert again.status_code == status
        assert hidden_fields(again.get_data(as_text=True), "/chapters#chapters")["base"] == seen["base"]
    same = teacher.post(f"{path}/chapters", **seen, chapters=THEIRS)
    assert same.status_code == 303, "both say the same"


def test_other_changes_of_the_lecture_are_no_clash_of_chapters(
    app: Flask, teacher: Browser, lecture_id: str
) -> None:
    path = f"/studio/lectures/{lecture_id}"
    seen = hidden_fields(teacher.get(path), "/chapters#chapters")
    in_work(app, lambda db: db.execute(update(Lecture).values(version=Lecture.version + 1)))
    assert teacher.post(f"{path}/chapters", **seen, chapters=MINE).status_code == 303


def test_chapters_that_wait_for_review_stand_in_the_form(app: Flask, teacher: Browser, lecture_id: str) -> None:
    path = f"/studio/lectures/{lecture_id}"
    in_work(app, lambda db: db.execute(update(Lecture).values(is_held=True)))
    seen = hidden_fields(teacher.get(path), "/chapters#chapters")
    assert teacher.post(f"{path}/chapters", **seen, chapters=MINE).status_code == 303
    page = teacher.get(path)
    assert f"{MINE}</textarea>" in page
    assert 'data-testid="chapters-wait"' in page
    assert teacher.post(f"{path}/chapters", **seen, chapters=THEIRS).status_code == 412
    assert titles(app) == []


# --- captions -------------------------------------------------------------------------------------------------------


def srt(words: str) -> bytes:
    return f"1\n00:00:01,000 --> 00:00:03,000\n{words}\n\n2\n00:00:04,000 --> 00:00:06,000\n第二句\n".encode()


def send_caption(browser: Browser, lecture_id: str, seen: dict[str, str], words: str) -> TestResponse:
    file = (io.BytesIO(srt(words)), "a.srt")
    return browser.post(f"/studio/lectures/{lecture_id}/captions", **seen, language="zh-CN", caption=file)


def caption_words(app: Flask) -> str:
    return in_work(app, lambda db: "".join(db.scalars(select(Caption.webvtt))))


def test_a_caption_somebody_replaced_is_neither_replaced_nor_removed_unseen(
    app: Flask, teacher: Browser, browser_of: Callable[[str], Browser], lecture_id: str
) -> None:
    path, admin = f"/studio/lectures/{lecture_id}", browser_of("admin")
    assert send_caption(teacher, lecture_id, {}, "头一份").status_code == 303
    seen = hidden_fields(teacher.get(path), "/captions")
    remove = {"base": seen["base-zh-CN"]}
    assert send_caption(admin, lecture_id, seen, "他的字幕").status_code == 303
    clash = send_caption(teacher, lecture_id, seen, "我的字幕")
    page = clash.get_data(as_text=True)
    assert clash.status_code == 412
    assert "现在的有 2 句：“他的字幕" in page
    assert "您选的有 2 句：“我的字幕" in page
    assert "他的字幕" in caption_words(app)
    refused = teacher.post(f"{path}/captions/zh-CN/remove", **remove)
    assert refused.status_code == 412
    assert "刚刚有人换过，没有删除" in refused.get_data(as_text=True)
    assert "他的字幕" in caption_words(app)
    assert send_caption(teacher, lecture_id, hidden_fields(page, "/captions"), "我的字幕").status_code == 303
    assert "我的字幕" in caption_words(app)
    now = hidden_fields(teacher.get(path), "/captions")["base-zh-CN"]
    assert teacher.post(f"{path}/captions/zh-CN/remove", base=now).status_code == 303
    assert caption_words(app) == ""


def test_a_file_of_ones_own_goes_before_what_a_machine_made_meanwhile(
    app: Flask, teacher: Browser, lecture_id: str
) -> None:
    seen = hidden_fields(teacher.get(f"/studio/lectures/{lecture_id}"), "/captions")
    machine = {"language": "zh-CN", "label": "中文", "webvtt": "WEBVTT\n", "is_machine": True}
    in_work(app, lambda db: set_caption(db, db.scalars(select(Lecture)).one(), **machine))
    assert send_caption(teacher, lecture_id, seen, "我的字幕").status_code == 303
    assert "我的字幕" in caption_words(app)


# --- co-owners ------------------------------------------------------------------------------------------------------


def test_co_owners_somebody_saved_meanwhile_are_shown_beside_what_was_typed(
    app: Flask, teacher: Browser, browser_of: Callable[[str], Browser], college: College, lecture_id: str
) -> None:
    in_work(app, lambda db: [make_institution(db, name=name) for name in ("友好社区学院", "河畔老年大学")] and None)
    path = f"/studio/lectures/{lecture_id}"
    seen = hidden_fields(teacher.get(f"{path}/extras"), "/co-owners")
    browser_of("admin").post(f"{path}/co-owners", **seen, co_owners="河畔老年大学")
    clash = teacher.post(f"{path}/co-owners", **seen, co_owners="友好社区学院")
    page = clash.get_data(as_text=True)
    assert clash.status_code == 412
    assert "现在保存的共建机构：河畔老年大学" in page
    assert 'value="友好社区学院"' in page
    assert len(find_lecture(app, lecture_id).co_owner_ids) == 1
    again = hidden_fields(page, "/co-owners")
    assert teacher.post(f"{path}/co-owners", **again, co_owners="友好社区学院").status_code == 303
    assert "友好社区学院" in teacher.get(f"{path}/extras")
