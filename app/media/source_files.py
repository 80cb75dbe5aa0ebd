"""Where the bytes of a source are read: in place, by an address, or from a copy. Not here: what is read from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import structlog

import media_pipeline
from app.kernel.jobs.engine import JobContext
from app.media.models import Source
from app.media.workshop import MediaWorkshop
from media_pipeline.errors import MediaRefused
from media_pipeline.ports import Storage, StorageUnavailable
from media_pipeline.types import MediaInfo

log = structlog.get_logger(__name__)

#: A worker reads the source through an address signed for this long; one chunk takes minutes at most.
SIGNED_FOR_S: Final = 6 * 3600
#: What a slow line may be the cause of; everything else is the file's own.
_SLOW_CODES: Final = frozenset({"probe_timeout", "probe_failed"})


def local_source(storage: Storage, source: Source, work_dir: Path) -> Path:
    """Return a file to read: the stored one where the store is a folder, else a copy in our scratch folder."""
    path = storage.local_path(source.storage_key)
    if path is None:
        path = work_dir / "source"
        storage.fetch(source.storage_key, path)
    return path


def readable_source(storage: Storage, source: Source, work_dir: Path) -> Path | str:
    """Return where the source is read: a file, or an address from which only the ranges that are needed are taken."""
    path = storage.local_path(source.storage_key)
    if path is not None:
        return path
    address = storage.presigned_url(source.storage_key, SIGNED_FOR_S)
    return address if address is not None else local_source(storage, source, work_dir)


def probe_source(workshop: MediaWorkshop, source: Source, context: JobContext, *, niceness: int = 0) -> MediaInfo:
    """Find out what a source is; it is copied only where reading it by its address does not work.

    Raises:
        MediaRefused, StorageUnavailable, ObjectMissing, Cancelled.
    """
    limits = replace(workshop.probe_limits, niceness=niceness)
    place = readable_source(workshop.storage, source, context.work_dir)
    if isinstance(place, str):
        try:
            return media_pipeline.probe(place, limits=limits, cancel=context)
        except (MediaRefused, StorageUnavailable) as error:
            if isinstance(error, MediaRefused) and error.code not in _SLOW_CODES:
                raise
            log.warning("source_not_read_by_address", source_id=source.id, reason=str(error))
        place = local_source(workshop.storage, source, context.work_dir)
    return media_pipeline.probe(place, limits=limits, cancel=context)
