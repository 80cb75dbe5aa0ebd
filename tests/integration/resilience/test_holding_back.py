"""While somebody waits for the first two segments of a lecture the machine does nothing else of it; then all begins."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from app.kernel.clock import utc_now
from app.kernel.db import reading
from app.kernel.jobs import queue
from app.kernel.jobs.model import Job, JobState
from app.media.models import GrowingSet
from app.media.preflight import ANALYSE_KIND
from app.media.queries import CHUNK_KIND
from tests.factories.clips import ClipShelf
from tests.fixtures.app import run_jobs
from tests.integration.resilience.inventory import jobs, platform_of
from tests.integration.resilience.teacher import Teacher


@pytest.fixture
def minute(shelf: ClipShelf) -> bytes:
    """A minute of restless picture: made in chunks, and with an early sound."""
    return shelf.moving(60, 160, 120, "10").read_bytes()


def held(app: Flask) -> list[Job]:
    found = [*jobs(app, CHUNK_KIND), *jobs(app, ANALYSE_KIND)]
    return [job for job in found if job.state is JobState.QUEUED and job.run_after > utc_now()]


def work(app: Flask, lane: str) -> bool:
    return platform_of(app).runner.work_once(lane)


def test_all_else_waits_for_what_can_be_watched_first(app: Flask, teacher: Teacher, minute: bytes) -> None:
    lecture = teacher.new_lecture()
    teacher.upload(lecture, minute)
    while work(app, queue.LANE_DEFAULT):
        pass
    assert [job.kind for job in held(app)] == [ANALYSE_KIND]
    assert work(app, queue.LANE_MEDIA), "the encode hands its steps out"
    steps = len(jobs(app, CHUNK_KIND))
    assert len(held(app)) == steps - 2 + 1, "the lowest rung of two segments and the measuring of the first sound begin"
    assert not work(app, queue.LANE_ANALYSIS)
    assert work(app, queue.LANE_MEDIA)
    assert work(app, queue.LANE_MEDIA)
    assert len(held(app)) >= steps - 2 + 1, "there is no sound yet"
    assert work(app, queue.LANE_MEDIA)
    assert held(app) == []
    with app.app_context(), reading() as db:
        assert [growing.available_s for growing in db.scalars(select(GrowingSet))] == [pytest.approx(8, abs=1)]
    run_jobs(app)
    assert teacher.phase(lecture) == "ready"
    assert [job.state for job in jobs(app, ANALYSE_KIND)] == [JobState.SUCCEEDED]


def test_nothing_is_held_back_where_nothing_can_be_watched_first(
    app: Flask, teacher: Teacher, short_clip: bytes
) -> None:
    teacher.upload(teacher.new_lecture(), short_clip)
    while work(app, queue.LANE_DEFAULT):
        pass
    assert work(app, queue.LANE_MEDIA)
    assert held(app) == []
    assert work(app, queue.LANE_ANALYSIS)


def test_a_file_that_is_refused_is_looked_through_at_once(app: Flask, teacher: Teacher) -> None:
    teacher.upload(teacher.new_lecture(), b"no media at all" * 100)
    while work(app, queue.LANE_DEFAULT):
        pass
    assert work(app, queue.LANE_MEDIA)
    assert held(app) == []
