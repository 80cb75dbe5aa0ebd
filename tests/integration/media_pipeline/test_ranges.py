"""Stretches of a source encoded apart join without gap: what lets several workers share one lecture."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from media_pipeline import command
from media_pipeline.package import check_tracks, collect_track
from media_pipeline.plan import MediaRange
from media_pipeline.runner import ProcessLimits, run_process
from tests.integration.media_pipeline import measuring
from tests.integration.media_pipeline.conftest import plan_for


def test_two_stretches_make_one_rendition(shelf, fast_policy, tools, tmp_path):
    path = shelf.moving(10, 320, 240)
    info, plan = plan_for(path, fast_policy)
    source = command.SourceFile(path, plan.container)
    segment_s = plan.ladder.segment_s
    ranges = [MediaRange(Fraction(0), segment_s, 0), MediaRange(segment_s, None, 1)]
    inits = []
    for stretch in ranges:
        step = replace(plan.videos[0], range=stretch, poster=None, storyboard=None)
        (tmp_path / "240p").mkdir(exist_ok=True)
        argv = command.encode_argv(tools, source, video=step, audio=None, gain=command.Gain())
        done = run_process(argv, limits=ProcessLimits(timeout_s=60), cwd=tmp_path, on_line=lambda _: True)
        assert (done.exit_code, done.stderr_tail) == (0, "")
        inits.append((tmp_path / "240p" / "init.mp4").read_bytes())
    assert inits[0] == inits[1]
    track = collect_track(tmp_path, "video", "240p", plan.ladder.frame_rate)
    check_tracks([track], info.duration_s)
    assert [float(segment.start_s) for segment in track.segments] == [0, 4, 8]
    found = measuring.packets(measuring.joined(tmp_path / "240p"))
    assert (found.count, found.keyframes_s) == (250, [0.0, 4.0, 8.0])
    assert found.end_s == pytest.approx(10)
