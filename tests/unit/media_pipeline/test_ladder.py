"""Which renditions a source gets: never larger than itself, on one clock."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_pipeline import PolicyInvalid, make_ladder, parse_policy
from media_pipeline.ladder import choose_frame_rate
from tests.unit.media_pipeline.conftest import SCREEN, SLIDES, TALKING, video


def sizes(ladder):
    return [(rung.name, rung.width_px, rung.height_px) for rung in ladder.rungs]


@pytest.mark.parametrize(
    ("width_px", "height_px", "expected"),
    [
        (1920, 1080, [("240p", 426, 240), ("480p", 854, 480), ("720p", 1280, 720)]),
        (1280, 720, [("240p", 426, 240), ("480p", 854, 480), ("720p", 1280, 720)]),
        (1080, 1920, [("240p", 240, 426), ("480p", 480, 854), ("720p", 720, 1280)]),
        (1024, 768, [("240p", 320, 240), ("480p", 640, 480), ("720p", 960, 720)]),
        (1024, 576, [("240p", 426, 240), ("480p", 854, 480)]),
        (1278, 718, [("240p", 428, 240), ("480p", 854, 480), ("718p", 1278, 718)]),
        (640, 360, [("240p", 426, 240), ("360p", 640, 360)]),
        (320, 240, [("240p", 320, 240)]),
        (853, 481, [("240p", 426, 240), ("480p", 852, 480)]),
        (160, 120, [("120p", 160, 120)]),
        (161, 121, [("120p", 160, 120)]),
    ],
)
def test_rungs_for_known_sizes(policy, width_px, height_px, expected):
    assert sizes(make_ladder(video(width_px, height_px), policy)) == expected


@given(st.integers(16, 4096), st.integers(16, 4096))
def test_never_upscaled_always_even_always_something(policy, width_px, height_px):
    ladder = make_ladder(video(width_px, height_px), policy)
    assert ladder.rungs
    assert len({rung.name for rung in ladder.rungs}) == len(ladder.rungs)
    for rung in ladder.rungs:
        assert 2 <= rung.width_px <= width_px
        assert 2 <= rung.height_px <= height_px
        assert rung.width_px % 2 == rung.height_px % 2 == 0
    sides = [rung.short_side_px for rung in ladder.rungs]
    assert sides == sorted(sides)


def test_a_rung_of_the_sources_size_is_capped_in_proportion(policy):
    top = make_ladder(video(640, 360), policy).rungs[-1]
    assert top.max_bitrate_bps == 337_500
    assert (top.crf, top.preset, top.scaler) == (23.5, "veryfast", "bicubic")


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (Fraction(25), Fraction(25)),
        (Fraction(30000, 1001), Fraction(30000, 1001)),
        (Fraction(2997, 100), Fraction(30000, 1001)),
        (Fraction(60), Fraction(30)),
        (Fraction(60000, 1001), Fraction(30000, 1001)),
        (Fraction(50), Fraction(25)),
        (Fraction(120), Fraction(30)),
        (Fraction(48), Fraction(24)),
        (Fraction(1467, 100), Fraction(15)),
        (Fraction(3), Fraction(5)),
        (Fraction(177, 10), Fraction(20)),
    ],
)
def test_frame_rate_is_a_standard_one(measured, expected):
    assert choose_frame_rate(measured, 30) == expected


@given(st.fractions(min_value=1, max_value=240))
def test_frame_rate_never_passes_the_maximum_and_gives_exact_grids(measured):
    rate = choose_frame_rate(measured, 30)
    assert 0 < rate <= 30


def test_segments_are_a_whole_number_of_frames(policy):
    ladder = make_ladder(video(rate=Fraction(30000, 1001)), policy)
    assert ladder.frames_per_segment == 120
    assert ladder.segment_s == Fraction(1001, 250)
    assert make_ladder(video(), policy).segment_s == 4


@pytest.mark.parametrize(
    ("scene", "profile"), [(SLIDES, "slides"), (SCREEN, "screen"), (TALKING, "camera"), (None, "camera")]
)
def test_the_picture_chooses_the_profile(policy, scene, profile):
    assert make_ladder(video(scene=scene), policy).profile == profile


def test_slides_replace_the_rung_nobody_can_read(policy):
    assert [name for name, *_ in sizes(make_ladder(video(scene=SLIDES), policy))] == ["360p", "480p", "720p"]
    # A small source keeps its own size, whatever it shows.
    assert sizes(make_ladder(video(320, 240, scene=SLIDES), policy)) == [("240p", 320, 240)]


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (Fraction(25), Fraction(25, 2)),
        (Fraction(30), Fraction(15)),
        (Fraction(60), Fraction(15)),
        (Fraction(30000, 1001), Fraction(15000, 1001)),
        (Fraction(20), Fraction(10)),
        (Fraction(15), Fraction(15)),
        (Fraction(5), Fraction(5)),
    ],
)
def test_slides_have_half_the_frames_but_never_less_than_ten_a_second(policy, measured, expected):
    ladder = make_ladder(video(rate=measured, scene=SLIDES), policy)
    assert ladder.frame_rate == expected
    assert abs(ladder.segment_s - 6) < Fraction(1, 10)
    assert make_ladder(video(rate=measured, scene=TALKING), policy).frame_rate >= expected


def test_chunks_hold_whole_segments_in_every_profile(policy):
    assert policy.chunk_s == 24
    assert all(policy.chunk_s % profile.segment_s == 0 for profile in policy.profiles)


def test_policy_names_its_recipe_and_its_validity(policy):
    assert policy.recipe == "phones-4"
    assert policy.is_valid_on(date(2026, 11, 30))
    assert not policy.is_valid_on(date(2026, 11, 29))


def test_every_fault_of_a_policy_is_listed(policy_mapping):
    wrong = {**policy_mapping, "chunk_s": -1, "colour": "red", "name": "X!"}
    with pytest.raises(PolicyInvalid) as caught:
        parse_policy(wrong)
    lines = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in sorted(lines)] == ["chunk_s", "colour", "name"]


def test_rungs_must_rise_and_differ(policy_mapping):
    *others, camera = policy_mapping["profiles"]
    rungs = camera["rungs"]
    for wrong, fault in (
        ([rungs[1], rungs[0]], "small to large"),
        ([rungs[0], {**rungs[1], "name": "240p"}], "names must differ"),
        ([{**rungs[0], "name": "audio"}], "audio"),
    ):
        with pytest.raises(PolicyInvalid, match=fault):
            parse_policy({**policy_mapping, "profiles": [*others, {**camera, "rungs": wrong}]})


def test_profiles_differ_and_only_the_last_takes_everything(policy_mapping):
    first, *others, last = policy_mapping["profiles"]
    for wrong, fault in (
        ([first, *others], "takes everything"),
        ([last, first, last], "takes everything"),
        ([first, first, last], "names must differ"),
        ([first, {**last, "segment_s": 5}], "camera.segment_s: must divide chunk_s"),
        ([first, {**last, "colour": "red"}], "profiles.1.colour"),
        ([{**first, "bounds": {**first["bounds"], "max_moving_area": 2}}, last], "profiles.0.bounds.max_moving_area"),
    ):
        with pytest.raises(PolicyInvalid, match=fault):
            parse_policy({**policy_mapping, "profiles": wrong})


def test_storyboard_keeps_its_rhythm_across_chunks(policy_mapping):
    story = {**policy_mapping["storyboard"], "interval_s": 5}
    with pytest.raises(PolicyInvalid, match="interval_s: must divide chunk_s"):
        parse_policy({**policy_mapping, "storyboard": story})


def test_policy_may_not_end_before_it_starts(policy_mapping):
    with pytest.raises(PolicyInvalid, match="valid_until"):
        parse_policy({**policy_mapping, "valid_until": date(2020, 1, 1)})
