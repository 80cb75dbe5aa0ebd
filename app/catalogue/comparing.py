"""The nightly comparison of index and database: finds what drifted, mends it, and keeps what was found.

It runs in the index lane, so nothing else writes meanwhile. Changes the index has not been told of yet are no drift.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.catalogue import sources
from app.catalogue.documents import KIND, PLAYLIST, document_id, subject_of
from app.catalogue.jobs import rebuild_index
from app.catalogue.models import IndexChange, IndexComparison
from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.kernel.jobs import queue
from app.kernel.jobs.engine import Handler, JobContext, JobKind
from app.kernel.outbox import OutboxEvent
from config.policies import read_search
from search_index import DEFAULT_ENGINE, IndexUnusable, IndexWriter, document_digest, open_index

log = structlog.get_logger(__name__)

COMPARE_KIND: Final = "compare_index"
ZONE: Final = ZoneInfo("Asia/Shanghai")
_MENDED_AT_ONCE, _EXAMPLES = 200, 10


@dataclass(frozen=True, slots=True)
class Drift:
    """Document ids that are not as they should be."""

    documents: int
    missing: Sequence[str]
    stale: Sequence[str]
    superfluous: Sequence[str]

    @property
    def every(self) -> list[str]:
        """All of them."""
        return [*self.missing, *self.stale, *self.superfluous]


def latest_comparison(db: Session) -> IndexComparison | None:
    """Return what the last comparison found."""
    return db.scalars(select(IndexComparison).order_by(IndexComparison.id.desc()).limit(1)).first()


def request_comparison(db: Session, *, now: datetime | None = None) -> None:
    """Queue the night's comparison where it is due, as the hourly chores do."""
    moment = now or utc_now()
    local = moment.astimezone(ZONE)
    due = local.replace(hour=read_search()["index"]["compare_hour"], minute=0, second=0, microsecond=0)
    if local < due:
        due -= timedelta(days=1)
    last = latest_comparison(db)
    if last is None or last.begun_at < due:
        compare_soon(db)


def compare_soon(db: Session) -> None:
    """Queue a comparison unless one waits."""
    queue.enqueue(db, COMPARE_KIND, lane=queue.LANE_INDEX, key=COMPARE_KIND, max_attempts=5)


def compare_handler(folder: Path, engine: str = DEFAULT_ENGINE) -> Handler:
    """Return the handler that compares the index at `folder` with the database and mends it."""

    def handle(context: JobContext) -> None:  # noqa: ARG001 - the signature is the engine's
        begun, started_s = utc_now(), time.monotonic()
        is_rebuilt = False
        try:
            drift = find_drift(folder)
            mend(folder, drift.every)
        except IndexUnusable as error:
            log.warning("index_unusable", reason=str(error))
            drift, is_rebuilt = Drift(rebuild_index(folder, engine), (), (), ()), True
        with unit_of_work() as db:
            _keep(db, drift, begun, time.monotonic() - started_s, is_rebuilt=is_rebuilt)

    return handle


def find_drift(folder: Path) -> Drift:
    """Compare every document with what it stands for.

    Raises:
        IndexUnusable: the index cannot be read.
    """
    index = open_index(folder)
    checkpoint = index.checkpoint()
    found = index.digests()
    with reading() as db:
        expected = dict(_expected(db))
        pending = {document_id(subject_id, kind) for kind, subject_id in _told_of(db, checkpoint)}
    missing = sorted(expected.keys() - found.keys() - pending)
    superfluous = sorted(found.keys() - expected.keys() - pending)
    stale = sorted(
        each for each, digest in expected.items() if each in found and found[each] != digest and each not in pending
    )
    return Drift(len(found), missing, stale, superfluous)


def _expected(db: Session) -> Iterator[tuple[str, str]]:
    for document in sources.every(db):
        yield document.id, document_digest(document)


def _told_of(db: Session, checkpoint: int) -> set[tuple[str, int]]:
    """Return (kind, id) whose change is on its way to the index; read after the rows, so that none is missed."""
    changes = db.execute(select(IndexChange.kind, IndexChange.subject_id).where(IndexChange.id > checkpoint))
    noted = {(kind, subject_id) for kind, subject_id in changes}
    facts: Sequence[Mapping[str, object]] = db.scalars(
        select(OutboxEvent.payload).where(OutboxEvent.delivered_at.is_(None))
    ).all()
    told = {(kind, fact.get(f"{kind}_id")) for fact in facts for kind in (KIND, PLAYLIST)}
    return noted | {(kind, each) for kind, each in told if isinstance(each, int)}


def mend(folder: Path, ids: Sequence[str]) -> None:
    """Write documents as they should be now, and remove those that should not be; the same again changes nothing."""
    writer = IndexWriter(folder)
    for begin in range(0, len(ids), _MENDED_AT_ONCE):
        batch = ids[begin : begin + _MENDED_AT_ONCE]
        with reading() as db:
            documents = sources.build(db, map(subject_of, batch))
        gone = [each for each in batch if each not in documents]
        writer.apply(list(documents.values()), gone, open_index(folder).checkpoint())


def _keep(db: Session, drift: Drift, begun: datetime, took_s: float, *, is_rebuilt: bool) -> None:
    examples = {name: list(getattr(drift, name)[:_EXAMPLES]) for name in ("missing", "stale", "superfluous")}
    row = IndexComparison(
        begun_at=begun, took_s=round(took_s, 2), documents=drift.documents, missing=len(drift.missing),
        stale=len(drift.stale), superfluous=len(drift.superfluous), examples=examples, is_rebuilt=is_rebuilt,
    )  # fmt: skip
    db.add(row)
    db.flush()
    newest = select(IndexComparison.id).order_by(IndexComparison.id.desc())
    kept = list(db.scalars(newest.limit(read_search()["index"]["comparisons_kept"])))
    db.execute(delete(IndexComparison).where(IndexComparison.id < kept[-1]))
    report = log.warning if row.drift or is_rebuilt else log.info
    report(
        "index_compared", documents=row.documents, missing=row.missing, stale=row.stale,
        superfluous=row.superfluous, examples=examples, is_rebuilt=is_rebuilt, took_s=row.took_s,
    )  # fmt: skip


def job_kind(folder: Path, engine: str = DEFAULT_ENGINE) -> JobKind:
    """Return what the worker must know of the comparison."""
    return JobKind(COMPARE_KIND, queue.LANE_INDEX, compare_handler(folder, engine))
