"""Odd but honest sources, made in chunks of one segment: what a viewer sees and hears is measured on the result."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import av
import numpy as np
import pytest

from media_pipeline import probe
from tests.factories import odd_clips
from tests.integration.media_pipeline import measuring
from tests.integration.media_pipeline.conftest import run_once
from tests.integration.media_pipeline.seeing import (
    FRAME_S,
    assert_lengths,
    combing,
    grey,
    pictures,
    pitch_hz,
    samples,
    signals_s,
)


@pytest.mark.parametrize("case", [("pq", True), ("hlg", True), ("pq", False), ("hlg", False)])
def test_hdr_becomes_an_ordinary_picture(shelf, fast_policy, tools, tmp_path, case):
    transfer, has_zscale = case
    source = odd_clips.hdr_ramp(shelf, transfer)
    assert probe(source).video.transfer == transfer
    result = run_once(source, fast_policy, replace(tools, has_zscale=has_zscale), tmp_path)
    for rendition in result.published.renditions:
        with av.open(str(measuring.joined(result.folder / rendition.name))) as container:
            context = container.streams.video[0].codec_context
            assert context.pix_fmt == "yuv420p"
            assert (context.color_primaries, context.color_trc, context.colorspace) == (1, 1, 1)
    wanted, found = grey(measuring.frames(odd_clips.ramp(shelf), 31)[30]), grey(pictures(result)[30])
    assert wanted.shape == found.shape
    # Reading PQ as if it were SDR would be off by 27 of 255 in the mean, and grey where it should be white.
    assert found.mean() == pytest.approx(wanted.mean(), abs=12)
    columns = found.mean(axis=0)
    assert columns[4] < 12
    assert columns[-4] > 190
    assert np.all(np.diff(columns[::16]) > 0), "brighter stays brighter"


@pytest.mark.parametrize(
    ("name", "is_seekable"),
    [("in_step", True), ("far_clock", True), ("late_clock", False), ("early_clock", False)],
)
def test_picture_and_sound_stay_together_on_any_clock(shelf, chunked, name, is_seekable):
    result = chunked(getattr(odd_clips, name)(shelf))
    assert result.info.is_seekable is is_seekable
    assert len({step.range.start_s for step in result.plan.videos}) == (2 if is_seekable else 1)
    seen_s, heard_s = signals_s(result)
    # A transport stream counts from its first packet, which may be sound that comes one frame early.
    assert seen_s == pytest.approx(odd_clips.SIGNAL_S, abs=2 * FRAME_S)
    assert heard_s == pytest.approx(seen_s, abs=1.5 * FRAME_S)
    assert_lengths(result, 6.0)


def test_restarted_clock_goes_on(shelf, chunked):
    result = chunked(odd_clips.restarted_clock(shelf))
    assert not result.info.is_seekable
    assert_lengths(result, 8.0, tolerance_s=0.25)


def test_stream_without_times_plays(shelf, chunked):
    result = chunked(odd_clips.without_times(shelf))
    assert (result.info.is_seekable, result.info.audio) == (False, None)
    assert_lengths(result, 5.0)


def test_picture_stands_still_while_the_sound_goes_on(shelf, chunked):
    result = chunked(odd_clips.unequal(shelf, 5, 14))
    assert (result.info.video.end_s, result.info.audio.end_s) == (5, 14)
    assert_lengths(result, 14.0)
    frames = pictures(result)
    assert len(frames) == 14 * 25
    last, later = grey(frames[124]), grey(frames[-1])
    assert np.abs(last - later).mean() < 4
    assert np.abs(grey(frames[0]) - later).mean() > 4


def test_silence_follows_sound_that_ends_early(shelf, chunked):
    result = chunked(odd_clips.unequal(shelf, 14, 5))
    assert (result.info.video.end_s, result.info.audio.end_s) == (14, 5)
    assert_lengths(result, 14.0)
    sound, rate = samples(result)
    assert np.abs(sound[2 * rate : 4 * rate]).max() > 0.05
    assert np.abs(sound[6 * rate :]).max() < 0.001


@pytest.mark.parametrize("name", ["two_sounds", "empty_first_sound"])
def test_the_right_one_of_several_sounds_is_heard(shelf, chunked, name):
    result = chunked(getattr(odd_clips, name)(shelf))
    assert (result.info.audio.tracks, result.info.audio.stream_index) == (2, 2)
    assert pitch_hz(result) == pytest.approx(1000, abs=5)


def test_slideshow_keeps_every_picture(shelf, chunked):
    result = chunked(odd_clips.slideshow(shelf))
    assert not result.info.video.is_variable
    assert_lengths(result, 8.0)
    frames = pictures(result)
    changes = sum(np.abs(grey(before) - grey(after)).mean() > 0.8 for before, after in pairwise(frames))
    assert changes >= 15


def test_a_chunk_inside_a_standing_picture_shows_it(shelf, chunked):
    result = chunked(odd_clips.still_screen(shelf))
    assert (result.info.video.is_variable, result.info.is_seekable) == (True, True)
    assert len({step.range.start_s for step in result.plan.videos}) == 10
    assert_lengths(result, 40.0)
    frames = pictures(result)
    rate = len(frames) / 40
    for second in (1, 5, 9, 13, 19, 21, 25, 33, 39):
        level = grey(frames[int(second * rate)]).mean()
        assert (level < 90) if second < 20 else (level > 170), second


def test_turned_picture_stands_upright_in_every_chunk(shelf, chunked):
    result = chunked(odd_clips.turned(shelf))
    assert len({step.range.start_s for step in result.plan.videos}) == 2
    for frame in (pictures(result)[index] for index in (0, 110, 220)):
        assert frame.height > frame.width
        picture = grey(frame)
        assert picture[: frame.height // 3].mean() > 240
        assert picture[-frame.height // 3 :].mean() < 15


def test_fields_of_a_4_3_picture_become_whole_frames(shelf, chunked):
    source = odd_clips.camcorder(shelf)
    result = chunked(source)
    assert result.info.video.is_interlaced
    assert (result.info.video.display_width_px, result.info.video.display_height_px) == (768, 576)
    assert len({step.range.start_s for step in result.plan.videos}) == 2
    (rung,) = [each for each in result.published.renditions if each.name == "480p"]
    assert (rung.width_px, rung.height_px) == (640, 480)
    for index in (30, 120, 220):
        before, after = grey(measuring.frames(source, index + 1)[index]), grey(pictures(result)[index])
        assert combing(before) > 2
        assert combing(after) < combing(before) / 4


@pytest.mark.parametrize("rate", ["60", "120"])
def test_fast_sources_are_thinned(shelf, chunked, rate):
    result = chunked(shelf.moving(5, 320, 240, rate))
    assert [rendition.frame_rate for rendition in result.published.renditions if rendition.kind == "video"] == [30]
    assert_lengths(result, 5.0)
    assert len(pictures(result)) == 150


def test_8k_becomes_720p(shelf, chunked):
    result = chunked(odd_clips.eight_k(shelf))
    assert (result.info.video.width_px, result.info.video.height_px) == (7680, 4320)
    assert max(rendition.height_px for rendition in result.published.renditions) == 720
    assert_lengths(result, 1.2, tolerance_s=0.21)


def test_six_hours_are_looked_at_in_seconds(shelf):
    info = probe(odd_clips.six_hours(shelf))
    assert (info.duration_s, info.is_seekable) == (6 * 3600, True)
    assert info.video.end_s == pytest.approx(info.audio.end_s, abs=0.1)


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_what_is_left_of_a_cut_file_is_published(shelf, chunked, ending):
    result = chunked(odd_clips.cut_short(shelf, ending))
    assert result.info.is_cut
    assert result.info.lost_s == pytest.approx(4.1, abs=0.6)
    assert result.info.duration_s + result.info.lost_s == pytest.approx(12, abs=0.1)
    assert_lengths(result, result.info.duration_s, tolerance_s=0.15)
    frames = pictures(result)
    assert np.abs(grey(frames[0]) - grey(frames[-1])).mean() > 4, "the last picture is a late one"


def test_a_torn_middle_does_not_fail_the_rest(shelf, chunked):
    result = chunked(odd_clips.torn_middle(shelf))
    assert_lengths(result, 12.0)
    whole = chunked(shelf.moving(12, 320, 240))
    for second in (1, 11):
        before, after = (grey(pictures(each)[second * 25]) for each in (whole, result))
        assert np.abs(before - after).mean() < 2, "what was not torn is as it was"
