"""One turn of work, the same in embedded and scale-out mode: claim, commit, work, record.

Handlers hold no transaction while they work. They return what is to be written as a function, which runs in the
transaction that also marks the job succeeded, and only while the lease is still ours.
"""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.orm import Session

from app.kernel.db import reading, unit_of_work
from app.kernel.jobs import queue, steps
from app.kernel.jobs.model import Claim, Job, JobFailed, JobState

log = structlog.get_logger(__name__)

Record = Callable[[Session], None]
#: Progress is written at most this often; the first and last values always.
REPORT_EVERY_S = 2.0
#: Code of work that waits because the machine that would do it has no room.
NO_ROOM = "no_room"
#: That is told again this often, in the log and to whoever waits.
TELL_EVERY_S = 30.0
#: Folder of scratch folders under the work path.
SCRATCH = "jobs"


class JobContext:
    """What a handler may use while it works: payload, scratch folder, progress, cancellation."""

    def __init__(self, claim: Claim, work_path: Path) -> None:
        self.claim = claim
        self.payload: dict[str, Any] = claim.payload
        #: What the workers of this machine share.
        self.work_path = work_path
        #: Attempt-numbered, so that an orphan of an earlier attempt can never write into ours.
        self.work_dir = work_path / SCRATCH / f"{claim.job_id}-{claim.attempt}"
        self.step, self.fraction = "", 0.0
        self._stop = threading.Event()

    def report(self, step: str, fraction: float) -> None:
        """Say how far we are; the heartbeat stores it."""
        self.step, self.fraction = step, min(max(fraction, 0.0), 1.0)

    def is_cancelled(self) -> bool:
        """True when a person cancelled the job or another worker took it over."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Tell the handler to give up."""
        self._stop.set()


@dataclass(frozen=True, slots=True)
class Delegation:
    """What a handler returns whose work goes on in steps; it is called again when they are all done."""

    #: Queues the steps, with the job as their parent.
    enqueue: Record
    #: What is told of the job meanwhile.
    step: str
    #: The share of the work that was found done, 0 to 1; the steps' weights make up the rest.
    done: float


@dataclass(frozen=True, slots=True)
class Postponement:
    """What a handler returns that has not begun: the job waits, as if nobody had taken it, and others go before it."""

    delay_s: float


Outcome = Record | Delegation | Postponement | None
Handler = Callable[[JobContext], Outcome]


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of job: its lane, its handler and what a final failure means for its subject."""

    name: str
    lane: str
    handler: Handler
    on_failed: Callable[[Session, Job], None] | None = None


@dataclass(slots=True)
class JobRunner:
    """Does jobs; one per process, used by all its lanes."""

    #: Opens the app context the database session belongs to (Flask's `app.app_context`).
    app_context: Callable[[], AbstractContextManager[Any]]
    work_path: Path
    lease_s: float
    kinds: dict[str, JobKind] = field(default_factory=dict)
    #: Asked before claiming: False leaves the work of a lane to other workers.
    has_room: Callable[[str], bool] = lambda _lane: True
    _told_no_room_s: dict[str, float] = field(default_factory=dict)
    worker: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}")
    #: Called after every job: what it recorded may be work for other lanes and slots.
    after_job: Callable[[], None] = lambda: None

    def register(self, kind: JobKind) -> None:
        """Make a kind known; names are unique."""
        if kind.name in self.kinds:
            message = f"job kind registered twice: {kind.name}"
            raise ValueError(message)
        self.kinds[kind.name] = kind

    def work_once(self, lane: str) -> bool:
        """Do one job of the lane. Return False when there was none, or this machine has no room for it."""
        if not self.has_room(lane):
            self._tell_no_room(lane)
            return False
        with self.app_context():
            # Idle lanes look several times a minute: without this each look would take the writer's lock of SQLite.
            with reading() as db:
                is_idle = not queue.has_waiting(db, lane)
            if is_idle:
                return False
            with unit_of_work() as db:
                claim = queue.claim(db, lane, worker=self.worker, lease_s=self.lease_s)
        if claim is None:
            return False
        with structlog.contextvars.bound_contextvars(job_id=claim.job_id, job_kind=claim.kind, subject=claim.subject):
            self._work(claim)
        self.after_job()
        return True

    def _tell_no_room(self, lane: str) -> None:
        now_s = time.monotonic()
        if now_s < self._told_no_room_s.get(lane, 0.0) + TELL_EVERY_S:
            return
        self._told_no_room_s[lane] = now_s
        log.warning("no_room_for_work", lane=lane)
        with self.app_context(), unit_of_work() as db:
            queue.note_obstacle(db, lane, code=NO_ROOM, message="工作节点磁盘空间不足，腾出空间后会自动继续。")

    def _work(self, claim: Claim) -> None:
        started = time.monotonic()
        context = JobContext(claim, self.work_path)
        done = threading.Event()
        beat = threading.Thread(
            target=self._heartbeats, args=(context, done), name=f"heartbeat-{claim.job_id}", daemon=True
        )
        beat.start()
        try:
            outcome = self._handle(context)
        finally:
            done.set()
            beat.join()
            shutil.rmtree(context.work_dir, ignore_errors=True)
        self._record(context, outcome)
        log.info("job_finished", attempt=claim.attempt, took_s=round(time.monotonic() - started, 2))

    def _handle(self, context: JobContext) -> Outcome | JobFailed:
        kind = self.kinds.get(context.claim.kind)
        if kind is None:
            return JobFailed("unknown_kind", "系统不认识这种任务，请联系管理员。", is_transient=False)
        try:
            context.work_dir.mkdir(parents=True, exist_ok=True)
            with self.app_context():
                return kind.handler(context)
        except JobFailed as failure:
            log.warning("job_attempt_failed", code=failure.code, is_transient=failure.is_transient, exc_info=True)
            return failure
        except Exception:  # the edge of a job: whatever it was is logged, stored and tried again
            log.exception("job_attempt_crashed")
            return JobFailed("unexpected", "处理时出现意外错误，系统会自动重试。", is_transient=True)

    def _record(self, context: JobContext, outcome: Outcome | JobFailed) -> None:
        claim = context.claim
        with self.app_context(), unit_of_work() as db:
            if context.is_cancelled():
                is_ours = queue.finish(db, claim, JobState.CANCELLED)
            elif isinstance(outcome, Delegation):
                is_ours = steps.delegate(db, claim.job_id, claim.lease, step=outcome.step, done=outcome.done)
                if is_ours:
                    outcome.enqueue(db)
            elif isinstance(outcome, Postponement):
                is_ours = queue.postpone(db, claim, outcome.delay_s)
            elif not isinstance(outcome, JobFailed):
                is_ours = queue.finish(db, claim, JobState.SUCCEEDED)
                if is_ours and outcome is not None:
                    outcome(db)
            elif outcome.is_transient and claim.attempt < claim.max_attempts:
                is_ours = queue.put_back(db, claim, code=outcome.code, message=outcome.message)
            else:
                is_ours = queue.finish(db, claim, JobState.FAILED, code=outcome.code, message=outcome.message)
            if is_ours:
                self.ended(db, claim.job_id)
            else:
                log.warning("job_result_discarded", reason="lease lost")

    def ended(self, db: Session, job_id: int) -> None:
        """Pass on that a job has come to its end: to its kind if it failed for good, to its parent if it is a step."""
        job = db.get(Job, job_id, populate_existing=True)
        if job is None or job.state in {JobState.QUEUED, JobState.RUNNING}:
            return
        kind = self.kinds.get(job.kind)
        if job.state is JobState.FAILED and kind is not None and kind.on_failed is not None:
            kind.on_failed(db, job)
        if job.parent_id is not None:
            parent = steps.child_ended(db, job.parent_id, job)
            if parent is not None:
                self.ended(db, parent.id)

    def _heartbeats(self, context: JobContext, done: threading.Event) -> None:
        interval_s = min(REPORT_EVERY_S, self.lease_s / 3)
        while not done.wait(interval_s):
            try:
                with self.app_context(), unit_of_work() as db:
                    alive = queue.heartbeat(
                        db, context.claim, lease_s=self.lease_s, step=context.step, progress=context.fraction
                    )
            except (
                Exception
            ):  # edge of a thread: a missed beat is survivable, the next may succeed before the lease ends
                log.exception("heartbeat_failed")
                continue
            if not alive:
                context.stop()
                return

    def sweep(self) -> None:
        """Take up the work of dead workers, and remove their scratch folders."""
        # Listed first: a folder is made after its attempt has begun, so one that is here and not running is over.
        folders = list((self.work_path / SCRATCH).glob("*-*"))
        with self.app_context(), unit_of_work() as db:
            _, failed = queue.sweep_expired(db)
            for job in failed:
                self.ended(db, job.id)
            steps.wake_forgotten(db)
        if not folders:
            return
        with self.app_context(), reading() as db:
            under_way = {f"{job_id}-{attempt}" for job_id, attempt in queue.running_attempts(db)}
        for folder in folders:
            if folder.name not in under_way:
                shutil.rmtree(folder, ignore_errors=True)
                log.info("scratch_removed", folder=folder.name)
