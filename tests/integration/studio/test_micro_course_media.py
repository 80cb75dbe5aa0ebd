"""The media of micro-courses: cut by a job, watched by residents, cut again, swept or spared."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.kernel.jobs.model import Job, JobState
from app.kernel.platform import Platform
from app.library import services as library
from app.library.models import Caption, Chapter, Lecture
from app.media import services as media
from app.media.models import MediaSet, Source
from app.media.queries import ENCODE_KIND, media_prefix
from app.media.sweeping import sweep_handler
from app.studio import services as studio
from media_pipeline.captions import MACHINE_NOTE
from media_pipeline.cutting import BEGUN_NAME
from tests.factories.clips import AIGC
from tests.integration.media_pipeline import measuring
from tests.integration.media_pipeline.clapping import second_shown
from tests.integration.studio.college import Browser, College, find_lecture, in_work
from tests.integration.studio.splitting import TITLES, drafts_of, rows, split, work


def test_the_job_cuts_and_residents_watch(app: Flask, platform: Platform, teacher: Browser, client, whole: str):
    split(teacher, whole, take=["1"], join=["1"], titles=("", "起势和收势", "", ""))
    [draft] = drafts_of(app, whole)
    work(platform)
    lecture = find_lecture(app, draft)
    [made] = rows(app, select(MediaSet).where(MediaSet.lecture_id == lecture.id))
    assert made.is_current
    assert made.duration_s == pytest.approx(20, abs=0.05)
    [source] = rows(app, select(Source).where(Source.lecture_id == lecture.id))
    assert source.media_info["duration_s"] == made.duration_s
    assert source.media_info["aigc"] == AIGC
    # Cut at 12 s: what was at 14 s is at 2 s; the chapter of 13.5 s begins the lecture.
    captions = {each.language: each for each in lecture.captions}
    assert captions["zh-CN"].webvtt == "WEBVTT\n\n00:00:02.000 --> 00:00:04.000\n起势\n"
    assert captions["en"].is_machine
    assert MACHINE_NOTE in captions["en"].webvtt
    chapters = rows(app, select(Chapter).where(Chapter.lecture_id == lecture.id).order_by(Chapter.position))
    assert [(each.start_s, each.title) for each in chapters] == [(0, "起势"), (8, "收势")]

    page = teacher.get(f"/studio/lectures/{draft}")
    assert "选自" in page
    assert "这一讲是从另一讲里拆出来的" in page
    assert client.get(f"/media/{made.digest}/master.m3u8").status_code == 404
    answer = teacher.post(f"/studio/lectures/{draft}/publish", version=lecture.version)
    assert answer.status_code == 303
    watched = client.get(f"/lectures/{draft}").get_data(as_text=True)
    origin = re.search(r'data-testid="origin"><a href="([^"]*)">.*?</svg>([^<]*)</a>', watched)
    assert origin
    assert (origin[1], origin[2]) == (f"/lectures/{whole}?t=13", "选自《八段锦第一讲》")
    told = client.get(f"/api/v1/lectures/{draft}").json["origin"]
    assert (told["id"], told["title"], told["start_s"], told["end_s"]) == (whole, "八段锦第一讲", 13.5, 30.2)
    assert client.get(f"/api/v1/lectures/{whole}").json["origin"] is None
    with client.get(f"/media/{made.digest}/{made.mp4_name}") as file:
        assert file.status_code == 200
    plain = platform.settings.store.path / media_prefix(made.digest) / made.mp4_name
    assert second_shown(measuring.frames(plain, 1)[0].to_image()) == 12
    assert measuring.tags(plain)["AIGC"] == AIGC


def test_a_withdrawn_original_is_not_named(app: Flask, platform: Platform, teacher: Browser, college, whole: str):
    split(teacher, whole, take=["1"], titles=TITLES)
    work(platform)
    [draft] = drafts_of(app, whole)
    teacher.post(f"/studio/lectures/{draft}/publish", version=find_lecture(app, draft).version)
    version = find_lecture(app, whole).version
    in_work(app, lambda db: studio.withdraw_lecture(
        db, college.teacher, whole, reason="重录", expected_version=version
    ))  # fmt: skip
    page = app.test_client().get(f"/lectures/{draft}")
    assert page.status_code == 200
    assert 'data-testid="origin"' not in page.get_data(as_text=True)


def test_asked_again_it_cuts_again_and_keeps_what_the_teacher_wrote(app: Flask, platform, teacher: Browser, whole: str):
    split(teacher, whole, take=["1"], join=["1"], titles=TITLES)
    [draft] = drafts_of(app, whole)
    own = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n自己写的\n"
    teacher.save_chapters(draft, "0:00 一\n0:05 二")
    in_work(app, lambda db: library.set_caption(
        db, db.scalars(select(Lecture).where(Lecture.public_id == draft)).one(), language="zh-CN", label="中文",
        webvtt=own,
    ))  # fmt: skip
    teacher.post(f"/studio/lectures/{draft}/cancel")
    assert rows(app, select(Job.state).where(Job.kind == ENCODE_KIND).order_by(Job.id.desc()))[0] is JobState.CANCELLED
    teacher.post(f"/studio/lectures/{draft}/retry")
    work(platform)
    lecture = find_lecture(app, draft)
    assert {each.language: each.webvtt for each in lecture.captions}["zh-CN"] == own
    titles = rows(app, select(Chapter.title).where(Chapter.lecture_id == lecture.id).order_by(Chapter.position))
    assert titles == ["一", "二"]
    assert len(rows(app, select(MediaSet).where(MediaSet.lecture_id == lecture.id))) == 1


def test_an_original_that_is_gone_is_told(app: Flask, platform: Platform, teacher: Browser, whole: str):
    split(teacher, whole, take=["1"], titles=TITLES)
    [draft] = drafts_of(app, whole)
    platform.storage.delete_prefix("media")
    work(platform)
    assert "原来那一讲的视频已经不在了" in teacher.get(f"/studio/lectures/{draft}")
    [job] = rows(app, select(Job).where(Job.state == JobState.FAILED))
    assert (job.error_code, job.attempts) == ("cut_original_missing", 1)


def test_a_file_of_its_own_ends_the_cut(app: Flask, platform: Platform, college: College, teacher: Browser, whole: str):
    split(teacher, whole, take=["1"], titles=TITLES)
    work(platform)
    [draft] = drafts_of(app, whole)

    def upload_the_whole_file(db):
        lecture = library.get_lecture_for_edit(db, college.teacher, draft)
        stored = media.StoredSource("太极拳.mp4", "5" * 64, 1000, media.source_key("5" * 64))
        return media.attach_source(db, college.teacher, lecture, stored).cut

    assert in_work(app, upload_the_whole_file) is None


def test_the_sweep_spares_a_cut_that_is_begun_and_one_that_is_recorded(app: Flask, platform, teacher, whole: str):
    """Copies are as old as the original: only what was written first says that somebody is at work."""
    split(teacher, whole, take=["1"], titles=TITLES)
    work(platform)
    [original, _] = rows(app, select(MediaSet.digest).order_by(MediaSet.id))
    storage = platform.storage
    for name in ("begun", "left"):
        storage.copy(f"{media_prefix(original)}/audio/00001.m4s", f"media/{name}/audio/00000.m4s")
    storage.put_bytes(f"media/begun/{BEGUN_NAME}", b"{}", "application/json")
    before = {info.key for info in storage.list_keys("media") if "/live/" not in info.key}

    class Context:
        def report(self, step, fraction):
            pass

        def is_cancelled(self):
            return False

    with app.app_context():
        sweep_handler(storage, older_than=timedelta(hours=6))(Context())
    assert before - {info.key for info in storage.list_keys("media")} == {"media/left/audio/00000.m4s"}
    assert rows(app, select(Caption.id))
