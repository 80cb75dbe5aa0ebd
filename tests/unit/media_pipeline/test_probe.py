"""Judging what the probing child found."""

from __future__ import annotations

from fractions import Fraction

import pytest

from media_pipeline import MediaRefused, ProbeLimits
from media_pipeline.errors import SENTENCES
from media_pipeline.probe import judge
from media_pipeline.probe_signatures import refused_by_signature


def found(**changes):
    picture = {
        "stream_index": 0, "codec": "h264", "width_px": 720, "height_px": 576, "sample_aspect": "64/45",
        "rates": ["25", "50"], "pixel_format": "yuv420p", "bit_depth": 8, "rotation_deg": 0, "is_interlaced": True,
        "transfer": "sdr", "is_mirrored": False, "color_codes": [1, 1, 1], "scene": [], "ready": None,
    }  # fmt: skip
    audio = {"stream_index": 1, "codec": "aac", "sample_rate_hz": 48000, "channels": 2}
    facts = {
        "container": "mov,mp4", "size_bytes": 1, "streams": 2, "has_cover": False, "video": picture, "audio": audio,
        "audio_tracks": 1, "subtitles": [], "chapters": [], "tags": {"AIGC": "{}", "copyright": "x"},
        "timing": {"duration_s": 60.0, "lost_s": 0.0, "is_cut": False, "ends_s": {"0": 60.0, "1": 60.0},
                   "is_seekable": True, "is_variable": False, "usual_step_s": 0.04},
    }  # fmt: skip
    for key, value in changes.items():
        if key in picture:
            picture[key] = value
        elif key in facts["timing"]:
            facts["timing"][key] = value
        else:
            facts[key] = value
    return facts


def test_oblong_pixels_and_fields():
    info = judge(found(), ProbeLimits())
    assert (info.video.display_width_px, info.video.display_height_px) == (1024, 576)
    assert info.video.frame_rate == 25
    assert (info.aigc, dict(info.rights)) == ("{}", {"copyright": "x"})


@pytest.mark.parametrize(
    ("rotation", "size"), [(0, (1024, 576)), (90, (576, 1024)), (180, (1024, 576)), (270, (576, 1024))]
)
def test_rotation_turns_the_display(rotation, size):
    info = judge(found(rotation_deg=rotation), ProbeLimits())
    assert (info.video.display_width_px, info.video.display_height_px) == size


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        (["25"], Fraction(25)),
        (["1800/89", "30"], Fraction(30)),
        (["25", "50"], Fraction(25)),
        (["29.97"], Fraction(2997, 100)),
        (["90000", "25"], Fraction(25)),
        (["1/2", "24"], Fraction(24)),
        ([], Fraction(25)),
        (["1/100"], Fraction(25)),
    ],
)
def test_the_believable_rate_counts(rates, expected):
    assert judge(found(rates=rates), ProbeLimits()).video.frame_rate == expected


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"duration_s": 0.1}, "too_short"),
        ({"duration_s": 1e9}, "too_long"),
        ({"duration_s": float("nan")}, "too_long"),
        ({"duration_s": float("inf")}, "too_long"),
        ({"duration_s": -5.0}, "too_short"),
        ({"width_px": 100_000}, "too_large_picture"),
        ({"width_px": 8000, "height_px": 8000}, "too_large_picture"),
        ({"height_px": 8}, "too_small_picture"),
        ({"streams": 1000}, "too_many_streams"),
        ({"rates": ["1000"]}, "too_many_frames"),
        ({"usual_step_s": 0.001}, "too_many_frames"),
        ({"video": None, "audio": None}, "no_playable_stream"),
    ],
)
def test_what_lies_outside_is_refused(changes, code):
    with pytest.raises(MediaRefused) as caught:
        judge(found(**changes), ProbeLimits())
    assert caught.value.code == code


def test_facts_of_times_are_taken_over():
    info = judge(found(is_seekable=True, lost_s=3.0, is_cut=True, ends_s={"0": 40.0, "1": 60.0}), ProbeLimits())
    assert (info.is_seekable, info.lost_s, info.video.end_s, info.audio.end_s) == (True, 3.0, 40.0, 60.0)
    assert info.is_cut
    assert (info.held_until_s(info.video.end_s), info.held_until_s(info.audio.end_s)) == (60, None)


@pytest.mark.parametrize(
    ("rates", "is_seen_uneven", "expected"),
    [
        (["25", "25"], False, False),
        (["25", "25"], True, True),
        (["24", "25"], False, True),
        (["25", "50"], False, False),  # fields
        (["30000/1001", "30"], False, False),
    ],
)
def test_uneven_frames_are_named(rates, is_seen_uneven, expected):
    info = judge(found(rates=rates, is_variable=is_seen_uneven), ProbeLimits())
    assert info.video.is_variable is expected


def test_hdr_is_named():
    info = judge(found(transfer="hlg"), ProbeLimits())
    assert (info.video.is_hdr, info.video.transfer) == (True, "hlg")


def test_sound_tracks_and_subtitles_are_counted():
    subtitles = [{"stream_index": 3, "codec": "hdmv_pgs_subtitle", "language": "chi", "title": "", "is_text": False}]
    info = judge(found(audio_tracks=2, subtitles=subtitles), ProbeLimits())
    assert info.audio.tracks == 2
    assert info.subtitles[0].codec == "hdmv_pgs_subtitle"
    assert not info.subtitles[0].is_text


def test_nonsense_pixel_shape_is_ignored():
    info = judge(found(sample_aspect="1/4000"), ProbeLimits())
    assert info.video.sample_aspect == 1


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b"#EXTM3U\n", "points_elsewhere"),
        (b"\xef\xbb\xbf\n #EXTM3U\n", "points_elsewhere"),
        (b"ffconcat version 1.0", "points_elsewhere"),
        (b"<?xml version='1.0'?>\n<MPD xmlns=", "points_elsewhere"),
        (b"v=0\r\no=- 0 0 IN IP4", "points_elsewhere"),
        (b"\x89PNG\r\n\x1a\n", "is_image"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "is_image"),
        (b"\x00\x00\x00\x18ftypheic", "is_image"),
    ],
)
def test_pictures_and_playlists_are_named(head, code):
    assert refused_by_signature(head) == code


@pytest.mark.parametrize(
    "head", [b"\x00\x00\x00\x18ftypisom", b"RIFF\x10\x00\x00\x00AVI LIST", b"\x1aE\xdf\xa3", b"ID3\x04"]
)
def test_media_passes_the_first_gate(head):
    assert refused_by_signature(head) is None


def test_every_sentence_is_for_people():
    for code, sentence in SENTENCES.items():
        assert code.isidentifier()
        assert sentence.endswith("。")
        assert not any(word in sentence for word in ("ffmpeg", "Error", "None"))
