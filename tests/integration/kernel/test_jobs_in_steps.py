"""Jobs done in steps: the parent goes on when the last step is done, fails with the first that fails for good."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.kernel.jobs import queue
from app.kernel.jobs.engine import Delegation, JobContext, JobKind, JobRunner
from app.kernel.jobs.model import Job, JobFailed, JobState
from app.kernel.jobs.steps import forget_ended, progress_of

LANE = queue.LANE_DEFAULT


class Whole:
    """A kind of job in three steps, and what happened to it."""

    def __init__(self, steps: int = 3):
        self.steps, self.calls, self.done = steps, 0, []
        self.failing: set[str] = set()
        self.failed: list[str] = []

    def handle(self, context: JobContext):
        self.calls += 1
        missing = [f"step{number}" for number in range(self.steps) if f"step{number}" not in self.done]
        if not missing:
            return None

        def enqueue(db):
            for key in missing:
                queue.enqueue(
                    db, queue.NewJob("step", lane=LANE, key=key, parent_id=context.claim.job_id, weight=1 / self.steps)
                )

        return Delegation(enqueue, "working", 1 - len(missing) / self.steps)

    def step(self, context: JobContext):
        with reading() as db:
            key = db.get(Job, context.claim.job_id).key
        if key in self.failing:
            raise JobFailed("broken", "坏了。", is_transient=False)
        self.done.append(key)


@pytest.fixture
def whole():
    return Whole()


@pytest.fixture
def runner(app: Flask, tmp_path, whole) -> JobRunner:
    runner = JobRunner(app.app_context, tmp_path / "work", lease_s=5)
    runner.register(JobKind("whole", LANE, whole.handle, on_failed=lambda _db, job: whole.failed.append(job.key)))
    runner.register(JobKind("step", LANE, whole.step))
    with app.app_context(), unit_of_work() as db:
        queue.enqueue(db, queue.NewJob("whole", lane=LANE, key="whole"))
    return runner


def job(app: Flask, key: str) -> Job:
    with app.app_context(), reading() as db:
        return db.scalars(select(Job).where(Job.key == key).order_by(Job.id.desc())).first()


def fraction(app: Flask) -> float:
    with app.app_context(), reading() as db:
        parent = db.scalars(select(Job).where(Job.key == "whole")).one()
        return progress_of(db, [parent])[parent.id]


def test_parent_goes_on_when_the_last_step_is_done(app: Flask, runner, whole):
    assert runner.work_once(LANE)
    assert job(app, "whole").is_delegated
    told = [fraction(app)]
    for _ in range(3):
        assert runner.work_once(LANE)
        told.append(fraction(app))
    assert told[:3] == [pytest.approx(number / 3) for number in range(3)]
    assert job(app, "whole").state is JobState.QUEUED
    assert runner.work_once(LANE)
    assert not runner.work_once(LANE)
    assert (job(app, "whole").state, whole.calls, whole.done) == (JobState.SUCCEEDED, 2, ["step0", "step1", "step2"])


def test_a_step_that_fails_for_good_fails_the_whole_and_calls_off_the_rest(app: Flask, runner, whole):
    whole.failing = {"step0"}
    while runner.work_once(LANE):
        pass
    parent = job(app, "whole")
    assert (parent.state, parent.error_code, parent.error_message) == (JobState.FAILED, "broken", "坏了。")
    assert [job(app, f"step{number}").state for number in range(3)] == [
        JobState.FAILED, JobState.CANCELLED, JobState.CANCELLED,
    ]  # fmt: skip
    assert (whole.failed, whole.done) == (["whole"], [])


def test_a_retried_whole_makes_only_what_is_missing(app: Flask, runner, whole):
    whole.failing = {"step1"}
    while runner.work_once(LANE):
        pass
    whole.failing = set()
    with app.app_context(), unit_of_work() as db:
        queue.retry(db, job(app, "whole").id)
    assert runner.work_once(LANE)
    assert fraction(app) == pytest.approx(1 / 3)
    while runner.work_once(LANE):
        pass
    assert job(app, "whole").state is JobState.SUCCEEDED
    assert sorted(whole.done) == ["step0", "step1", "step2"]


def test_cancelling_the_whole_calls_off_its_steps(app: Flask, runner, whole):
    runner.work_once(LANE)
    runner.work_once(LANE)
    with app.app_context(), unit_of_work() as db:
        queue.request_cancel(db, job(app, "whole").id)
    assert not runner.work_once(LANE)
    assert job(app, "whole").state is JobState.CANCELLED
    assert [job(app, f"step{number}").state for number in (1, 2)] == [JobState.CANCELLED] * 2


def test_steps_of_a_lost_worker_run_out_of_attempts_and_fail_the_whole(app: Flask, runner):
    runner.work_once(LANE)
    with app.app_context(), unit_of_work() as db:
        claim = queue.claim(db, LANE, worker="lost", lease_s=5)
        past = utc_now() - timedelta(seconds=1)
        db.execute(update(Job).where(Job.id == claim.job_id).values(lease_until=past, attempts=queue.MOST_LOST))
    runner.sweep()
    assert (job(app, "whole").state, job(app, "whole").error_code) == (JobState.FAILED, "worker_lost")


def test_a_parent_nobody_woke_is_woken_by_the_sweep(app: Flask, runner, whole):
    runner.work_once(LANE)
    with app.app_context(), unit_of_work() as db:
        db.execute(update(Job).where(Job.kind == "step").values(state=JobState.SUCCEEDED))
    whole.done = ["step0", "step1", "step2"]
    assert not runner.work_once(LANE)
    runner.sweep()
    assert runner.work_once(LANE)
    assert job(app, "whole").state is JobState.SUCCEEDED


def test_a_parent_does_not_lose_attempts_by_its_steps(app: Flask, runner, whole):
    for _ in range(5):
        while runner.work_once(LANE):
            pass
    assert job(app, "whole").attempts == 1


def test_steps_ending_at_once_wake_the_parent_once(app: Flask, runner, whole):
    whole.steps = 8
    runner.work_once(LANE)
    threads = [threading.Thread(target=lambda: [runner.work_once(LANE) for _ in range(6)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while runner.work_once(LANE):
        pass
    assert (job(app, "whole").state, whole.calls) == (JobState.SUCCEEDED, 2)
    assert sorted(whole.done) == [f"step{number}" for number in range(8)]


def test_steps_go_by_their_rank_and_a_younger_parents_steps_wait(app: Flask):
    with app.app_context(), unit_of_work() as db:
        for key in ("older", "younger"):
            queue.enqueue(db, queue.NewJob("whole", lane="other", key=key))
        db.flush()
        older, younger = (db.scalars(select(Job.id).where(Job.key == key)).one() for key in ("older", "younger"))
        for key, parent_id, rank in (("y0", younger, 0), ("o5", older, 5), ("o1", older, 1), ("o0 late", older, 0)):
            queue.enqueue(db, queue.NewJob("step", lane=LANE, key=key, parent_id=parent_id, rank=rank))
    taken = []
    for _ in range(4):
        with app.app_context(), unit_of_work() as db:
            claim = queue.claim(db, LANE, worker="w", lease_s=60)
            taken.append(db.get(Job, claim.job_id).key)
    assert taken == ["o0 late", "o1", "o5", "y0"]


def test_steps_of_long_ago_are_forgotten_once_the_whole_has_ended(app: Flask, runner, whole):
    runner.work_once(LANE)
    runner.work_once(LANE)
    later = utc_now() + timedelta(days=31)

    def forget() -> int:
        with app.app_context(), unit_of_work() as db:
            return forget_ended(db, before=later)

    assert forget() == 0, "what is done counts while the rest is under way"
    while runner.work_once(LANE):
        pass
    assert forget() == 3
    assert job(app, "whole").state is JobState.SUCCEEDED
    assert job(app, "step0") is None
