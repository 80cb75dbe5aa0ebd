"""The reconciler of store and database.

Sets that were replaced are forgotten, masters of old versions given up when the policy says so, what no row knows is
removed, what rows know and the store lacks is told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.kernel.jobs import queue
from app.kernel.jobs.engine import Handler, JobContext
from app.kernel.jobs.model import Job, JobState
from app.kernel.storage import ManagedStorage
from app.media.files_beside import ATTACHMENT_PREFIX, COVER_PREFIX, known_keys
from app.media.models import GrowingSet, MediaSet, Rendition, Source
from app.media.queries import ENCODE_KIND, KEY_PREFIX, media_prefix
from app.media.retention import Retention, drop_old_masters
from app.media.services import SOURCE_PREFIX
from media_pipeline.chunks import CHUNK_FOLDER
from media_pipeline.publish import LIVE_FOLDER

if TYPE_CHECKING:
    from media_pipeline.ports import ObjectInfo

log = structlog.get_logger(__name__)

#: Names the keys of objects that rows above this room refer to.
Keeper = Callable[[Session], set[str]]
#: Names the sources that rows above this room still need whole, though a newer file replaced them.
Holder = Callable[[Session], set[int]]
SWEEP_KIND = "sweep_store"
#: Objects younger than this may belong to work that has not been recorded yet.
ORPHAN_AGE = timedelta(hours=6)
#: Whoever opened a lecture before its set was replaced has watched it to the end by then.
REPLACED_AGE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Interests:
    """What a sweep leaves alone beyond what the rows of this room know."""

    keepers: Sequence[Keeper] = ()
    holders: Sequence[Holder] = ()
    #: None keeps every master.
    retention: Retention | None = None


def sweep_handler(
    storage: ManagedStorage,
    *,
    older_than: timedelta = ORPHAN_AGE,
    replaced_for: timedelta = REPLACED_AGE,
    interests: Interests | None = None,
) -> Handler:
    """Return the handler that removes objects no row knows; what keepers name is known as well."""
    interests = interests or Interests()

    def handle(context: JobContext) -> None:
        broken = storage.sweep_partial(older_than)
        if broken:
            log.info("broken_writes_removed", count=broken)
        with unit_of_work() as db:
            held = set[int]().union(*(holder(db) for holder in interests.holders))
            forget_replaced_sets(db, before=utc_now() - replaced_for, held=held)
            if interests.retention is not None:
                drop_old_masters(db, interests.retention, in_use=held)
        prefixes = (KEY_PREFIX, SOURCE_PREFIX, COVER_PREFIX, ATTACHMENT_PREFIX)
        objects = [item for prefix in prefixes for item in storage.list_keys(f"{prefix}/")]
        with reading() as db:
            orphans = find_orphans(db, objects, older_than=older_than)
            orphans -= set[str]().union(*(keeper(db) for keeper in interests.keepers))
            missing = find_missing(db, {item.key for item in objects}, recorded_before=utc_now() - older_than)
        for key in missing:
            log.error("stored_object_missing", key=key)
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
    queue.enqueue(db, queue.NewJob(SWEEP_KIND, lane=queue.LANE_DEFAULT, key=SWEEP_KIND))


def forget_replaced_sets(db: Session, *, before: datetime, held: Collection[int] = ()) -> int:
    """Forget sets replaced before a time, so that their objects become orphans; return how many.

    Sets of the sources `held` stay.
    """
    rows = db.execute(
        select(MediaSet.id, MediaSet.source_id).where(~MediaSet.is_current, MediaSet.replaced_at < before)
    )
    old = [set_id for set_id, source_id in rows if source_id not in held]
    db.execute(delete(Rendition).where(Rendition.media_set_id.in_(old)))
    db.execute(delete(MediaSet).where(MediaSet.id.in_(old)))
    if old:
        log.info("replaced_sets_forgotten", count=len(old))
    return len(old)


def find_missing(db: Session, keys: set[str], *, recorded_before: datetime) -> Sequence[str]:
    """Return what rows say is in the store and is not: sources and manifests older than a time, files beside them."""
    kept = Source.master_dropped_at.is_(None), Source.created_at < recorded_before
    sources = db.scalars(select(Source.storage_key).where(*kept).distinct())
    sets = db.execute(
        select(MediaSet.digest, MediaSet.master_name)
        .where(MediaSet.is_current, MediaSet.created_at < recorded_before)
        .distinct()
    )
    expected = [*sources, *sorted(known_keys(db)), *(f"{media_prefix(digest)}/{name}" for digest, name in sets)]
    return [key for key in expected if key not in keys]


def find_orphans(db: Session, objects: Iterable[ObjectInfo], *, older_than: timedelta) -> set[str]:
    """Return prefixes (media) and keys (of other files) that no row knows, old enough not to be work in progress.

    Of finished sets, what was needed only while they were made goes too: growing manifests, and notes of chunks that a
    worker given up too early still brought in afterwards.
    """
    limit = utc_now() - older_than
    recorded = set(db.scalars(select(MediaSet.digest)))
    growing = set(db.scalars(select(GrowingSet.digest)))
    begun = set()
    is_planning = False
    open_encodes = Job.kind == ENCODE_KIND, Job.state.in_([JobState.QUEUED, JobState.RUNNING])
    for state, payload in db.execute(select(Job.state, Job.payload).where(*open_encodes)):
        begun.add(payload.get("plan"))
        is_planning |= state is JobState.RUNNING and "plan" not in payload
    finished = recorded - growing - begun
    overtaken = set()
    youngest: dict[str, datetime] = {}
    for item in objects:
        parts = item.key.split("/")
        is_of_the_making = len(parts) > 3 and parts[2] in {LIVE_FOLDER, CHUNK_FOLDER}
        if is_of_the_making and parts[1] in finished and item.modified_at < limit:
            overtaken.add(item.key)
        name = f"{KEY_PREFIX}/{parts[1]}/" if parts[0] == KEY_PREFIX and len(parts) > 2 else item.key
        youngest[name] = max(item.modified_at, youngest.get(name, item.modified_at))
    old = {name for name, modified_at in youngest.items() if modified_at < limit}
    if is_planning:
        # It may take up what an earlier attempt left under a digest no row knows yet; the next sweep will see.
        old = {name for name in old if not name.startswith(f"{KEY_PREFIX}/")}
    known = {f"{KEY_PREFIX}/{digest}/" for digest in recorded | growing | begun}
    known.update(db.scalars(select(Source.storage_key).where(Source.master_dropped_at.is_(None))))
    known |= known_keys(db)
    return (old - known) | overtaken
