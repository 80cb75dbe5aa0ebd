"""What the operator sees and asks of the encode queue on PostgreSQL: other JSON, other locks, the same answers."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select

from app.admin.encode_queue import QueueView, list_queue
from app.kernel.clock import utc_now
from app.kernel.db import db as database
from app.kernel.db import reading, unit_of_work
from app.kernel.jobs import queue, steps
from app.kernel.jobs.engine import NO_ROOM
from app.kernel.jobs.model import Job, JobState, Priority
from app.library.models import Lecture
from app.media import renewal
from app.media.models import Source
from app.media.queries import CHUNK_KIND, ENCODE_KIND
from app.media.services import request_encode
from config.settings import load
from tests.fixtures.app import build_app, load_policy_data, make_environ, make_institution
from tests.integration.curation.shelf import make_lecture

pytestmark = pytest.mark.services


@pytest.fixture
def scaled_app(tmp_path: Path, postgres_url: str):
    app = build_app(load(make_environ(tmp_path, DATABASE_URL=postgres_url)))
    with app.app_context():
        upgrade()
    load_policy_data(app)
    yield app
    with app.app_context():
        database.engine.dispose()


def begin_one_of_two(app: Flask) -> None:
    """Two lectures of 600 s; of the first one, five chunks of ten were made in the last five minutes."""
    with app.app_context(), unit_of_work() as db:
        for title in ("正在做的课", "等着的课"):
            lecture = make_lecture(db, make_institution(db), title)
            source = db.scalars(select(Source).where(Source.lecture_id == lecture.id)).one()
            source.media_info = {"duration_s": 600.0}
            request_encode(db, lecture, source)
    with app.app_context(), unit_of_work() as db:
        claim = queue.claim(db, queue.LANE_MEDIA, worker="w", lease_s=60)
        assert claim is not None
        began_at = utc_now() - timedelta(minutes=5)
        db.get_one(Job, claim.job_id).started_at = began_at
        db.flush()
        assert steps.delegate(db, claim.job_id, claim.lease, step="encode", done=0.0)
        for number in range(10):
            job = queue.NewJob(
                CHUNK_KIND, lane=queue.LANE_MEDIA, key=str(number), payload=claim.payload, subject=claim.subject,
                fair_key=claim.fair_key, priority=claim.priority, parent_id=claim.job_id, weight=0.1,
            )  # fmt: skip
            queue.enqueue(db, job)
        for chunk in db.scalars(select(Job).where(Job.kind == CHUNK_KIND).order_by(Job.id).limit(5)):
            chunk.state, chunk.progress = JobState.SUCCEEDED, 1.0
            chunk.started_at, chunk.finished_at = began_at, utc_now()


def test_the_queue_is_read_alike(scaled_app: Flask) -> None:
    begin_one_of_two(scaled_app)
    with scaled_app.app_context(), unit_of_work() as db:
        queue.note_obstacle(db, queue.LANE_MEDIA, code=NO_ROOM, message="磁盘空间不足。")
    with scaled_app.app_context(), reading() as db:
        page = list_queue(db)
        assert list_queue(db, QueueView.STOPPED).lines == []
    first, second = page.lines
    assert (first.title, first.chunks_done, first.chunks_total, first.percent) == ("正在做的课", 5, 10, 50)
    assert first.remaining_s == pytest.approx(600, rel=0.05)
    assert second.remaining_s == pytest.approx(900, rel=0.05)
    assert page.is_without_room
    assert [line.reason for line in page.lines].count("磁盘空间不足。") == 1


def test_encoding_anew_is_queued_alike(scaled_app: Flask) -> None:
    begin_one_of_two(scaled_app)
    with scaled_app.app_context(), unit_of_work() as db:
        make_lecture(db, make_institution(db), "旧方案的课")
    with scaled_app.app_context():
        assert renewal.queue_all() == renewal.Extent(1, 600.0)
        assert renewal.queue_all() == renewal.Extent(0, 0.0)
    with scaled_app.app_context(), unit_of_work() as db:
        lecture = db.scalars(select(Lecture).where(Lecture.title == "旧方案的课")).one()
        job = db.scalars(select(Job).where(Job.kind == ENCODE_KIND, Job.subject == f"lecture:{lecture.id}")).one()
        assert job.priority == Priority.RENEWAL
        source = db.scalars(select(Source).where(Source.lecture_id == lecture.id)).one()
        request_encode(db, lecture, source)
        db.refresh(job)
        assert job.priority == Priority.MICRO_COURSE
        assert steps.forget_ended(db, before=utc_now() + timedelta(days=1)) == 0
