"""Job handlers of the studio: take whole uploads into the store, remove abandoned ones, empty deleted drafts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.db import reading, unit_of_work
from app.kernel.jobs import queue
from app.kernel.jobs.engine import Handler, JobContext, JobKind, Record
from app.kernel.jobs.model import JobFailed
from app.kernel.storage import ManagedStorage
from app.media.models import Source
from app.media.services import source_key
from app.studio import deletion, uploads
from app.studio.intake import Intake, Partial
from app.studio.keepers import open_intake
from app.studio.models import Upload, UploadState
from app.studio.queries import FINISH_KIND
from app.studio.upload_limits import forget_given_up
from app.studio.uploads import request_upload_sweep
from config.settings import MediaSection
from media_pipeline.ports import StorageError, StorageFull

__all__ = ["job_kinds", "request_upload_sweep"]

log = structlog.get_logger(__name__)

#: A file without a row may belong to an upload that is just being opened.
UNKNOWN_FILE_AGE_S: Final = 3600.0
#: So long senders are told that an upload was given up.
GIVEN_UP_KNOWN: Final = timedelta(days=2)


def finish_handler(storage: ManagedStorage, intake: Intake) -> Handler:
    """Return the handler that stores a whole upload under the name of its content."""

    def handle(context: JobContext) -> Record | None:
        with reading() as db:
            upload = db.get(Upload, context.payload["upload_id"])
            pieces = _pieces_of(db, upload) if upload is not None else []
        if upload is None or upload.state is not UploadState.FINISHING:
            log.info("finish_skipped", reason="upload is gone or done")
            return None
        try:
            sha256 = _take(storage, intake, upload, pieces, context)
        except StorageFull as error:
            sentence = "存储空间不足，请联系管理员；空间恢复后会自动继续。"
            raise JobFailed("store_full", sentence, is_transient=True) from error
        except StorageError as error:
            sentence = "存储服务暂时没有响应，系统会自动重试。"
            raise JobFailed("store_unavailable", sentence, is_transient=True) from error
        return lambda db: uploads.complete_upload(db, upload.id, sha256)

    return handle


def _pieces_of(db: Session, upload: Upload) -> list[Partial]:
    rows = db.execute(
        select(Upload.public_id, Upload.size_bytes).where(Upload.final_id == upload.id).order_by(Upload.position)
    )
    return [Partial(public_id, size_bytes) for public_id, size_bytes in rows]


def _take(
    storage: ManagedStorage, intake: Intake, upload: Upload, pieces: Sequence[Partial], context: JobContext
) -> str:
    context.report("store", 0.0)
    if not intake.gather(upload.public_id, upload.size_bytes, pieces):
        # Transient, because a worker on another host may have the folder that this one lacks.
        raise JobFailed("upload_missing", "上传的文件不见了，请重新上传。", is_transient=True)
    context.report("store", 0.1)
    sha256 = upload.sha256 or intake.sha256(upload.public_id)
    context.report("store", 0.4)
    key = source_key(sha256)
    with reading() as db:
        kept = select(Source.id).where(Source.storage_key == key, Source.master_dropped_at.is_(None))
        is_known = db.scalar(kept.limit(1)) is not None
    # Only what a row protects from the store's sweep may be relied on.
    found = storage.stat(key) if is_known else None
    if found is None or found.size_bytes != upload.size_bytes:
        intake.hand_over(upload.public_id, storage, key)
    return sha256


def sweep_handler(intake: Intake, *, expires_after: timedelta) -> Handler:
    """Return the handler that ends expired uploads and removes bytes nobody needs."""

    def handle(context: JobContext) -> None:
        lengths = {name: intake.length(name) or 0 for name in intake.leftovers(older_than_s=0)}
        with unit_of_work() as db:
            # First who is known, then who is kept: a row that comes in between is an upload that just begins.
            known = frozenset(db.scalars(select(Upload.public_id).where(Upload.public_id.in_(list(lengths)))))
            kept = uploads.sweep_rows(db, lengths, expires_after=expires_after)
            forget_given_up(db, lengths, expires_after=min(expires_after, GIVEN_UP_KNOWN))
        unknown = frozenset(intake.leftovers(older_than_s=UNKNOWN_FILE_AGE_S)) - known
        for name in sorted((lengths.keys() & known) - kept | unknown):
            if context.is_cancelled():
                return
            intake.delete(name)
            log.info("upload_file_removed", upload=name)

    return handle


def empty_drafts(context: JobContext) -> Record:  # noqa: ARG001 - the signature is the engine's
    """Empty deleted drafts that nobody can bring back any more."""

    def record(db: Session) -> None:
        count = deletion.empty_deleted(db)
        if count == deletion.EMPTIED_AT_ONCE:
            deletion.request_emptying(db)

    return record


def job_kinds(storage: ManagedStorage, section: MediaSection) -> list[JobKind]:
    """Return what the worker must know of this capability."""
    intake = open_intake(storage, section)
    expires_after = timedelta(hours=section.upload_expires_h)
    return [
        JobKind(FINISH_KIND, queue.LANE_DEFAULT, finish_handler(storage, intake)),
        JobKind(uploads.SWEEP_KIND, queue.LANE_DEFAULT, sweep_handler(intake, expires_after=expires_after)),
        JobKind(deletion.EMPTY_KIND, queue.LANE_DEFAULT, empty_drafts),
    ]
