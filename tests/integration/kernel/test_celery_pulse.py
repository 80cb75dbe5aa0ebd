"""A worker's loop under real Celery and a real broker: it beats while it goes, and is missed when it hangs."""

from __future__ import annotations

import subprocess
import sys

PATIENCE_S = 60
#: Waits a while, lets the loop hang, and tells what the watcher does.
WORKER = """
import sys, threading, time
from app.kernel.jobs import celery_engine, pulse
from config.settings import JobsSection

pulse.BEATS_EVERY_S = celery_engine.BEATS_EVERY_S = 0.2
pulse.STANDS_STILL_AFTER_S = 2.0
celery_engine.begin_anew = lambda why, _stopping: (print("anew", why, flush=True), celery_engine.os._exit(0))
celery = celery_engine.make_celery(JobsSection(engine="celery", broker_url=sys.argv[1]))
def tick():
    pass

celery_engine.register_tasks(celery, look=print, tick=tick)

from celery.bootsteps import StartStopStep

class Hang(StartStopStep):
    def start(self, consumer):
        print("ready", flush=True)
        consumer.timer.call_after(6, lambda: (print("hangs", flush=True), time.sleep(60)))

celery.steps["consumer"].add(Hang)
celery_engine.run_worker(celery, media_slots=1, stopping=threading.Event())
"""


def test_a_loop_that_hangs_is_missed_and_one_that_goes_is_not(redis_url: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WORKER, redis_url], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    told = [line for line in ran.stdout.splitlines() if line.startswith(("ready", "hangs", "anew"))]
    assert told == ["ready", "hangs", "anew the loop stands still"], ran.stdout + ran.stderr
