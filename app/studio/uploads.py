"""Writes to upload rows: begin, note what arrived, give up, take into the store's books, sweep.

Each function works in the caller's transaction and touches no byte of an upload; an `intake` holds those. Files that
arrive in pieces begin in `concatenation`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import SQLColumnExpression, func, select
from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import Conflict, NotAuthenticated
from app.kernel.jobs import queue
from app.kernel.jobs.model import Job, JobState
from app.library.models import Lecture
from app.library.services import get_lecture_for_edit
from app.media.models import MediaSet, Source
from app.media.queries import on_lecture
from app.media.services import StoredSource, attach_source, source_key
from app.studio.allowance import check_allowance
from app.studio.intake import DiskFull
from app.studio.models import Upload, UploadKind, UploadState
from app.studio.queries import FINISH_KIND
from app.studio.upload_limits import LIVE, UploadLimits, check_count
from app.studio.upload_queries import get_upload, list_pieces_of

log = structlog.get_logger(__name__)

SWEEP_KIND: Final = "sweep_uploads"


@dataclass(frozen=True, slots=True)
class Room:
    """Where an upload has to fit: the scratch disk, the store, and what may be on its way at once."""

    limits: UploadLimits
    free_bytes: int
    #: The store lies on the same disk and will make a copy there, before the part file goes.
    is_copied_on_same_disk: bool
    quota_bytes: int | None


@dataclass(frozen=True, slots=True)
class NewFile:
    """What a sender tells of a file before its first byte."""

    filename: str
    size_bytes: int
    fingerprint: str = ""
    metadata_header: str = ""


def is_same_disk(work_path: Path, store_path: Path) -> bool:
    """Tell whether two folders, existing or not, lie on one file system."""
    devices = {next(p for p in (path, *path.parents) if p.exists()).stat().st_dev for path in (work_path, store_path)}
    return len(devices) == 1


def begin_upload(
    db: Session, actor: Actor, lecture_id: str, file: NewFile, *, public_id: str, room: Room
) -> Sequence[str]:
    """Open an upload for a lecture; it replaces one that is still on its way. Return the ids of those given up.

    Raises:
        NotFound, NotPermitted: when the actor may not edit the lecture.
        TooManyUploads: when too many are on their way already.
        QuotaReached: when the institution has used what it may.
        DiskFull: when the file would not fit.
    """
    lecture = get_lecture_for_edit(db, actor, lecture_id)
    given_up = give_up_others(db, lecture)
    check_count(db, room.limits, user_id=known_user(actor), institution_id=lecture.institution_id)
    check_allowance(db, lecture.institution_id, file.size_bytes)
    check_room(db, room, file.size_bytes)
    add_upload(db, actor, file, public_id=public_id, lecture_id=lecture.id)
    log.info("upload_begun", upload=public_id, lecture_id=lecture.id, size_bytes=file.size_bytes)
    return given_up


def add_upload(
    db: Session, actor: Actor, file: NewFile, *, public_id: str, kind: UploadKind = UploadKind.WHOLE,
    lecture_id: int | None = None,
) -> Upload:
    """Add a row of any kind; the caller has asked the policies."""
    now = utc_now()
    upload = Upload(
        public_id=public_id, kind=kind, lecture_id=lecture_id, user_id=known_user(actor), filename=file.filename,
        fingerprint=file.fingerprint[:200], metadata_header=file.metadata_header, size_bytes=file.size_bytes,
        created_at=now, updated_at=now,
    )
    db.add(upload)
    db.flush()
    return upload


def known_user(actor: Actor) -> int:
    """Return who sends; NotAuthenticated for nobody."""
    if actor.user_id is None:
        raise NotAuthenticated
    return actor.user_id


def give_up_others(db: Session, lecture: Lecture) -> list[str]:
    """Give up what is being received for a lecture; return the ids, those of pieces too."""
    statement = select(Upload).where(Upload.lecture_id == lecture.id, Upload.state == UploadState.RECEIVING)
    given_up = [name for older in db.scalars(statement) for name in _abort(db, older)]
    db.flush()
    return given_up


def _abort(db: Session, upload: Upload) -> list[str]:
    family = [upload, *db.scalars(select(Upload).where(Upload.final_id == upload.id))]
    for each in family:
        each.state, each.updated_at = UploadState.ABORTED, utc_now()
    return [each.public_id for each in family]


def check_room(db: Session, room: Room, size_bytes: int) -> None:
    """Count what others were already promised, so that ten half-sent files cannot fill the disk together."""
    missing = _sum(db, Upload.size_bytes - Upload.offset_bytes)
    largest = db.scalar(select(func.max(Upload.size_bytes)).where(Upload.state.in_(LIVE))) or 0
    needed = size_bytes + missing + (max(size_bytes, largest) if room.is_copied_on_same_disk else 0)
    if needed > room.free_bytes:
        raise DiskFull(needed_bytes=needed, free_bytes=room.free_bytes)
    if room.quota_bytes is None:
        return
    promised = _sum(db, Upload.size_bytes)
    if _stored_bytes(db) + promised + size_bytes > room.quota_bytes:
        raise DiskFull(quota_bytes=room.quota_bytes, promised_bytes=promised, size_bytes=size_bytes)


def _sum(db: Session, expression: SQLColumnExpression[int]) -> int:
    # A file in pieces is counted piece by piece.
    counted = Upload.state.in_(LIVE), Upload.kind != UploadKind.FINAL
    return int(db.scalar(select(func.sum(expression)).where(*counted)) or 0)


def _stored_bytes(db: Session) -> int:
    """Bytes the rows know of in the store; equal masters and equal sets are stored once."""
    kept = select(func.max(Source.size_bytes).label("size")).where(Source.master_dropped_at.is_(None))
    sources = kept.group_by(Source.storage_key).subquery()
    sets = select(func.max(MediaSet.size_bytes).label("size")).group_by(MediaSet.digest).subquery()
    return sum(int(db.scalar(select(func.sum(part.c.size))) or 0) for part in (sources, sets))


def note_received(db: Session, public_id: str, *, offset_bytes: int, sha256: str | None = None) -> UploadState | None:
    """Record how far an upload has come; a whole one goes on to be finished. Return its state, None without a row."""
    upload = db.scalars(select(Upload).where(Upload.public_id == public_id).with_for_update()).first()
    if upload is None or upload.state is not UploadState.RECEIVING:
        return upload.state if upload is not None else None
    upload.offset_bytes = max(upload.offset_bytes, min(offset_bytes, upload.size_bytes))
    upload.updated_at = utc_now()
    if upload.offset_bytes == upload.size_bytes:
        upload.state, upload.sha256 = UploadState.FINISHING, sha256
        log.info("upload_received", upload=public_id, lecture_id=upload.lecture_id, size_bytes=upload.size_bytes)
    if upload.final_id is not None:
        note_pieces(db, upload.final_id)
    elif upload.kind is UploadKind.WHOLE and upload.state is UploadState.FINISHING:
        request_finish(db, upload)
    return upload.state


def note_pieces(db: Session, final_id: int) -> None:
    """Record how far a file in pieces has come; once all are whole it goes on to be finished."""
    final = db.get_one(Upload, final_id, with_for_update=True)
    if final.state is not UploadState.RECEIVING:
        return
    db.flush()
    final.offset_bytes = db.scalar(select(func.sum(Upload.offset_bytes)).where(Upload.final_id == final_id)) or 0
    final.updated_at = utc_now()
    if final.offset_bytes == final.size_bytes:
        final.state = UploadState.FINISHING
        request_finish(db, final)
        log.info("upload_received", upload=final.public_id, lecture_id=final.lecture_id, size_bytes=final.size_bytes)


def request_finish(db: Session, upload: Upload) -> None:
    """Queue the job that takes a whole upload into the store."""
    lecture = _lecture_of(db, upload)
    key, payload = f"{FINISH_KIND}:{upload.id}", {"upload_id": upload.id}
    job = queue.NewJob(FINISH_KIND, lane=queue.LANE_DEFAULT, key=key, payload=payload, max_attempts=5)
    queue.enqueue(db, on_lecture(lecture, job))


def _lecture_of(db: Session, upload: Upload) -> Lecture:
    if upload.lecture_id is None:
        raise ValueError(f"upload {upload.public_id} is a piece, not a file")
    return db.get_one(Lecture, upload.lecture_id)


def complete_upload(db: Session, upload_id: int, sha256: str) -> None:
    """Book a file that is whole in the store as the lecture's source; a second time changes nothing."""
    upload = db.scalars(select(Upload).where(Upload.id == upload_id).with_for_update()).first()
    if upload is None or upload.state is not UploadState.FINISHING:
        return
    newer_done = select(Upload.id).where(
        Upload.lecture_id == upload.lecture_id, Upload.id > upload.id, Upload.state == UploadState.DONE
    )
    upload.updated_at = utc_now()
    if db.scalar(newer_done.limit(1)) is not None:
        # It failed, was replaced, and was retried after that: the replacement stays.
        _abort(db, upload)
        return
    stored = StoredSource(upload.filename, sha256, upload.size_bytes, source_key(sha256))
    attach_source(db, Actor(user_id=upload.user_id), _lecture_of(db, upload), stored)
    upload.state, upload.sha256 = UploadState.DONE, sha256
    for piece in db.scalars(select(Upload).where(Upload.final_id == upload.id)):
        piece.state, piece.updated_at = UploadState.DONE, utc_now()
    request_upload_sweep(db)
    log.info("upload_completed", upload=upload.public_id, lecture_id=upload.lecture_id)


def abort_upload(db: Session, actor: Actor, public_id: str) -> Sequence[str]:
    """Give up an upload; giving up twice is fine. Return the ids whose bytes nobody needs any more.

    Raises:
        NotFound: when it is not the actor's.
        Conflict: when it is already part of the lecture.
    """
    upload = get_upload(db, actor, public_id)
    if upload.state is UploadState.DONE:
        raise Conflict("文件已经传完，不能取消上传。", code="upload_done", upload=public_id)
    if upload.final_id is not None and upload.state in LIVE:
        raise Conflict("这一段已经属于一个文件，请取消整个文件。", code="upload_joined", upload=public_id)
    _give_up(db, upload)
    return [public_id, *list_pieces_of(db, upload)]


def abort_uploads_of(db: Session, lecture: Lecture) -> None:
    """Give up whatever is on its way for a lecture."""
    for upload in db.scalars(select(Upload).where(Upload.lecture_id == lecture.id, Upload.state.in_(LIVE))):
        _give_up(db, upload)


def _give_up(db: Session, upload: Upload) -> None:
    if upload.state in LIVE:
        _abort(db, upload)
        request_upload_sweep(db)
        log.info("upload_aborted", upload=upload.public_id, lecture_id=upload.lecture_id)


def is_finishing(db: Session, lecture_id: int) -> bool:
    """Tell whether the newest upload of a lecture is whole but not yet in the store."""
    newest = select(Upload.state).where(Upload.lecture_id == lecture_id).order_by(Upload.id.desc()).limit(1)
    return db.scalar(newest) is UploadState.FINISHING


def request_upload_sweep(db: Session) -> None:
    """Queue a sweep of abandoned uploads."""
    queue.enqueue(db, queue.NewJob(SWEEP_KIND, lane=queue.LANE_DEFAULT, key=SWEEP_KIND))


def sweep_rows(db: Session, lengths: Mapping[str, int], *, expires_after: timedelta) -> frozenset[str]:
    """Bring rows in line with the files that are there. Return the ids whose files must stay.

    Untouched ones expire; whole ones whose last request died go on to be finished; ones whose finishing job got lost
    get another.
    """
    limit = utc_now() - expires_after
    kept = set()
    # Files before their pieces, which live as long as they do.
    statement = select(Upload).where(Upload.state.in_(LIVE)).order_by(Upload.final_id.isnot(None), Upload.id)
    for upload in db.scalars(statement):
        if upload.state not in LIVE:
            continue  # given up with its file, a moment ago
        is_waiting = upload.state is UploadState.RECEIVING or upload.kind is UploadKind.PARTIAL
        if is_waiting and upload.final_id is None and upload.updated_at < limit:
            _abort(db, upload)
            log.info("upload_expired", upload=upload.public_id, lecture_id=upload.lecture_id)
            continue
        kept.add(upload.public_id)
        is_file = upload.kind is not UploadKind.PARTIAL
        if upload.state is UploadState.RECEIVING and lengths.get(upload.public_id) == upload.size_bytes:
            note_received(db, upload.public_id, offset_bytes=upload.size_bytes)
        elif is_file and upload.state is UploadState.FINISHING and not _has_finish_job(db, upload):
            request_finish(db, upload)
    return frozenset(kept)


def _has_finish_job(db: Session, upload: Upload) -> bool:
    """Failed ones count too: trying those again is a person's decision."""
    states = (JobState.QUEUED, JobState.RUNNING, JobState.FAILED)
    statement = select(Job.id).where(Job.key == f"{FINISH_KIND}:{upload.id}", Job.state.in_(states))
    return db.scalar(statement.limit(1)) is not None
