"""Subtitles and chapters inside an uploaded file: from the jobs that look at it to the pages of the two sides."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.db import reading
from app.kernel.jobs import queue
from app.kernel.jobs.model import Job, JobState
from app.kernel.outbox import OutboxEvent
from app.library.models import Caption, Chapter, Lecture
from app.media import services
from app.media.carried import TAKE_KIND
from app.media.models import CaptionDraft, Source
from config.settings import load
from media_pipeline.analysis import media_info_from_json
from tests.factories import odd_clips
from tests.factories.clips import ClipShelf, shared_folder
from tests.fixtures.app import build_app, make_environ
from tests.integration.studio.college import SRT, Browser, give_media, in_work

DRAFT = 'data-testid="caption-draft"'
FROM_FILE = "已从文件读取 3 个章节"
CHAPTERS = [(0.0, "开场"), (1.5, "打开设置 & 显示"), (3.0, "第 3 节")]


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> ClipShelf:
    return ClipShelf(shared_folder(tmp_path_factory))


def look_through(app: Flask) -> None:
    """Do the jobs of the lane of analyses; encodes stay where they are."""
    while app.extensions["platform"].runner.work_once(queue.LANE_ANALYSIS):
        pass


def read(app: Flask, *columns: object) -> list[tuple[object, ...]]:
    with app.app_context(), reading() as db:
        return [tuple(row) for row in db.execute(select(*columns).order_by(columns[0]))]


def drafts(app: Flask) -> dict[str, tuple[int, bool]]:
    """Ids of all drafts by language, and whether they wait for the teacher."""
    rows = read(app, CaptionDraft.id, CaptionDraft.language, CaptionDraft.decided_at)
    return {language: (id_, decided_at is None) for id_, language, decided_at in rows}


def test_subtitles_become_drafts_that_only_the_college_sees(
    app: Flask, teacher: Browser, lecture_id: str, attach: Callable[[Path], int], shelf: ClipShelf
) -> None:
    attach(odd_clips.subtitled(shelf, "mp4"))
    look_through(app)
    assert set(drafts(app)) == {"zh-CN", "en"}
    page = teacher.get(f"/studio/lectures/{lecture_id}")
    assert page.count(DRAFT) == 2
    assert "同学们好请打开设置" in page
    assert page.count("共 2 句") == 2
    assert re.search(r'id="draft-language-\d+".*?<option value="zh-CN" selected>', page, re.DOTALL)
    assert read(app, Caption.language) == []
    give_media(app, lecture_id)
    assert 'kind="captions"' not in teacher.get(f"/lectures/{lecture_id}")


@pytest.mark.parametrize("ending", ["mkv", "ass.mkv"])
def test_a_draft_is_kept_as_a_caption(
    app: Flask, teacher: Browser, lecture_id: str, attach: Callable[[Path], int], *, shelf: ClipShelf, ending: str
) -> None:
    attach(odd_clips.subtitled(shelf, ending))
    look_through(app)
    path = f"/studio/lectures/{lecture_id}"
    response = teacher.post(f"{path}/captions/drafts/{drafts(app)['zh-CN'][0]}/keep", language="zh-CN")
    assert (response.status_code, response.headers["Location"]) == (303, f"{path}#captions")
    ((language, label, is_machine, webvtt),) = read(
        app, Caption.language, Caption.label, Caption.is_machine, Caption.webvtt
    )
    assert (language, label, is_machine) == ("zh-CN", "中文", False)
    assert "00:00:01.000 --> 00:00:02.500\n同学们好\n" in webvtt
    assert teacher.get(path).count(DRAFT) == 1
    question = f"{path}/captions/drafts/{drafts(app)['en'][0]}/delete"
    assert f'href="{question}"' in teacher.get(path), "it is asked first"
    assert "一共 2 句" in teacher.get(question)
    assert DRAFT in teacher.get(path)
    teacher.post(question)
    assert DRAFT not in teacher.get(path)
    assert read(app, Caption.language) == [("zh-CN",)]
    assert {language: is_open for language, (_, is_open) in drafts(app).items()} == {"zh-CN": False, "en": False}
    assert teacher.post(f"{path}/captions/drafts/{drafts(app)['en'][0]}/keep", language="en").status_code == 404


def test_what_the_teacher_uploaded_is_never_overwritten(
    app: Flask, teacher: Browser, lecture_id: str, attach: Callable[[Path], int], shelf: ClipShelf
) -> None:
    path = f"/studio/lectures/{lecture_id}"
    teacher.post(f"{path}/captions", language="zh-CN", caption=(io.BytesIO(SRT), "a.srt"))
    before = read(app, Caption.sha256)
    attach(odd_clips.subtitled(shelf, "mkv"))
    look_through(app)
    assert read(app, Caption.sha256) == before
    draft_id = drafts(app)["zh-CN"][0]
    response = teacher.post(f"{path}/captions/drafts/{draft_id}/keep", language="zh-CN")
    assert response.status_code == 422
    assert "这种语言已经有字幕了" in response.get_data(as_text=True)
    assert teacher.post(f"{path}/captions/drafts/{draft_id}/keep", language="xx").status_code == 422
    assert teacher.post(f"{path}/captions/drafts/{draft_id}/keep").status_code == 422
    assert read(app, Caption.sha256) == before
    assert drafts(app)["zh-CN"] == (draft_id, True)


def test_untagged_words_are_chinese_when_they_look_so_and_else_the_teacher_says(
    app: Flask, teacher: Browser, lecture_id: str, attach: Callable[[Path], int], shelf: ClipShelf
) -> None:
    attach(odd_clips.subtitled(shelf, "untagged.mkv"))
    look_through(app)
    assert set(drafts(app)) == {"zh-CN", ""}
    page = teacher.get(f"/studio/lectures/{lecture_id}")
    assert page.count('<option value="">请选择</option>') == 1


def test_the_same_file_again_and_a_repeated_job_offer_nothing_twice(
    app: Flask, teacher: Browser, lecture_id: str, attach: Callable[[Path], int], shelf: ClipShelf
) -> None:
    source_id = attach(odd_clips.subtitled(shelf, "mkv"))
    look_through(app)
    path = f"/studio/lectures/{lecture_id}/captions/drafts"
    for id_, _ in drafts(app).values():
        teacher.post(f"{path}/{id_}/delete")
    assert attach(odd_clips.subtitled(shelf, "mkv")) == source_id
    in_work(app, lambda db: _ask_again(db, source_id))
    look_through(app)
    assert read(app, Job.kind, Job.state).count((TAKE_KIND, JobState.SUCCEEDED)) == 2
    assert len(drafts(app)) == 2
    assert not any(is_open for _, is_open in drafts(app).values())


def _ask_again(db: Session, source_id: int) -> None:
    queue.enqueue(db, queue.NewJob(TAKE_KIND, lane=queue.LANE_ANALYSIS, key="again", payload={"source_id": source_id}))


def test_another_file_puts_its_own_drafts_in_place(
    app: Flask, teacher: Browser, lecture_id: str, attach: Callable[[Path], int], shelf: ClipShelf
) -> None:
    attach(odd_clips.subtitled(shelf, "mkv"))
    look_through(app)
    attach(odd_clips.with_chapters(shelf, "mkv"))
    assert DRAFT not in teacher.get(f"/studio/lectures/{lecture_id}")


def test_drafts_are_the_colleges_own(
    app: Flask, browser_of: Callable[[str], Browser], lecture_id: str, attach: Callable[[Path], int], shelf: ClipShelf
) -> None:
    attach(odd_clips.subtitled(shelf, "mkv"))
    look_through(app)
    path = f"/studio/lectures/{lecture_id}/captions/drafts/{drafts(app)['en'][0]}"
    for login, status in (("stranger", 404), ("colleague", 403)):
        for deed in ("keep", "delete"):
            assert browser_of(login).post(f"{path}/{deed}", language="en").status_code == status
    page = browser_of("colleague").get(f"/studio/lectures/{lecture_id}")
    assert page.count(DRAFT) == 2
    assert "/keep" not in page


def test_a_job_that_cannot_run_is_a_line_on_the_page(
    tmp_path: Path, app: Flask, teacher: Browser, lecture_id: str, *,
    attach: Callable[[Path], int], shelf: ClipShelf,
) -> None:  # fmt: skip
    source_id = attach(odd_clips.subtitled(shelf, "mkv"))
    look_through(app)
    in_work(app, lambda db: db.query(CaptionDraft).delete())
    in_work(app, lambda db: _ask_for(db, source_id))
    page = teacher.get(f"/studio/lectures/{lecture_id}")
    assert 'data-testid="drafts-running"' in page
    assert re.search(r'data-testid="captions-status" data-live="yes"', page)
    look_through(build_app(load(make_environ(tmp_path, FFMPEG_BIN="/nonexistent/ffmpeg"))))
    page = teacher.get(f"/studio/lectures/{lecture_id}")
    assert "没有找到视频转换程序" in page
    assert re.search(r'data-testid="captions-status" data-live="no"', page)


def _ask_for(db: Session, source_id: int) -> None:
    info = media_info_from_json(db.get_one(Source, source_id).media_info or {})
    db.get_one(Source, source_id).media_info = None
    db.flush()
    services.note_media_info(db, source_id, info)


def chapters(app: Flask) -> list[tuple[object, ...]]:
    return read(app, Chapter.start_s, Chapter.title)


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_chapters_of_the_file_become_the_lectures(
    app: Flask, teacher: Browser, lecture_id: str, attach: Callable[[Path], int], *, shelf: ClipShelf, ending: str
) -> None:
    attach(odd_clips.with_chapters(shelf, ending))
    look_through(app)
    assert chapters(app) == CHAPTERS
    assert read(app, Lecture.version) == [(1,)], "a form that was open meanwhile can still be saved"
    assert ("LectureChanged",) in read(app, OutboxEvent.name)
    path = f"/studio/lectures/{lecture_id}"
    page = teacher.get(path)
    assert FROM_FILE in page
    assert "0:01.5 打开设置 &amp; 显示\n" in page
    teacher.save_chapters(lecture_id, "0:00 开场\n0:02 我改过的")
    assert "已从文件读取" not in teacher.get(path)


def test_chapters_of_the_teacher_stay_and_deleted_ones_do_not_come_back(
    app: Flask, teacher: Browser, lecture_id: str, attach: Callable[[Path], int], shelf: ClipShelf
) -> None:
    teacher.save_chapters(lecture_id, "0:00 我的\n0:02 小结")
    attach(odd_clips.with_chapters(shelf, "mkv"))
    look_through(app)
    assert [title for _, title in chapters(app)] == ["我的", "小结"]
    teacher.save_chapters(lecture_id, "")
    attach(odd_clips.with_chapters(shelf, "mkv"))
    look_through(app)
    assert chapters(app) == []
    assert "已从文件读取" not in teacher.get(f"/studio/lectures/{lecture_id}")


def test_two_probings_at_once_take_over_once(app: Flask, attach: Callable[[Path], int], shelf: ClipShelf) -> None:
    """The encode and the analysis probe the same file; whoever is second finds it noted."""
    source_id = attach(odd_clips.with_chapters(shelf, "mkv"))
    look_through(app)
    in_work(app, lambda db: db.query(Chapter).delete())
    with app.app_context(), reading() as db:
        info = media_info_from_json(db.get_one(Source, source_id).media_info or {})
    in_work(app, lambda db: setattr(db.get_one(Source, source_id), "media_info", None))
    noting = [
        threading.Thread(target=in_work, args=(app, lambda db: services.note_media_info(db, source_id, info)))
        for _ in range(2)
    ]
    for thread in noting:
        thread.start()
    for thread in noting:
        thread.join()
    assert chapters(app) == CHAPTERS
