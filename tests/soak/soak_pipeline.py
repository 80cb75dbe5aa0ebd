"""`make soak-pipeline`: one long lecture, worker and broker killed again and again; compared with an undisturbed run.

    python -m pytest tests/soak/soak_pipeline.py -s      KILLS=50 SECONDS=600

Every few seconds a random part dies by SIGKILL and is started again. In the end there must be one media set with the
length and the segments an undisturbed run makes, at most one chunk redone for each kill of the worker, nothing left in
the scratch folder or the store that no row knows. The worker has one slot: with more, a kill costs each a chunk.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import m3u8
import pytest

from app.kernel.db import reading
from app.kernel.jobs.model import Job, JobState
from app.media.queries import CHUNK_KIND, ENCODE_KIND, media_prefix
from config.policies import read_ladder
from media_pipeline import find_tools, make_plan, parse_policy, probe, run
from media_pipeline.folder import FolderStorage
from tests.factories.clips import ClipShelf
from tests.fixtures.stack import TEACHER, Stack, make_stack, wait_for
from tests.integration.resilience.inventory import (
    check_books,
    jobs,
    media_sets,
    platform_of,
    processes_in,
    scratch_files,
    stored,
    sweep_at_once,
)
from tests.integration.resilience.teacher import Teacher, Wire
from tests.services.daemon import Daemon, free_ports, private_folder
from tests.services.redis_server import start_redis

KILLS = int(os.environ.get("KILLS", "50"))
SECONDS = int(os.environ.get("SECONDS", "600"))
SEED = int(os.environ.get("SEED", "2026"))
PATIENCE_S = 1800
pytestmark = pytest.mark.timeout(3 * PATIENCE_S)


class Quiet:
    """Progress nobody watches, work nobody cancels."""

    def report(self, step: str, fraction: float) -> None:
        """Forget it."""

    def is_cancelled(self) -> bool:
        """Go on."""
        return False


@dataclass
class Broker:
    """A Redis that may die."""

    binary: Path
    folder: Path
    port: int
    daemon: Daemon

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def kill_and_start(self) -> None:
        """End it as power failure would, and start an empty one in its place."""
        self.daemon.kill()
        self.daemon = start_redis(self.binary, self.folder, self.port)


@pytest.fixture
def broker() -> Iterator[Broker]:
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("Redis is not installed: apt-get install --no-install-recommends redis-server")
    with private_folder("redis") as folder:
        [port] = free_ports()
        made = Broker(Path(binary), folder, port, start_redis(Path(binary), folder, port))
        try:
            yield made
        finally:
            made.daemon.stop()


@pytest.fixture
def stack(tmp_path: Path, broker: Broker) -> Iterator[Stack]:
    made = make_stack(tmp_path, JOBS_ENGINE="celery", JOBS_BROKER_URL=broker.url, JOBS_MEDIA_SLOTS="1")
    try:
        yield made
    finally:
        made.stop()


def undisturbed(clip: Path) -> tuple[str, float, dict[str, int]]:
    """Return digest, duration and number of segments of each rendition, made in one go by the workshop alone."""
    with clip.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    plan = make_plan(probe(clip), parse_policy(read_ladder()), sha256)
    with tempfile.TemporaryDirectory() as name:
        storage, quiet = FolderStorage(Path(name) / "store"), Quiet()
        made = run(
            plan, clip, work_dir=Path(name) / "work", storage=storage, prefix="set", tools=find_tools(),
            progress=quiet, cancel=quiet,
        )  # fmt: skip
        folder = storage.root / "set"
        counts = {item.name: len(list((folder / item.name).glob("*.m4s"))) for item in made.renditions}
    return plan.digest, made.duration_s, counts


def test_kills_lose_nothing(stack: Stack, broker: Broker) -> None:
    with tempfile.TemporaryDirectory() as clips:
        clip = ClipShelf(Path(clips)).lecture(SECONDS, 1280, 720)
        digest, duration_s, counts = undisturbed(clip)
        stack.start_web()
        teacher = Teacher(Wire(stack.port), TEACHER)
        lecture = teacher.new_lecture()
        stack.start_worker()
        teacher.upload(lecture, clip.read_bytes())
    dice, kills = random.Random(SEED), {"worker": 0, "broker": 0}
    while sum(kills.values()) < KILLS and not is_done(stack):
        time.sleep(dice.uniform(1.0, 9.0))
        if dice.random() < 0.8:
            kills["worker"] += 1
            stack.kill("worker")
            scratch = platform_of(stack.app).settings.media.work_path
            wait_for(lambda scratch=scratch: not processes_in(scratch), timeout_s=10, what="ffmpeg outlived its worker")
            stack.start_worker()
        else:
            kills["broker"] += 1
            broker.kill_and_start()
    wait_for(lambda: is_done(stack), timeout_s=PATIENCE_S, what=lambda: stack.log_tail("worker"))
    report(stack, kills)
    assert sum(kills.values()) == KILLS, "the lecture was done before all kills: ask for a longer one (SECONDS)"
    [made] = media_sets(stack.app)
    assert (made.digest, made.duration_s) == (digest, duration_s)
    for name, count in counts.items():
        text = b"".join(platform_of(stack.app).storage.open_range(f"{media_prefix(digest)}/{name}/index.m3u8")).decode()
        assert len(m3u8.loads(text).segments) == count
    redone = sum(job.attempts - 1 for job in jobs(stack.app, CHUNK_KIND))
    assert redone <= kills["worker"], "a kill costs at most the chunk it met"
    sweep_at_once(stack.app)
    wait_for(lambda: not scratch_files(stack.app), timeout_s=10, what=lambda: str(scratch_files(stack.app)))
    check_books(stack.app)
    assert not [key for key in stored(stack.app) if "/chunks/" in key or "/live/" in key]


def is_done(stack: Stack) -> bool:
    with stack.app.app_context(), reading() as db:
        job = db.query(Job).filter_by(kind=ENCODE_KIND).one_or_none()
        state = job.state if job is not None else JobState.QUEUED
    assert state is not JobState.FAILED, stack.log_tail("worker")
    return state is JobState.SUCCEEDED


def report(stack: Stack, kills: dict[str, int]) -> None:
    chunks = jobs(stack.app, CHUNK_KIND)
    redone = sum(job.attempts - 1 for job in chunks)
    # For whoever ran the soak to read.
    print(f"\nsoak-pipeline: {SECONDS} s lecture, {len(chunks)} chunks, kills {kills}, chunks redone {redone}")  # noqa: T201
