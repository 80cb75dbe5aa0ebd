"""Scale-out waker: Celery messages say only "look"; what there is to do is in the jobs table.

A lost message costs a few seconds (the clock sends another), a doubled one nothing. Celery is an extra
(requirements-scale.txt) and imported only when JOBS_ENGINE=celery.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog

from app.kernel.jobs.pulse import BEATS_EVERY_S, Pulse, watch
from app.kernel.jobs.queue import LANES
from config.settings import JobsSection

if TYPE_CHECKING:
    from celery import Celery
    from celery.worker.consumer import Consumer

log = structlog.get_logger(__name__)

LOOK, TICK = "look", "tick"
CLOCK_LANE = "clock"
#: A look message is worth nothing once the next clock message is out.
MESSAGE_EXPIRES_S = 30
TICK_EVERY_S = 2.0
#: While the broker is away a request must not wait for it again and again; the clock makes up for what is not sent.
QUIET_AFTER_FAILURE_S = 10.0
BROKER_ANSWERS_WITHIN_S = 5
#: Keeps a worker that fails at once from spinning.
PAUSE_BEFORE_ANEW_S = 2.0


def make_celery(section: JobsSection) -> Celery:
    """Build the Celery app: JSON only, no results, nothing kept by the broker that the table does not know."""
    from celery import Celery  # noqa: PLC0415 - an extra

    celery = Celery("learning-library", broker=section.broker_url)
    celery.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_default_queue=CLOCK_LANE,
        task_routes={f"{LOOK}.{lane}": {"queue": lane} for lane in LANES},
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        worker_redirect_stdouts=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # a worker waits for its broker for as long as it takes
        broker_transport_options={"socket_timeout": 10, "socket_connect_timeout": 5, "max_retries": 2},
        beat_schedule={TICK: {"task": TICK, "schedule": TICK_EVERY_S, "options": {"expires": MESSAGE_EXPIRES_S}}},
        timezone="UTC",
    )
    return celery


def make_waker(section: JobsSection) -> Callable[[], None]:
    """Return a function that asks some worker to relay events and look at every lane."""
    celery = make_celery(section)
    quiet_until_s = 0.0

    def wake() -> None:
        nonlocal quiet_until_s
        if time.monotonic() < quiet_until_s:
            return
        try:
            celery.send_task(TICK, expires=MESSAGE_EXPIRES_S, queue=CLOCK_LANE, retry=False)
        except Exception as error:  # noqa: BLE001 - broker libraries raise a zoo of types; the clock will send the message
            quiet_until_s = time.monotonic() + QUIET_AFTER_FAILURE_S
            log.warning("wake_failed", error=str(error))

    return wake


def _keep_our_logging(**_details: object) -> None:
    """Leave logging as config.log made it."""


def run_worker(celery: Celery, *, media_slots: int, stopping: threading.Event) -> None:
    """Work until SIGTERM or SIGINT, which set `stopping`, with the clock as a thread of this process.

    Returns without it when Celery gave up; a loop that hangs makes the process begin anew from within.
    `-B` would fork the clock: it outlives a killed worker, and its schedule lies in a file nobody tidies up.
    """
    from celery.beat import EmbeddedService, Scheduler  # noqa: PLC0415 - an extra
    from celery.signals import setup_logging, worker_ready, worker_shutting_down  # noqa: PLC0415 - an extra

    clock = EmbeddedService(celery, thread=True, scheduler_cls=Scheduler)
    pulse = Pulse()

    def start_clock(**_details: object) -> None:
        clock.start()
        watch(pulse, lambda: _is_reachable(celery), lambda: begin_anew("the loop stands still", stopping), stopping)

    def stop(**_details: object) -> None:
        stopping.set()

    worker_ready.connect(start_clock, weak=False)
    worker_shutting_down.connect(stop, weak=False)
    # A listener of any kind keeps Celery from setting up logging of its own over ours (level, handlers, form).
    setup_logging.connect(_keep_our_logging, weak=False)
    celery.steps["consumer"].add(_pulse_step(pulse))
    queues = ",".join((CLOCK_LANE, *LANES))
    # A thread for each slot of a lane and one for the clock's messages: none ever waits behind a long encode.
    threads = f"--concurrency={len(LANES) + media_slots}"
    alone = ("--without-gossip", "--without-mingle")
    celery.worker_main(["worker", "--pool=threads", threads, *alone, "-Q", queues])


def _pulse_step(pulse: Pulse) -> type:
    """Return a step of Celery's consumer that beats from its loop, from each connection to the next."""
    from celery.bootsteps import StartStopStep  # noqa: PLC0415 - an extra

    class PulseStep(StartStopStep):  # type: ignore[misc]  # untyped there
        def start(self, consumer: Consumer) -> None:
            pulse.beat()
            consumer.timer.call_repeatedly(BEATS_EVERY_S, pulse.beat)

    return PulseStep


def _is_reachable(celery: Celery) -> bool:
    try:
        with celery.connection_for_read() as connection:
            connection.ensure_connection(max_retries=1, timeout=BROKER_ANSWERS_WITHIN_S)
    except Exception:  # noqa: BLE001 - broker libraries raise a zoo of types; any means that it is away
        return False
    return True


def begin_anew(why: str, stopping: threading.Event) -> None:
    """Become a fresh worker under the same process number, unless it is to end; jobs are taken up like after a kill.

    Children get SIGKILL, because the threads that started them end here.
    """
    if stopping.wait(PAUSE_BEFORE_ANEW_S):
        return
    log.error("worker_begins_anew", why=why, pid=os.getpid())
    os.execv(sys.executable, [sys.executable, "-m", "app.worker", *sys.argv[1:]])  # noqa: S606 - our own command


def send_looks(celery: Celery, lanes: tuple[str, ...]) -> None:
    """Ask for a look at each of these lanes; one named twice wakes two threads."""
    for lane in lanes:
        celery.send_task(f"{LOOK}.{lane}", queue=lane, expires=MESSAGE_EXPIRES_S, retry=False)


def register_tasks(celery: Celery, *, look: Callable[[str], Any], tick: Callable[[], Any]) -> None:
    """Give Celery its two kinds of task."""
    for lane in LANES:

        def do_look(lane: str = lane) -> None:
            look(lane)

        celery.task(do_look, name=f"{LOOK}.{lane}")
    celery.task(tick, name=TICK)
