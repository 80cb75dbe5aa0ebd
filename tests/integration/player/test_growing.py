"""A lecture that is still being made, over HTTP: what its page says, how an open page learns more, what may be kept."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.kernel.clock import utc_now
from app.kernel.db import unit_of_work
from app.kernel.jobs.model import Job, JobState
from app.kernel.platform import Platform
from app.library.models import Lecture, LectureState
from app.media.models import GrowingSet, MediaSet, Source
from app.media.queries import media_prefix
from app.media.services import request_encode
from config.settings import Settings, load
from tests.factories.lectures import make_lecture
from tests.fixtures.app import make_environ, make_institution, make_user
from tests.fixtures.pages import ReadingClient

DIGEST = "a" * 40
GROWING = "正在处理，可先观看。后面的部分做好后会自动接上。"
STOPPED = "只做好了前面的部分，可先观看。后面的部分没有做成，请过些时候再来。"
DONE = "已经全部处理好了。"


@pytest.fixture
def settings(tmp_path: Path, migrated_database: Path) -> Settings:
    """One kind of store is enough here."""
    shutil.copy(migrated_database, tmp_path / "app.db")
    return load(make_environ(tmp_path))


def grow(app: Flask, *, state: LectureState = LectureState.PUBLISHED, is_audio_only: bool = False) -> str:
    """Add a lecture whose encode is under way, watchable up to second 48, and return its id."""
    with app.app_context(), unit_of_work() as db:
        lecture = make_lecture(db, make_institution(db), "正在处理的一讲", state=state)
        source = db.query(Source).filter_by(lecture_id=lecture.id).one()
        db.query(MediaSet).filter_by(lecture_id=lecture.id).update({"is_current": False})
        db.add(
            GrowingSet(
                lecture_id=lecture.id, source_id=source.id, digest=DIGEST, is_audio_only=is_audio_only,
                heights_px={} if is_audio_only else {"360p": 360, "720p": 720}, duration_s=600.0, available_s=48.0,
                updated_at=utc_now(),
            )
        )  # fmt: skip
        request_encode(db, lecture, source)
        return lecture.public_id


def end(app: Flask, public_id: str, state: JobState) -> None:
    """Let the encode have ended in a state; where it succeeded, its set is there."""
    with app.app_context(), unit_of_work() as db:
        lecture = db.query(Lecture).filter_by(public_id=public_id).one()
        db.query(Job).filter_by(kind="encode_lecture").update({"state": state})
        if state is JobState.SUCCEEDED:
            db.query(GrowingSet).delete()
            db.query(MediaSet).filter_by(lecture_id=lecture.id).update({"is_current": True})


def page(client: FlaskClient, public_id: str, **query: str) -> str:
    return client.get(f"/lectures/{public_id}", query_string=query).get_data(as_text=True)


def config(text: str) -> dict[str, Any]:
    found = re.search(r"data-player-config>(.*?)</script>", text, re.DOTALL)
    assert found
    return json.loads(found[1])["media"]


def test_the_page_says_that_it_can_be_watched_already(app: Flask, client: FlaskClient) -> None:
    public_id = grow(app)
    text, media = page(client, public_id), config(page(client, public_id))
    assert f'data-player-growth="/lectures/{public_id}/growth"' in text
    assert text.count(f"<p>{GROWING}</p>") == 1
    assert (media["is_growing"], media["duration_s"]) == (True, 600)
    assert media["master_url"] == f"/media/{DIGEST}/live/master.m3u8"
    assert (media["videos"], media["heights_px"]) == (["720p", "360p"], [720, 360])
    assert f'<source src="/media/{DIGEST}/live/master.m3u8"' in text
    for absent in ("lecture-save", "player__cost", "视频还在准备", "None"):
        assert absent not in text, absent


def test_the_page_of_sound_alone_offers_no_picture(app: Flask, client: FlaskClient) -> None:
    text = page(client, grow(app, is_audio_only=True))
    assert f"<p>{GROWING}</p>" in text
    assert f'<source src="/media/{DIGEST}/live/audio.m3u8"' in text
    assert "<audio " in text
    for absent in ('data-player-panel-button="choice"', "data-player-full", "data-player-listen", "lecture-save"):
        assert absent not in text, absent


def test_a_finished_lecture_is_not_asked_about(app: Flask, client: FlaskClient) -> None:
    public_id = grow(app)
    end(app, public_id, JobState.SUCCEEDED)
    text = page(client, public_id)
    assert "data-player-growth" not in text
    assert GROWING not in text
    assert config(text)["is_growing"] is False


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (JobState.QUEUED, "growing"),
        (JobState.RUNNING, "growing"),
        (JobState.FAILED, "stopped"),
        (JobState.CANCELLED, "stopped"),
        (JobState.SUCCEEDED, "ready"),
    ],
)
def test_an_open_page_learns_how_it_goes_on(app: Flask, client: FlaskClient, state: JobState, expected: str) -> None:
    public_id = grow(app)
    words = re.search(r"<div data-player-growth=[^>]*>", page(client, public_id))
    assert words
    assert re.findall(r'data-(\w+)="([^"]*)"', words[0]) == [
        ("growing", GROWING), ("stopped", STOPPED), ("ready", DONE),
    ]  # fmt: skip
    end(app, public_id, state)
    got = client.get(f"/lectures/{public_id}/growth")
    assert (got.json, got.headers["Cache-Control"]) == ({"state": expected}, "private, no-store")
    if expected == "stopped":
        assert f"<p>{STOPPED}</p>" in page(client, public_id)


def test_a_draft_is_nobodys_business(app: Flask, client: FlaskClient) -> None:
    public_id = grow(app, state=LectureState.DRAFT)
    assert client.get(f"/lectures/{public_id}/growth").status_code == 404
    assert client.get("/lectures/nothing/growth").status_code == 404


def test_in_english_too(app: Flask, client: FlaskClient) -> None:
    client.set_cookie("ui", "normal.auto.standard.en")
    text = page(client, grow(app))
    assert "You can start watching" in text
    assert 'data-ready="The whole lecture is ready now."' in text


@pytest.mark.parametrize(
    "case",
    [
        ("live/master.m3u8", True, "no-cache"),
        ("live/360p.m3u8", True, "no-cache"),
        ("live/audio/00000.m4s", True, "public, max-age=31536000, immutable"),
        ("live/360p.m3u8", False, "private, no-store"),
    ],
)
def test_only_what_never_changes_is_kept(
    app: Flask, platform: Platform, sign_in: Callable[[str], FlaskClient], case: tuple[str, bool, str]
) -> None:
    name, is_public, kept = case
    app.test_client_class = ReadingClient
    client = app.test_client()
    grow(app, state=LectureState.PUBLISHED if is_public else LectureState.DRAFT)
    platform.storage.put_bytes(f"{media_prefix(DIGEST)}/{name}", b"#EXTM3U\n", "application/vnd.apple.mpegurl")
    got = client.get(f"/media/{DIGEST}/{name}")
    if not is_public:
        assert got.status_code == 404
        with app.app_context(), unit_of_work() as db:
            institution_id = db.query(Lecture).one().institution_id
            login = make_user(db, Role.INSTITUTION_ADMIN, institution_id=institution_id).login
        got = sign_in(login).get(f"/media/{DIGEST}/{name}")
    assert (got.status_code, got.headers["Cache-Control"]) == (200, kept)
