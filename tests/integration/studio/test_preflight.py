"""The report on an uploaded file: from the job that looks through it to the teacher's page."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel.db import reading
from app.kernel.jobs.model import Job, JobState
from app.kernel.jobs.queue import LANE_ANALYSIS, LANE_MEDIA
from app.library.models import Lecture
from app.media.models import MediaSet, Source
from app.media.preflight import ANALYSE_KIND, UNREADABLE, UPLOADED_BEFORE, keep_problem
from app.studio.queries import get_lecture_page
from config.settings import load
from tests.factories import broken_clips
from tests.factories.clips import shared_folder
from tests.factories.flawed_clips import FlawedClips
from tests.fixtures.app import build_app, make_environ
from tests.integration.studio.college import SRT, Browser, College, give_media, in_work, signed_in


@pytest.fixture(scope="session")
def flawed(tmp_path_factory: pytest.TempPathFactory) -> FlawedClips:
    return FlawedClips(shared_folder(tmp_path_factory))


def look_through(app: Flask) -> None:
    """Do the jobs of the lane of analyses; encodes stay where they are."""
    while app.extensions["platform"].runner.work_once(LANE_ANALYSIS):
        pass


def jobs(app: Flask) -> dict[str, JobState]:
    with app.app_context(), reading() as db:
        return {job.kind: job.state for job in db.scalars(select(Job).order_by(Job.id))}


def section(page: str) -> str:
    found = re.search(r'<section[^>]*data-testid="preflight".*?</section>', page, re.DOTALL)
    assert found, "no report on the page"
    return found[0]


def codes(page: str, kind: str) -> list[str]:
    found = re.search(rf'data-testid="findings-{kind}".*?</ul>', section(page), re.DOTALL)
    return re.findall(r'data-code="(\w+)"', found[0]) if found else []


def test_the_report_comes_before_the_encode(
    app: Flask, teacher: Browser, lecture_id: str, attach: Callable[[Path], int], flawed: FlawedClips
) -> None:
    assert 'data-testid="preflight"' not in teacher.get(f"/studio/lectures/{lecture_id}")
    attach(flawed.gaps())
    assert "正在检查画面和声音" in section(teacher.get(f"/studio/lectures/{lecture_id}"))
    look_through(app)
    assert jobs(app) == {"encode_lecture": JobState.QUEUED, ANALYSE_KIND: JobState.SUCCEEDED}
    page = teacher.get(f"/studio/lectures/{lecture_id}")
    assert codes(page, "problem") == ["too_short"]
    assert codes(page, "advice") == ["silence", "black", "captions_missing"]
    report = section(page)
    assert "8 秒到 16 秒" in report
    assert re.search(r"(19|20) 秒到 30 秒", report)
    assert "<a " not in report, "there is nothing to play yet"
    assert report.index("需要您处理") < report.index("建议您看一看")


@pytest.mark.parametrize("is_looked_through_first", [True, False])
def test_an_end_that_could_not_be_read_is_told(  # noqa: PLR0917 - fixtures
    app: Flask,
    teacher: Browser,
    lecture_id: str,
    attach: Callable[[Path], int],
    flawed: FlawedClips,
    is_looked_through_first: bool,
) -> None:
    attach(broken_clips.zeroed(flawed, 0.55, 1))
    if is_looked_through_first:
        look_through(app)
    while app.extensions["platform"].runner.work_once(LANE_MEDIA):
        pass
    look_through(app)
    assert jobs(app)["encode_lecture"] is JobState.SUCCEEDED
    assert "cut_off" in codes(teacher.get(f"/studio/lectures/{lecture_id}"), "problem")


def test_times_open_the_published_file_there(
    app: Flask, teacher: Browser, lecture_id: str, attach: Callable[[Path], int], flawed: FlawedClips
) -> None:
    give_media(app, lecture_id)
    source_id = attach(flawed.gaps())
    look_through(app)
    assert "<a " not in section(teacher.get(f"/studio/lectures/{lecture_id}")), "that is the file before"
    in_work(app, lambda db: db.execute(update(MediaSet).values(source_id=source_id)))
    with app.app_context(), reading() as db:
        digest = db.scalars(select(MediaSet.digest)).one()
    assert f'href="/media/{digest}/lecture.mp4#t=8"' in section(teacher.get(f"/studio/lectures/{lecture_id}"))


def test_captions_and_the_type_count_as_they_are_now(
    app: Flask, teacher: Browser, lecture_id: str, attach: Callable[[Path], int], flawed: FlawedClips
) -> None:
    attach(flawed.quiet(18))
    look_through(app)
    address = f"/studio/lectures/{lecture_id}"
    page = teacher.get(address)
    assert (codes(page, "problem"), codes(page, "advice")) == (["too_short"], ["captions_missing"])
    assert codes(page, "fixed") == ["quiet"]
    teacher.post(f"{address}/captions", language="zh-CN", caption=(io.BytesIO(SRT), "字幕.srt"))
    in_work(app, lambda db: db.execute(update(Lecture).values(resource_type="audio")))
    page = teacher.get(address)
    assert (codes(page, "problem"), codes(page, "advice"), codes(page, "fixed")) == ([], [], ["quiet"])


def test_a_file_without_fault(
    app: Flask, teacher: Browser, lecture_id: str, attach: Callable[[Path], int], flawed: FlawedClips
) -> None:
    attach(flawed.lecture())
    look_through(app)
    address = f"/studio/lectures/{lecture_id}"
    teacher.post(f"{address}/captions", language="zh-CN", caption=(io.BytesIO(SRT), "字幕.srt"))
    in_work(app, lambda db: db.execute(update(Lecture).values(resource_type="audio")))
    report = section(teacher.get(address))
    assert "没有发现问题" in report
    assert "data-code" not in report


def test_a_file_that_cannot_be_read_does_not_fail_a_job(
    app: Flask, teacher: Browser, lecture_id: str, attach: Callable[[Path], int], tmp_path: Path
) -> None:
    broken = tmp_path / "讲稿.mp4"
    broken.write_text("这不是视频。\n" * 300, encoding="utf-8")
    source_id = attach(broken)
    look_through(app)
    assert jobs(app)[ANALYSE_KIND] is JobState.SUCCEEDED
    with app.app_context(), reading() as db:
        assert db.get_one(Source, source_id).preflight == {"version": 1, "problem": UNREADABLE}
    report = section(teacher.get(f"/studio/lectures/{lecture_id}"))
    assert 'data-state="not_possible"' in report
    assert "文件打不开" in report


def test_a_failed_analysis_is_a_line_on_the_page(
    tmp_path: Path, app: Flask, lecture_id: str, attach: Callable[[Path], int], flawed: FlawedClips
) -> None:
    attach(flawed.quiet(18))
    without_ffmpeg = build_app(load(make_environ(tmp_path, FFMPEG_BIN="/nonexistent/ffmpeg")))
    look_through(without_ffmpeg)
    assert jobs(app) == {"encode_lecture": JobState.QUEUED, ANALYSE_KIND: JobState.FAILED}
    page = signed_in(app, "teacher").get(f"/studio/lectures/{lecture_id}")
    assert page.status_code == 200
    assert "没有检查成" in section(page.get_data(as_text=True))


def test_the_same_file_again_is_looked_through_once_and_a_failure_anew(
    app: Flask, teacher: Browser, lecture_id: str, attach: Callable[[Path], int], flawed: FlawedClips
) -> None:
    source_id = attach(flawed.quiet(18))
    look_through(app)
    in_work(app, lambda db: _mark(db.get_one(Source, source_id)))
    assert attach(flawed.quiet(18)) == source_id
    look_through(app)
    with app.app_context(), reading() as db:
        assert db.get_one(Source, source_id).preflight["analysis"]["sound"]["level_db"] == -12.5
    in_work(app, lambda db: keep_problem(db.get_one(Source, source_id), "store_unavailable"))
    attach(flawed.quiet(18))
    assert "正在检查" in section(teacher.get(f"/studio/lectures/{lecture_id}"))
    look_through(app)
    assert codes(teacher.get(f"/studio/lectures/{lecture_id}"), "fixed") == ["quiet"]


def _mark(source: Source) -> None:
    assert source.preflight is not None
    kept = source.preflight
    sound = {**kept["analysis"]["sound"], "level_db": -12.5}
    source.preflight = {**kept, "analysis": {**kept["analysis"], "sound": sound}}


def test_files_from_before_there_was_a_check_say_so(app: Flask, teacher: Browser, lecture_id: str) -> None:
    give_media(app, lecture_id)
    in_work(app, lambda db: db.execute(update(Source).values(preflight={"version": 0, "problem": UPLOADED_BEFORE})))
    assert "上传得早" in section(teacher.get(f"/studio/lectures/{lecture_id}"))


def test_the_report_asks_the_database_nothing_more(
    app: Flask, college: College, lecture_id: str, attach: Callable[[Path], int], *,
    flawed: FlawedClips, count_queries: Callable[[], AbstractContextManager[list[str]]],
) -> None:  # fmt: skip
    def ask(db: Session) -> int:
        db.expunge_all()
        with count_queries() as statements:
            get_lecture_page(db, college.teacher, lecture_id)
        return len(statements)

    attach(flawed.quiet(18))
    waiting = in_work(app, ask)
    look_through(app)
    assert in_work(app, ask) == waiting
