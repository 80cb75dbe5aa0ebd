"""The nightly comparison of index and database: finds what drifted, mends it, and keeps what was found.

It is asked for in the change log, so every machine compares the copy it has. Others may write to the copy meanwhile:
what it has not been told of yet is no drift, and what is mended is read again under the lock. A copy that changes have
worn is built anew at this hour.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.catalogue import sources
from app.catalogue.documents import KIND, PLAYLIST, document_id, subject_of
from app.catalogue.following import IndexCopy, rebuild_index
from app.catalogue.jobs import COMPARISON, note_changes
from app.catalogue.models import MACHINE_MAX, IndexChange, IndexComparison
from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.kernel.outbox import OutboxEvent
from config.policies import read_search
from search_index import IndexBusy, IndexMissing, IndexUnusable, IndexWriter, document_digest, index_wear, open_index

log = structlog.get_logger(__name__)

ZONE: Final = ZoneInfo("Asia/Shanghai")
_MENDED_AT_ONCE, _EXAMPLES = 200, 10
#: A batch to be mended waits so long for a commit under way.
_PATIENCE_S: Final = 10.0
#: Beside the flag of the copy, the log is looked at so often: whoever raised the flag may have been killed.
_LOOK_EVERY_S, _TRY_AGAIN_S = 3600.0, 60.0
#: In the copy's folder: the number of the last request that was answered.
_ANSWERED: Final = "compared"
_MACHINE_GONE_AFTER: Final = timedelta(days=2)


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


def latest_comparisons(db: Session) -> list[IndexComparison]:
    """Return what the last comparison of each machine found, the newest first; machines of the past are left out."""
    newest = select(func.max(IndexComparison.id)).group_by(IndexComparison.machine)
    rows = list(
        db.scalars(select(IndexComparison).where(IndexComparison.id.in_(newest)).order_by(IndexComparison.id.desc()))
    )
    return [each for each in rows if each.begun_at > rows[0].begun_at - _MACHINE_GONE_AFTER]


def request_comparison(db: Session, *, now: datetime | None = None) -> None:
    """Ask for the night's comparison where it is due, as the hourly chores do."""
    moment = now or utc_now()
    local = moment.astimezone(ZONE)
    due = local.replace(hour=read_search()["index"]["compare_hour"], minute=0, second=0, microsecond=0)
    if local < due:
        due -= timedelta(days=1)
    last = _last_request(db)
    if last is None or last.created_at < due:
        compare_soon(db)


def compare_soon(db: Session) -> None:
    """Ask every machine to compare its copy."""
    note_changes(db, [(COMPARISON, 0)])


def _last_request(db: Session) -> IndexChange | None:
    asked = select(IndexChange).where(IndexChange.kind == COMPARISON)
    return db.scalars(asked.order_by(IndexChange.id.desc()).limit(1)).first()


class Comparer:
    """Answers requests for a comparison, for the copy of this machine; its methods need an app context."""

    def __init__(self, copy: IndexCopy) -> None:
        self._copy = copy
        self._next_look_s = 0.0

    def turn(self) -> bool:
        """Compare where it was asked for and not done yet. Return whether it was."""
        if not self._copy.is_comparison_asked and time.monotonic() < self._next_look_s:
            return False
        self._copy.is_comparison_asked = False
        self._next_look_s = time.monotonic() + _TRY_AGAIN_S  # also when this fails
        with reading() as db:
            last = _last_request(db)
            asked = last.id if last is not None else 0
        answered = self._copy.folder / _ANSWERED
        is_due = asked > _number_in(answered)
        if is_due:
            try:
                compare(self._copy)
            except (IndexBusy, IndexMissing) as error:
                log.info("comparison_put_off", reason=str(error))
                return False
            answered.write_text(str(asked), encoding="utf-8")
        self._next_look_s = time.monotonic() + _LOOK_EVERY_S
        return is_due


def _number_in(path: Path) -> int:
    with contextlib.suppress(OSError, ValueError):
        return int(path.read_text(encoding="utf-8"))
    return 0


def compare(copy: IndexCopy) -> None:
    """Compare a copy with the database, mend it, build it anew where it is worn or unreadable, and keep what was found.

    Raises:
        IndexBusy: somebody else writes for long; nothing is kept.
        IndexMissing: there is nothing to compare; who follows the log builds it.
    """
    begun, started_s = utc_now(), time.monotonic()
    is_rebuilt = False
    try:
        drift = find_drift(copy.folder)
        mend(copy.folder, drift.every)
        if is_worn(copy.folder):
            rebuild_index(copy.folder, copy.engine, patience_s=_PATIENCE_S)
    except IndexMissing:
        raise
    except IndexUnusable as error:
        log.warning("index_unusable", reason=str(error))
        drift, is_rebuilt = Drift(rebuild_index(copy.folder, copy.engine), (), (), ()), True
    with unit_of_work() as db:
        _keep(db, drift, begun, time.monotonic() - started_s, is_rebuilt=is_rebuilt)


def is_worn(folder: Path) -> bool:
    """Tell whether changes have left so much behind in the files that building them anew pays.

    Raises:
        IndexUnusable: they cannot be read.
    """
    wear, limits = index_wear(folder), read_search()["index"]
    has_died = wear.dead >= limits["dead_min"] and wear.dead > limits["dead_share"] * wear.documents
    if has_died or wear.added_bytes > limits["added_words_bytes"]:
        log.info("index_worn", dead=wear.dead, documents=wear.documents, added_bytes=wear.added_bytes)
        return True
    return False


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
    """Write documents as they should be now, and remove those that should not be; the same again changes nothing.

    Raises:
        IndexBusy: somebody else writes for long.
        IndexUnusable: the index cannot be read.
    """
    for begin in range(0, len(ids), _MENDED_AT_ONCE):
        batch = ids[begin : begin + _MENDED_AT_ONCE]
        with IndexWriter(folder).held(_PATIENCE_S) as writer:
            checkpoint = open_index(folder).checkpoint()
            with reading() as db:
                documents = sources.build(db, map(subject_of, batch))
            gone = [each for each in batch if each not in documents]
            writer.apply(list(documents.values()), gone, checkpoint)


def _keep(db: Session, drift: Drift, begun: datetime, took_s: float, *, is_rebuilt: bool) -> None:
    examples = {name: list(getattr(drift, name)[:_EXAMPLES]) for name in ("missing", "stale", "superfluous")}
    row = IndexComparison(
        begun_at=begun, took_s=round(took_s, 2), documents=drift.documents, missing=len(drift.missing),
        stale=len(drift.stale), superfluous=len(drift.superfluous), examples=examples, is_rebuilt=is_rebuilt,
        machine=socket.gethostname()[:MACHINE_MAX],
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
