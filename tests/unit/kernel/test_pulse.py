"""When a worker is said to stand still."""

from __future__ import annotations

import threading

import pytest

from app.kernel.jobs import celery_engine
from app.kernel.jobs import pulse as module
from app.kernel.jobs.pulse import STANDS_STILL_AFTER_S, Pulse, stands_still, watch


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_loop_that_beats_is_well_and_nobody_asks_the_broker() -> None:
    clock, asked = Clock(), []
    pulse = Pulse(clock)
    clock.now_s += 6
    assert not stands_still(pulse, lambda: bool(asked.append("broker")) or True)
    assert asked == []


def test_a_loop_without_a_beat_beside_a_broker_that_answers_stands_still() -> None:
    clock = Clock()
    pulse = Pulse(clock)
    clock.now_s += STANDS_STILL_AFTER_S - 1
    assert not stands_still(pulse, lambda: True)
    clock.now_s += 1
    assert stands_still(pulse, lambda: True)


def test_while_the_broker_is_away_the_time_does_not_run() -> None:
    clock = Clock()
    pulse = Pulse(clock)
    clock.now_s += 3600
    assert not stands_still(pulse, lambda: False)
    clock.now_s += STANDS_STILL_AFTER_S - 1
    assert not stands_still(pulse, lambda: True), "it has just come back"
    clock.now_s += 1
    assert stands_still(pulse, lambda: True)


def test_the_watcher_calls_when_the_loop_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BEATS_EVERY_S", 0.01)
    clock, called = Clock(), threading.Event()
    pulse = Pulse(clock)
    watch(pulse, lambda: True, called.set, threading.Event())
    assert not called.wait(0.2)
    clock.now_s += STANDS_STILL_AFTER_S
    assert called.wait(10)


def test_a_process_that_is_to_end_is_let_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BEATS_EVERY_S", 0.01)
    clock, called, stopping = Clock(), threading.Event(), threading.Event()
    pulse = Pulse(clock)
    watch(pulse, lambda: True, called.set, stopping)
    stopping.set()
    clock.now_s += STANDS_STILL_AFTER_S
    assert not called.wait(0.2), "it finishes a long step"


def test_a_worker_that_is_to_end_does_not_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(celery_engine.os, "execv", lambda *_: pytest.fail("it began anew"))
    stopping = threading.Event()
    stopping.set()
    celery_engine.begin_anew("Celery gave up", stopping)
