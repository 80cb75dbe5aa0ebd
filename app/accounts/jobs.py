"""The job behind "forgot my password": looking somebody up takes a time that must not be seen from outside."""

from __future__ import annotations

from functools import partial

from sqlalchemy.orm import Session

from app.accounts.letters import House
from app.accounts.links import RESET_KIND, send_reset
from app.kernel.jobs import queue
from app.kernel.jobs.engine import JobContext, JobKind, Record
from app.kernel.jobs.model import Job


def job_kind(house: House) -> JobKind:
    """Return what the worker must know of accounts."""

    def handle(context: JobContext) -> Record:
        return partial(_send, house=house, job_id=context.claim.job_id, typed=str(context.payload["typed"]))

    return JobKind(RESET_KIND, queue.LANE_MAIL, handle)


def _send(db: Session, *, house: House, job_id: int, typed: str) -> None:
    send_reset(db, house, typed)
    job = db.get(Job, job_id)
    if job is not None:
        job.payload = {}  # what people type is not kept longer than it is needed
