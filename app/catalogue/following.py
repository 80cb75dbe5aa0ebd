"""The copy of the index on this machine, kept up with the change log. Every machine looks after its own.

How far a copy is lies in the copy itself, so nobody needs to be told anything: who was away catches up, who lost the
folder builds it, and a copy the log no longer reaches back to is built anew.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.catalogue import sources
from app.catalogue.documents import document_id
from app.catalogue.jobs import COMPARISON
from app.catalogue.models import IndexChange
from app.kernel.db import reading
from search_index import DEFAULT_ENGINE, IndexBusy, IndexMissing, IndexUnusable, IndexWriter, open_index

log = structlog.get_logger(__name__)

#: So many changes are one commit: each costs every reader a refresh.
BATCH: Final = 200
#: After the first, second … failure in a row nothing is tried for so long, whoever rings; the last repeats.
PAUSES_S: Final = (1.0, 2.0, 5.0, 15.0)


class IndexCopy:
    """An index folder that follows the change log. Its methods need an app context and open no transaction to write."""

    def __init__(self, folder: Path, engine: str = DEFAULT_ENGINE) -> None:
        self.folder, self.engine = folder, engine
        #: The log asked for a comparison since somebody last took this back.
        self.is_comparison_asked = False
        self._failures, self._quiet_until_s = 0, 0.0

    def follow(self) -> bool:
        """Apply the next changes, or build the index where there is none to go on from. Return whether it did.

        While another process of this machine writes, it is left to that one.
        """
        if time.monotonic() < self._quiet_until_s:
            return False
        try:
            has_done = self._is_due() and self._step()
        except Exception:
            self._quiet_until_s = time.monotonic() + PAUSES_S[min(self._failures, len(PAUSES_S) - 1)]
            self._failures += 1
            raise
        self._failures = 0
        return has_done

    def catch_up(self) -> None:
        """Follow to the end of the log."""
        while self.follow():
            pass

    def _is_due(self) -> bool:
        """Tell cheaply whether there is something to do: asked again and again by every worker process."""
        try:
            checkpoint = open_index(self.folder).checkpoint()
        except IndexUnusable:
            return True
        with reading() as db:
            return log_ends(db)[1] != checkpoint

    def _step(self) -> bool:
        try:
            with IndexWriter(self.folder).held() as writer:
                reason = self._apply_next(writer)
                if reason is not None:
                    log.info("index_rebuilding", folder=str(self.folder), reason=reason)
                    _rebuild(writer, self.engine)
                return True
        except IndexBusy:
            return False

    def _apply_next(self, writer: IndexWriter) -> str | None:
        """Apply one batch; or return why the index must be built anew instead."""
        try:
            checkpoint = open_index(self.folder).checkpoint()
        except IndexMissing as error:
            return str(error)  # as on the first day
        except IndexUnusable as error:
            log.warning("index_unusable", reason=str(error))
            return str(error)
        with reading() as db:
            first, last = log_ends(db)
            if checkpoint > last:
                return "the database is an older one than the index was made of"
            if first > max(checkpoint, 1):
                return "changes since its checkpoint are no longer in the log"
            changes = _changes_after(db, checkpoint)
            subjects = {(kind, subject_id) for _, kind, subject_id in changes if kind != COMPARISON}
            documents = sources.build(db, subjects)
        if changes:
            gone = sorted({document_id(subject_id, kind) for kind, subject_id in subjects} - documents.keys())
            writer.apply(list(documents.values()), gone, changes[-1][0])
            self.is_comparison_asked |= any(kind == COMPARISON for _, kind, _ in changes)
            log.info("index_updated", documents=len(documents), deletions=len(gone), checkpoint=changes[-1][0])
        return None


def rebuild_index(folder: Path, engine: str = DEFAULT_ENGINE, *, patience_s: float = 0.0) -> int:
    """Build the index anew from the database and swap it in. Return the number of documents.

    Args:
        folder: of this machine's copy.
        engine: which one builds it.
        patience_s: how long to wait while another process writes.

    Raises:
        IndexBusy: another process went on writing.
    """
    with IndexWriter(folder).held(patience_s) as writer:
        return _rebuild(writer, engine)


def _rebuild(writer: IndexWriter, engine: str) -> int:
    with reading() as db:
        # Read before the rows: what is noted from now on is applied afterwards, although rows read late may show it.
        checkpoint = log_ends(db)[1]
        count = writer.rebuild(sources.every(db), checkpoint, engine)
    log.info("index_rebuilt", documents=count, checkpoint=checkpoint)
    return count


def log_ends(db: Session) -> tuple[int, int]:
    """Return the first and the last number in the change log, zeros while it is empty."""
    # Two subqueries: SQLite looks up each end, but reads the whole table for both in one.
    first, last = (select(end(IndexChange.id)).scalar_subquery() for end in (func.min, func.max))
    low, high = db.execute(select(first, last)).one()
    return low or 0, high or 0


def forget_changes(db: Session, *, before: datetime) -> int:
    """Remove the changes noted before, but never the last: the log's end must not move back. Return how many.

    A copy that was away for longer finds the log to begin after its checkpoint, and is built anew.
    """
    last_old = db.scalar(select(func.max(IndexChange.id)).where(IndexChange.created_at < before)) or 0
    result = db.execute(delete(IndexChange).where(IndexChange.id <= last_old, IndexChange.id < log_ends(db)[1]))
    return int(getattr(result, "rowcount", 0))


def _changes_after(db: Session, checkpoint: int) -> Sequence[tuple[int, str, int]]:
    newer = select(IndexChange.id, IndexChange.kind, IndexChange.subject_id).where(IndexChange.id > checkpoint)
    return [
        (number, kind, subject_id)
        for number, kind, subject_id in db.execute(newer.order_by(IndexChange.id).limit(BATCH))
    ]
