"""The worker process: does jobs, relays events, sweeps up after the dead, keeps the index. `python -m app.worker`.

Embedded: one thread per lane plus a housekeeper. Scale-out: the same functions, woken by Celery. The index's threads
are the same in both: no message could reach every machine. With `--only-index` there is nothing else, for a machine
that serves pages and does no jobs.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

import structlog
from flask import Flask

from app.accounts.links import forget_old_links
from app.accounts.services import forget_old_sessions
from app.asking.jobs import request_settling
from app.catalogue.comparing import Comparer, request_comparison
from app.catalogue.following import IndexCopy, forget_changes
from app.factory import create_app
from app.green_channel.jobs import request_check
from app.joining.jobs import request_forgetting
from app.kernel import outbox
from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.kernel.jobs import celery_engine, doorbell, queue, steps
from app.kernel.jobs.model import JobState
from app.kernel.mail.outgoing import forget_mail
from app.kernel.platform import Platform
from app.media.sweeping import request_sweep
from app.notices.jobs import request_morning
from app.studio.deletion import request_emptying
from app.studio.jobs import request_upload_sweep
from app.watching.jobs import request_count
from config.settings import SettingsError, load

log = structlog.get_logger(__name__)

SWEEP_LEASES_EVERY_S = 5.0
CHORES_EVERY_S = 3600.0
#: Does something, or returns False when there is nothing to do.
Turn = Callable[[], bool]
#: What a killed process was writing into the store is nobody's after this.
PARTIAL_AGE = timedelta(hours=6)


class Housekeeper:
    """What happens between jobs; every method is safe to run in several processes at once."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.platform: Platform = app.extensions["platform"]
        self._sweep_every_s = min(SWEEP_LEASES_EVERY_S, self.platform.settings.jobs.lease_s / 2)
        self._next_sweep = self._next_chores = 0.0

    def tick(self) -> bool:
        """Now and then sweep leases and start the hourly chores; relay waiting events, and tell whether any were."""
        now = time.monotonic()
        if now >= self._next_sweep:
            self._next_sweep = now + self._sweep_every_s
            self.platform.runner.sweep()
        if now >= self._next_chores:
            self._next_chores = now + CHORES_EVERY_S
            self._chores()
        with self.app.app_context(), reading() as db:
            is_waiting = db.query(outbox.OutboxEvent.id).filter_by(delivered_at=None).first() is not None
        if is_waiting:
            with self.app.app_context(), unit_of_work() as db:
                outbox.relay(db, self.platform.subscriptions)
        return is_waiting

    def _chores(self) -> None:
        with self.app.app_context(), unit_of_work() as db:
            request_sweep(db)
            request_upload_sweep(db)
            request_emptying(db)
            request_check(db)
            request_count(db)
            request_settling(db)
            request_comparison(db)
            forget_changes(db, before=utc_now() - timedelta(days=30))
            outbox.forget_delivered(db, before=utc_now() - timedelta(days=30))
            steps.forget_ended(db, before=utc_now() - timedelta(days=30))
            forget_old_sessions(db, keep=timedelta(days=30))
            request_forgetting(db)
            forget_old_links(db)
            request_morning(db, self.platform.settings.notices)
            forget_mail(db, before=utc_now() - timedelta(days=30))
        self.platform.storage.sweep_partial(PARTIAL_AGE)

    def waiting_lanes(self) -> tuple[str, ...]:
        """Lanes with queued work, each as often as it has slots and work for them."""
        with self.app.app_context(), reading() as db:
            counts = queue.count_by_state(db)
        slots = dict.fromkeys(queue.LANES, 1) | {queue.LANE_MEDIA: self.platform.settings.jobs.media_slots}
        wanted = {lane: min(slots[lane], counts.get((lane, JobState.QUEUED), 0)) for lane in queue.LANES}
        return tuple(lane for lane, count in wanted.items() for _ in range(count))


def run_embedded(app: Flask, stop: threading.Event) -> None:
    """Work until `stop` is set; a running job may finish its current step when the process is asked to end."""
    platform: Platform = app.extensions["platform"]
    housekeeper = Housekeeper(app)
    turns: dict[str, Turn] = {lane: partial(platform.runner.work_once, lane) for lane in queue.LANES}
    for slot in range(1, platform.settings.jobs.media_slots):
        turns[f"{queue.LANE_MEDIA}-{slot}"] = turns[queue.LANE_MEDIA]

    bell = Bell()

    def housekeep() -> bool:
        if housekeeper.tick():
            bell.ring()  # what listeners noted is done now, not when the lane looks next
        return False

    turns["housekeeper"] = housekeep
    platform.runner.after_job = bell.ring
    _turn_until(stop, app, turns | index_turns(app, bell), bell)


def run_index(app: Flask, stop: threading.Event) -> None:
    """Do nothing but keep this machine's copy of the index up to date, until `stop` is set."""
    bell = Bell()
    _turn_until(stop, app, index_turns(app, bell), bell)


def _turn_until(stop: threading.Event, app: Flask, turns: Mapping[str, Turn], bell: Bell) -> None:
    settings = app.extensions["platform"].settings
    pipe = doorbell.answer(settings.media.work_path, bell.ring)
    start_turning(turns, stop, settings.jobs.poll_s, bell)
    log.info("worker_started", engine="embedded", turns=list(turns), pid=os.getpid())
    stop.wait()
    pipe.unlink(missing_ok=True)
    bell.ring()
    log.info("worker_stopping")


def index_turns(app: Flask, bell: Bell) -> dict[str, Turn]:
    """Return what keeps this machine's copy of the index: following the change log, and comparing where it asks to."""
    section = app.extensions["platform"].settings.search
    copy = IndexCopy(section.index_path, section.engine)
    comparer = Comparer(copy)

    def follow() -> bool:
        with app.app_context():
            has_done = copy.follow()
        if has_done and copy.is_comparison_asked:
            bell.ring()
        return has_done

    def compare() -> bool:
        with app.app_context():
            return comparer.turn()

    return {"index": follow, "comparison": compare}


class Bell:
    """Wakes all threads that found nothing to do."""

    def __init__(self) -> None:
        self._rung = threading.Condition()
        self._count = 0

    @property
    def count(self) -> int:
        """Return how often it has rung."""
        return self._count

    def ring(self) -> None:
        """Wake everybody who waits."""
        with self._rung:
            self._count += 1
            self._rung.notify_all()

    def wait(self, heard: int, timeout_s: float) -> None:
        """Wait until it has rung more often than `heard`, or the time is up."""
        with self._rung:
            self._rung.wait_for(lambda: self._count > heard, timeout_s)


def start_turning(turns: Mapping[str, Turn], stop: threading.Event, poll_s: float, bell: Bell) -> None:
    """Give every turn a thread that ends with the process."""
    for name, turn in turns.items():
        threading.Thread(target=keep_turning, args=(turn, stop, poll_s, bell), name=name, daemon=True).start()


def keep_turning(turn: Turn, stop: threading.Event, poll_s: float, bell: Bell) -> None:
    """Take turns until `stop` is set, waiting for the bell, or for `poll_s`, after each that had nothing to do."""
    while not stop.is_set():
        # Read before looking: what is queued while we look rings once more.
        heard = bell.count
        try:
            did_something = turn()
        except Exception:  # the edge of a thread: a lane that died silently would look like one without work
            log.exception("worker_turn_failed")
            did_something = False
        if not did_something:
            bell.wait(heard, poll_s)


class LaneTurns:
    """Bounds how many threads of this process work in a lane at a time: one, and in media one for each slot."""

    def __init__(self, work_once: Callable[[str], bool], media_slots: int, stopping: threading.Event) -> None:
        self._work_once = work_once
        self._stopping = stopping
        slots = dict.fromkeys(queue.LANES, 1) | {queue.LANE_MEDIA: media_slots}
        self._free = {lane: threading.Semaphore(count) for lane, count in slots.items()}

    def look(self, lane: str) -> None:
        """Do what waits in the lane until the process is to end; return at once when enough threads are at it."""
        free = self._free[lane]
        if not free.acquire(blocking=False):
            return
        try:
            while not self._stopping.is_set() and self._work_once(lane):
                pass
        finally:
            free.release()


def run_celery(app: Flask) -> None:
    """Work when Celery says "look"; every worker also runs the clock, since its messages are harmless twice."""
    platform: Platform = app.extensions["platform"]
    housekeeper = Housekeeper(app)
    celery = celery_engine.make_celery(platform.settings.jobs)
    bell = Bell()

    def tick() -> None:
        if housekeeper.tick():
            bell.ring()
        celery_engine.send_looks(celery, housekeeper.waiting_lanes())

    slots = platform.settings.jobs.media_slots
    platform.runner.after_job = celery_engine.make_waker(platform.settings.jobs)
    stopping = threading.Event()
    celery_engine.register_tasks(celery, look=LaneTurns(platform.runner.work_once, slots, stopping).look, tick=tick)
    start_turning(index_turns(app, bell), stopping, platform.settings.jobs.poll_s, bell)
    log.info("worker_started", engine="celery", lanes=list(queue.LANES), pid=os.getpid())
    celery_engine.run_worker(celery, media_slots=slots, stopping=stopping)
    celery_engine.begin_anew("Celery gave up", stopping)


def main() -> int:
    """Run until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m app.worker", description="Does what pages leave to be done.")
    parser.add_argument(
        "--only-index", action="store_true", help="keep this machine's search index up to date, no jobs"
    )
    is_for_index = parser.parse_args().only_index
    try:
        settings = load(os.environ)
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - logging is not configured without settings
        return 2
    app = create_app(settings)
    if not is_for_index:
        app.extensions["platform"].storage.ensure()
        if settings.jobs.engine == "celery":
            run_celery(app)
            return 0
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    (run_index if is_for_index else run_embedded)(app, stop)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
