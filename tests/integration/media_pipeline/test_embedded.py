"""Subtitles inside a source: named by probing, taken out as WebVTT."""

from __future__ import annotations

import pytest

from media_pipeline import MediaRefused, probe
from media_pipeline.embedded import extract_subtitle
from tests.factories import odd_clips

CODECS = {"mkv": "subrip", "mp4": "mov_text", "webm": "webvtt", "ass.mkv": "ass"}


@pytest.mark.parametrize("ending", sorted(CODECS))
def test_words_come_out_with_their_times(shelf, tools, ending):
    path = odd_clips.subtitled(shelf, ending)
    info = probe(path)
    assert [each.codec for each in info.subtitles] == [CODECS[ending]] * 2
    assert [each.language for each in info.subtitles] == ["chi", "eng"]
    chinese, english = (extract_subtitle(tools, path, info, each.stream_index) for each in info.subtitles)
    assert chinese == (
        "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\n同学们好\n\n00:00:03.000 --> 00:00:04.000\n请打开设置\n"
    )
    assert "Hello all" in english


def test_pictures_of_words_are_named_but_not_taken_out(shelf, tools):
    path = odd_clips.picture_subtitles(shelf)
    info = probe(path)
    assert [(each.codec, each.is_text) for each in info.subtitles] == [("dvd_subtitle", False)] * 2
    with pytest.raises(MediaRefused) as caught:
        extract_subtitle(tools, path, info, info.subtitles[0].stream_index)
    assert caught.value.code == "bad_caption"


def test_only_subtitles_are_taken_for_subtitles(shelf, tools):
    path = odd_clips.subtitled(shelf, "mkv")
    with pytest.raises(MediaRefused):
        extract_subtitle(tools, path, probe(path), 0)


def test_a_file_that_changed_meanwhile_is_refused(shelf, tools, tmp_path):
    path = odd_clips.subtitled(shelf, "mkv")
    info = probe(path)
    other = tmp_path / "other.mkv"
    other.write_bytes(path.read_bytes()[:300])
    with pytest.raises(MediaRefused) as caught:
        extract_subtitle(tools, other, info, info.subtitles[0].stream_index)
    assert caught.value.code == "bad_caption"
