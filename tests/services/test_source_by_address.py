"""Where the store is no folder, a lecture is planned, encoded and looked through without any copy of its source."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from structlog.testing import capture_logs

from app.accounts.models import Role
from app.kernel.actor import Actor, Grant
from app.kernel.db import reading, unit_of_work
from app.kernel.jobs import queue
from app.kernel.jobs.model import Job, JobState
from app.kernel.storage import S3Storage
from app.library.services import LectureFields, create_lecture
from app.media.models import MediaSet, Source
from app.media.services import SOURCE_PREFIX, StoredSource, attach_source, source_key
from config.settings import load
from tests.factories.clips import ClipShelf, shared_folder
from tests.fixtures.app import build_app, make_environ, make_institution, make_user
from tests.fixtures.services import s3_section


@pytest.fixture(params=["s3_double", pytest.param("s3_server", marks=pytest.mark.services)])
def remote_app(request: pytest.FixtureRequest, tmp_path: Path, migrated_database: Path) -> Flask:
    """The app on a store that is reached over the network: a double, and the real thing."""
    section = s3_section(request.getfixturevalue(request.param))
    shutil.copy(migrated_database, tmp_path / "app.db")
    changes = {
        "STORE_KIND": "s3", "STORE_ENDPOINT": section.endpoint, "STORE_ACCESS_KEY": section.access_key,
        "STORE_SECRET_KEY": section.secret_key.get_secret_value(), "STORE_BUCKET": section.bucket,
        "STORE_SECURE": "false",
    }  # fmt: skip
    return build_app(load(make_environ(tmp_path, **changes)))


@pytest.fixture
def attach(remote_app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], None]:
    """Return a function that uploads a clip into the store and attaches it to a lecture."""
    clip = ClipShelf(shared_folder(tmp_path_factory)).moving(6)

    def do() -> None:
        sha256 = hashlib.sha256(clip.read_bytes()).hexdigest()
        remote_app.extensions["platform"].storage.put_file(source_key(sha256), clip, "application/octet-stream")
        with remote_app.app_context(), unit_of_work() as db:
            place = make_institution(db)
            user = make_user(db, Role.CONTRIBUTOR, institution_id=place.id)
            actor = Actor(user.id, user.public_id, user.display_name, (Grant(Role.CONTRIBUTOR.value, place.id),))
            lecture = create_lecture(db, actor, place.id, LectureFields(title="八段锦", teacher="周老师"))
            stored = StoredSource(clip.name, sha256, clip.stat().st_size, source_key(sha256))
            attach_source(db, actor, lecture, stored)

    return do


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys of sources that were copied."""
    keys: list[str] = []
    fetch = S3Storage.fetch

    def noted(storage: S3Storage, key: str, path: Path) -> None:
        if key.startswith(SOURCE_PREFIX):
            keys.append(key)
        fetch(storage, key, path)

    monkeypatch.setattr(S3Storage, "fetch", noted)
    return keys


def work(app: Flask, lane: str) -> None:
    while app.extensions["platform"].runner.work_once(lane):
        pass


def test_encoding_copies_no_source(remote_app: Flask, attach: Callable[[], None], fetched: list[str]) -> None:
    attach()
    work(remote_app, queue.LANE_MEDIA)
    work(remote_app, queue.LANE_ANALYSIS)
    with remote_app.app_context(), reading() as db:
        [source], [made] = db.scalars(select(Source)).all(), db.scalars(select(MediaSet)).all()
        assert made.is_current
        assert source.media_info["container"].startswith("mov")
        assert source.preflight["analysis"]["sound"] is not None
        heavy = select(Job.state).where(Job.lane.in_([queue.LANE_MEDIA, queue.LANE_ANALYSIS]))
        assert set(db.scalars(heavy)) == {JobState.SUCCEEDED}
    assert fetched == []


def test_an_address_that_leads_nowhere_is_replaced_by_a_copy(
    remote_app: Flask, attach: Callable[[], None], fetched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    attach()
    monkeypatch.setattr(S3Storage, "presigned_url", lambda *_: "http://127.0.0.1:9/nobody?signed=1")
    with capture_logs() as events:
        assert remote_app.extensions["platform"].runner.work_once(queue.LANE_MEDIA)
    assert [event["event"] for event in events if event["event"] == "source_not_read_by_address"]
    assert len(fetched) == 1
    with remote_app.app_context(), reading() as db:
        job = db.scalars(select(Job).where(Job.kind == "encode_lecture")).one()
        assert (job.state, job.is_delegated) == (JobState.RUNNING, True)
