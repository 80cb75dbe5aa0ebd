"""What an installation keeps and what its database knows: both must be the same once everything is quiet and swept."""

from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from app.kernel.db import reading
from app.kernel.jobs import doorbell
from app.kernel.jobs.engine import JobContext
from app.kernel.jobs.model import Claim, Job, JobState
from app.kernel.platform import Platform
from app.media.models import MediaSet, Source
from app.media.queries import media_prefix
from app.media.sweeping import sweep_handler as store_sweep
from app.studio.intake import Intake
from app.studio.jobs import sweep_handler as upload_sweep
from app.studio.keepers import open_intake
from media_pipeline.publish import NOTE_NAME
from tests.fixtures.stack import wait_for

#: How long work may take on a machine where everything else is running too; only a failure ever waits this long.
PATIENCE_S = 240
#: How long the small jobs of the timetable may take.
SHORT_WORK_S = 20
#: Clocks of stores count in whole seconds.
AT_ONCE = timedelta(seconds=-2)


def platform_of(app: Flask) -> Platform:
    """Return what the factory built."""
    platform: Platform = app.extensions["platform"]
    return platform


def intake_of(app: Flask) -> Intake:
    """Return the keeper of unfinished uploads."""
    platform = platform_of(app)
    return open_intake(platform.storage, platform.settings.media)


def kept_bytes(app: Flask, upload: str) -> int:
    """Return how much of an upload is durable."""
    with app.app_context():
        return intake_of(app).length(upload) or 0


def stored(app: Flask) -> dict[str, int]:
    """Return every object of the store with its size."""
    storage = platform_of(app).storage
    return {item.key: item.size_bytes for top in ("media/", "sources/", "incoming/") for item in storage.list_keys(top)}


def media_sets(app: Flask) -> list[MediaSet]:
    """Return the rows of all media sets."""
    with app.app_context(), reading() as db:
        return list(db.scalars(select(MediaSet).order_by(MediaSet.id)))


def sources(app: Flask) -> list[Source]:
    """Return the rows of all sources."""
    with app.app_context(), reading() as db:
        return list(db.scalars(select(Source).order_by(Source.id)))


def jobs(app: Flask, kind: str) -> list[Job]:
    """Return the jobs of a kind, oldest first."""
    with app.app_context(), reading() as db:
        return list(db.scalars(select(Job).where(Job.kind == kind).order_by(Job.id)))


def is_quiet(app: Flask) -> bool:
    """Tell whether nothing is worked on or waits for it: a lecture is ready before its file has been looked through."""
    with app.app_context(), reading() as db:
        return db.scalar(select(Job.id).where(Job.state.in_([JobState.QUEUED, JobState.RUNNING])).limit(1)) is None


def scratch_files(app: Flask) -> list[str]:
    """Return everything in the scratch folder but the empty folders it consists of."""
    work = platform_of(app).settings.media.work_path
    if not work.exists():
        return []
    # A worker's bell is no work; a killed one's goes when somebody next rings.
    paths = (path for path in work.rglob("*") if path.parent not in {work, work / doorbell.FOLDER})
    return sorted(str(path.relative_to(work)) for path in paths)


def plant_orphans(app: Flask) -> list[str]:
    """Leave things no row knows, as processes killed between store and database do; return the keys."""
    storage = platform_of(app).storage
    digest, sha256 = secrets.token_hex(32), secrets.token_hex(32)
    keys = [f"media/{digest}/240p/00000.m4s", f"media/{digest}/master.m3u8", f"sources/{sha256[:2]}/{sha256}"]
    for key in keys:
        storage.put_bytes(key, b"left behind", "application/octet-stream")
    return keys


def sweep_at_once(app: Flask) -> None:
    """Do what the hourly sweeps do, as if everything were already old enough."""
    platform = platform_of(app)
    context = JobContext(Claim(0, "sweep", "default", "", {}, 1, 1, ""), platform.settings.media.work_path)
    platform.runner.sweep()
    platform.storage.sweep_partial(AT_ONCE)
    with app.app_context():
        store_sweep(platform.storage, older_than=AT_ONCE)(context)
        upload_sweep(intake_of(app), expires_after=AT_ONCE)(context)


def check_books(app: Flask) -> None:
    """Compare store and database: what rows know is there, whole, and nothing else; the scratch folder is empty."""
    found = stored(app)
    expected_sources = {source.storage_key: source.size_bytes for source in sources(app)}
    assert {key: size for key, size in found.items() if key.startswith("sources/")} == expected_sources
    sets = {media_prefix(each.digest): each.size_bytes for each in media_sets(app)}
    sizes = dict.fromkeys(sets, 0)
    for key, size_bytes in found.items():
        if not key.startswith("sources/"):
            prefix = "/".join(key.split("/")[:2])
            assert prefix in sets, f"no row knows {key}"
            # The workshop's own note beside the set is no part of what it published.
            sizes[prefix] += size_bytes if not key.endswith(f"/{NOTE_NAME}") else 0
    assert sizes == sets, f"stored {sizes}, recorded {sets}"
    # A job of the timetable may begin at any time; what a dead process left would stay.
    wait_for(lambda: not scratch_files(app), timeout_s=SHORT_WORK_S, what=lambda: f"scratch: {scratch_files(app)}")
    partial = platform_of(app).settings.store.path / ".partial"
    assert not partial.exists() or list(partial.iterdir()) == []


def processes_in(folder: Path) -> list[int]:
    """Return the ids of processes that work in a folder."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            cwd = (process / "cwd").readlink()
        except OSError:
            continue  # gone, or somebody else's
        if cwd.is_relative_to(folder) or str(cwd).startswith(f"{folder}/"):
            found.append(int(process.name))
    return found


def processes_of_session(session_id: int) -> list[int]:
    """Return the ids of the living processes of a session."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            state, _, _, session = (process / "stat").read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue  # gone meanwhile
        if int(session) == session_id and state != "Z":
            found.append(int(process.name))
    return found
