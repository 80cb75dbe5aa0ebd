"""Which pictures are handed on as they are: for good, for a while, or not at all."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from media_pipeline import make_plan
from media_pipeline.steps import CopyStep, VideoStep, plan_from_json, plan_to_json
from tests.unit.media_pipeline.conftest import SLIDES, media, ready, video

SHA = "a" * 64


def plan_of(policy, picture, **changes):
    return make_plan(media(picture=picture, **changes), policy, SHA)


def folder_of(policy, picture, **changes):
    return copied_into(plan_of(policy, picture, **changes))


def copied_into(plan):
    folders = {copy.folder for copy in plan.copies}
    return folders.pop() if folders else None


def test_a_ready_picture_on_the_grid_is_its_own_highest_rung(policy):
    plan = plan_of(policy, video(1280, 720, ready=ready()))
    assert {(copy.folder, copy.frame_rate, copy.segment_s) for copy in plan.copies} == {("720p", 25, 4)}
    assert [rung.name for rung in plan.ladder.rungs] == ["240p", "480p", "720p"]
    assert {rung.name for step in plan.videos for rung in step.rungs} == {"240p", "480p"}
    assert plan.steps_of("720p") == plan.copies
    assert set(plan.steps_of("480p")) < set(plan.videos)
    assert plan.early_copies == ()
    assert plan_from_json(plan_to_json(plan)) == plan


def test_a_ready_picture_off_the_grid_serves_until_the_rungs_are_there(policy):
    plan, usual = plan_of(policy, video(1280, 720, ready=ready(every=51))), plan_of(policy, video(1280, 720))
    assert {copy.folder for copy in plan.early_copies} == {"live/video"}
    assert plan.videos == usual.videos
    assert plan.digest != usual.digest


def test_the_copy_and_its_sound_come_first(policy):
    plan = plan_of(policy, video(1280, 720, ready=ready()), duration_s=600.0)
    steps = plan.chunk_steps
    assert isinstance(steps[0], CopyStep)
    assert next(step for step in steps if isinstance(step, VideoStep)) is steps[4]
    assert steps[3] is plan.copies[1]
    assert plan.first_steps == steps[:3]


def cut(*key_frames, frames=15_000):
    return ready(key_frames=key_frames, group_bytes=(1,) * len(key_frames), frames=frames)


@pytest.mark.parametrize(
    ("picture", "ranges", "longest_s"),
    [
        # Six frames are left at the end, which are no segment of their own.
        (ready(every=51), [(0, Fraction(102, 25), 0), (Fraction(102, 25), None, 2)], Fraction(57, 25)),
        # Key frames at 6.8, 7.2, 8, 15.2 … s: the second cut comes too late for its own time, and the third at once.
        (
            cut(0, 170, 180, 200, *range(380, 15_000, 250)),
            [(0, Fraction(36, 5), 0), (Fraction(36, 5), None, 2)],
            Fraction(10),
        ),
        # What is left for one more frame becomes a part of the last segment.
        (ready(frames=15_001, every=250), [(0, 20, 0), (20, None, 2)], Fraction(251, 25)),
    ],
)
def test_what_players_begin_with_is_copied_alone(policy, picture, ranges, longest_s):
    copies = plan_of(policy, video(1280, 720, ready=picture)).copies
    found = [(copy.range.start_s, copy.range.length_s, copy.range.first_segment) for copy in copies]
    assert found == ranges
    assert {copy.longest_segment_s for copy in copies} == {longest_s}


def test_a_lecture_of_few_segments_is_copied_in_one_piece(policy):
    short = video(1280, 720, ready=ready(frames=750, every=250))
    copies = plan_of(policy, short, duration_s=30.0).copies
    assert [copy.range.is_whole for copy in copies] == [True]


def test_a_short_ready_lecture_has_an_early_sound_too(policy):
    picture = video(1280, 720, ready=ready(frames=1500))
    policy = replace(policy, early_sound_above_s=100)
    assert plan_of(policy, picture, duration_s=60.0).early_audios
    assert not plan_of(policy, video(1280, 720), duration_s=60.0).early_audios
    short = video(1280, 720, ready=ready(frames=500))
    assert not plan_of(policy, short, duration_s=20.0).early_audios


def test_slides_at_half_the_rate_keep_the_sources_rate_in_the_copy(policy):
    plan = plan_of(policy, video(1280, 720, scene=SLIDES, ready=ready(bitrate_bps=250_000)))
    copy = plan.copies[0]
    assert (plan.ladder.frame_rate, copy.frame_rate) == (Fraction(25, 2), 25)
    assert (copy.folder, copy.segment_s) == ("720p", 6)


@pytest.mark.parametrize(
    ("changes", "folder"),
    [
        ({"bitrate_bps": 1_000_000}, "720p"),
        ({"bitrate_bps": 1_100_000}, "live/video"),
        ({"bitrate_bps": 1_500_000}, None),
        ({"level": 40}, "720p"),
        ({"level": 41}, None),
        ({"every": 100}, "720p"),
        ({"every": 200}, "live/video"),
        ({"every": 250}, "live/video"),
        ({"every": 300}, None),
        ({"frames": 15_001, "every": 100}, "live/video"),
        ({"frames": 14_000}, None),
        ({"rate": Fraction(30), "frames": 18_000, "every": 60}, None),
    ],
)
def test_what_a_copy_may_cost_and_where_it_must_be_cut(policy, changes, folder):
    assert folder_of(policy, video(1280, 720, ready=ready(**changes))) == folder


def test_no_segment_of_a_kept_copy_is_above_the_rungs_cap(policy):
    calm = ready(bitrate_bps=200_000)
    stormy = list(calm.group_bytes)
    stormy[40] = stormy[41] = int(1_500_000 / 8 * 2)
    assert folder_of(policy, video(1280, 720, ready=calm)) == "720p"
    assert folder_of(policy, video(1280, 720, ready=replace(calm, group_bytes=tuple(stormy)))) == "live/video"


@pytest.mark.parametrize(
    "mended",
    [
        {"pixel_format": "yuv420p10le"}, {"pixel_format": "yuv422p"}, {"pixel_format": "yuvj420p"}, {"transfer": "hlg"},
        {"is_interlaced": True}, {"rotation_deg": 90}, {"sample_aspect": Fraction(4, 3)}, {"is_variable": True},
    ],
)  # fmt: skip
def test_a_picture_that_must_be_mended_is_encoded(policy, mended):
    assert folder_of(policy, video(1280, 720, ready=ready(), **mended)) is None


def test_a_picture_larger_than_phones_like_is_encoded(policy):
    assert folder_of(policy, video(1920, 1080, ready=ready())) is None


def test_a_cut_or_unseekable_source_is_encoded(policy):
    assert folder_of(policy, video(1280, 720, ready=ready()), is_cut=True) is None
    assert folder_of(policy, video(1280, 720, ready=ready()), is_seekable=False) is None


def test_a_picture_that_must_be_held_until_the_sound_ends_is_not_kept(policy):
    picture = video(1280, 720, ready=ready(), end_s=600.0)
    assert folder_of(policy, picture, duration_s=602.0) == "live/video"


def test_fast_pictures_are_thinned_and_so_encoded(policy):
    picture = video(1280, 720, Fraction(60), ready=ready(36_000, Fraction(60), 120))
    assert folder_of(policy, picture) is None


def test_a_rate_near_a_standard_one_is_encoded(policy):
    picture = video(1280, 720, Fraction(2997, 100), ready=ready(17_982, Fraction(2997, 100), 30))
    assert folder_of(policy, picture, duration_s=600.0) is None
    exact = video(1280, 720, Fraction(30000, 1001), ready=ready(17_982, Fraction(30000, 1001), 30))
    assert folder_of(policy, exact, duration_s=600.0) == "720p"


def test_the_only_rung_is_encoded(policy):
    assert folder_of(policy, video(320, 240, ready=ready(bitrate_bps=50_000))) == "live/video"


def test_the_policy_decides_and_changes_the_digest(policy):
    camera = policy.fallback
    rungs = (*camera.rungs[:-1], replace(camera.rungs[-1], copy_below_bps=None))
    never = replace(policy, profiles=(*policy.profiles[:-1], replace(camera, rungs=rungs)))
    nothing = replace(policy, copy=replace(policy.copy, max_level=10))
    info = media(picture=video(1280, 720, ready=ready()))
    plans = [make_plan(info, each, SHA) for each in (policy, never, nothing)]
    assert [copied_into(plan) for plan in plans] == ["720p", "live/video", None]
    assert len({plan.digest for plan in plans}) == 3
    assert plans[1].videos == plans[2].videos
