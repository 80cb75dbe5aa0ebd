"""Ten thousand creations, from a desk or a program: a clear refusal; table, disk and memory stay small."""

from __future__ import annotations

import resource
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.library.models import Lecture
from app.library.services import create_lecture
from app.studio.concatenation import begin_piece
from app.studio.desk.services import FILES_MAX
from app.studio.models import Upload, UploadState
from app.studio.upload_limits import TooManyUploads, UploadLimits
from app.studio.uploads import NewFile, Room, request_upload_sweep
from config.settings import Settings, load
from tests.fixtures.app import make_environ
from tests.integration.studio.college import FULL, Browser, College, in_work
from tests.integration.studio.test_upload_door import work_default_lane
from tests.integration.studio.test_upload_extensions import begin_piece as open_piece

OPEN, HERE, HOURLY = 20, 25, 60
MANY = 10_000


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    limits = {
        "MEDIA_OPEN_UPLOADS_PER_USER": str(OPEN), "MEDIA_OPEN_UPLOADS_PER_INSTITUTION": str(HERE),
        "MEDIA_UPLOADS_PER_HOUR": str(HOURLY),
    }  # fmt: skip
    return load({**make_environ(tmp_path), **limits})


def uploads(app: Flask) -> Counter[str]:
    with app.app_context(), reading() as db:
        return Counter(each.value for each in db.scalars(select(Upload.state)))


def lectures(app: Flask, college: College, count: int) -> list[str]:
    def make(db) -> list[str]:
        return [create_lecture(db, college.teacher, college.id, FULL).public_id for _ in range(count)]

    return in_work(app, make)


def test_ten_thousand_creations_by_one_program(app: Flask, college: College) -> None:
    """Below the door: ten thousand requests take minutes, and refuse in the same line."""
    room = Room(UploadLimits(OPEN, HERE, HOURLY), 2**60, is_copied_on_same_disk=False, quota_bytes=None)
    file, answers = NewFile("a.mp4", 1), Counter[str]()
    resident_before = resident_bytes()
    with app.app_context(), unit_of_work() as db:
        for number in range(MANY):
            try:
                begin_piece(db, college.teacher, file, public_id=f"piece{number}", room=room)
                answers["begun"] += 1
            except TooManyUploads as error:
                answers[error.code] += 1
    assert answers == {"begun": OPEN, "too_many_open": MANY - OPEN}
    assert uploads(app) == {"receiving": OPEN}
    assert resident_bytes() - resident_before < 32 * 1024**2


def resident_bytes() -> int:
    """How much memory this process holds."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


def test_the_door_says_what_to_do(app: Flask, teacher: Browser, college: College, part_files) -> None:
    urls = [open_piece(teacher, 1) for _ in range(OPEN)]
    headers = {**teacher.headers, "Upload-Length": "1", "Upload-Concat": "partial"}
    refused = teacher.client.post("/studio/uploads", headers=headers)
    assert (refused.status_code, refused.headers["Retry-After"], refused.json["code"]) == (429, "60", "too_many_open")
    assert refused.json["detail"] == f"您有 {OPEN} 个文件还没有传完，请先传完或者取消一些，再传新的。"
    [lecture] = lectures(app, college, 1)
    assert teacher.begin(lecture, 10).status_code == 429
    assert len(part_files()) == OPEN, "a refused one leaves nothing on the disk"
    assert teacher.client.delete(urls[0], headers=teacher.headers).status_code == 204
    assert teacher.begin(lecture, 10).status_code == 201, "there is room again"


def test_an_institution_has_a_limit_of_its_own(app: Flask, teacher: Browser, browser_of, college: College) -> None:
    mine = lectures(app, college, OPEN)
    assert {teacher.begin(each, 10).status_code for each in mine} == {201}
    admin = browser_of("admin")
    answers = [admin.begin(each, 10).status_code for each in lectures(app, college, HERE - OPEN + 1)]
    assert answers == [201] * (HERE - OPEN) + [429]
    assert admin.begin(mine[0], 10).status_code == 201, "a new file for a lecture takes the place of the one before"


def test_beginning_and_giving_up_again_and_again_is_bounded(app: Flask, teacher: Browser, lecture_id: str) -> None:
    answers = [teacher.begin(lecture_id, 10).status_code for _ in range(HOURLY + 1)]
    assert answers == [201] * HOURLY + [429]
    assert "一小时里最多" in teacher.begin(lecture_id, 10).json["detail"]
    with app.app_context(), unit_of_work() as db:
        db.execute(update(Upload).where(Upload.state == UploadState.ABORTED).values(
            created_at=utc_now() - timedelta(days=3), updated_at=utc_now() - timedelta(days=3)
        ))  # fmt: skip
        request_upload_sweep(db)
    work_default_lane(app)
    assert uploads(app) == {"receiving": 1}, "what was given up long ago is forgotten"
    assert teacher.begin(lecture_id, 10).status_code == 201


def test_ten_thousand_files_on_the_desk_make_nothing(app: Flask, teacher: Browser, college: College) -> None:
    files = [{"path": f"全集/第{number}讲.mp4", "size": 1} for number in range(MANY)]
    body = {"key": "k" * 20, "institution": college.public_id, "choice": "none", "files": files}
    headers = {"X-CSRFToken": teacher.token, "Accept": "application/json"}
    refused = teacher.client.post("/studio/desk", json=body, headers=headers)
    assert (refused.status_code, refused.json["code"]) == (422, "too_many_files")
    assert refused.json["detail"] == f"一次最多 {FILES_MAX} 个文件，现在有 {MANY} 个。请分几次选。"
    body["files"] = [{"path": "长" * 200 + f"{number}.mp4", "size": 1} for number in range(MANY)]
    assert teacher.client.post("/studio/desk", json=body, headers=headers).status_code == 413
    with app.app_context(), reading() as db:
        assert db.scalar(select(func.count()).select_from(Lecture)) == 0
