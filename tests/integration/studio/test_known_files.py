"""Files that need not be sent again: the list of unfinished ones, and those the institution has already."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import update

from app.kernel.clock import utc_now
from app.library.services import create_lecture
from app.media.models import Source
from app.studio.models import Upload, UploadState
from app.studio.uploads import request_upload_sweep
from tests.integration.studio.college import FULL, Browser, College, in_work
from tests.integration.studio.test_upload_door import DATA, rows, work_default_lane
from tests.integration.studio.test_upload_extensions import begin_piece, join

SHA256 = hashlib.sha256(DATA).hexdigest()
JSON = {"Accept": "application/json"}


def test_my_unfinished_files_are_listed_for_me_alone(
    teacher: Browser, browser_of: Callable[[str], Browser], lecture_id: str
) -> None:
    assert "没有传到一半的文件" in teacher.get("/studio/uploads")
    url = teacher.begin(lecture_id, 1000, "第 一 讲.mp4").headers["Location"]
    teacher.patch(url, 0, b"x" * 250)
    page = teacher.get("/studio/uploads")
    assert "第 一 讲.mp4" in page
    assert 'value="25"' in page
    assert "有 1 个文件没有传完" in teacher.get("/studio/")
    (told,) = teacher.client.get("/studio/uploads", headers=JSON).json["uploads"]
    assert (told["url"], told["fingerprint"], told["offset_bytes"]) == (url, "f1", 250)
    assert browser_of("colleague").client.get("/studio/uploads", headers=JSON).json["uploads"] == []


def test_an_unfinished_file_outlives_a_weekend_and_says_until_when_it_is_kept(
    app: Flask, teacher: Browser, lecture_id: str
) -> None:
    url = teacher.begin(lecture_id, 1000).headers["Location"]
    teacher.patch(url, 0, b"x" * 250)

    def swept_when_untouched_for(age: timedelta) -> int:
        in_work(app, lambda db: db.execute(update(Upload).values(updated_at=utc_now() - age)))
        in_work(app, request_upload_sweep)
        work_default_lane(app)
        return teacher.head(url).status_code

    weekend = timedelta(days=2, hours=14)
    assert swept_when_untouched_for(weekend) == 200
    (told,) = teacher.client.get("/studio/uploads", headers=JSON).json["uploads"]
    kept_until = datetime.fromisoformat(told["kept_until"])
    assert timedelta(0) <= utc_now() + timedelta(days=14) - weekend - kept_until < timedelta(minutes=10)
    local = kept_until.astimezone(ZoneInfo("Asia/Shanghai"))
    assert f"保留到 {local.year}年{local.month}月{local.day}日 {local:%H:%M}" in teacher.get("/studio/uploads")
    assert teacher.patch(url, 250, b"x" * 250).status_code == 204
    assert swept_when_untouched_for(timedelta(days=13, hours=23)) == 200
    assert swept_when_untouched_for(timedelta(days=14, minutes=1)) == 410


def test_a_file_in_pieces_is_listed_once(teacher: Browser, lecture_id: str) -> None:
    pieces = [begin_piece(teacher, 100), begin_piece(teacher, 100)]
    final = join(teacher, lecture_id, pieces).headers["Location"]
    teacher.patch(pieces[1], 0, b"x" * 50)
    (told,) = teacher.client.get("/studio/uploads", headers=JSON).json["uploads"]
    assert (told["url"], told["offset_bytes"], told["is_in_pieces"]) == (final, 50, True)


def test_the_list_asks_as_often_for_many_as_for_one(
    app: Flask, teacher: Browser, college: College, count_queries: Callable[..., int], lecture_id: str
) -> None:
    teacher.begin(lecture_id, 10)
    with count_queries() as one:
        teacher.get("/studio/uploads")
    for _ in range(5):
        again = in_work(app, lambda db: create_lecture(db, college.teacher, college.id, FULL).public_id)
        teacher.begin(again, 10)
    with count_queries() as many:
        teacher.get("/studio/uploads")
    assert len(many) == len(one)


def known(browser: Browser, lecture: str, query: str) -> object:
    return browser.client.get(f"/studio/lectures/{lecture}/known-file?{query}", headers=JSON).json


def test_a_file_that_is_here_is_not_sent_again(
    app: Flask, teacher: Browser, college: College, browser_of: Callable[[str], Browser], lecture_id: str
) -> None:
    assert known(teacher, lecture_id, f"size={len(DATA)}") == {"is_possible": False}
    teacher.upload(lecture_id, DATA)
    work_default_lane(app)
    second = in_work(app, lambda db: create_lecture(db, college.teacher, college.id, FULL).public_id)
    assert known(teacher, second, f"size={len(DATA)}") == {"is_possible": True}
    assert known(teacher, second, "size=17") == {"is_possible": False}
    found = known(teacher, second, f"sha256={SHA256}")["found"]
    assert (found["filename"], found["lecture"]) == ("第一讲.mp4", FULL.title)
    assert known(teacher, second, f"sha256={'0' * 64}") == {"found": None}
    half = teacher.begin(second, 10).headers["Location"]
    used = teacher.post(f"/studio/lectures/{second}/known-file", sha256=SHA256, filename="新名字.mp4")
    assert used.json["page_url"] == f"/studio/lectures/{second}"
    teacher.post(f"/studio/lectures/{second}/known-file", sha256=SHA256, filename="新名字.mp4")
    assert teacher.head(half).status_code == 410
    assert [(source.filename, source.sha256) for source in rows(app, Source)] == [
        ("第一讲.mp4", SHA256), ("新名字.mp4", SHA256),
    ]  # fmt: skip
    assert [upload.state for upload in rows(app, Upload)] == [UploadState.DONE, UploadState.ABORTED]


def test_another_institutions_files_are_never_told_of(
    app: Flask, teacher: Browser, college: College, browser_of: Callable[[str], Browser], lecture_id: str
) -> None:
    teacher.upload(lecture_id, DATA)
    work_default_lane(app)
    stranger = browser_of("stranger")
    there = next(iter(college.stranger.institution_ids()))
    theirs = in_work(app, lambda db: create_lecture(db, college.stranger, there, FULL).public_id)
    assert known(stranger, theirs, f"size={len(DATA)}") == {"is_possible": False}
    assert known(stranger, theirs, f"sha256={SHA256}") == {"found": None}
    assert stranger.post(f"/studio/lectures/{theirs}/known-file", sha256=SHA256).status_code == 404
    assert stranger.post(f"/studio/lectures/{lecture_id}/known-file", sha256=SHA256).status_code == 404
    assert teacher.post(f"/studio/lectures/{lecture_id}/known-file", sha256="../../x").status_code == 422
