"""The nightly cleaning: which queries are popular, and forgetting what few asked, old forms and deleted words."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy.orm import Session

from app.asking.popular import Screen, settle
from app.asking.suggesting import finds
from app.asking.tally import local_day
from app.asking.wishes import forget_receipts
from app.asking.words import forget_deleted
from app.kernel.clock import utc_now
from app.kernel.db import unit_of_work
from app.kernel.jobs import queue
from app.kernel.jobs.engine import Handler, JobContext, JobKind

log = structlog.get_logger(__name__)

SETTLE_KIND: Final = "settle_asked"


def request_settling(db: Session) -> None:
    """Queue the cleaning; hourly is as good as nightly, a popular query is then offered the same day."""
    queue.enqueue(db, queue.NewJob(SETTLE_KIND, lane=queue.LANE_DEFAULT, key=SETTLE_KIND))


def settle_handler(finds_something: Callable[[str], bool], screen: Screen) -> Handler:
    """Return the handler; the same queries always settle to the same list."""

    def handle(context: JobContext) -> None:  # noqa: ARG001 - the signature is the engine's
        now = utc_now()
        with unit_of_work() as db:
            count = settle(db, local_day(now), screen=screen, finds=finds_something)
            forget_receipts(db, now)
            forget_deleted(db, now)
        log.info("asked_settled", popular=count)

    return handle


def job_kind(index_path: Path, screen: Screen) -> JobKind:
    """Return what the worker must know of this room."""
    return JobKind(SETTLE_KIND, queue.LANE_DEFAULT, settle_handler(partial(finds, index_path), screen))
