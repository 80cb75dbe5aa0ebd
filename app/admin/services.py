"""Writes of the operator; every one leaves a line in the log with who did it."""

from __future__ import annotations

import structlog
from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.kernel.errors import NotPermitted
from app.kernel.jobs import queue

log = structlog.get_logger(__name__)


def retry_job(db: Session, actor: Actor, job_id: int) -> None:
    """Queue a failed job again.

    Raises:
        NotPermitted: to anybody but the operator.
        NotFound, Conflict: no such job, or not one that failed.
    """
    if not actor.is_operator:
        raise NotPermitted(job_id=job_id)
    queue.retry(db, job_id)
    log.info("job_retried", job_id=job_id, actor_id=actor.user_id)
