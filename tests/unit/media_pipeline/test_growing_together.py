"""Several workers bring the growing manifests up to date at the same moment; no chunk stays unlisted."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest

from media_pipeline import make_plan
from media_pipeline.folder import FolderStorage
from media_pipeline.growing import LIVE_MASTER_NAME, LIVE_SAVER_NAME, grow
from media_pipeline.steps import VideoStep
from tests.unit.media_pipeline.conftest import media
from tests.unit.media_pipeline.noted import note

LOWEST = "p/live/240p.m3u8"
MASTER = f"p/{LIVE_MASTER_NAME}"
PATIENCE_S = 20


class Killed(BaseException):
    """The end of a worker, as by SIGKILL: nothing of it happens afterwards."""


class SlowStorage(FolderStorage):
    """Holds its first put of one object back until it is told to go on; a worker may die right behind it."""

    def __init__(self, root, key, *, dies=False):
        super().__init__(root)
        self.key, self.dies = key, dies
        self.is_putting, self.may_go_on = threading.Event(), threading.Event()

    def put_bytes(self, key, data, content_type):
        is_late = key == self.key and not self.is_putting.is_set()
        if is_late:
            self.is_putting.set()
            assert self.may_go_on.wait(PATIENCE_S)
        super().put_bytes(key, data, content_type)
        if is_late and self.dies:
            raise Killed


@pytest.fixture
def store(tmp_path):
    return FolderStorage(tmp_path / "store")


@pytest.fixture
def plan(policy):
    return make_plan(media(duration_s=240.0), policy, "a" * 64)


def read(store, key):
    return b"".join(store.open_range(key)).decode()


def overtake(store, plan, slow, steps):
    """Let one worker fall behind while it stores a manifest, and another note further chunks and list them."""

    def fall_behind():
        with suppress(Killed):
            grow(plan, slow, "p")

    worker = threading.Thread(target=fall_behind)
    worker.start()
    try:
        assert slow.is_putting.wait(PATIENCE_S)
        for step in steps:
            note(store, plan, step)
        growth = grow(plan, store, "p")
        ahead = {key: read(store, key) for key in (LOWEST, MASTER, f"p/{LIVE_SAVER_NAME}")}
    finally:
        slow.may_go_on.set()
        worker.join(PATIENCE_S)
    return growth, ahead


def split(plan, pictures):
    """Return all steps of the sound with so many of the picture, and the others."""
    videos = [step for step in plan.chunk_steps if isinstance(step, VideoStep)]
    return [step for step in plan.chunk_steps if step not in videos[pictures:]], videos[pictures:]


@pytest.mark.parametrize("key", [LOWEST, MASTER])
def test_who_was_overtaken_lists_what_the_other_listed(store, plan, key):
    begun, others = split(plan, pictures=3)
    for step in begun:
        note(store, plan, step)
    growth, ahead = overtake(store, plan, SlowStorage(store.root, key), others)
    assert growth.is_complete
    assert {name: read(store, name) for name in ahead} == ahead


@pytest.mark.parametrize("key", [LOWEST, MASTER])
def test_what_a_dead_worker_shortened_is_mended_when_its_step_is_done_again(store, plan, key):
    begun, others = split(plan, pictures=1)
    for step in begun:
        note(store, plan, step)
    growth, ahead = overtake(store, plan, SlowStorage(store.root, key, dies=True), others)
    assert len(read(store, key)) < len(ahead[key]), "it came late and knew less"
    assert grow(plan, store, "p") == growth
    assert {name: read(store, name) for name in ahead} == ahead
