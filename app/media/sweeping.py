"""The reconciler of store and database: what no row knows is removed once it is old enough."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy.orm import Session

from app.kernel.db import reading
from app.kernel.jobs import queue
from app.kernel.jobs.engine import Handler, JobContext
from app.kernel.storage import ManagedStorage
from app.media import services
from app.media.queries import KEY_PREFIX

log = structlog.get_logger(__name__)

SWEEP_KIND = "sweep_store"
#: Objects younger than this may belong to work that has not been recorded yet.
ORPHAN_AGE = timedelta(hours=6)


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


def request_sweep(db: Session) -> None:
    """Queue a sweep of the store."""
    queue.enqueue(db, SWEEP_KIND, lane=queue.LANE_DEFAULT, key=SWEEP_KIND)
