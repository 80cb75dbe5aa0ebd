"""Real ffmpeg runs, each done once per session and looked at by many tests."""

from __future__ import annotations

import hashlib
import threading
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from media_pipeline import MediaInfo, Plan, Published, Tools, find_tools, make_plan, parse_policy, probe, run
from media_pipeline.folder import FolderStorage
from tests.factories.clips import ClipShelf, shared_folder

ROOT = Path(__file__).resolve().parents[3]


@dataclass
class Recorder:
    """A Progress and a CancelToken that remembers, and can cancel itself at a step."""

    cancel_at: str | None = None
    reports: list[tuple[str, float]] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)

    def report(self, step, fraction):
        self.reports.append((step, fraction))
        if step == self.cancel_at:
            self.cancelled.set()

    def is_cancelled(self):
        return self.cancelled.is_set()


@dataclass(frozen=True)
class Encoded:
    """One finished run."""

    info: MediaInfo
    plan: Plan
    published: Published
    folder: Path
    storage: FolderStorage
    prefix: str
    recorder: Recorder
    work_dir: Path


@pytest.fixture(scope="session")
def shelf(tmp_path_factory):
    return ClipShelf(shared_folder(tmp_path_factory))


@pytest.fixture(scope="session")
def tools():
    return find_tools()


@pytest.fixture(scope="session")
def policy():
    return parse_policy(tomllib.loads((ROOT / "config" / "ladder.toml").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def encoding_policy(policy):
    """The policy as it is shipped, but encoding everything: most clips are such as could be copied."""
    return replace(policy, copy=replace(policy.copy, max_level=10))


@pytest.fixture(scope="session")
def fast_policy(encoding_policy):
    """The quickest preset as well: for tests that look at the container, not at the picture."""
    return replace(encoding_policy, profiles=tuple(quickest(profile) for profile in encoding_policy.profiles))


def quickest(profile):
    return replace(profile, rungs=tuple(replace(rung, preset="ultrafast") for rung in profile.rungs))


def plan_for(path: Path, policy) -> tuple[MediaInfo, Plan]:
    info = probe(path)
    return info, make_plan(info, policy, hashlib.sha256(path.read_bytes()).hexdigest())


def run_once(path: Path, policy, tools: Tools, folder: Path, **extra) -> Encoded:
    info, plan = plan_for(path, policy)
    storage, recorder = FolderStorage(folder / "store"), Recorder()
    prefix = f"media/{plan.digest}"
    work_dir = folder / "attempt"
    published = run(
        plan, path, work_dir=work_dir, storage=storage, prefix=prefix, tools=tools, progress=recorder, cancel=recorder,
        **extra,
    )  # fmt: skip
    return Encoded(info, plan, published, storage.root / prefix, storage, prefix, recorder, work_dir)


@pytest.fixture(scope="session")
def encoded(tmp_path_factory, fast_policy, tools):
    """Return a function that encodes a clip the first time it is asked for."""
    done: dict[Path, Encoded] = {}

    def encode(path: Path) -> Encoded:
        if path not in done:
            done[path] = run_once(path, fast_policy, tools, tmp_path_factory.mktemp(path.stem))
        return done[path]

    return encode


@pytest.fixture(scope="session")
def chunked(tmp_path_factory, fast_policy, tools):
    """Return a function that encodes a clip in many short chunks, so that each starts in the middle of the source."""
    policy = replace(fast_policy, chunk_s=4, audio_chunk_s=8)
    done = {}

    def encode(path):
        if path not in done:
            done[path] = run_once(path, policy, tools, tmp_path_factory.mktemp(path.stem))
        return done[path]

    return encode


@pytest.fixture(scope="session")
def lecture(shelf, encoding_policy, tools, tmp_path_factory):
    """The standard lecture, encoded as the shipped policy does."""
    return run_once(shelf.lecture(), encoding_policy, tools, tmp_path_factory.mktemp("lecture"))
