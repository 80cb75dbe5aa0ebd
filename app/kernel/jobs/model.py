"""The jobs table and what a worker holds of a row it claimed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, text_enum


class JobState(StrEnum):
    """Life of a job; the last three are final (a failed or cancelled one may be retried by a person)."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Priority:
    """Higher goes first; inside one priority institutions take turns."""

    GREEN_CHANNEL = 30
    MICRO_COURSE = 20
    NORMAL = 10
    BACKGROUND = 0
    #: What nobody waits for. Its steps go before the next whole: thousands are queued at once, few shall be begun.
    RENEWAL_STEP = -10
    RENEWAL = -20

    @classmethod
    def of_steps(cls, whole: int) -> int:
        """Return the priority of the steps of a job."""
        return cls.RENEWAL_STEP if whole == cls.RENEWAL else whole


class Job(Base):
    """One piece of work; carries ids in `payload`, never content."""

    __tablename__ = "job"
    __table_args__ = (
        # At most one waiting job per key: enqueueing again while one waits is a no-op.
        Index(
            "uq_job_key_queued",
            "key",
            unique=True,
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index("ix_job_claim", "lane", "state", "priority", "id"),
        Index("ix_job_fair_key_started_at", "fair_key", "started_at"),
        Index("ix_job_subject", "subject", "id"),
        Index("ix_job_parent", "parent_id", "state"),
        Index("ix_job_finished_at", "finished_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    lane: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(200))
    #: What it works on, e.g. "lecture:17"; pages look progress up by it.
    subject: Mapped[str] = mapped_column(String(80), default="")
    #: Who takes turns with whom, e.g. "institution:3".
    fair_key: Mapped[str] = mapped_column(String(80), default="")
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[JobState] = mapped_column(text_enum(JobState), default=JobState.QUEUED)
    priority: Mapped[int] = mapped_column(default=Priority.NORMAL)
    attempts: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int] = mapped_column(default=3)
    run_after: Mapped[datetime]
    lease: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]
    worker: Mapped[str | None] = mapped_column(String(120))
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    #: The job whose step this one is; the parent is done when all its steps are.
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"))
    #: Share of the parent's work, 0 to 1.
    weight: Mapped[float] = mapped_column(Float, default=0.0)
    #: Its place among the steps of its parent: a step that became possible late may still be the one all wait for.
    rank: Mapped[int] = mapped_column(default=0)
    step: Mapped[str] = mapped_column(String(40), default="")
    progress: Mapped[float] = mapped_column(Float, default=0.0)
    error_code: Mapped[str | None] = mapped_column(String(60))
    #: A sentence for the person whose work it is; details are in the log under the job id.
    error_message: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    @property
    def is_delegated(self) -> bool:
        """Running, but by its steps: no worker holds it."""
        return self.state is JobState.RUNNING and self.lease is None


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker keeps of the row while it works without a transaction."""

    job_id: int
    kind: str
    lane: str
    subject: str
    payload: dict[str, Any]
    attempt: int
    max_attempts: int
    lease: str
    fair_key: str = ""
    priority: int = Priority.NORMAL
    parent_id: int | None = None

    @classmethod
    def of(cls, job: Job) -> Claim:
        """Return the claim on a job just leased."""
        assert job.lease is not None, "claiming sets it"
        return cls(
            job.id, job.kind, job.lane, job.subject, job.payload, job.attempts, job.max_attempts, job.lease,
            job.fair_key, job.priority, job.parent_id,
        )  # fmt: skip


class JobFailed(Exception):
    """Raised by handlers: says whether trying again can help, and what to tell the person."""

    def __init__(self, code: str, message: str, *, is_transient: bool) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.is_transient = is_transient
