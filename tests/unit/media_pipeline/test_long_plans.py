"""Six hours: what planning, growing and putting together cost does not grow faster than the lecture does."""

from __future__ import annotations

import time

import m3u8

from media_pipeline import make_plan
from media_pipeline.chunks import find_chunks
from media_pipeline.folder import FolderStorage
from media_pipeline.growing import grow
from media_pipeline.steps import plan_to_json
from tests.unit.media_pipeline.conftest import media
from tests.unit.media_pipeline.noted import note

HOURS = 6


class CountingStorage(FolderStorage):
    """Counts what it is asked for."""

    def __init__(self, root):
        super().__init__(root)
        self.reads = self.listed = 0

    def open_range(self, *arguments):
        self.reads += 1
        return super().open_range(*arguments)

    def list_keys(self, prefix):
        for info in super().list_keys(prefix):
            self.listed += 1
            yield info


def grown(policy, hours, tmp_path):
    """Plan so many hours, note every chunk as made, and bring the manifests up to date, at last after each."""
    started = time.process_time()
    plan = make_plan(media(duration_s=hours * 3600.0), policy, "a" * 64)
    storage, available = CountingStorage(tmp_path / str(hours)), []
    for number, step in enumerate(plan.chunk_steps):
        note(storage, plan, step)
        if number % 10 and number < len(plan.chunk_steps) - 20:
            continue
        growth = grow(plan, storage, "p")
        available.append(growth.available_s if growth is not None else 0.0)
    return plan, storage, available, time.process_time() - started


def test_six_hours_cost_six_times_one_hour(policy, tmp_path):
    _, short, _, short_s = grown(policy, 1, tmp_path)
    plan, long, available, long_s = grown(policy, HOURS, tmp_path)
    assert (len(plan.videos), len(plan.audios)) == (HOURS * 150 + 2, HOURS * 15)
    assert available == sorted(available)
    assert available[-1] == HOURS * 3600
    # Each chunk asks for a few manifests and the notes that may have come, however many there were before.
    assert long.listed == short.listed == 0
    assert long.reads < 1.1 * HOURS * short.reads
    assert long.reads < 30 * len(plan.chunk_steps)
    # Manifests themselves grow, so reading them costs a little more each time.
    assert long_s < 3 * HOURS * short_s
    for name in ("240p", "480p", "720p", "audio"):
        manifest = m3u8.load(str(long.root / "p" / "live" / f"{name}.m3u8"))
        assert manifest.is_endlist
        assert sum(part.duration for part in manifest.segments) == HOURS * 3600


def test_six_hours_are_planned_and_gathered_in_a_moment(policy, tmp_path):
    started = time.process_time()
    plan = make_plan(media(duration_s=HOURS * 3600.0), policy, "a" * 64)
    kept = plan_to_json(plan)
    assert time.process_time() - started < 3
    assert len(kept) < 4_000_000
    storage = CountingStorage(tmp_path)
    for step in plan.chunk_steps:
        note(storage, plan, step)
    assert len(find_chunks(storage, "p", plan)) == len(plan.chunk_steps)
    assert storage.reads == storage.listed == len(plan.chunk_steps)
