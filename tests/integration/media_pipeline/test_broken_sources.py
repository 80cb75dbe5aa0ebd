"""Sources that change or break in the middle, in many short chunks: nothing fails, nothing drifts, loss is told."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import m3u8
import numpy as np
import pytest

from media_pipeline import make_plan, probe, run
from media_pipeline.chunks import find_chunks
from media_pipeline.encoder import Encoder
from media_pipeline.errors import SENTENCES, EncodingFailed
from media_pipeline.folder import FolderStorage
from media_pipeline.growing import grow
from media_pipeline.types import RunLimits
from tests.factories import broken_clips, odd_clips
from tests.integration.media_pipeline import measuring
from tests.integration.media_pipeline.conftest import Recorder, run_once
from tests.integration.media_pipeline.seeing import assert_lengths, grey, pictures, samples

FRAME_S = 0.04


def assert_times(result, rate=25):
    """Every picture lies on the grid, none twice, none missing."""
    for rendition in result.published.renditions:
        if rendition.kind == "video":
            times = [
                frame.pts * frame.time_base
                for frame in measuring.frames(measuring.joined(result.folder / rendition.name))
            ]
            assert times == [Fraction(number, rate) for number in range(len(times))], rendition.name


@pytest.mark.parametrize("ending", ["mp4", pytest.param("mkv", marks=pytest.mark.long)])
def test_another_size_in_the_middle_is_fitted_into_the_first(shelf, chunked, ending):
    result = chunked(broken_clips.changing(shelf, "size", ending))
    assert len({step.range.start_s for step in result.plan.videos}) == 7
    assert_lengths(result, 27.0)
    assert_times(result)
    frames = pictures(result)
    assert {(frame.width, frame.height) for frame in frames} == {(640, 360)}
    for second in (9.2, 13, 17.8):
        picture = grey(frames[int(second * 25)])
        assert picture[:, 240:400].mean() > 240, "an upright window stands in the middle"
        assert picture[:, :200].mean() < 20 > picture[:, 440:].mean(), "beside it nothing"
    usual = measuring.frames(shelf._lavfi("base.mp4", "testsrc2=s=640x360:r=25:d=9", None, "-c:v", "libx264"))
    for number in (4, 130, 220):
        # Times in Matroska may begin half a frame late.
        assert min(np.abs(grey(usual[number - late]) - grey(frames[number])).mean() for late in (0, 1)) < 2, number
        # The larger window shows the same kind of picture, scaled, over the whole width.
        assert grey(frames[450 + number])[:, :60].max() > 100 < grey(frames[450 + number])[:, -60:].max()


@pytest.mark.parametrize("what", [pytest.param("format", marks=pytest.mark.long), "format-first"])
def test_another_pixel_format_in_the_middle_changes_nothing(shelf, chunked, what):
    result = chunked(broken_clips.changing(shelf, what))
    assert_lengths(result, 27.0)
    assert_times(result)
    frames = pictures(result)
    for number in (3, 130, 220):
        first, second = grey(frames[number]), grey(frames[225 + number])
        assert np.abs(first - second).mean() < 3


def test_turned_recording_that_changes_its_size(shelf, chunked):
    result = chunked(broken_clips.changing(shelf, "size", "mp4", "-metadata:s:v", "rotate=90"))
    assert_lengths(result, 27.0)
    assert_times(result)


def test_a_half_written_end_is_left_out_and_told(shelf, chunked):
    result = chunked(broken_clips.zeroed(shelf, 0.55, 1))
    assert result.published.duration_s == pytest.approx(0.55 * 30, abs=1.5)
    assert result.published.lost_s == pytest.approx(30 - result.published.duration_s, abs=0.1)
    # The sound may go on in silence to the end of its last segment.
    assert_lengths(result, result.published.duration_s, tolerance_s=float(result.plan.ladder.segment_s))
    assert_times(result)


def test_a_hole_across_whole_chunks_is_silent_and_stands_still(shelf, chunked):
    result = chunked(broken_clips.zeroed(shelf, 0.2, 0.62))
    assert_lengths(result, 30.0)
    assert_times(result)
    assert result.published.lost_s == 0
    sound, rate = samples(result)
    assert np.abs(sound[10 * rate : 15 * rate]).max() < 0.01
    for second in (2, 25):
        assert np.abs(sound[second * rate : (second + 1) * rate]).max() > 0.05
    original, frames = measuring.frames(shelf.moving(30, 320, 240)), pictures(result)
    for second in (2, 25):
        number = int(second * result.plan.ladder.frame_rate)
        differences = [
            np.abs(grey(original[at]) - grey(frames[number])).mean() for at in range(25 * second - 2, 25 * second + 3)
        ]
        assert min(differences) < 5, (second, differences, result.plan.ladder.frame_rate)


def test_chunks_behind_the_real_end_are_empty(shelf, fast_policy, tools, tmp_path):
    """As if the headers had claimed three times as much and nobody had noticed."""
    source = shelf.moving(12, 320, 240)
    info = probe(source)
    policy = replace(fast_policy, chunk_s=4, audio_chunk_s=8)
    unknown = {"video": replace(info.video, end_s=None), "audio": replace(info.audio, end_s=None)}
    plan = make_plan(replace(info, duration_s=36.0, **unknown), policy, "0" * 64)
    storage, recorder = FolderStorage(tmp_path / "store"), Recorder()
    encoder = Encoder(plan, source, storage, "p", tools, RunLimits(), recorder)
    for step in plan.chunk_steps:
        encoder.do(step, tmp_path / step.digest, lambda _: None)
    growth = grow(plan, storage, "p")
    assert (growth.available_s, growth.is_complete) == (pytest.approx(12, abs=0.05), True)
    chunks = find_chunks(storage, "p", plan)
    # Sound of a known length is silence where there is none; what is too much of it goes when all is put together.
    for steps, filled in ((plan.videos, 3), (plan.audios, 4)):
        assert [bool(chunks[step.digest].tracks) for step in steps] == [number < filled for number in range(len(steps))]
    ports = {"storage": storage, "progress": recorder, "cancel": recorder}
    published = run(plan, source, work_dir=tmp_path / "work", prefix="p", tools=tools, **ports)
    assert (published.duration_s, published.lost_s) == (12, 24)
    manifests = [m3u8.load(str(storage.root / "p" / each.manifest_name)) for each in published.renditions]
    assert [sum(part.duration for part in each.segments) for each in manifests] == pytest.approx(
        [12] * len(manifests), abs=0.25
    )


@pytest.mark.parametrize("name", ["wrapped_clock", "joined_streams"])
def test_picture_and_sound_stay_together_behind_a_new_clock(shelf, chunked, name):
    result = chunked(getattr(broken_clips, name)(shelf))
    assert_lengths(result, 12.0, tolerance_s=0.3)
    frames, (sound, rate) = pictures(result), samples(result)
    lit = [float(frame.pts * frame.time_base) for frame in frames if grey(frame).mean() > 180]
    loud = np.flatnonzero(np.abs(sound) > np.abs(sound).max() / 4) / rate
    for around_s in broken_clips.SIGNALS_S:
        seen_s = min(second for second in lit if second > around_s - 1)
        heard_s = min(second for second in loud if second > around_s - 1)
        assert seen_s == pytest.approx(around_s, abs=0.15)
        assert heard_s == pytest.approx(seen_s, abs=2 * FRAME_S)


def test_last_picture_stands_as_long_as_it_says(shelf, chunked):
    result = chunked(broken_clips.long_last_frame(shelf))
    assert_lengths(result, 34.0, tolerance_s=0.15)
    assert_times(result, result.plan.ladder.frame_rate)
    frames = pictures(result)
    assert np.abs(grey(frames[len(frames) // 3]) - grey(frames[-1])).mean() < 3


@pytest.mark.parametrize("sound_s", [20, pytest.param(130, marks=pytest.mark.long)])
def test_minutes_of_silence_follow_sound_that_ends_early(shelf, fast_policy, tools, tmp_path, sound_s):
    """With chunks as they are in earnest, and the early start of a long lecture."""
    source = shelf._lavfi(
        f"quiet-end-{sound_s}.mp4", "testsrc2=s=160x90:r=5:d=400", f"sine=d={sound_s}", "-c:v", "libx264", "-preset",
        "ultrafast", "-g", 25, "-c:a", "aac",
    )  # fmt: skip
    result = run_once(source, fast_policy, tools, tmp_path)
    assert len({step.range.start_s for step in result.plan.videos}) > 10
    assert bool(result.plan.early_audios) is (sound_s > 100)
    assert_lengths(result, 400.0)
    sound, rate = samples(result)
    assert np.abs(sound[10 * rate : (sound_s - 1) * rate]).max() > 0.05
    assert np.abs(sound[(sound_s + 1) * rate :]).max() < 0.001
    live = [
        m3u8.load(str(path)) for path in (result.folder / "live").glob("*.m3u8") if path.stem not in ("master", "saver")
    ]
    assert live
    assert all(each.is_endlist for each in live)
    assert [sum(part.duration for part in each.segments) for each in live] == pytest.approx([400] * len(live), abs=0.1)


def test_too_large_a_picture_for_the_memory_is_told_plainly(shelf, fast_policy, tools, tmp_path):
    with pytest.raises(EncodingFailed) as caught:
        run_once(odd_clips.eight_k(shelf), fast_policy, tools, tmp_path, limits=RunLimits(memory_bytes=400 * 1024**2))
    assert (caught.value.code, caught.value.is_transient) == ("too_much_memory", False)
    assert caught.value.sentence == SENTENCES["too_much_memory"]
