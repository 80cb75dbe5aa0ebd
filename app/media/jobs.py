"""Job handlers: encode a source, sweep the store. They take ids, hold no transaction while they work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.orm import Session

import media_pipeline
from app.kernel.db import reading
from app.kernel.jobs import queue
from app.kernel.jobs.engine import Handler, JobContext, JobKind, Record
from app.kernel.jobs.model import JobFailed
from app.kernel.storage import ManagedStorage
from app.media import analysing, services
from app.media.models import Source
from app.media.queries import ENCODE_KIND, KEY_PREFIX, media_prefix
from media_pipeline.errors import PipelineError
from media_pipeline.ports import ObjectMissing, Storage, StorageFull, StorageUnavailable

if TYPE_CHECKING:
    from media_pipeline.ladder import LadderPolicy
    from media_pipeline.types import Tools

log = structlog.get_logger(__name__)

SWEEP_KIND = "sweep_store"
#: Objects younger than this may belong to work that has not been recorded yet.
ORPHAN_AGE = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class MediaWorkshop:
    """Everything an encode needs from outside."""

    storage: ManagedStorage
    tools: Callable[[], Tools]
    policy: LadderPolicy


def encode_handler(workshop: MediaWorkshop) -> Handler:
    """Return the handler that takes one source through the pipeline."""

    def handle(context: JobContext) -> Record | None:
        with reading() as db:
            source = db.get(Source, context.payload["source_id"])
        if source is None:
            log.info("encode_skipped", reason="source is gone")
            return None
        try:
            return _encode(workshop, context, source)
        except PipelineError as error:
            raise JobFailed(error.code, error.sentence, is_transient=error.is_transient) from error
        except ObjectMissing as error:
            raise JobFailed("source_missing", "找不到上传的原文件，请重新上传。", is_transient=False) from error
        except StorageFull as error:
            raise JobFailed("store_full", "存储空间不足，请联系管理员。", is_transient=True) from error
        except StorageUnavailable as error:
            raise JobFailed("store_unavailable", "存储服务暂时没有响应，系统会自动重试。", is_transient=True) from error

    return handle


def _encode(workshop: MediaWorkshop, context: JobContext, source: Source) -> Record:
    path = _local_source(workshop.storage, source, context.work_dir)
    context.report("probe", 0.0)
    info = media_pipeline.probe(path, limits=media_pipeline.ProbeLimits())
    plan = media_pipeline.make_plan(info, workshop.policy, source.sha256)
    published = media_pipeline.run(
        plan,
        path,
        work_dir=context.work_dir,
        storage=workshop.storage,
        prefix=media_prefix(plan.digest),
        tools=workshop.tools(),
        progress=context,
        cancel=context,
    )

    def record(db: Session) -> None:
        services.note_media_info(db, source.id, info)
        services.record_media_set(db, source.id, plan.digest, published)

    return record


def _local_source(storage: Storage, source: Source, work_dir: Path) -> Path:
    """Return a file to read: the stored one where the store is a folder, else a copy in our scratch folder."""
    path = storage.local_path(source.storage_key)
    if path is None:
        path = work_dir / "source"
        storage.fetch(source.storage_key, path)
    return path


def sweep_handler(storage: ManagedStorage, *, older_than: timedelta = ORPHAN_AGE) -> Handler:
    """Return the handler that removes objects no row knows."""

    def handle(context: JobContext) -> None:
        broken = storage.sweep_partial(older_than)
        if broken:
            log.info("broken_writes_removed", count=broken)
        objects = [*storage.list_keys(f"{KEY_PREFIX}/"), *storage.list_keys(f"{services.SOURCE_PREFIX}/")]
        with reading() as db:
            orphans = services.find_orphans(db, objects, older_than=older_than)
        for done, name in enumerate(sorted(orphans)):
            if context.is_cancelled():
                return
            context.report("sweep", done / len(orphans))
            if name.endswith("/"):
                storage.delete_prefix(name)
            else:
                storage.delete(name)
            log.info("orphan_removed", key=name)

    return handle


def job_kinds(workshop: MediaWorkshop) -> list[JobKind]:
    """Return what the worker must know of this capability."""
    return [
        JobKind(ENCODE_KIND, queue.LANE_MEDIA, encode_handler(workshop)),
        JobKind(SWEEP_KIND, queue.LANE_DEFAULT, sweep_handler(workshop.storage)),
        analysing.job_kind(workshop.storage, workshop.tools, _local_source),
    ]


def request_sweep(db: Session) -> None:
    """Queue a sweep of the store."""
    payload: dict[str, Any] = {}
    queue.enqueue(db, SWEEP_KIND, lane=queue.LANE_DEFAULT, key=SWEEP_KIND, payload=payload)
