"""Jobs that are done in steps: the parent hands its work to children and goes on when the last of them is done.

A parent whose steps are under way is running without a lease: no worker holds it, so no worker can lose it. Whatever
ends a child looks at the parent in the same transaction, after locking it, so that of two children ending at once the
later one sees both ended. Not here: claiming and finishing (`queue.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import structlog
from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session, aliased

from app.kernel.clock import utc_now
from app.kernel.jobs.model import Job, JobState

log = structlog.get_logger(__name__)

_OPEN = (JobState.QUEUED, JobState.RUNNING)


def delegate(db: Session, job_id: int, lease: str, *, step: str, done: float) -> bool:
    """Let go of a running job until its children are done; `done` is the share of its work found already done.

    Returns:
        False when the job is no longer the worker's own, or is to be cancelled. Nothing is changed then.
    """
    row = db.execute(
        update(Job)
        .where(Job.id == job_id, Job.state == JobState.RUNNING, Job.lease == lease, Job.cancel_requested.is_(False))
        .values(lease=None, lease_until=None, step=step, progress=done)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    ).first()
    return row is not None


def child_ended(db: Session, parent_id: int, child: Job) -> Job | None:
    """Take note in the parent that one of its steps has ended.

    Wakes the parent when that was the last; fails it when the step failed for good, and then calls off its siblings.

    Returns:
        The parent if it has failed.
    """
    parent = db.scalars(
        select(Job).where(Job.id == parent_id).with_for_update().execution_options(populate_existing=True)
    ).first()
    if parent is None or not parent.is_delegated:
        return None
    if child.state is JobState.FAILED:
        parent.state, parent.finished_at = JobState.FAILED, utc_now()
        parent.error_code, parent.error_message = child.error_code, child.error_message
        cancel_all(db, parent_id)
        return parent
    _wake_if_done(db, parent)
    return None


def _wake_if_done(db: Session, parent: Job) -> None:
    db.flush()
    if db.scalar(select(exists().where(Job.parent_id == parent.id, Job.state.in_(_OPEN)))):
        return
    parent.state, parent.run_after = JobState.QUEUED, utc_now()
    # Its steps went well: going on is no new attempt.
    parent.attempts = max(0, parent.attempts - 1)


def cancel_all(db: Session, parent_id: int) -> None:
    """Call off all steps that have not ended."""
    db.execute(
        update(Job)
        .where(Job.parent_id == parent_id, Job.state == JobState.QUEUED)
        .values(state=JobState.CANCELLED, finished_at=utc_now())
        .execution_options(synchronize_session=False)
    )
    db.execute(
        update(Job)
        .where(Job.parent_id == parent_id, Job.state == JobState.RUNNING)
        .values(cancel_requested=True)
        .execution_options(synchronize_session=False)
    )


def wake_forgotten(db: Session) -> int:
    """Wake parents none of whose steps is open: what was to wake them was lost. Returns how many."""
    child = aliased(Job)
    has_open_child = exists().where(child.parent_id == Job.id, child.state.in_(_OPEN))
    forgotten = select(Job).where(Job.state == JobState.RUNNING, Job.lease.is_(None), ~has_open_child)
    found = db.scalars(forgotten.with_for_update(skip_locked=True)).all()
    for parent in found:
        parent.state, parent.run_after = JobState.QUEUED, utc_now()
        log.warning("forgotten_parent_woken", job_id=parent.id)
    return len(found)


def forget_ended(db: Session, *, before: datetime) -> int:
    """Remove steps that ended before a time and whose whole has ended too; return how many.

    A long lecture leaves a hundred.
    """
    parent = aliased(Job)
    is_whole_open = exists().where(parent.id == Job.parent_id, parent.state.in_(_OPEN))
    ended = Job.parent_id.is_not(None), Job.state.not_in(_OPEN), Job.finished_at < before, ~is_whole_open
    rows = db.execute(delete(Job).where(*ended).returning(Job.id).execution_options(synchronize_session=False))
    return len(rows.all())


def progress_of(db: Session, parents: Iterable[Job]) -> Mapping[int, float]:
    """Return how much of each delegated parent's work is done, in one query; other jobs keep their own figure."""
    jobs = list(parents)
    delegated = [job.id for job in jobs if job.is_delegated]
    found: dict[int, float] = {job.id: job.progress for job in jobs}
    if delegated:
        parent, child = aliased(Job), aliased(Job)
        rows = db.execute(
            select(child.parent_id, func.sum(child.weight * child.progress))
            # Steps of an earlier attempt count as found done, if they were.
            .join(parent, child.parent_id == parent.id)
            .where(child.parent_id.in_(delegated), child.created_at >= parent.started_at)
            .group_by(child.parent_id)
        )
        for parent_id, done in rows:
            assert parent_id is not None, "selected by it"
            found[parent_id] = min(1.0, found[parent_id] + (done or 0.0))
    return found
