"""As many encodes at a time in a process as it has slots, however often it is told to look; a turn that breaks does not
end a lane; a long look through one file keeps nobody's upload waiting."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from flask import Flask

from app.kernel.db import unit_of_work
from app.kernel.jobs import queue
from app.kernel.jobs.engine import JobContext, JobKind
from app.kernel.platform import Platform
from app.media.preflight import ANALYSE_KIND
from app.worker import Bell, LaneTurns, keep_turning, run_embedded
from config.settings import load
from tests.fixtures.app import build_app, make_environ
from tests.fixtures.stack import wait_for
from tests.integration.resilience.inventory import sources
from tests.integration.resilience.teacher import Teacher


def test_a_busy_lane_is_left_alone_and_others_go_on() -> None:
    begun, may_end = threading.Event(), threading.Event()
    done: list[str] = []

    def work_once(lane: str) -> bool:
        if lane == "media" and not done.count("media"):
            begun.set()
            assert may_end.wait(10)
        done.append(lane)
        return done.count(lane) < 2

    stopping = threading.Event()
    turns = LaneTurns(work_once, media_slots=1, stopping=stopping)
    with ThreadPoolExecutor(1) as pool:
        encode = pool.submit(turns.look, "media")
        assert begun.wait(10)
        turns.look("media")
        assert done == [], "the second look returned without working"
        turns.look("mail")
        assert done == ["mail", "mail"], "a look goes on until nothing is left"
        may_end.set()
        encode.result(10)
    turns.look("media")
    assert done.count("media") == 3
    stopping.set()
    turns.look("media")
    assert done.count("media") == 3, "a process that is to end begins nothing"


def test_an_embedded_worker_encodes_as_many_at_once_as_it_has_slots(tmp_path: Path, taught_database: Path) -> None:
    shutil.copy(taught_database, tmp_path / "app.db")
    app = build_app(load(make_environ(tmp_path, JOBS_MEDIA_SLOTS="3")))
    begun, may_end, stop = threading.Semaphore(0), threading.Event(), threading.Event()

    def encode(_context: JobContext) -> None:
        begun.release()
        assert may_end.wait(60)

    app.extensions["platform"].runner.register(JobKind("slow", queue.LANE_MEDIA, encode))
    with app.app_context(), unit_of_work() as db:
        for number in range(4):
            queue.enqueue(db, queue.NewJob("slow", lane=queue.LANE_MEDIA, key=f"slow:{number}"))
    before = set(threading.enumerate())
    worker = threading.Thread(target=run_embedded, args=(app, stop), daemon=True)
    worker.start()
    try:
        for number in range(3):
            assert begun.acquire(timeout=30), f"only {number} at once"
        assert not begun.acquire(timeout=0.5), "the fourth waits for its turn"
        may_end.set()
        assert begun.acquire(timeout=30)
    finally:
        may_end.set()
        stop.set()
        worker.join(10)
        for thread in set(threading.enumerate()) - before:
            if thread.name != "doorbell":  # it listens for ever
                thread.join(10)


def test_a_turn_that_breaks_is_followed_by_another() -> None:
    stop, turns = threading.Event(), []

    def turn() -> bool:
        turns.append(len(turns))
        if len(turns) == 3:
            stop.set()
        raise LookupError("a bug of a handler")

    keep_turning(turn, stop, poll_s=0.01, bell=Bell())
    assert turns == [0, 1, 2]


def test_who_found_nothing_is_woken_by_the_bell_also_by_one_rung_while_looking() -> None:
    stop, bell, turns = threading.Event(), Bell(), []

    def turn() -> bool:
        turns.append(len(turns))
        if len(turns) == 1:
            bell.ring()  # something was queued just after we looked
        if len(turns) == 3:
            stop.set()
        return False

    waiting = threading.Thread(target=keep_turning, args=(turn, stop, 60, bell), daemon=True)
    waiting.start()
    wait_for(lambda: len(turns) == 2, timeout_s=10, what="a bell rung while looking was not heard")
    bell.ring()
    waiting.join(10)
    assert turns == [0, 1, 2]


def test_a_long_look_through_one_file_keeps_nobodys_upload_waiting(
    app: Flask, teacher: Teacher, short_clip: bytes
) -> None:
    begun, may_end, stop = threading.Event(), threading.Event(), threading.Event()

    def look_for_hours(_context: JobContext) -> None:
        begun.set()
        assert may_end.wait(60)

    platform: Platform = app.extensions["platform"]
    platform.runner.kinds[ANALYSE_KIND] = replace(platform.runner.kinds[ANALYSE_KIND], handler=look_for_hours)
    with ThreadPoolExecutor(2) as pool:
        for lane in (queue.LANE_ANALYSIS, queue.LANE_DEFAULT):
            pool.submit(keep_turning, partial(platform.runner.work_once, lane), stop, 0.05, Bell())
        try:
            teacher.upload(teacher.new_lecture(), short_clip)
            assert begun.wait(30)
            teacher.upload(teacher.new_lecture(), short_clip + b"another file")
            wait_for(lambda: len(sources(app)) == 2, timeout_s=30, what="the second upload is held up")
        finally:
            may_end.set()
            stop.set()
