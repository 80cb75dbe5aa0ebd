"""The worker process: does jobs, relays events, sweeps up after the dead. `python -m app.worker`.

Embedded: one thread per lane plus a housekeeper. Scale-out: the same functions, woken by Celery.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from app.accounts.services import forget_old_sessions
from app.factory import create_app
from app.kernel import outbox
from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.kernel.jobs import celery_engine, queue
from app.kernel.jobs.model import JobState
from app.kernel.platform import Platform
from app.media.jobs import request_sweep
from app.studio.jobs import request_upload_sweep
from config.settings import SettingsError, load

log = structlog.get_logger(__name__)

SWEEP_LEASES_EVERY_S = 5.0
CHORES_EVERY_S = 3600.0


class Housekeeper:
    """What happens between jobs; every method is safe to run in several processes at once."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.platform: Platform = app.extensions["platform"]
        self._next_sweep = self._next_chores = 0.0

    def tick(self) -> None:
        """Relay waiting events; now and then sweep leases and start the hourly chores."""
        with self.app.app_context(), reading() as db:
            is_waiting = db.query(outbox.OutboxEvent.id).filter_by(delivered_at=None).first() is not None
        if is_waiting:
            with self.app.app_context(), unit_of_work() as db:
                outbox.relay(db, self.platform.subscriptions)
        now = time.monotonic()
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP_LEASES_EVERY_S
            self.platform.runner.sweep()
        if now >= self._next_chores:
            self._next_chores = now + CHORES_EVERY_S
            self._chores()

    def _chores(self) -> None:
        with self.app.app_context(), unit_of_work() as db:
            request_sweep(db)
            request_upload_sweep(db)
            outbox.forget_delivered(db, before=utc_now() - timedelta(days=30))
            forget_old_sessions(db, keep=timedelta(days=30))

    def waiting_lanes(self) -> tuple[str, ...]:
        """Lanes with queued work."""
        with self.app.app_context(), reading() as db:
            counts = queue.count_by_state(db)
        return tuple(lane for lane in queue.LANES if counts.get((lane, JobState.QUEUED)))


def run_embedded(app: Flask, stop: threading.Event) -> None:
    """Work until `stop` is set; a running job may finish its current step when the process is asked to end."""
    platform: Platform = app.extensions["platform"]
    housekeeper = Housekeeper(app)
    turns: dict[str, Callable[[], bool]] = {
        lane: (lambda lane=lane: platform.runner.work_once(lane))
        for lane in queue.LANES  # type: ignore[misc]
    }

    def housekeep() -> bool:
        housekeeper.tick()
        return False

    turns["housekeeper"] = housekeep
    threads = [
        threading.Thread(target=_loop, args=(turn, stop, platform.settings.jobs.poll_s), name=name, daemon=True)
        for name, turn in turns.items()
    ]
    for thread in threads:
        thread.start()
    log.info("worker_started", engine="embedded", lanes=list(queue.LANES), pid=os.getpid())
    stop.wait()
    log.info("worker_stopping")


def _loop(turn: Callable[[], bool], stop: threading.Event, poll_s: float) -> None:
    while not stop.is_set():
        try:
            did_something = turn()
        except SQLAlchemyError:  # the database may be away or busy: say so, wait, look again
            log.exception("worker_turn_failed")
            did_something = False
        if not did_something:
            stop.wait(poll_s)


def run_celery(app: Flask) -> None:
    """Work when Celery says "look"; every worker also runs the clock, since its messages are harmless twice."""
    platform: Platform = app.extensions["platform"]
    housekeeper = Housekeeper(app)
    celery = celery_engine.make_celery(platform.settings.jobs)

    def tick() -> None:
        housekeeper.tick()
        celery_engine.send_looks(celery, housekeeper.waiting_lanes())

    celery_engine.register_tasks(celery, look=platform.runner.work_once, tick=tick)
    queues = ",".join((celery_engine.CLOCK_LANE, *queue.LANES))
    schedule = platform.settings.media.work_path / f"celery-beat-{os.getpid()}"
    schedule.parent.mkdir(parents=True, exist_ok=True)
    log.info("worker_started", engine="celery", queues=queues, pid=os.getpid())
    celery.worker_main(
        [
            "worker",
            "--pool=threads",
            "--concurrency=4",
            "--without-gossip",
            "--without-mingle",
            "-B",
            "-s",
            str(schedule),
            "-Q",
            queues,
            "--loglevel=WARNING",
        ]
    )


def main() -> int:
    """Run until SIGTERM or SIGINT."""
    try:
        settings = load(os.environ)
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - logging is not configured without settings
        return 2
    app = create_app(settings)
    app.extensions["platform"].storage.ensure()
    if settings.jobs.engine == "celery":
        run_celery(app)
        return 0
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    run_embedded(app, stop)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
