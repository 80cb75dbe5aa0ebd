"""Files and forms that go wrong, through the HTTP front: a clear sentence for the teacher, and nothing left behind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from markupsafe import escape

from app.library.models import TITLE_MAX
from app.media.queries import ENCODE_KIND
from app.studio.parts import PartFolder
from media_pipeline.errors import SENTENCES
from tests.factories.bad_clips import bad
from tests.factories.clips import ClipShelf
from tests.fixtures.app import run_jobs
from tests.integration.resilience.inventory import (
    check_books,
    jobs,
    media_sets,
    platform_of,
    scratch_files,
    sources,
    stored,
    sweep_at_once,
)
from tests.integration.resilience.teacher import FULL, Answer, Teacher


def visible(answer: Answer) -> str:
    """Return the page's words, without markup."""
    return re.sub(r"<[^>]+>", " ", answer.text)


def test_an_empty_file_is_refused_before_anything_is_written(app: Flask, teacher: Teacher) -> None:
    lecture = teacher.new_lecture()
    answer = teacher.begin(lecture, 0)
    assert (answer.status, answer.json["detail"]) == (422, "文件是空的，请重新选择。")
    assert teacher.phase(lecture) == "empty"
    assert (scratch_files(app), stored(app)) == ([], {})


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("text.mp4", "not_media"),
        ("noise.mp4", "not_media"),
        ("picture.mp4", "is_image"),
        ("index-lost.mp4", "incomplete"),
        ("index-cut.mp4", "incomplete"),
        ("hls.mp4", "points_elsewhere"),
    ],
)
def test_a_file_that_is_no_video_is_explained(
    app: Flask, teacher: Teacher, shelf: ClipShelf, name: str, code: str
) -> None:
    lecture = teacher.new_lecture()
    teacher.upload(lecture, bad(shelf, name).read_bytes(), filename=name)
    run_jobs(app)
    [job] = jobs(app, ENCODE_KIND)
    assert (job.state, job.error_code, job.attempts) == ("failed", code, 1), "trying again would not help"
    assert teacher.phase(lecture) == "failed"
    assert SENTENCES[code] in visible(teacher.get(f"/studio/lectures/{lecture}"))
    assert teacher.publish(lecture).status == 422
    sweep_at_once(app)
    check_books(app)
    assert media_sets(app) == []


def test_a_good_file_takes_the_place_of_a_bad_one(app: Flask, teacher: Teacher, shelf: ClipShelf) -> None:
    lecture = teacher.new_lecture()
    teacher.upload(lecture, bad(shelf, "text.mp4").read_bytes())
    run_jobs(app)
    teacher.upload(lecture, shelf.silent_picture().read_bytes())
    run_jobs(app)
    assert teacher.phase(lecture) == "ready"
    assert SENTENCES["not_media"] not in teacher.page(lecture)
    sweep_at_once(app)
    check_books(app)


def test_a_video_without_sound_works(app: Flask, teacher: Teacher, shelf: ClipShelf) -> None:
    page = published(app, teacher, shelf.silent_picture())
    assert "<video" in page
    [media_set] = media_sets(app)
    assert (media_set.audio_name, media_set.mp4_name is None) == (None, False)
    assert_plays(teacher, f"/media/{media_set.digest}", media_set.master_name)


def test_sound_alone_becomes_an_audio_lecture(app: Flask, teacher: Teacher, shelf: ClipShelf) -> None:
    page = published(app, teacher, shelf.plain_audio())
    assert "<audio" in page
    assert "<video" not in page
    [media_set] = media_sets(app)
    assert media_set.is_audio_only
    assert media_set.audio_name is not None
    assert_plays(teacher, f"/media/{media_set.digest}", media_set.audio_name)
    assert teacher.get(f"/media/{media_set.digest}/{media_set.m4a_name}").headers["Content-Type"] == "audio/mp4"


def published(app: Flask, teacher: Teacher, clip: Path) -> str:
    """Take a clip all the way and return its page as residents get it."""
    lecture = teacher.new_lecture()
    teacher.upload(lecture, clip.read_bytes(), filename=clip.name)
    run_jobs(app)
    assert teacher.phase(lecture) == "ready", teacher.page(lecture)
    assert teacher.publish(lecture).status == 303
    run_jobs(app)
    sweep_at_once(app)
    check_books(app)
    return app.test_client().get(f"/lectures/{lecture}").get_data(as_text=True)


def assert_plays(teacher: Teacher, base: str, manifest_name: str) -> None:
    """Follow the manifests down to the last segment, as a player does."""
    manifest = teacher.get(f"{base}/{manifest_name}")
    assert manifest.status == 200
    folder = manifest_name.rpartition("/")[0]
    named = [line for line in manifest.text.splitlines() if line and not line.startswith("#")]
    assert named
    for name in named:
        path = f"{folder}/{name}" if folder else name
        if name.endswith(".m3u8"):
            assert_plays(teacher, base, path)
        else:
            assert len(teacher.get(f"{base}/{path}").body) > 0


@pytest.mark.parametrize("blank", ["", "   ", "\u3000\u3000"], ids=["nothing", "blanks", "ideographic-blanks"])
def test_blank_words_are_refused_and_the_rest_is_kept(app: Flask, teacher: Teacher, blank: str) -> None:
    answer = teacher.try_new_lecture(title=blank, teacher=blank)
    assert answer.status == 422
    assert "请填写标题。" in answer.text
    assert "请填写主讲人。" in answer.text
    assert FULL["description"] in answer.text
    assert "还没有" in visible(teacher.get("/studio/"))


def test_a_title_of_500_characters_is_refused_and_kept(teacher: Teacher) -> None:
    title = ("跟着做" * 167)[:497] + "<&>"
    assert len(title) == 500
    answer = teacher.try_new_lecture(title=title)
    assert answer.status == 422
    assert f"标题最多 {TITLE_MAX} 个字，现在有 500 个字。" in answer.text
    assert f'value="{escape(title)}"' in answer.text
    assert FULL["description"] in answer.text


def test_an_upload_given_up_half_way_leaves_nothing(app: Flask, teacher: Teacher, short_clip: bytes) -> None:
    lecture = teacher.new_lecture()
    url = teacher.begin(lecture, len(short_clip)).headers["Location"]
    teacher.patch(url, 0, short_clip[:1000])
    assert teacher.phase(lecture) == "uploading"
    assert teacher.ask("DELETE", url, b"", teacher.tus()).status == 204
    assert scratch_files(app) == []
    assert teacher.phase(lecture) == "empty"
    assert teacher.publish(lecture).status == 422
    run_jobs(app)
    assert (stored(app), sources(app)) == ({}, [])


def test_an_upload_never_finished_is_swept_later(app: Flask, teacher: Teacher, short_clip: bytes) -> None:
    lecture = teacher.new_lecture()
    url = teacher.begin(lecture, len(short_clip)).headers["Location"]
    teacher.patch(url, 0, short_clip[:1000])
    parts = PartFolder(platform_of(app).settings.media.work_path)
    run_jobs(app)
    assert parts.length(url.rpartition("/")[2]) == 1000, "it may still go on"
    sweep_at_once(app)
    assert scratch_files(app) == []
    assert teacher.phase(lecture) == "empty"
    assert teacher.ask("HEAD", url, b"", teacher.tus()).status == 410
    check_books(app)


def test_publishing_twice_changes_nothing(app: Flask, teacher: Teacher, shelf: ClipShelf) -> None:
    lecture = teacher.new_lecture()
    teacher.upload(lecture, shelf.silent_picture().read_bytes())
    run_jobs(app)
    version = teacher.version(lecture)
    assert teacher.post(f"/studio/lectures/{lecture}/publish", version=version).status == 303
    before = app.test_client().get(f"/lectures/{lecture}").get_data(as_text=True)
    answer = teacher.post(f"/studio/lectures/{lecture}/publish", version=version)
    assert answer.status == 409
    assert "这一讲已经发布过了，不需要再发布。" in visible(answer)
    assert app.test_client().get(f"/lectures/{lecture}").get_data(as_text=True) == before
