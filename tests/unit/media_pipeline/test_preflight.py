"""What a source's facts mean for its teacher, and which policies make no sense."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from config.policies import read_ladder, read_preflight
from media_pipeline import PolicyInvalid, judge, parse_preflight
from media_pipeline.analysis import Analysis, media_info_from_json
from media_pipeline.analysis_log import Borders, PictureFacts, SoundFacts, Span
from media_pipeline.preflight import CODES
from media_pipeline.types import SubtitleInfo
from tests.unit.media_pipeline.conftest import media, sound, video

POLICY = parse_preflight(read_preflight())
TODAY = date(2026, 11, 24)
LENGTH_S = 600.0
GOOD_SOUND = SoundFacts(-20.0, (-20.0,), (), (), 0.0, LENGTH_S)
GOOD_PICTURE = PictureFacts(300, 2.0, (), (), 3.5, None, LENGTH_S)
GOOD = Analysis(LENGTH_S, GOOD_SOUND, GOOD_PICTURE)


def judged(info=None, analysis=GOOD, kind="micro_course", *, has_captions=True):
    return judge(info or media(), analysis, POLICY.rules_for(kind, TODAY), has_captions=has_captions)


def kinds(report):
    return {finding.code: finding.kind for finding in report.findings}


def with_sound(**changes):
    return replace(GOOD, sound=replace(GOOD_SOUND, **changes))


def with_picture(**changes):
    return replace(GOOD, picture=replace(GOOD_PICTURE, **changes))


def test_nothing_to_say():
    assert judged().findings == ()


@pytest.mark.parametrize(
    ("kind", "duration_s", "expected"),
    [
        ("micro_course", 120, {"too_short": "problem"}),
        ("micro_course", 180, {"rather_short": "advice"}),
        ("micro_course", 300, {}),
        ("micro_course", 900, {}),
        ("micro_course", 901, {"too_long": "problem"}),
        ("lecture", 600, {"too_short": "advice"}),
        ("lecture", 2700, {}),
        ("audio", 60, {}),
        ("replay", 7200, {}),
    ],
)
def test_lengths(kind, duration_s, expected):
    info = media(duration_s=float(duration_s))
    facts = Analysis(info.duration_s, replace(GOOD_SOUND, ends_at_s=info.duration_s), None)
    assert kinds(judged(info, facts, kind)) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (with_sound(silent=(Span(10, 14),)), {}),
        (with_sound(silent=(Span(10, 19),)), {"silence": "advice"}),
        (with_sound(silent=(Span(10, 50),)), {"silence": "problem"}),
        (with_sound(level_db=None, channel_levels_db=(None,)), {"all_silent": "problem"}),
        (with_sound(clipped_s=0.5, clipped=(Span(1, 1.5),)), {}),
        (with_sound(clipped_s=20.0, clipped=(Span(1, 30),)), {"clipped": "advice"}),
        (with_sound(clipped_s=80.0, clipped=(Span(1, 300),)), {"clipped": "problem"}),
        (with_sound(level_db=-35.0), {"quiet": "fixed"}),
        (with_sound(level_db=-50.0), {"very_quiet": "advice"}),
        (with_sound(level_db=-9.0), {"loud": "fixed"}),
        (with_sound(channel_levels_db=(-20.0, -22.0)), {}),
        (with_sound(channel_levels_db=(None, -20.0)), {"one_channel": "advice"}),
        (with_picture(black=(Span(0, 2.5),)), {}),
        (with_picture(black=(Span(0, 8),)), {"black": "advice"}),
        (with_picture(black=(Span(0, 8), Span(90, 120))), {"black": "advice"}),
        (with_picture(black=(Span(0, 599),)), {"all_black": "problem"}),
        (with_picture(blurred=(Span(30, 60),)), {"blurred": "advice"}),
        (with_picture(borders=Borders(0.12, 0.0, (Span(0, 600),))), {"borders": "advice"}),
        (with_picture(largest_step_s=60.0), {"picture_sampled": "advice"}),
        (None, {"not_measured": "advice"}),
    ],
)  # fmt: skip
def test_findings(facts, expected):
    assert kinds(judged(analysis=facts)) == expected


def test_long_and_short_gaps_are_told_apart():
    report = judged(analysis=with_picture(black=(Span(0, 8), Span(90, 120))))
    assert [(each.kind, each.spans) for each in report.findings] == [
        ("problem", (Span(90, 120),)),
        ("advice", (Span(0, 8),)),
    ]


def test_times_between_distant_key_frames_are_rough():
    facts = with_picture(black=(Span(0, 10),), largest_step_s=10.0)
    assert judged(analysis=facts).findings[0].is_about
    assert not judged(analysis=with_picture(black=(Span(0, 10),))).findings[0].is_about


def test_what_covers_everything_needs_no_times():
    assert judged(analysis=with_picture(blurred=(Span(0, 600),))).findings[0].spans == ()


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (video(960, 540), {"low_resolution": "advice"}),
        (video(720, 1280), {"upright": "advice"}),
        (video(is_hdr=True), {"hdr": "fixed"}),
        (video(is_interlaced=True), {"interlaced": "fixed"}),
        (video(rotation_deg=180), {"turned": "fixed"}),
        (video(rate=Fraction(60)), {"frame_rate_thinned": "fixed"}),
        (video(rate=Fraction(2718, 100)), {"frame_rate_evened": "fixed"}),
        (video(rate=Fraction(30000, 1001)), {}),
        (video(rate=Fraction(10)), {"low_frame_rate": "advice"}),
    ],
)
def test_formats(picture, expected):
    assert kinds(judged(media(picture=picture))) == expected


def test_a_source_to_listen_to_is_not_asked_for_a_picture():
    assert judged(media(picture=None), replace(GOOD, picture=None)).findings == ()


def test_a_silent_source_needs_no_captions_but_sound():
    facts = replace(GOOD, sound=None)
    assert kinds(judged(media(audio=None), facts, has_captions=False)) == {"no_sound": "problem"}
    assert kinds(judged(has_captions=False)) == {"captions_missing": "advice"}


def test_a_file_cut_off_is_told_once():
    facts = Analysis(
        LENGTH_S, replace(GOOD_SOUND, ends_at_s=400.0, silent=(Span(400, 600),)), replace(GOOD_PICTURE, ends_at_s=402.0)
    )
    (finding,) = judged(analysis=facts).findings
    assert (finding.code, finding.kind, finding.spans) == ("cut_off", "problem", (Span(402, 600),))


def test_what_a_cut_file_lost_is_told_once():
    facts = Analysis(LENGTH_S, replace(GOOD_SOUND, ends_at_s=400.0), replace(GOOD_PICTURE, ends_at_s=402.0))
    (finding,) = judged(media(is_cut=True, lost_s=120.0), facts).findings
    assert (finding.code, finding.kind, finding.spans) == ("cut_off", "problem", (Span(600, 720),))
    (unknown,) = judged(media(is_cut=True)).findings
    assert (unknown.code, unknown.spans) == ("cut_off", ())


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        (media(audio=replace(sound(), tracks=2)), {"several_sounds": "advice"}),
        (media(video(end_s=599.0), replace(sound(), end_s=600.0)), {}),
        (media(video(end_s=500.0), replace(sound(), end_s=600.0)), {"picture_ends_early": "advice"}),
        (media(video(end_s=600.0), replace(sound(), end_s=500.0)), {"sound_ends_early": "advice"}),
        (
            media(subtitles=(SubtitleInfo(2, "hdmv_pgs_subtitle", "chi", "", False),)),
            {"subtitles_as_pictures": "advice"},
        ),
    ],
)
def test_tracks(info, expected):
    assert kinds(judged(info)) == expected


def test_subtitles_inside_are_told_until_there_are_captions_and_pictures_of_words_always():
    info = media(subtitles=(SubtitleInfo(2, "dvd_subtitle", "", "", False), SubtitleInfo(3, "ass", "chi", "", True)))
    assert set(kinds(judged(info, has_captions=False))) == {
        "captions_missing", "subtitles_inside", "subtitles_as_pictures"
    }  # fmt: skip
    assert kinds(judged(info)) == {"subtitles_as_pictures": "advice"}


def test_problems_come_first():
    facts = Analysis(LENGTH_S, replace(GOOD_SOUND, level_db=-35.0, silent=(Span(10, 60),)), GOOD_PICTURE)
    report = judged(media(audio=sound(2)), facts, has_captions=False)
    assert [finding.kind for finding in report.findings] == ["problem", "advice", "fixed"]
    assert [finding.code for finding in report.of_kind("fixed")] == ["quiet"]
    assert {finding.code for finding in report.findings} < set(CODES)


def test_kept_media_info_is_read_again():
    kept = {
        "container": "matroska", "duration_s": 9.5, "size_bytes": 1, "audio": None, "has_cover": False, "aigc": None,
        "rights": {}, "video": {
            "stream_index": 0, "codec": "h264", "width_px": 720, "height_px": 576, "display_width_px": 1024,
            "display_height_px": 576, "rotation_deg": 0, "sample_aspect": "64/45", "frame_rate": "30000/1001",
            "is_interlaced": False, "is_hdr": False, "bit_depth": 8, "pixel_format": "yuv420p",
        },
    }  # fmt: skip
    info = media_info_from_json(kept)
    assert info.video is not None
    assert (info.video.frame_rate, info.video.sample_aspect) == (Fraction(30000, 1001), Fraction(64, 45))


# --- the policy -----------------------------------------------------------------------------------------------------


def changed(**changes):
    mapping = copy.deepcopy(read_preflight())
    for path, value in changes.items():
        *folders, name = path.split("__")
        place = mapping
        for folder in folders:
            place = place[int(folder)] if folder.isdigit() else place[folder]
        place[name] = value
    return mapping


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"checks__silence_problem_s": 5}, "silence_problem_s"),
        ({"checks__black_advice_s": 1}, "black_min_s"),
        ({"checks__quiet_below_db": -60}, "in this order"),
        ({"profiles__0__advised_min_s": 60}, "micro_course"),
        ({"profiles__2__name": "others"}, "'other'"),
        ({"profiles__1__name": "micro_course"}, "same day"),
        ({"measure__black_share": 2}, "black_share"),
        ({"checks__loudness": 1}, "loudness"),
        ({"profiles": []}, "profiles"),
    ],
)
def test_nonsense_is_named(changes, complaint):
    with pytest.raises(PolicyInvalid, match=complaint):
        parse_preflight(changed(**changes))


def test_the_newest_profile_in_force_counts():
    next_year = {**read_preflight()["profiles"][0], "valid_from": date(2027, 1, 1), "max_s": 600, "advised_max_s": 600}
    policy = parse_preflight(changed(profiles=[*read_preflight()["profiles"], next_year]))
    assert policy.rules_for("micro_course", date(2026, 12, 31)).profile.max_s == 900
    assert policy.rules_for("micro_course", date(2027, 1, 1)).profile.max_s == 600
    assert policy.rules_for("recitation", TODAY).profile.name == "other"
    assert policy.rules_for("micro_course", date(2025, 1, 1)).profile is None


def test_the_frame_rate_told_is_the_frame_rate_made():
    assert POLICY.checks.max_frame_rate == read_ladder()["max_frame_rate"]
