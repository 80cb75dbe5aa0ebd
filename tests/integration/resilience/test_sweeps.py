"""The operator's command: what killed processes left goes once it is old, what somebody may still be writing stays."""

from __future__ import annotations

import os
import time
from pathlib import Path

from flask import Flask
from structlog.testing import capture_logs

from app.media.queries import media_prefix
from tests.factories.clips import ClipShelf
from tests.fixtures.app import run_jobs
from tests.integration.resilience.inventory import (
    check_books,
    media_sets,
    plant_orphans,
    platform_of,
    scratch_files,
    stored,
    sweep_at_once,
)
from tests.integration.resilience.teacher import Teacher

AGE_S = 49 * 3600


def grow_old(*paths: Path) -> None:
    for path in paths:
        os.utime(path, (time.time() - AGE_S,) * 2)


def late_in_coming(app: Flask) -> list[str]:
    """Leave what a worker writes that was taken for dead while others finished its lecture."""
    storage = platform_of(app).storage
    [media] = media_sets(app)
    keys = [f"{media_prefix(media.digest)}/{name}" for name in ("chunks/late.json", "live/audio.m3u8")]
    for key in keys:
        storage.put_bytes(key, b"late", "application/octet-stream")
    return keys


def test_the_command_removes_what_nobody_knows_and_nothing_else(app: Flask, teacher: Teacher, shelf: ClipShelf) -> None:
    lecture = teacher.new_lecture()
    teacher.upload(lecture, shelf.audio_with_cover().read_bytes())
    run_jobs(app)
    kept = stored(app)
    assert len(kept) > 5

    settings = platform_of(app).settings
    for orphan in plant_orphans(app):
        grow_old(settings.store.path / orphan)
    for key in kept:
        grow_old(settings.store.path / key)
    for key in late_in_coming(app):
        grow_old(settings.store.path / key)
    young = plant_orphans(app)
    scratch, part = settings.media.work_path / "jobs" / "999-1", settings.media.work_path / "uploads" / "unknown.part"
    scratch.mkdir(parents=True)
    (scratch / "240p.m4s").write_bytes(b"of a worker that was killed")
    part.write_bytes(b"of a request that was killed")
    grow_old(part)

    answer = app.test_cli_runner().invoke(args=["store", "sweep", "--now"])
    assert answer.exit_code == 0, answer.output

    assert set(stored(app)) == {*kept, *young}
    assert scratch_files(app) == []
    for key in young:
        grow_old(settings.store.path / key)
    assert app.test_cli_runner().invoke(args=["store", "sweep", "--now"]).exit_code == 0
    assert stored(app) == kept
    check_books(app)
    assert teacher.phase(lecture) == "ready"


def test_the_scratch_of_a_running_attempt_stays(app: Flask, teacher: Teacher, shelf: ClipShelf) -> None:
    """A sweep in another process must not pull the floor from under an encode."""
    lecture = teacher.new_lecture()
    teacher.upload(lecture, shelf.audio_with_cover().read_bytes())
    platform = platform_of(app)
    seen: list[bool] = []
    kind = platform.runner.kinds["encode_lecture"]

    def watch(context):
        platform.runner.sweep()
        seen.append(context.work_dir.is_dir())
        return kind.handler(context)

    platform.runner.kinds["encode_lecture"] = type(kind)(kind.name, kind.lane, watch, kind.on_failed)
    run_jobs(app)
    assert seen == [True, True]
    assert teacher.phase(lecture) == "ready"


def test_what_the_database_knows_and_the_store_lacks_is_told(
    app: Flask, teacher: Teacher, shelf: ClipShelf
) -> None:
    lecture = teacher.new_lecture()
    teacher.upload(lecture, shelf.audio_with_cover().read_bytes())
    run_jobs(app)
    with capture_logs() as events:
        sweep_at_once(app)
    assert [event for event in events if event["event"] == "stored_object_missing"] == []
    [source] = [key for key in stored(app) if key.startswith("sources/")]
    [master] = [key for key in stored(app) if key.endswith("/master.m3u8") and "/live/" not in key]
    for key in (source, master):
        platform_of(app).storage.delete(key)
    with capture_logs() as events:
        sweep_at_once(app)
    told = {event["key"] for event in events if event["event"] == "stored_object_missing"}
    assert told == {source, master}
