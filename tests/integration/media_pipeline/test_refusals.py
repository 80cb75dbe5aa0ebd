"""Sources that are no lectures: refused with a stable code and a sentence, quickly, without reading anything else."""

from __future__ import annotations

import time

import pytest

from media_pipeline import MediaRefused, ProbeLimits, probe
from media_pipeline.errors import SENTENCES
from tests.factories.bad_clips import BAD_SOURCES, bad

CODES = {
    "empty.mp4": "empty_file",
    "text.mp4": "not_media",
    "noise.mp4": "not_media",
    "picture.mp4": "is_image",
    "index-lost.mp4": "incomplete",
    "index-cut.mp4": "incomplete",
    "asx.mp4": "points_elsewhere",
    "reference.mp4": "points_elsewhere",
    "session.mp4": "points_elsewhere",
    "addresses.mp4": "points_elsewhere",
    "script.mp4": "not_media",
    "drawing.mp4": "is_image",
    "other-file-named.mp4": "parts_elsewhere",
    "goes-on-elsewhere.mkv": "parts_elsewhere",
    "huge-picture.mkv": "too_large_picture",
    "endless-claim.wav": "too_long",
    "many-frames.avi": "too_many_frames",
    "many-streams.ts": "too_many_streams",
    "twice.mp4": "clock_runs_back",
    "twice-fragmented.mp4": "clock_runs_back",
    "twice.mkv": "clock_runs_back",
    "twice.webm": "clock_runs_back",
    "twice.flv": "clock_runs_back",
    "runs-back.mkv": "clock_runs_back",
    "hls.mp4": "points_elsewhere",
    "concat.mp4": "points_elsewhere",
    "dash.mp4": "points_elsewhere",
}


@pytest.mark.parametrize("name", sorted(BAD_SOURCES))
def test_bad_source_is_refused_with_its_code(shelf, name):
    with pytest.raises(MediaRefused) as caught:
        probe(bad(shelf, name))
    assert caught.value.code == CODES[name]
    assert caught.value.sentence == SENTENCES[CODES[name]]
    assert not caught.value.is_transient
    assert caught.value.sentence.endswith("。")


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (ProbeLimits(max_duration_s=3), "too_long"),
        (ProbeLimits(min_duration_s=30), "too_short"),
        (ProbeLimits(max_width_px=320), "too_large_picture"),
        (ProbeLimits(max_pixels=1000), "too_large_picture"),
        (ProbeLimits(min_side_px=500), "too_small_picture"),
        (ProbeLimits(max_streams=1), "too_many_streams"),
        (ProbeLimits(max_frame_rate=10), "too_many_frames"),
    ],
)
def test_bounds_are_kept(shelf, limits, code):
    with pytest.raises(MediaRefused) as caught:
        probe(shelf.moving(), limits=limits)
    assert caught.value.code == code


def test_probing_that_takes_too_long_is_stopped(shelf):
    started = time.monotonic()
    with pytest.raises(MediaRefused) as caught:
        probe(shelf.moving(), limits=ProbeLimits(timeout_s=0.01))
    assert caught.value.code == "probe_timeout"
    assert time.monotonic() - started < 3


def test_probing_that_wants_too_much_memory_is_refused(shelf):
    with pytest.raises(MediaRefused) as caught:
        probe(shelf.moving(), limits=ProbeLimits(memory_bytes=64 * 1024**2))
    assert caught.value.code == "probe_failed"


def test_missing_file_is_the_callers_mistake(tmp_path):
    with pytest.raises(FileNotFoundError):
        probe(tmp_path / "nowhere.mp4")


@pytest.mark.parametrize("seed", range(6))
def test_damaged_bytes_never_break_the_caller(shelf, tmp_path, seed):
    data = bytearray(shelf.moving(5, 160, 120).read_bytes())
    step = 97 + 31 * seed
    for at in range(40 + seed, len(data), step * 13):
        data[at] = (data[at] * 7 + seed) % 256
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data)
    refused = None
    try:
        duration_s = probe(path, limits=ProbeLimits(timeout_s=20)).duration_s
    except MediaRefused as refusal:
        refused, duration_s = refusal.code, None
    known = {"not_media", "incomplete", "undecodable", "no_playable_stream", "probe_failed", "too_short", "too_long",
             "too_large_picture", "too_many_streams"}  # fmt: skip
    assert refused in known if duration_s is None else duration_s > 0
