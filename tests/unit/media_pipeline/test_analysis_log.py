"""From the lines of ffmpeg's metadata filters to stretches of silence, clipping, black, blur and borders."""

from __future__ import annotations

from dataclasses import replace

import pytest

from config.policies import read_preflight
from media_pipeline.analysis_log import Borders, Span, join, read_frames, read_picture, read_sound
from media_pipeline.command.analysis import analyse_argv, looked_at_px
from media_pipeline.command.shared import SourceFile
from media_pipeline.preflight_policy import parse_preflight
from media_pipeline.types import Tools
from tests.unit.media_pipeline.conftest import media, sound, video

RULES = parse_preflight(read_preflight()).measure
SIZE_PX = (960, 540)
WHOLE = {"cropdetect.x1": 0.0, "cropdetect.x2": 959.0, "cropdetect.y1": 0.0, "cropdetect.y2": 539.0}
WIDE = {**WHOLE, "cropdetect.y1": 67.0, "cropdetect.y2": 472.0}


def windows(*levels, **more):
    """Half-second windows of one channel; None is digital silence."""
    return [
        (number / 2, more if level is None else {"astats.1.RMS_level": level, **more})
        for number, level in enumerate(levels)
    ]


def test_lines_become_frames():
    lines = [
        "stray=1\n",
        "frame:0    pts:0       pts_time:0\n",
        "lavfi.astats.1.RMS_level=-20.5\n",
        "lavfi.astats.1.Peak_level=-inf\n",
        "frame:1    pts:22050   pts_time:0.5\n",
        "lavfi.blur=-nan\n",
        "nonsense\n",
        "frame:2    pts:NOPTS   pts_time:NOPTS\n",
        "lavfi.blur=3\n",
    ]
    assert list(read_frames(lines)) == [(0.0, {"astats.1.RMS_level": -20.5}), (0.5, {})]
    assert list(read_frames([])) == []


def test_a_pause_is_not_told_and_a_silence_is():
    speech, pause = [-20.0] * 20, [-75.0] * 4
    found = read_sound(windows(*speech, *pause, *speech, *[None] * 10, *speech), RULES, 37.0)
    assert found.silent == (Span(22.0, 27.0),)
    assert (found.level_db, found.channel_levels_db, found.ends_at_s) == (-20.0, (-20.0,), 37.0)


def test_a_quiet_recording_is_not_silence():
    found = read_sound(windows(*[-55.0] * 40, *[-66.0] * 8, *[-85.0] * 8), RULES, 28.0)
    assert (found.level_db, found.silent) == (-55.0, (Span(24.0, 28.0),))


def test_nothing_but_silence():
    found = read_sound(windows(*[None] * 20), RULES, 10.0)
    assert (found.level_db, found.silent) == (None, (Span(0.0, 10.0),))
    assert read_sound([], RULES, 10.0) is None


def test_sound_that_begins_late_and_ends_early():
    late = [(time_s + 5, values) for time_s, values in windows(*[-20.0] * 10)]
    assert read_sound(late, RULES, 20.0).silent == (Span(0.0, 5.0), Span(10.0, 20.0))


@pytest.mark.parametrize(("peak_db", "count", "is_clipped"), [(0.0, 40, True), (0.0, 3, False), (-1.0, 40, False)])
def test_only_many_samples_at_full_scale_are_clipping(peak_db, count, is_clipped):
    found = read_sound(
        windows(*[-10.0] * 6, **{"astats.1.Peak_level": peak_db, "astats.1.Peak_count": count}), RULES, 3.0
    )
    assert (found.clipped, found.clipped_s) == (((Span(0.0, 3.0),), 3.0) if is_clipped else ((), 0))


def test_channels_are_measured_apart():
    frames = [(number / 2, {"astats.1.RMS_level": -20.0, "astats.2.RMS_level": -60.0}) for number in range(20)]
    assert read_sound(frames, RULES, 10.0).channel_levels_db == (-20.0, -60.0)


def frames(*each, step_s=2.0):
    return [(number * step_s, {"blackframe.pblack": 0.0, "blur": 3.0, **WHOLE, **values}) for number, values in
            enumerate(each)]  # fmt: skip


def test_black_lasts_until_the_next_picture():
    dark = {"blackframe.pblack": 100.0}
    found = read_picture(frames({}, dark, dark, {}, {}, dark), RULES, 12.0, SIZE_PX)
    assert found.black == (Span(2.0, 6.0), Span(10.0, 12.0))
    assert (found.frames, found.largest_step_s, found.ends_at_s) == (6, 2.0, 12.0)


def test_a_picture_without_edges_is_like_the_one_before():
    unsharp = {"blur": 12.0}
    seen = frames({}, {}, {}, unsharp, unsharp, unsharp, {}, {})
    del seen[4][1]["blur"]
    assert read_picture(seen, RULES, 16.0, SIZE_PX).blurred == (Span(6.0, 12.0),)


def test_bars_that_stay_are_borders_also_behind_black():
    seen = frames(*[WIDE] * 6, {}, {})
    seen[2][1]["blackframe.pblack"] = 100.0
    found = read_picture(seen, RULES, 16.0, SIZE_PX)
    assert found.borders == Borders(0.0, 0.12, (Span(0.0, 12.0),))


@pytest.mark.parametrize(
    "crop",
    [
        {},
        {**WHOLE, "cropdetect.y2": 472.0},  # below only: a dark table, not a bar
        {**WHOLE, "cropdetect.y1": 10.0, "cropdetect.y2": 529.0},  # thinner than anybody sees
        {"cropdetect.x1": 959.0, "cropdetect.x2": 0.0, "cropdetect.y1": 539.0, "cropdetect.y2": 0.0},
    ],
)
def test_what_is_no_border(crop):
    assert read_picture(frames(*[crop] * 6), RULES, 12.0, SIZE_PX).borders is None


def test_dark_edges_that_wander_are_no_borders():
    slides = [{**WHOLE, "cropdetect.y1": 50.0 + 20 * n, "cropdetect.y2": 489.0 - 20 * n} for n in range(6)]
    assert read_picture(frames(*slides), RULES, 12.0, SIZE_PX).borders is None


def test_one_key_frame_is_all_there_is():
    found = read_picture(frames({}), RULES, 900.0, SIZE_PX)
    assert (found.largest_step_s, found.ends_at_s) == (900.0, 900.0)
    assert read_picture([], RULES, 900.0, SIZE_PX) is None


def test_spans_are_joined():
    assert join([Span(0, 2), Span(3, 4), Span(9, 10)], 1) == (Span(0, 4), Span(9, 10))


def test_the_command_reads_one_input_within_its_bounds(tmp_path):
    tools = Tools(tmp_path / "ffmpeg", "5.1")
    argv = analyse_argv(tools, SourceFile(tmp_path / "a b.mp4", "mov"), media(audio=sound(6)))
    assert argv.count("-i") == 1
    assert argv[argv.index("-i") + 1] == f"file:{tmp_path / 'a b.mp4'}"
    before = argv[: argv.index("-i")]
    for option, value in (("-protocol_whitelist", "file,pipe"), ("-format_whitelist", "mov"), ("-skip_frame", "nokey")):
        assert before[before.index(option) + 1] == value
    graph = argv[argv.index("-filter_complex") + 1]
    assert "channel_layouts=stereo" in graph
    assert "scale=960:540" in graph


def test_a_stream_that_is_not_there_is_not_asked_for(tmp_path):
    tools, source = Tools(tmp_path / "ffmpeg", "5.1"), SourceFile(tmp_path / "a.mp4", "mov")
    assert "astats" not in " ".join(analyse_argv(tools, source, media(audio=None)))
    assert "blurdetect" not in " ".join(analyse_argv(tools, source, media(picture=None)))


def test_the_picture_is_looked_at_upright_and_never_enlarged():
    assert looked_at_px(video(1920, 1080)) == (960, 540)
    assert looked_at_px(replace(video(1920, 1080), rotation_deg=90)) == (960, 1706)
    assert looked_at_px(video(853, 481)) == (852, 480)
