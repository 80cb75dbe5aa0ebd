"""Chapters in the studio: typed, pasted, uploaded, looked at, mended, taken away."""

from __future__ import annotations

import io
import re

from flask import Flask
from sqlalchemy import select

from app.kernel.outbox import OutboxEvent
from app.library.models import Chapter, Lecture
from app.media.models import MediaSet
from tests.integration.studio.college import Browser, College, give_media, in_work

LINES = "00:00 开场\n3：20　准备姿势\n1:02:03 小结"


def chapters(app: Flask) -> list[tuple[int, float, str]]:
    statement = select(Chapter.position, Chapter.start_s, Chapter.title).order_by(Chapter.position)
    return in_work(app, lambda db: [tuple(row) for row in db.execute(statement)])


def version(app: Flask) -> int:
    return in_work(app, lambda db: db.scalar(select(Lecture.version)))


def error_of(page: str) -> str:
    found = re.search(r'id="chapter-lines-error".*?</span>([^<]*)</span></p>', page)
    assert found, "no error beside the lines"
    return found[1]


def test_lines_are_kept_and_shown_and_tell_listeners(app: Flask, teacher: Browser, lecture_id: str) -> None:
    path = f"/studio/lectures/{lecture_id}"
    response = teacher.post(f"{path}/chapters", chapters=LINES.replace("\n", "\r\n"))
    assert (response.status_code, response.headers["Location"]) == (303, f"{path}#chapters")
    assert chapters(app) == [(0, 0, "开场"), (1, 200, "准备姿势"), (2, 3723, "小结")]
    page = teacher.get(path)
    assert "0:00 开场\n3:20 准备姿势\n1:02:03 小结</textarea>" in page
    assert page.count('<li><span class="figures soft">') == 3
    assert version(app) == 2
    assert in_work(app, lambda db: db.scalars(select(OutboxEvent.name)).all())[-1] == "LectureChanged"


def test_the_same_again_changes_nothing_and_fewer_replace(app: Flask, teacher: Browser, lecture_id: str) -> None:
    path = f"/studio/lectures/{lecture_id}/chapters"
    teacher.post(path, chapters=LINES)
    teacher.post(path, chapters=LINES)
    assert version(app) == 2
    teacher.save_chapters(lecture_id, "5:00 只有一段")
    assert chapters(app) == [(0, 0, "开头"), (1, 300, "只有一段")]
    teacher.save_chapters(lecture_id, " \r\n")
    assert chapters(app) == []
    assert version(app) == 4


def test_mistakes_keep_what_was_typed_and_what_was_there(app: Flask, teacher: Browser, lecture_id: str) -> None:
    path = f"/studio/lectures/{lecture_id}/chapters"
    give_media(app, lecture_id)  # 12 seconds long
    teacher.post(path, chapters="0:00 甲\n0:05 乙")
    typed = "0:00 <甲>\n没有时间\n0:04 乙\n0:03 丙\n5:00 丁"
    response = teacher.post(path, chapters=typed)
    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert error_of(page) == (
        "第 2 行没有时间，请写成“3:20 标题”的样子。第 4 行的时间不比上一行晚，请按先后顺序写。"
        "第 5 行的时间超过了视频的长度。"
    )
    assert typed.replace("<甲>", "&lt;甲&gt;") in page
    assert [title for *_, title in chapters(app)] == ["甲", "乙"]
    answer = teacher.client.post(
        path, data={"csrf_token": teacher.token, "chapters": typed}, headers={"Accept": "application/json"}
    )
    assert (answer.status_code, answer.json["code"], len(answer.json["fields"])) == (422, "bad_chapters", 3)


def test_a_preview_keeps_nothing(app: Flask, teacher: Browser, lecture_id: str) -> None:
    response = teacher.post(f"/studio/lectures/{lecture_id}/chapters", chapters="2:00 准备", preview="1")
    page = response.get_data(as_text=True)
    assert response.status_code == 200
    assert re.findall(r'figures soft">([^<]*)</span><span>([^<]*)', page) == [("0:00", "开头"), ("2:00", "准备")]
    assert "预览，还没有保存" in page
    assert "2:00 准备</textarea>" in page
    assert chapters(app) == []


def test_a_file_goes_before_the_lines(app: Flask, teacher: Browser, lecture_id: str) -> None:
    path = f"/studio/lectures/{lecture_id}/chapters"
    vtt = b"WEBVTT\n\n00:00.000 --> 01:00.000\nOne\n\n01:00.000 --> 02:00.000\nTwo\n"
    teacher.post(path, chapters=LINES, chapters_file=(io.BytesIO(vtt), "a.vtt"))
    assert [title for *_, title in chapters(app)] == ["One", "Two"]
    text = "0:00 开场\r\n没有时间".encode("gb18030")
    page = teacher.post(path, chapters=LINES, chapters_file=(io.BytesIO(text), "a.txt")).get_data(as_text=True)
    assert "0:00 开场\n没有时间</textarea>" in page
    assert error_of(page).startswith("第 2 行没有时间")
    page = teacher.post(path, chapters=LINES, chapters_file=(io.BytesIO(b"x" * 70_000), "a.txt")).get_data(as_text=True)
    assert "这个章节文件太大" in page
    assert "3：20　准备姿势" in page


def test_chapters_are_the_colleges_own(browser_of, app: Flask, lecture_id: str) -> None:
    path = f"/studio/lectures/{lecture_id}/chapters"
    assert browser_of("stranger").post(path, chapters=LINES).status_code == 404
    assert browser_of("colleague").post(path, chapters=LINES).status_code == 403
    assert 'data-testid="chapter-form"' not in browser_of("colleague").get(f"/studio/lectures/{lecture_id}")
    assert chapters(app) == []


def test_english_pages_speak_english_of_mistakes(teacher: Browser, lecture_id: str) -> None:
    teacher.client.set_cookie("ui", "normal.auto.standard.en")
    page = teacher.post(f"/studio/lectures/{lecture_id}/chapters", chapters="x\n1:20").get_data(as_text=True)
    assert error_of(page) == (
        "Line 1 has no time. Please write it like “3:20 Title”. "
        "Line 2 has no title. Please write after the time what this part is about."
    )


def test_residents_jump_to_chapters(app: Flask, teacher: Browser, college: College, lecture_id: str) -> None:
    give_media(app, lecture_id)
    teacher.post(f"/studio/lectures/{lecture_id}/chapters", chapters="0:00 开场\n0:05 准备<b>\n0:09.5 小结")
    page = teacher.get(f"/lectures/{lecture_id}?list=nosuch&at=2")
    links = re.findall(
        r'<a href="([^"]*)" data-player-chapter="([^"]*)"><span[^>]*>([^<]*)</span><span>([^<]*)</span>', page
    )
    base = f"/lectures/{lecture_id}?list=nosuch&amp;at=2&amp;t="
    assert links == [
        (f"{base}0", "0.0", "0:00", "开场"),
        (f"{base}5", "5.0", "0:05", "准备&lt;b&gt;"),
        (f"{base}9.5", "9.5", "0:10", "小结"),
    ]
    assert f'<track kind="chapters" src="/lectures/{lecture_id}/chapters.vtt"' in page
    answer = teacher.client.get(f"/lectures/{lecture_id}/chapters.vtt")
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("text/vtt", "private, no-store")
    assert "00:00:05.000 --> 00:00:09.500\n准备&lt;b&gt;\n" in answer.get_data(as_text=True)
    assert 'lecture.mp4#t=5.0" type="video/mp4"' in teacher.get(f"/lectures/{lecture_id}?t=5")
    for wrong in ("x", "-1", "nan", "inf", "1e9"):
        assert "#t=" not in teacher.get(f"/lectures/{lecture_id}?t={wrong}")


def test_what_a_shorter_file_no_longer_has_is_not_offered(app: Flask, teacher: Browser, lecture_id: str) -> None:
    give_media(app, lecture_id)
    teacher.post(f"/studio/lectures/{lecture_id}/chapters", chapters="0:00 开场\n0:05 准备\n0:09 小结")

    def shorten(db) -> None:
        db.scalars(select(MediaSet)).one().duration_s = 7.0

    in_work(app, shorten)
    assert teacher.get(f"/lectures/{lecture_id}").count("data-player-chapter=") == 2
    vtt = teacher.get(f"/lectures/{lecture_id}/chapters.vtt")
    assert "小结" not in vtt
    assert vtt.count(" --> ") == 2


def test_a_lecture_in_one_piece_lists_nothing(app: Flask, teacher: Browser, lecture_id: str) -> None:
    give_media(app, lecture_id)
    assert "data-player-chapters" not in teacher.get(f"/lectures/{lecture_id}")
    assert teacher.client.get(f"/lectures/{lecture_id}/chapters.vtt").status_code == 404
