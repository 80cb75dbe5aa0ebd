"""While a lecture is being made its teacher reads how long that will take, and how many go first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.clock import utc_now
from app.kernel.jobs import queue, steps
from app.kernel.jobs.model import Job, JobState
from app.library.models import Lecture
from app.library.services import create_lecture
from app.media.models import Source
from app.media.queries import CHUNK_KIND, ENCODE_KIND
from app.media.services import request_encode
from app.studio.queries import Phase, get_progress
from tests.integration.studio.college import FULL, Browser, College, in_work

LENGTH_S = 600.0
CHUNKS, MADE = 10, 5


def asked_for(db: Session, public_id: str) -> Job:
    """Give a lecture a file of ten minutes, and queue its encode."""
    lecture = db.scalars(select(Lecture).where(Lecture.public_id == public_id)).one()
    source = Source(
        lecture_id=lecture.id, filename="a.mp4", sha256="0" * 64, size_bytes=1, storage_key="sources/00/x",
        media_info={"duration_s": LENGTH_S}, created_at=utc_now(),
    )  # fmt: skip
    db.add(source)
    db.flush()
    request_encode(db, lecture, source)
    db.flush()
    return db.scalars(select(Job).where(Job.kind == ENCODE_KIND).order_by(Job.id.desc()).limit(1)).one()


def begun(db: Session, job: Job, *, pause: timedelta = timedelta(0)) -> None:
    """Hand the encode's chunks out, and make half of them, one a minute; before the last of these nobody works."""
    began_at = utc_now() - timedelta(minutes=MADE) - pause
    job.state, job.lease, job.started_at, job.attempts = JobState.RUNNING, "x", began_at, 1
    db.flush()
    assert steps.delegate(db, job.id, "x", step="encode", done=0.0)
    for number in range(CHUNKS):
        step = queue.NewJob(
            CHUNK_KIND, lane=queue.LANE_MEDIA, key=f"{job.id}:{number}", subject=job.subject, payload=job.payload,
            fair_key=job.fair_key, priority=job.priority, parent_id=job.id, weight=1 / CHUNKS,
        )  # fmt: skip
        queue.enqueue(db, step)
    for number, chunk in enumerate(db.scalars(select(Job).where(Job.parent_id == job.id).order_by(Job.id).limit(MADE))):
        chunk.state, chunk.progress = JobState.SUCCEEDED, 1.0
        chunk.started_at = began_at + timedelta(minutes=number) + (pause if number == MADE - 1 else timedelta(0))
        chunk.finished_at = chunk.started_at + timedelta(minutes=1)


def test_the_page_tells_how_long_and_how_many_go_first(
    app: Flask, college: College, teacher: Browser, lecture_id: str
) -> None:
    other_id = in_work(app, lambda db: create_lecture(db, college.teacher, college.id, FULL).public_id)
    in_work(app, lambda db: begun(db, asked_for(db, lecture_id)))
    in_work(app, lambda db: asked_for(db, str(other_id)).id)

    def look(db: Session) -> list[object]:
        ids = [db.scalars(select(Lecture.id).where(Lecture.public_id == each)).one() for each in (lecture_id, other_id)]
        return [get_progress(db, each) for each in ids]

    first, second = in_work(app, look)
    # Five minutes of lecture were made in five minutes; five are left of this one, and the other has ten.
    assert (first.phase, first.remaining_s) == (Phase.WORKING, pytest.approx(300, rel=0.02))
    assert (second.phase, second.ahead, second.remaining_s) == (Phase.WAITING, 1, pytest.approx(900, rel=0.02))
    assert "大约还要 5分钟，可以关掉这一页。" in teacher.get(f"/studio/lectures/{lecture_id}/status")
    waiting = teacher.get(f"/studio/lectures/{other_id}/status")
    for words in ("排队中，前面还有 1 个任务。", "大约还要 15分钟，可以关掉这一页。"):
        assert words in waiting, words


@pytest.mark.parametrize("pause", [timedelta(minutes=4), timedelta(minutes=8), timedelta(hours=9)])
def test_time_in_which_no_worker_was_at_it_makes_nothing_longer(app: Flask, lecture_id: str, pause: timedelta) -> None:
    in_work(app, lambda db: begun(db, asked_for(db, lecture_id), pause=pause))

    def look(db: Session) -> object:
        return get_progress(db, db.scalars(select(Lecture.id).where(Lecture.public_id == lecture_id)).one())

    assert in_work(app, look).remaining_s == pytest.approx(300, rel=0.02)
