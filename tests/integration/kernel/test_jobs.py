"""Jobs: claimed once, fairly, recorded only under an own lease, given up and taken up again as promised."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.kernel.errors import Conflict
from app.kernel.jobs import queue
from app.kernel.jobs.engine import JobContext, JobKind, JobRunner, Postponement
from app.kernel.jobs.model import Claim, Job, JobFailed, JobState, Priority

LANE = queue.LANE_DEFAULT


@pytest.fixture
def runner(app: Flask, tmp_path) -> JobRunner:
    return JobRunner(app.app_context, tmp_path / "work", lease_s=5)


def add(db: Session, key: str, **values) -> None:
    queue.enqueue(db, queue.NewJob(values.pop("kind", "echo"), lane=LANE, key=key, **values))


def take(app: Flask) -> Claim | None:
    with app.app_context(), unit_of_work() as db:
        return queue.claim(db, LANE, worker="test:1", lease_s=5)


def states(app: Flask) -> dict[str, JobState]:
    with app.app_context(), reading() as db:
        return dict(db.execute(select(Job.key, Job.state)).all())


def in_work(app: Flask, change: Callable[[Session], None]) -> None:
    with app.app_context(), unit_of_work() as db:
        change(db)


def test_one_waiting_job_per_key(app: Flask):
    in_work(app, lambda db: [add(db, "a"), add(db, "a")])
    assert take(app) is not None
    in_work(app, lambda db: add(db, "a"))  # the first one runs: this is new work
    assert take(app) is not None
    assert take(app) is None


def test_priority_first_then_institutions_take_turns(app: Flask):
    def fill(db: Session) -> None:
        for number in range(3):
            add(db, f"big{number}", fair_key="institution:1")
        add(db, "small", fair_key="institution:2")
        add(db, "green", fair_key="institution:1", priority=Priority.GREEN_CHANNEL)

    in_work(app, fill)
    order = []
    while (claim := take(app)) is not None:
        with app.app_context(), reading() as db:
            order.append(db.get(Job, claim.job_id).key)

    assert order[0] == "green"
    # institution 1 was just served, so the other one's single file comes before its next
    assert order[1] == "small"
    assert order[2:] == ["big0", "big1", "big2"]


def test_many_workers_claim_each_job_once(app: Flask):
    in_work(app, lambda db: [add(db, f"k{number}") for number in range(24)])
    taken: list[int] = []

    def work() -> None:
        while (claim := take(app)) is not None:
            taken.append(claim.job_id)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(taken) == len(set(taken)) == 24


def test_result_is_recorded_with_success(app: Flask, runner: JobRunner):
    def handle(context: JobContext):
        assert context.work_dir.is_dir()
        context.report("half", 0.5)
        return lambda db: add(db, "recorded")

    runner.register(JobKind("echo", LANE, handle))
    in_work(app, lambda db: add(db, "a", payload={"x": 1}))

    assert runner.work_once(LANE)
    assert states(app) == {"a": JobState.SUCCEEDED, "recorded": JobState.QUEUED}
    assert not list((runner.work_path / "jobs").iterdir()), "scratch folders go away"


def test_transient_failures_come_back_later_permanent_ones_do_not(app: Flask, runner: JobRunner):
    told: list[str] = []

    def handle(context: JobContext) -> None:
        raise JobFailed("nope", "不行", is_transient=context.payload["transient"])

    runner.register(JobKind("echo", LANE, handle, on_failed=lambda _db, job: told.append(job.key)))
    in_work(
        app, lambda db: [add(db, "again", payload={"transient": True}), add(db, "never", payload={"transient": False})]
    )
    runner.work_once(LANE)
    runner.work_once(LANE)

    assert states(app) == {"again": JobState.QUEUED, "never": JobState.FAILED}
    assert told == ["never"]
    assert take(app) is None, "the transient one waits for its back-off"
    with app.app_context(), reading() as db:
        job = db.scalars(select(Job).where(Job.key == "again")).one()
        assert job.error_message == "不行"
        assert job.run_after > utc_now()


def test_crash_in_a_handler_is_retried_and_ends_as_failed(app: Flask, runner: JobRunner):
    def handle(_context: JobContext) -> None:
        raise ZeroDivisionError

    runner.register(JobKind("echo", LANE, handle))
    in_work(app, lambda db: add(db, "a", max_attempts=2))
    for _ in range(2):
        in_work(app, lambda db: db.execute(update(Job).values(run_after=utc_now())))
        runner.work_once(LANE)

    assert states(app) == {"a": JobState.FAILED}


def test_dead_workers_job_is_taken_up_and_its_late_result_discarded(app: Flask):
    in_work(app, lambda db: add(db, "a"))
    dead = take(app)
    in_work(app, lambda db: db.execute(update(Job).values(lease_until=utc_now() - timedelta(seconds=1))))
    in_work(app, queue.sweep_expired)
    alive = take(app)

    assert dead is not None
    assert alive is not None
    assert alive.attempt == 2
    with app.app_context(), unit_of_work() as db:
        assert not queue.finish(db, dead, JobState.SUCCEEDED)
        assert not queue.heartbeat(db, dead, lease_s=5, step="", progress=0)
        assert queue.finish(db, alive, JobState.SUCCEEDED)


def test_worker_that_dies_every_time_ends_as_failed(app: Flask, runner: JobRunner):
    told: list[str] = []
    runner.register(
        JobKind("echo", LANE, lambda _context: None, on_failed=lambda _db, job: told.append(job.error_code))
    )
    in_work(app, lambda db: add(db, "a", max_attempts=1))
    take(app)
    past = utc_now() - timedelta(seconds=1)
    in_work(app, lambda db: db.execute(update(Job).values(lease_until=past, attempts=queue.MOST_LOST - 1)))
    runner.sweep()
    assert states(app) == {"a": JobState.QUEUED}
    take(app)
    in_work(app, lambda db: db.execute(update(Job).values(lease_until=past)))
    runner.sweep()

    assert states(app) == {"a": JobState.FAILED}
    assert told == ["worker_lost"]


def test_running_job_hears_that_it_is_cancelled(app: Flask, tmp_path):
    runner = JobRunner(app.app_context, tmp_path, lease_s=2)
    started = threading.Event()

    def handle(context: JobContext) -> None:
        started.set()
        for _ in range(200):
            if context.is_cancelled():
                return
            threading.Event().wait(0.05)
        raise AssertionError("nobody told the job to stop")

    runner.register(JobKind("echo", LANE, handle))
    in_work(app, lambda db: add(db, "a"))
    thread = threading.Thread(target=runner.work_once, args=(LANE,))
    thread.start()
    assert started.wait(5)
    in_work(app, lambda db: queue.request_cancel(db, db.scalars(select(Job.id)).one()))
    thread.join(15)

    assert states(app) == {"a": JobState.CANCELLED}


def test_only_failed_or_cancelled_jobs_are_retried(app: Flask):
    in_work(app, lambda db: add(db, "a"))
    with app.app_context(), reading() as db:
        job_id = db.scalars(select(Job.id)).one()
    with pytest.raises(Conflict):
        in_work(app, lambda db: queue.retry(db, job_id))
    in_work(app, lambda db: queue.request_cancel(db, job_id))
    in_work(app, lambda db: queue.retry(db, job_id))

    assert states(app) == {"a": JobState.QUEUED}


def test_a_machine_without_room_says_so_to_the_next_in_line_until_somebody_takes_it(app: Flask, tmp_path):
    has_room = False
    runner = JobRunner(app.app_context, tmp_path / "work", lease_s=5, has_room=lambda _lane: has_room)
    runner.register(JobKind("echo", LANE, lambda _context: None))
    in_work(app, lambda db: [add(db, "first", priority=Priority.MICRO_COURSE), add(db, "second")])

    def told() -> dict[str, str | None]:
        with app.app_context(), reading() as db:
            return dict(db.execute(select(Job.key, Job.error_message)).all())

    assert not runner.work_once(LANE)
    assert told()["first"] == "工作节点磁盘空间不足，腾出空间后会自动继续。"
    assert told()["second"] is None
    has_room = True
    assert runner.work_once(LANE)
    assert states(app) == {"first": JobState.SUCCEEDED, "second": JobState.QUEUED}
    assert told() == {"first": None, "second": None}


def test_what_is_put_off_counts_as_not_taken_and_lets_others_go_first(app: Flask, runner: JobRunner):
    is_free, done = False, []

    def handle(context: JobContext) -> Postponement | None:
        if context.payload["heavy"] and not is_free:
            return Postponement(60)
        done.append(context.claim.attempt)
        return None

    runner.register(JobKind("echo", LANE, handle))
    heavy, light = {"heavy": True}, {"heavy": False}
    in_work(app, lambda db: [add(db, "a", payload=heavy, max_attempts=1, priority=Priority.MICRO_COURSE)])
    in_work(app, lambda db: [add(db, "b", payload=light)])
    assert [runner.work_once(LANE) for _ in range(3)] == [True, True, False]
    assert states(app) == {"a": JobState.QUEUED, "b": JobState.SUCCEEDED}
    with app.app_context(), reading() as db:
        waiting = db.scalars(select(Job).where(Job.key == "a")).one()
        assert (waiting.attempts, waiting.started_at, waiting.error_code) == (0, None, None)
    is_free = True
    in_work(app, lambda db: db.execute(update(Job).values(run_after=utc_now())))
    assert runner.work_once(LANE)
    assert states(app)["a"] is JobState.SUCCEEDED
    assert done == [1, 1]
