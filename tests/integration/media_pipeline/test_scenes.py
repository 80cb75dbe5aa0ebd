"""Real files are taken for what they show."""

from __future__ import annotations

import pytest

from media_pipeline import make_ladder, probe
from tests.factories.clips import ClipShelf
from tests.factories.scene_clips import slides_with_speaker, slideshow, speaker

CAMERAS = [speaker, ClipShelf.moving, ClipShelf.all_black, ClipShelf.interlaced, ClipShelf.recorder_webm]


def profile(path, policy):
    return make_ladder(probe(path).video, policy).profile


@pytest.mark.parametrize("make", [ClipShelf.lecture, slides_with_speaker, slideshow])
def test_slides_are_slides(shelf, policy, make):
    assert profile(make(shelf), policy) in ("slides", "screen")


def test_a_speaker_in_the_corner_makes_the_difference(shelf, policy):
    assert profile(slides_with_speaker(shelf), policy) == "slides"
    assert profile(shelf.lecture(), policy) == "screen"


@pytest.mark.parametrize("make", CAMERAS)
def test_everything_else_is_a_camera(shelf, policy, make):
    assert profile(make(shelf), policy) == "camera"


def test_a_file_without_a_picture_has_no_scene(shelf):
    assert probe(shelf.plain_audio()).video is None
    assert probe(shelf.audio_with_cover()).video is None


def test_the_same_file_always_looks_the_same(shelf):
    clip = slides_with_speaker(shelf)
    scene = probe(clip).video.scene
    assert scene is not None
    assert scene == probe(clip).video.scene


def test_a_damaged_stretch_only_costs_its_samples(shelf, policy, tmp_path):
    data = bytearray(slides_with_speaker(shelf).read_bytes())
    middle = len(data) // 2
    data[middle : middle + len(data) // 6] = bytes(len(data) // 6)
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(data)
    assert profile(damaged, policy) == "slides"
