"""Who holds the rights, and that content was made by AI, stands in every media file, also in those of an early start.

Not here: files of an ordinary encode (`test_published_set.py`), of a cut (`test_cutting.py`).
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from media_pipeline.encoder import Encoder
from media_pipeline.folder import FolderStorage
from media_pipeline.types import RunLimits
from tests.factories import broken_clips, ready_clips
from tests.factories.clips import AIGC, COPYRIGHT, TAGS
from tests.integration.media_pipeline import measuring
from tests.integration.media_pipeline.conftest import Recorder, plan_for, run_once

SECONDS = 18
LABELS = ("-metadata", f"AIGC={AIGC}", "-metadata", f"copyright={COPYRIGHT}", "-movflags", TAGS)


@pytest.fixture(scope="session")
def copying_policy(fast_policy, policy):
    """One profile for every picture, and chunks so small that a short clip has an early start."""
    return replace(fast_policy, copy=policy.copy, profiles=(fast_policy.fallback,), chunk_s=8, audio_chunk_s=16)


def labelled(shelf, clip):
    return shelf._once(f"labelled-{clip.name}", lambda target: shelf._ffmpeg("-i", clip, "-c", "copy", *LABELS, target))


def media_of(folder):
    """Return by name whether each file that can say something of itself carries both labels."""
    found = {}
    for path in sorted(folder.rglob("*.m[p4]*")):
        name = path.relative_to(folder).as_posix()
        if path.name == "init.mp4":
            data = path.read_bytes()
            found[name] = AIGC.encode() in data and COPYRIGHT.encode() in data
        elif path.suffix in {".mp4", ".m4a"}:
            tags = measuring.tags(path)
            found[name] = (tags.get("AIGC"), tags.get("copyright")) == (AIGC, COPYRIGHT)
    return found


def test_a_copied_rung_and_what_is_heard_meanwhile_carry_them(shelf, copying_policy, tools, tmp_path):
    made = run_once(labelled(shelf, ready_clips.on_grid(shelf, SECONDS)), copying_policy, tools, tmp_path)
    assert made.plan.copies[0].folder == "480p"
    assert made.plan.early_audios
    assert media_of(made.folder) == dict.fromkeys(
        ["240p/init.mp4", "480p.mp4", "480p/init.mp4", "audio.m4a", "audio/init.mp4", "live/audio/init.mp4"], True
    )


def test_a_copy_that_only_serves_meanwhile_carries_them(shelf, copying_policy, tools, tmp_path):
    source = labelled(shelf, ready_clips.off_grid(shelf, SECONDS))
    _, plan = plan_for(source, copying_policy)
    storage = FolderStorage(tmp_path / "store")
    encoder = Encoder(plan, source, storage, "p", tools, RunLimits(), Recorder())
    for step in plan.first_steps:
        encoder.do(step, tmp_path / step.digest, lambda _: None)
    assert media_of(storage.root / "p") == {"live/video/init.mp4": True, "live/audio/init.mp4": True}


def test_sound_with_silence_filled_in_carries_them(shelf, fast_policy, copying_policy, tools, tmp_path):
    """What holds for the sound before a hole holds for the silence in it, and for the whole file."""
    source = broken_clips.zeroed(shelf, 0.2, 0.62, labelled(shelf, shelf.moving(30, 320, 240)))
    policy = replace(copying_policy, copy=fast_policy.copy, audio_chunk_s=8, early_sound_above_s=60)
    made = run_once(source, policy, tools, tmp_path)
    assert made.published.lost_s == 0
    whole = dict.fromkeys(["240p.mp4", "240p/init.mp4", "audio.m4a", "audio/init.mp4"], True)
    assert media_of(made.folder) == whole
