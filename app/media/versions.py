"""The files a lecture has had, one after another: reads, going back to one, giving one's master up.

A replaced file keeps its line for as long as the lecture lives; its master goes when the policy of the installation
(`retention`) or its teacher says so. Its media set is forgotten a day after it was replaced (`sweeping`) and made again
when somebody goes back to it. A version is numbered from 1 by when its file came.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import structlog
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.accounts.models import User
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import Conflict, NotFound
from app.kernel.jobs.model import Job, JobState
from app.library.models import Lecture
from app.media.models import MediaSet, Source
from app.media.preflight import is_settled, request_analysis
from app.media.queries import ENCODE_KIND, lecture_subject, newest_source
from app.media.services import request_encode

log = structlog.get_logger(__name__)

PAGE_SIZE: Final = 20
_OPEN: Final = (JobState.QUEUED, JobState.RUNNING)
_STOPPED: Final = (JobState.FAILED, JobState.CANCELLED)
#: No lecture has more files than this.
_NUMBER_MAX: Final = 1_000_000


class VersionState(StrEnum):
    """What a version is to the lecture now."""

    #: What residents get, or will get once the lecture is published.
    CURRENT = "current"
    #: Made, and waiting for its review.
    WAITING = "waiting"
    #: The newest file, which is being made.
    IN_THE_MAKING = "in_the_making"
    #: The newest file, which was not made; trying again is done on the lecture's page.
    NOT_MADE = "not_made"
    OLD = "old"


@dataclass(frozen=True, slots=True)
class Version:
    """One file of a lecture."""

    number: int
    source: Source
    #: Whose hand brought it; empty where nobody knows any more.
    brought_by: str
    state: VersionState
    #: The same content came before under this number; None of a new one.
    same_as: int | None
    #: What it was cut out of is gone, so that it cannot be made again.
    is_cut_loose: bool

    @property
    def duration_s(self) -> float | None:
        """Length as probed; None until then."""
        info = self.source.media_info
        return float(info["duration_s"]) if info is not None else None

    @property
    def is_kept(self) -> bool:
        """Its master is in the store."""
        return self.source.master_dropped_at is None

    @property
    def can_download(self) -> bool:
        """There is a file of its own; an excerpt's is its original's."""
        return self.is_kept and self.source.cut is None

    @property
    def can_restore(self) -> bool:
        """Going back to it is possible, and is not where the lecture is."""
        return self.state is VersionState.OLD and self.is_kept and not self.is_cut_loose

    @property
    def can_drop(self) -> bool:
        """Its master may be given up for room."""
        return self.state is VersionState.OLD and self.can_download


@dataclass(frozen=True, slots=True)
class VersionList:
    """One page of a lecture's versions, the newest first."""

    versions: Sequence[Version]
    total: int
    page: int
    page_count: int
    #: What masters take that only old versions need.
    old_bytes: int


def count_versions(db: Session, lecture_id: int) -> int:
    """Return how many files a lecture has had."""
    return db.scalar(select(func.count()).select_from(Source).where(Source.lecture_id == lecture_id)) or 0


def list_versions(db: Session, lecture: Lecture, *, page: int = 1) -> VersionList:
    """Return a page of a lecture's files. Nine queries at most, however many there are."""
    total = count_versions(db, lecture.id)
    page_count = max(1, -(-total // PAGE_SIZE))
    page = min(max(page, 1), page_count)
    offset = (page - 1) * PAGE_SIZE
    statement = select(Source).where(Source.lecture_id == lecture.id).order_by(Source.id.desc())
    sources = list(db.scalars(statement.offset(offset).limit(PAGE_SIZE)))
    numbers = {source.id: total - offset - place for place, source in enumerate(sources)}
    states = _states(db, lecture.id)
    versions = _describe(db, lecture, sources, numbers, states)
    return VersionList(versions, total, page, page_count, _old_bytes(db, lecture.id, states))


def get_version(db: Session, lecture: Lecture, number: int) -> Version:
    """Return one version of a lecture.

    Raises:
        NotFound: no such number.
    """
    statement = select(Source).where(Source.lecture_id == lecture.id).order_by(Source.id)
    is_number = 0 < number <= _NUMBER_MAX
    source = db.scalars(statement.offset(number - 1).limit(1)).first() if is_number else None
    if source is None:
        raise NotFound(lecture_id=lecture.id)
    return _describe(db, lecture, [source], {source.id: number}, _states(db, lecture.id))[0]


def _describe(
    db: Session, lecture: Lecture, sources: Sequence[Source], numbers: Mapping[int, int],
    states: Mapping[int, VersionState],
) -> list[Version]:
    names = _names(db, {source.uploaded_by_id for source in sources} - {None})
    firsts = _firsts(db, lecture.id)
    loose = _cut_loose(db, sources)
    return [
        Version(
            number=numbers[source.id],
            source=source,
            brought_by=names.get(source.uploaded_by_id, ""),
            state=states.get(source.id, VersionState.OLD),
            same_as=before if (before := firsts[source.id]) != numbers[source.id] else None,
            is_cut_loose=source.id in loose,
        )
        for source in sources
    ]


def _names(db: Session, user_ids: Collection[int | None]) -> Mapping[int | None, str]:
    rows = db.execute(select(User.id, User.display_name).where(User.id.in_(user_ids)))
    return {row.id: row.display_name for row in rows}


def _states(db: Session, lecture_id: int) -> dict[int, VersionState]:
    """Return the state of every source that is not merely old."""
    states: dict[int, VersionState] = {}
    newest = newest_source(db, lecture_id)
    job = _newest_encode(db, newest) if newest is not None else None
    if newest is not None and job in {*_OPEN, *_STOPPED}:
        states[newest.id] = VersionState.IN_THE_MAKING if job in _OPEN else VersionState.NOT_MADE
    sets = db.execute(
        select(MediaSet.source_id, MediaSet.is_current)
        .where(MediaSet.lecture_id == lecture_id, or_(MediaSet.is_current, MediaSet.replaced_at.is_(None)))
        .order_by(MediaSet.is_current)
    )
    for source_id, is_current in sets:
        states[source_id] = VersionState.CURRENT if is_current else VersionState.WAITING
    return states


def _newest_encode(db: Session, source: Source) -> JobState | None:
    """Return what became of the last try to make a source; None where nobody remembers."""
    # Jobs are found by what they work on: finished ones have no index of their keys.
    subject, key = lecture_subject(source.lecture_id), f"{ENCODE_KIND}:{source.id}"
    of_source = select(Job.state).where(Job.subject == subject, Job.key == key)
    return db.scalar(of_source.order_by(Job.id.desc()).limit(1))


def _firsts(db: Session, lecture_id: int) -> dict[int, int]:
    """Return for every source the number under which its content came first."""
    rows = db.execute(
        select(Source.id, Source.sha256, Source.cut).where(Source.lecture_id == lecture_id).order_by(Source.id)
    )
    seen: dict[tuple[str, str], int] = {}
    return {
        source_id: seen.setdefault((sha256, str(cut)), number)
        for number, (source_id, sha256, cut) in enumerate(rows, start=1)
    }


def _cut_loose(db: Session, sources: Iterable[Source]) -> set[int]:
    """Return the sources whose stretch is of a set that was forgotten."""
    cuts = {source.id: source.cut["digest"] for source in sources if source.cut is not None}
    if not cuts:
        return set()
    there = set(db.scalars(select(MediaSet.digest).where(MediaSet.digest.in_(set(cuts.values())))))
    return {source_id for source_id, digest in cuts.items() if digest not in there}


def _old_bytes(db: Session, lecture_id: int, live: Mapping[int, VersionState]) -> int:
    """Add up masters that are kept for old versions alone, each once."""
    kept = Source.lecture_id == lecture_id, Source.master_dropped_at.is_(None), Source.cut.is_(None)
    needed = select(Source.storage_key).where(Source.id.in_(live))
    once = (
        select(func.max(Source.size_bytes).label("size"))
        .where(*kept, Source.storage_key.not_in(needed))
        .group_by(Source.storage_key)
        .subquery()
    )
    return int(db.scalar(select(func.sum(once.c.size))) or 0)


def restore(db: Session, actor: Actor, lecture: Lecture, number: int) -> Source:
    """Make a version the lecture's newest file again, as if it had just been uploaded; twice changes nothing.

    On the shelf it waits for its review as any new file does, unless it is what residents see already: then what waits
    instead of it is given up.

    Raises:
        NotFound: no such number.
        Conflict: when its master was given up, or it cannot be cut out again.
    """
    version = get_version(db, lecture, number)
    newest = newest_source(db, lecture.id)
    if newest is not None and _is_same(newest, version.source) and _is_alive(db, newest):
        return newest
    db.refresh(version.source, with_for_update=True)  # so that a sweep cannot give it up meanwhile
    if not version.is_kept:
        raise Conflict("这一版的原文件已经清除，不能恢复。", code="master_dropped", lecture_id=lecture.id)
    if version.is_cut_loose:
        sentence = "这一版是从另一讲里拆出来的，那一讲的视频已经换过，请到那一讲重新拆。"
        raise Conflict(sentence, code="cut_original_missing", lecture_id=lecture.id)
    source = _repeated(actor, version.source)
    db.add(source)
    db.flush()
    request_encode(db, lecture, source)
    if source.cut is None and not is_settled(source):
        request_analysis(db, lecture, source)
    log.info("version_restored", lecture_id=lecture.id, source_id=source.id, restored_from=version.source.id)
    return source


def _repeated(actor: Actor, old: Source) -> Source:
    source = Source(
        lecture_id=old.lecture_id, filename=old.filename, sha256=old.sha256, size_bytes=old.size_bytes,
        storage_key=old.storage_key, uploaded_by_id=actor.user_id, created_at=utc_now(),
    )  # fmt: skip
    # What was found out about the file holds again; and its chapters and subtitles were offered once, which is enough.
    for name in ("media_info", "preflight", "cut"):
        if getattr(old, name) is not None:  # a None that is said outright would be JSON's, which is no NULL
            setattr(source, name, getattr(old, name))
    return source


def _is_same(one: Source, other: Source) -> bool:
    return (one.sha256, one.cut) == (other.sha256, other.cut)


def _is_alive(db: Session, source: Source) -> bool:
    """Shown, waiting or being made; given up, failed and forgotten ones are not."""
    live = MediaSet.source_id == source.id, or_(MediaSet.is_current, MediaSet.replaced_at.is_(None))
    is_live = db.scalar(select(MediaSet.id).where(*live).limit(1)) is not None
    return is_live or _newest_encode(db, source) in _OPEN


def drop_master(db: Session, lecture: Lecture, number: int) -> None:
    """Give the master of an old version up, so that it no longer counts; the sweep removes it. Twice is once.

    Raises:
        NotFound: no such number.
        Conflict: when it is in use.
    """
    version = get_version(db, lecture, number)
    if not version.is_kept:
        return
    if not version.can_drop:
        sentence = "这一版正在使用，不能清除原文件。"
        raise Conflict(sentence, code="version_in_use", lecture_id=lecture.id, version=number)
    version.source.master_dropped_at = utc_now()
    log.info("master_dropped", lecture_id=lecture.id, source_id=version.source.id)
