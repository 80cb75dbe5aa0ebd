"""How near every rung comes to its source, by the policy as it is shipped: nobody lowers that without noticing.

The floors lie a little under what is reached now. Not here: comparing with others, and VMAF (`tests/bench/pipeline`).
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.factories import detail_clips
from tests.integration.media_pipeline import measuring
from tests.integration.media_pipeline.conftest import run_once

#: SSIM of all planes by profile and rung.
FLOORS = {
    "screen": {"360p": 0.989, "480p": 0.992, "720p": 0.9945},
    "camera": {"240p": 0.93, "360p": 0.93},
}
CLIPS = {"screen": detail_clips.pages, "camera": detail_clips.room}


def reached(made, source, tools):
    """Return the SSIM of every rung against the source at the rung's size."""
    rate = made.plan.ladder.frame_rate
    return {
        rung.name: measuring.ssim(tools.ffmpeg, measuring.joined(made.folder / rung.name), source, rung, rate)
        for rung in made.plan.ladder.rungs
    }


@pytest.mark.parametrize("profile", FLOORS)
def test_every_rung_is_as_near_to_its_source_as_it_was(shelf, encoding_policy, tools, tmp_path, profile):
    source = CLIPS[profile](shelf)
    made = run_once(source, encoding_policy, tools, tmp_path)
    assert made.plan.ladder.profile == profile
    found = reached(made, source, tools)
    assert found.keys() == FLOORS[profile].keys()
    assert not {name: value for name, value in found.items() if value < FLOORS[profile][name]}


def test_a_coarser_encode_would_be_noticed(shelf, encoding_policy, tools, tmp_path):
    """Measured of the screen as well, all rungs of which fall to 0.973 to 0.982."""
    coarser = tuple(
        replace(each, rungs=tuple(replace(rung, crf=rung.crf + 12) for rung in each.rungs))
        for each in encoding_policy.profiles
    )
    source = CLIPS["camera"](shelf)
    found = reached(run_once(source, replace(encoding_policy, profiles=coarser), tools, tmp_path), source, tools)
    assert all(found[name] < floor for name, floor in FLOORS["camera"].items())
