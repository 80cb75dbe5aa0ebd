"""A store without room: the encode fails with a sentence, leaves nothing behind, and works once there is room."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from sqlalchemy import update

from app.kernel.clock import utc_now
from app.kernel.db import unit_of_work
from app.kernel.jobs.model import Job, JobState
from app.media.queries import CHUNK_KIND, ENCODE_KIND
from config.settings import load
from tests.fixtures.app import build_app, make_environ, run_jobs
from tests.fixtures.stack import TEACHER
from tests.integration.resilience.inventory import (
    check_books,
    jobs,
    media_sets,
    scratch_files,
    sources,
    stored,
    sweep_at_once,
)
from tests.integration.resilience.teacher import Teacher, in_process


def with_quota(folder: Path, quota_bytes: int) -> Flask:
    """Start the installation under `folder` with another quota."""
    return build_app(load(make_environ(folder, STORE_QUOTA_BYTES=str(quota_bytes))))


def run_all_attempts(app: Flask) -> None:
    """Do the jobs as the worker would, without the waiting between attempts."""
    for _ in range(5):
        run_jobs(app)
        with app.app_context(), unit_of_work() as db:
            db.execute(update(Job).where(Job.state == JobState.QUEUED).values(run_after=utc_now()))


def test_a_full_store_is_told_and_retried(app: Flask, teacher: Teacher, short_clip: bytes, tmp_path: Path) -> None:
    lecture = teacher.new_lecture()
    tight = with_quota(tmp_path, len(short_clip) + 50_000)
    there = Teacher(in_process(tight.test_client()), TEACHER)
    there.upload(lecture, short_clip)
    run_all_attempts(tight)

    [job] = jobs(tight, ENCODE_KIND)
    [*_, chunk] = jobs(tight, CHUNK_KIND)
    assert (chunk.state, chunk.attempts) == (JobState.FAILED, 3), "room may come back, so it was tried again"
    assert job.state is JobState.FAILED
    assert job.error_code in {"out_of_space", "store_full"}
    page = there.page(lecture)
    assert job.error_message is not None
    assert "存储空间不足，请联系管理员" in job.error_message
    assert job.error_message in page
    assert 'data-testid="retry"' in page
    [source] = sources(tight)
    assert source.storage_key in stored(tight)
    left = {key: size for key, size in stored(tight).items() if key != source.storage_key}
    assert all(key.endswith(".json") for key in left), "half a chunk helps nobody and fills the store"
    assert scratch_files(tight) == []

    roomy = with_quota(tmp_path, 10**9)
    there = Teacher(in_process(roomy.test_client()), TEACHER)
    assert there.post(f"/studio/lectures/{lecture}/retry").status == 303
    run_jobs(roomy)
    assert there.phase(lecture) == "ready"
    assert len(media_sets(roomy)) == 1
    sweep_at_once(roomy)
    check_books(roomy)


def test_a_file_that_cannot_fit_is_refused_before_it_is_sent(
    app: Flask, teacher: Teacher, short_clip: bytes, tmp_path: Path
) -> None:
    lecture = teacher.new_lecture()
    tight = with_quota(tmp_path, len(short_clip) - 1)
    there = Teacher(in_process(tight.test_client()), TEACHER)
    answer = there.begin(lecture, len(short_clip))
    assert answer.status == 507
    assert "存储空间不足" in answer.json["detail"]
    assert (scratch_files(tight), stored(tight)) == ([], {})
