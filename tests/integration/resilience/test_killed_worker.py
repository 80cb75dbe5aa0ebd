"""kill -9 of the worker in mid-encode: nothing of it lives on, and another one finishes the lecture unasked."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from app.kernel.db import reading
from app.kernel.jobs.model import Job, JobState
from app.media.queries import ENCODE_KIND
from tests.fixtures.stack import Stack, wait_for
from tests.integration.resilience.inventory import (
    PATIENCE_S,
    check_books,
    media_sets,
    plant_orphans,
    platform_of,
    processes_in,
    processes_of_session,
    scratch_files,
    sources,
    stored,
    sweep_at_once,
)
from tests.integration.resilience.teacher import Teacher

pytestmark = [pytest.mark.timeout(600)]


def encodes(stack: Stack) -> list[Job]:
    with stack.app.app_context(), reading() as db:
        return list(db.scalars(select(Job).where(Job.kind == ENCODE_KIND).order_by(Job.id)))


def chunks_of(stack: Stack, encode: Job) -> list[Job]:
    with stack.app.app_context(), reading() as db:
        return list(db.scalars(select(Job).where(Job.parent_id == encode.id)))


def is_encoding(stack: Stack, *, others: int) -> bool:
    """In the middle: progress was recorded, and there are files to lose."""
    if len(encodes(stack)) == others:
        return False
    job, scratch = encodes(stack)[-1], platform_of(stack.app).settings.media.work_path
    assert job.state in {JobState.QUEUED, JobState.RUNNING}, "the clip is too short to be killed in the middle"
    return job.state is JobState.RUNNING and job.step == "encode" and bool(processes_in(scratch))


def kill_only_the_worker_itself(stack: Stack) -> None:
    """Not its group: what it started must notice by itself."""
    worker = stack.processes.pop("worker")
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait(10)
    scratch = platform_of(stack.app).settings.media.work_path
    wait_for(
        lambda: not processes_in(scratch) and not processes_of_session(worker.pid),
        timeout_s=10,
        what="ffmpeg and all other children of a killed worker are to be gone",
    )


def test_another_worker_finishes_what_a_killed_one_began(
    stack: Stack, teacher_of: Callable[[Stack], Teacher], long_clip: Path
) -> None:
    teacher = teacher_of(stack)
    lecture = teacher.new_lecture()
    sets_before = {each.digest for each in media_sets(stack.app)}
    others = len(encodes(stack))
    teacher.upload(lecture, long_clip.read_bytes())
    wait_for(lambda: is_encoding(stack, others=others), timeout_s=PATIENCE_S, what=lambda: stack.log_tail("worker"))
    kill_only_the_worker_itself(stack)
    assert scratch_files(stack.app), "it died with its files open"

    stack.start_worker()
    wait_for(lambda: teacher.phase(lecture) == "ready", timeout_s=PATIENCE_S, what=lambda: stack.log_tail("worker"))

    [job] = encodes(stack)[others:]
    assert (job.state, job.attempts) == (JobState.SUCCEEDED, 1)
    again = [each for each in chunks_of(stack, job) if each.attempts > 1]
    assert 1 <= len(again) <= platform_of(stack.app).settings.jobs.media_slots, "a chunk for each slot, not more"
    assert len({each.digest for each in media_sets(stack.app)} - sets_before) == 1
    assert len([each for each in media_sets(stack.app) if each.source_id == sources(stack.app)[-1].id]) == 1
    assert teacher.publish(lecture).status == 303

    kept = stored(stack.app)
    orphans = plant_orphans(stack.app)
    assert set(stored(stack.app)) == {*kept, *orphans}
    sweep_at_once(stack.app)
    finished = {key: size for key, size in kept.items() if "/live/" not in key and "/chunks/" not in key}
    assert stored(stack.app) == finished, "orphans go, and what served until the set was whole; all else stays"
    wait_for(lambda: not scratch_files(stack.app), timeout_s=60, what=lambda: str(scratch_files(stack.app)))
    check_books(stack.app)
