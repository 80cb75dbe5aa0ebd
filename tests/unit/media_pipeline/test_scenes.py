"""What the samples of a picture mean, and how they are counted."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from media_pipeline import scene_child
from media_pipeline.scenes import SceneBounds, judge_scene
from tests.unit.media_pipeline.conftest import SCREEN, SLIDES, TALKING

BOUNDS = SceneBounds(min_static_share=0.5, max_moving_area=0.12, min_flat_share=0.25, min_text_share=0.01)


def samples(*moving, flat=0.7, text=0.1):
    return [{"moving": share, "flat": flat, "text": text} for share in moving]


def test_a_change_of_slides_at_some_points_does_not_matter():
    scene = judge_scene(samples(0.05, 0.9, 0.05, 0.06, 0.05, 1.0, 0.05, 0.04), 1800)
    assert scene == replace(SLIDES, static_share=0.75)
    assert BOUNDS.hold_for(scene)


@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        (SLIDES, True),
        (SCREEN, True),
        (TALKING, False),
        (None, False),
        (replace(SLIDES, static_share=0.4), False),
        (replace(SLIDES, moving_area=0.2), False),
        (replace(SLIDES, flat_share=0.1), False),
        (replace(SLIDES, flat_share=1, text_share=0), False),
    ],
)
def test_every_bound_must_hold(scene, expected):
    assert BOUNDS.hold_for(scene) is expected


def test_too_few_samples_say_nothing():
    assert judge_scene([], 5) is None
    assert judge_scene(samples(0, 0), 1800) is None
    assert judge_scene(samples(0), 5) is not None


@given(st.lists(st.floats(0, 1), min_size=3, max_size=10))
def test_shares_stay_shares(shares):
    scene = judge_scene(samples(*shares), 60)
    assert all(0 <= getattr(scene, name) <= 1 for name in ("static_share", "moving_area", "text_share", "flat_share"))


def page(*, has_text=False, mover_at=None):
    picture = Image.new("L", (640, 360), 240)
    pen = ImageDraw.Draw(picture)
    if has_text:
        for row in range(8):
            pen.text((40, 20 + 40 * row), "Lecture 1: how to use a phone", fill=10, font_size=28)
    if mover_at is not None:
        pen.ellipse((mover_at, 250, mover_at + 80, 330), fill=60)
    return picture


def frame(picture, time_s=0.0):
    found = av.VideoFrame.from_image(picture.convert("RGB")).reformat(format="yuv420p")
    found.time_base, found.pts = Fraction(1, 1000), int(time_s * 1000)
    return found


def test_letters_are_seen_as_letters_and_paper_as_flat():
    blank = scene_child.compare(frame(page()), frame(page(), 0.25))
    written = scene_child.compare(frame(page(has_text=True)), frame(page(has_text=True), 0.25))
    assert blank == {"moving": 0, "flat": 1, "text": 0}
    assert 0.05 < written["text"] < 0.5
    assert 0.4 < written["flat"] < 0.95


def test_grain_is_neither():
    grain = Image.effect_noise((640, 360), 80)
    found = scene_child.compare(frame(grain), frame(Image.effect_noise((640, 360), 80), 0.25))
    assert found["moving"] > 0.9
    assert found["flat"] + found["text"] < 0.01


def test_only_the_moving_part_moves():
    found = scene_child.compare(frame(page(mover_at=500)), frame(page(mover_at=530), 0.25))
    assert 0.01 < found["moving"] < 0.06


def test_a_picture_shown_for_seconds_is_still_whatever_follows():
    assert scene_child.compare(frame(page(mover_at=0)), frame(page(mover_at=500), 2))["moving"] == 0
