"""What work may take of a machine: memory, scratch space and a free disk as the operator set them, one 8K at a time."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from app.kernel.clock import utc_now
from app.kernel.db import unit_of_work
from app.kernel.jobs import queue
from app.kernel.jobs.engine import NO_ROOM
from app.kernel.jobs.model import Job, JobState
from app.media.preflight import ANALYSE_KIND
from app.media.queries import CHUNK_KIND, ENCODE_KIND
from config.settings import load
from tests.factories import odd_clips
from tests.factories.clips import ClipShelf, ffmpeg_program
from tests.fixtures.app import build_app, make_environ, run_jobs
from tests.integration.resilience.inventory import jobs, platform_of
from tests.integration.resilience.teacher import Teacher

HOLD = """
import fcntl, sys, time
file = open(sys.argv[1], "ab")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(300)
"""


def with_settings(folder: Path, **changes: str) -> Flask:
    """Start the installation under `folder` with other settings."""
    return build_app(load(make_environ(folder, **changes)))


@contextmanager
def worker_at_8k(app: Flask) -> Iterator[subprocess.Popen[bytes]]:
    """Another process of this machine that is at a large picture; dead at the end, as by `kill -9`."""
    path = platform_of(app).settings.media.work_path / "large-pictures.lock"
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", HOLD, str(path)], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"held\n"
            yield process
        finally:
            process.kill()


def test_one_chunk_of_8k_at_a_time_is_made_on_a_machine(app: Flask, teacher: Teacher, shelf: ClipShelf) -> None:
    lecture = teacher.new_lecture()
    teacher.upload(lecture, odd_clips.eight_k(shelf).read_bytes())
    with worker_at_8k(app):
        run_jobs(app)
        waiting = jobs(app, CHUNK_KIND)
        assert {(job.state, job.attempts, job.error_code) for job in waiting} == {(JobState.QUEUED, 0, None)}
        assert all(job.run_after > utc_now() for job in waiting)
    with app.app_context(), unit_of_work() as db:
        db.execute(update(Job).where(Job.state == JobState.QUEUED).values(run_after=utc_now()))
    run_jobs(app)
    assert teacher.phase(lecture) == "ready"
    assert {job.attempts for job in jobs(app, CHUNK_KIND)} == {1}


def test_heavy_work_waits_while_the_disk_is_full_and_all_else_goes_on(
    app: Flask, teacher: Teacher, short_clip: bytes, tmp_path: Path
) -> None:
    teacher.upload(teacher.new_lecture(), short_clip)
    full = with_settings(tmp_path, MEDIA_MIN_FREE_BYTES="1EiB")
    while platform_of(full).runner.work_once(queue.LANE_DEFAULT):
        pass  # the upload is taken in, and heavy work asked for
    run_jobs(full)
    for kind in (ENCODE_KIND, ANALYSE_KIND):
        [job] = jobs(full, kind)
        assert (job.state, job.attempts, job.error_code) == (JobState.QUEUED, 0, NO_ROOM)
        assert "磁盘空间不足" in (job.error_message or "")
    assert platform_of(app).runner.work_once(queue.LANE_MEDIA)
    assert [job.error_code for job in jobs(app, ENCODE_KIND)] == [None]


def test_every_ffmpeg_gets_the_memory_and_the_disk_the_operator_grants(
    app: Flask, teacher: Teacher, short_clip: bytes, tmp_path: Path
) -> None:
    lecture = teacher.new_lecture()
    teacher.upload(lecture, short_clip)
    noted, program = tmp_path / "limits.txt", tmp_path / "ffmpeg"
    note = f'case "$*" in *-progress*) cat /proc/self/limits >> "{noted}" ;; esac'
    program.write_text(f'#!/bin/sh\n{note}\nexec "{ffmpeg_program()}" "$@"\n')
    program.chmod(0o755)
    bounds = {"MEDIA_ENCODE_MEMORY_BYTES": "3GiB", "MEDIA_ENCODE_SCRATCH_BYTES": "200MiB"}
    run_jobs(with_settings(tmp_path, FFMPEG_BIN=str(program), **bounds))
    assert teacher.phase(lecture) == "ready"
    assert [job.state for job in jobs(app, ANALYSE_KIND)] == [JobState.SUCCEEDED]
    for name, bound in (("address space", 3 * 1024**3), ("file size", 200 * 1024**2)):
        found = re.findall(rf"^Max {name} +(\S+)", noted.read_text(), re.MULTILINE)
        assert len(found) > 3
        assert set(found) == {str(bound)}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"MEDIA_PROBE_MEMORY_BYTES": "64MiB"}, "probe_failed"),
        ({"MEDIA_ENCODE_SCRATCH_BYTES": "20kB"}, "output_too_large"),
    ],
)
def test_what_needs_more_than_is_granted_is_refused_in_a_sentence(
    teacher: Teacher, short_clip: bytes, tmp_path: Path, changes: dict[str, str], code: str
) -> None:
    lecture = teacher.new_lecture()
    teacher.upload(lecture, short_clip)
    tight = with_settings(tmp_path, **changes)
    run_jobs(tight)
    [job] = jobs(tight, ENCODE_KIND)
    assert (job.state, job.error_code) == (JobState.FAILED, code)
    assert job.error_message is not None
    assert job.error_message in teacher.page(lecture)
