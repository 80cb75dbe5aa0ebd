"""Captions: clocks, line breaks and both formats."""

from __future__ import annotations

import pysubs2
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from app.demo.captions import LINE_CHARACTERS, Cue, to_srt, to_webvtt

CUES = [
    Cue(0.6, 5.9996, "大家好，今天学蒸发面馒头。"),
    Cue(3661.25, 3665.0, "经常在一百三十五、八十五以上，要去咨询医生。"),
]


def test_srt_is_exactly_what_players_expect() -> None:
    assert to_srt(CUES) == (
        "1\n00:00:00,600 --> 00:00:06,000\n大家好，今天学蒸发面馒头\n\n"
        "2\n01:01:01,250 --> 01:01:05,000\n经常在一百三十五、\n八十五以上，要去咨询医生\n"
    )


def test_webvtt_is_read_by_another_library() -> None:
    captions = list(webvtt.from_string(to_webvtt(CUES)))
    assert [(caption.start, caption.end) for caption in captions] == [
        ("00:00:00.600", "00:00:06.000"),
        ("01:01:01.250", "01:01:05.000"),
    ]
    assert captions[0].text == "大家好，今天学蒸发面馒头"


@given(st.lists(st.tuples(st.integers(1, 60_000), st.text("手机养生，、馒头", min_size=1, max_size=40)), min_size=1))
def test_srt_survives_a_round_trip(rows: list[tuple[int, str]]) -> None:
    cues, now_ms = [], 0
    for length_ms, text in rows:
        cues.append(Cue(now_ms / 1000, (now_ms + length_ms) / 1000, text))
        now_ms += length_ms
    read = pysubs2.SSAFile.from_string(to_srt(cues), format_="srt")
    assert [(line.start, line.end) for line in read] == [(round(c.start_s * 1000), round(c.end_s * 1000)) for c in cues]
    assert [line.plaintext.replace("\n", "") for line in read] == [cue.text for cue in cues]


def test_long_sentences_break_at_a_comma() -> None:
    text = to_srt([Cue(0, 1, "经常在一百三十五、八十五以上，要去咨询医生。")])
    assert all(len(line) <= LINE_CHARACTERS for line in text.splitlines()[2:])
