"""Job handlers of the studio."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.kernel.jobs.engine import JobKind
from config.settings import MediaSection
from media_pipeline.ports import Storage


def job_kinds(storage: Storage, section: MediaSection) -> list[JobKind]:
    """Return what the worker must know of this capability."""
    return []


def request_upload_sweep(db: Session) -> None:
    """Queue a sweep of abandoned uploads."""
