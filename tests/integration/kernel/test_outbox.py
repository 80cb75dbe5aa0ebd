"""The outbox: facts live and die with their transaction, and reach listeners once, in order."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask import Flask

from app.kernel import outbox
from app.kernel.db import unit_of_work


@dataclass(frozen=True)
class SomethingHappened:
    number: int


def relay(app: Flask, subscriptions: outbox.Subscriptions) -> int:
    with app.app_context(), unit_of_work() as db:
        return outbox.relay(db, subscriptions)


def test_events_reach_listeners_once_and_in_order(app: Flask):
    heard: list[int] = []
    subscriptions = outbox.Subscriptions()
    subscriptions.listen(SomethingHappened, lambda _db, event: heard.append(event.number))
    with app.app_context(), unit_of_work() as db:
        for number in range(3):
            outbox.emit(db, SomethingHappened(number))

    assert relay(app, subscriptions) == 3
    assert relay(app, subscriptions) == 0
    assert heard == [0, 1, 2]


def test_rolled_back_work_tells_nothing(app: Flask):
    def fail_half_way() -> None:
        with app.app_context(), unit_of_work() as db:
            outbox.emit(db, SomethingHappened(1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()

    assert relay(app, outbox.Subscriptions()) == 0


def test_event_whose_listener_fails_is_delivered_again(app: Flask):
    attempts: list[int] = []
    subscriptions = outbox.Subscriptions()

    def listener(_db, event: SomethingHappened) -> None:
        attempts.append(event.number)
        if len(attempts) == 1:
            raise ZeroDivisionError

    subscriptions.listen(SomethingHappened, listener)
    with app.app_context(), unit_of_work() as db:
        outbox.emit(db, SomethingHappened(7))
    with pytest.raises(ZeroDivisionError):
        relay(app, subscriptions)

    assert relay(app, subscriptions) == 1
    assert attempts == [7, 7]


def test_unit_of_work_refuses_to_nest(app: Flask):
    with app.app_context(), unit_of_work(), pytest.raises(RuntimeError), unit_of_work():
        pass
