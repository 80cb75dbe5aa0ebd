"""Reads for the operator: how the queue, the index and the store are doing. Owns no tables."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.models import User
from app.catalogue.comparing import latest_comparisons
from app.catalogue.following import log_ends
from app.catalogue.models import IndexComparison
from app.catalogue.playlists import Playlist
from app.kernel.jobs.model import Job, JobState
from app.kernel.jobs.queue import count_by_state
from app.kernel.jobs.steps import progress_of
from app.library.models import Lecture
from app.media.models import MediaSet, Source
from app.media.renewal import Extent, measure_outdated, recipe_in_force
from config.policies import read_search
from config.settings import Settings
from search_index import DEFAULT_ENGINE, IndexFacts, IndexUnusable, index_facts, open_index

FAILED_SHOWN, RUNNING_SHOWN = 20, 20
#: Below this share of free space the page warns.
LOW_SPACE = 0.1


@dataclass(frozen=True, slots=True)
class IndexHealth:
    """How far the search index of the machine that answers follows the change log, and what all machines found."""

    is_usable: bool
    checkpoint: int
    last_change: int
    documents: int
    #: Of the files; None where they cannot be read.
    facts: IndexFacts | None
    #: What the last comparison with the database found on each machine, the newest first.
    comparisons: Sequence[IndexComparison]
    #: At so many documents the other engine is advised.
    advise_above: int

    @property
    def has_outgrown_engine(self) -> bool:
        """More documents than the engine answers in its time."""
        return self.facts is not None and self.facts.engine == DEFAULT_ENGINE and self.documents > self.advise_above

    @property
    def behind(self) -> int:
        """Changes the index has not seen yet."""
        return max(0, self.last_change - self.checkpoint)


@dataclass(frozen=True, slots=True)
class Disk:
    """Room on the file system of a folder."""

    total_bytes: int
    free_bytes: int

    @property
    def is_low(self) -> bool:
        """Time to act."""
        return self.free_bytes < self.total_bytes * LOW_SPACE


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """What the store holds by our books, and the room beside it."""

    kind: str
    place: str
    source_bytes: int
    media_bytes: int
    quota_bytes: int | None
    #: None where the store is not a folder of this machine.
    store_disk: Disk | None
    work_disk: Disk | None

    @property
    def used_bytes(self) -> int:
        """Sources and renditions together."""
        return self.source_bytes + self.media_bytes


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything on the operator's page."""

    queue: Mapping[tuple[str, JobState], int]
    running: Sequence[Job]
    #: Share done of each running job, 0 to 1.
    fractions: Mapping[int, float]
    failed: Sequence[Job]
    #: Names people know of what jobs work on, by subject; subjects without one are missing.
    subjects: Mapping[str, str]
    index: IndexHealth
    store: StoreHealth
    lectures: Mapping[str, int]
    playlists: Mapping[str, int]
    users: int
    #: The recipe by which new sets are made, and how much was made by others.
    recipe: str
    outdated: Extent


def get_overview(db: Session, settings: Settings) -> Overview:
    """Gather the page; a fixed number of queries however much there is."""
    running = _jobs(db, JobState.RUNNING, limit=RUNNING_SHOWN)
    failed = _jobs(db, JobState.FAILED, limit=FAILED_SHOWN)
    return Overview(
        queue=count_by_state(db),
        running=running,
        fractions=progress_of(db, running),
        failed=failed,
        subjects=_titles(db, {job.subject for job in (*running, *failed)}),
        index=check_index(db, settings.search.index_path),
        store=_check_store(db, settings),
        lectures={str(state): count for state, count in db.execute(
            select(Lecture.state, func.count()).where(Lecture.deleted_at.is_(None)).group_by(Lecture.state)
        )},
        playlists={str(state): count for state, count in db.execute(
            select(Playlist.state, func.count()).group_by(Playlist.state)
        )},
        users=db.scalar(select(func.count()).select_from(User).where(User.is_active.is_(True))) or 0,
        recipe=recipe_in_force(),
        outdated=measure_outdated(db),
    )


def check_index(db: Session, index_path: Path) -> IndexHealth:
    """Compare the index with the change log; an unusable index is a finding, not an error."""
    last_change = log_ends(db)[1]
    comparisons, advise_above = latest_comparisons(db), int(read_search()["index"]["advise_above"])
    try:
        index = open_index(index_path)
        return IndexHealth(
            is_usable=True, checkpoint=index.checkpoint(), last_change=last_change, documents=index.document_count(),
            facts=index_facts(index_path), comparisons=comparisons, advise_above=advise_above,
        )  # fmt: skip
    except IndexUnusable:
        return IndexHealth(
            is_usable=False, checkpoint=0, last_change=last_change, documents=0, facts=None, comparisons=comparisons,
            advise_above=advise_above,
        )  # fmt: skip


def _jobs(db: Session, state: JobState, *, limit: int) -> Sequence[Job]:
    newest = func.coalesce(Job.finished_at, Job.started_at, Job.created_at)
    # Steps speak through the job whose steps they are.
    wholes = select(Job).where(Job.state == state, Job.parent_id.is_(None))
    return db.scalars(wholes.order_by(newest.desc(), Job.id.desc()).limit(limit)).all()


def _titles(db: Session, subjects: AbstractSet[str]) -> Mapping[str, str]:
    by_id = {int(subject[8:]): subject for subject in subjects if subject.startswith("lecture:")}
    rows = db.execute(select(Lecture.id, Lecture.title).where(Lecture.id.in_(by_id)))
    return {by_id[lecture_id]: title for lecture_id, title in rows}


def _check_store(db: Session, settings: Settings) -> StoreHealth:
    # The same master or set may belong to several rows; it is stored once.
    kept = select(func.max(Source.size_bytes).label("size")).where(Source.master_dropped_at.is_(None))
    masters = kept.group_by(Source.storage_key).subquery()
    sets = select(func.max(MediaSet.size_bytes).label("size")).group_by(MediaSet.digest).subquery()
    section = settings.store
    is_folder = section.kind == "folder"
    return StoreHealth(
        kind=section.kind,
        place=str(section.path) if is_folder else f"{section.endpoint}/{section.bucket}",
        source_bytes=int(db.scalar(select(func.sum(masters.c.size))) or 0),
        media_bytes=int(db.scalar(select(func.sum(sets.c.size))) or 0),
        quota_bytes=int(section.quota_bytes) if is_folder and section.quota_bytes is not None else None,
        store_disk=_disk(section.path) if is_folder else None,
        work_disk=_disk(settings.media.work_path),
    )


def _disk(folder: Path) -> Disk | None:
    """Measure the file system a folder is, or will be, on."""
    for place in (folder, *folder.parents):
        if place.exists():
            usage = shutil.disk_usage(place)
            return Disk(usage.total, usage.free)
    return None
