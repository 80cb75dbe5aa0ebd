"""Writes of the operator; every one leaves a line in the log with who did it."""

from __future__ import annotations

import structlog
from sqlalchemy.orm import Session

from app.catalogue.comparing import compare_soon
from app.kernel.actor import Actor
from app.kernel.errors import NotFound, NotPermitted
from app.kernel.jobs import queue
from app.kernel.jobs.model import Job
from app.media import renewal
from app.media.queries import ENCODE_KIND

log = structlog.get_logger(__name__)


def retry_job(db: Session, actor: Actor, job_id: int) -> None:
    """Queue a failed or cancelled job again.

    Raises:
        NotPermitted: to anybody but the operator.
        NotFound, Conflict: no such job, or not one that ended so.
    """
    _check_operator(actor)
    queue.retry(db, job_id)
    log.info("job_retried", job_id=job_id, actor_id=actor.user_id)


def cancel_encode(db: Session, actor: Actor, job_id: int) -> None:
    """Stop an encode that waits or is under way; one that has ended is left as it is.

    Raises:
        NotPermitted: to anybody but the operator.
        NotFound: no such encode.
    """
    _check_operator(actor)
    job = db.get(Job, job_id)
    if job is None or job.kind != ENCODE_KIND:
        raise NotFound(job_id=job_id)
    queue.request_cancel(db, job_id)
    log.info("encode_cancelled", job_id=job_id, actor_id=actor.user_id)


def renew_media(db: Session, actor: Actor) -> None:
    """Have everything encoded anew that was made by rules no longer in force.

    Raises:
        NotPermitted: to anybody but the operator.
    """
    _check_operator(actor)
    renewal.request_renewals(db)
    log.info("renewal_requested", actor_id=actor.user_id)


def compare_index(db: Session, actor: Actor) -> None:
    """Have the index compared with the database, and mended, now instead of at night.

    Raises:
        NotPermitted: to anybody but the operator.
    """
    _check_operator(actor)
    compare_soon(db)
    log.info("comparison_requested", actor_id=actor.user_id)


def _check_operator(actor: Actor) -> None:
    if not actor.is_operator:
        raise NotPermitted
