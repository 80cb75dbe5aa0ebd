"""Caption files as teachers have them, to clean WebVTT."""

from __future__ import annotations

import pytest
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from media_pipeline import MediaRefused, to_webvtt, transcript_text
from media_pipeline.captions import decode

SRT = (
    "1\n00:00:01,000 --> 00:00:03,500\n同学们好，今天我们学习怎样使用手机。\n\n"
    "2\n00:00:03,600 --> 00:00:06,000\n第一步，打开设置，\n把字体调大。\n\n"
)


def cues(vtt):
    return [(cue.start, cue.end, cue.text) for cue in webvtt.from_string(vtt, strict=True)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "gbk"])
def test_every_usual_encoding_is_read(encoding):
    assert cues(to_webvtt(SRT.encode(encoding), "a.srt"))[0][2] == "同学们好，今天我们学习怎样使用手机。"


def test_big5_is_read():
    text = "1\n00:00:01,000 --> 00:00:03,500\n各位同學大家好，今天我們一起學習怎樣使用手機，請打開設定。\n"
    assert "各位同學大家好" in to_webvtt((text * 3).encode("big5"), "a.srt")


def test_windows_line_ends_and_lines_of_a_cue_survive():
    vtt = to_webvtt(SRT.replace("\n", "\r\n").encode(), "a.srt")
    assert cues(vtt)[1] == ("00:00:03.600", "00:00:06.000", "第一步，打开设置，\n把字体调大。")
    assert "\r" not in vtt


def test_overlaps_are_mended_and_order_restored():
    srt = (
        "1\n00:00:05,000 --> 00:00:09,000\n第二句\n\n2\n00:00:01,000 --> 00:00:06,000\n第一句\n\n"
        "3\n00:00:08,000 --> 00:00:08,000\n第三句\n"
    )
    assert cues(to_webvtt(srt.encode(), "a.srt")) == [
        ("00:00:01.000", "00:00:05.000", "第一句"),
        ("00:00:05.000", "00:00:08.000", "第二句"),
        ("00:00:08.000", "00:00:10.000", "第三句"),
    ]


def test_two_languages_at_one_time_share_a_cue():
    srt = "1\n00:00:01,000 --> 00:00:03,000\n你好\n\n2\n00:00:01,000 --> 00:00:03,000\nHello\n"
    assert cues(to_webvtt(srt.encode(), "a.srt")) == [("00:00:01.000", "00:00:03.000", "你好\nHello")]


def test_ass_keeps_words_and_loses_drawing():
    ass = (
        "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname\nStyle: Default,SimHei\n\n"
        "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Comment: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,不显示\n"
        "Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\\an8\\c&H00FF00&}大家好\\N欢迎\n"
        "Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\\p1}m 0 0 l 100 0{\\p0}\n"
    )
    assert cues(to_webvtt(ass.encode("gb18030"), "a.ass")) == [("00:00:01.000", "00:00:03.000", "大家好\n欢迎")]


def test_vtt_keeps_settings_and_loses_styles():
    vtt = (
        "WEBVTT - title\n\nSTYLE\n::cue { background: url(https://example.org/x) }\n\nNOTE\nno\n\n"
        "intro\n00:01.000 --> 00:03.000 align:start position:10% onclick:bad\n<v 老师>你好 &amp; 欢迎</v>\n"
    )
    made = to_webvtt(vtt.encode(), "a.vtt")
    assert made == "WEBVTT\n\n00:00:01.000 --> 00:00:03.000 align:start position:10%\n你好 &amp; 欢迎\n"


def test_markup_cannot_be_smuggled():
    srt = "1\n00:00:01,000 --> 00:00:03,000\n<script>alert(1)</script> a < b & c --> d\n"
    text = to_webvtt(srt.encode(), "a.srt").split("\n", 3)[3]
    assert "<" not in text
    assert "-->" not in text
    assert "a &lt; b &amp; c --&gt; d" in text


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "a.srt"),
        (b"\xef\xbb\xbf \n", "a.srt"),
        ("只有一行字。".encode(), "a.srt"),
        (b"WEBVTT\n\n", "a.vtt"),
        (b"\x00" * 99, "a.vtt"),
        (b"[Script Info]\nnothing", "a.ass"),
        (b"x" * (8 * 1024**2 + 1), "a.srt"),
    ],
)
def test_what_holds_no_cue_is_refused(data, name):
    with pytest.raises(MediaRefused) as caught:
        to_webvtt(data, name)
    assert caught.value.code == "bad_caption"


@given(st.binary(max_size=400), st.sampled_from(["a.srt", "a.vtt", "a.ass"]))
def test_no_bytes_break_it(data, name):
    try:
        vtt = to_webvtt(data, name)
    except MediaRefused:
        vtt = ""
    assert vtt == "" or vtt.startswith("WEBVTT\n")


@given(
    st.lists(
        st.tuples(st.integers(0, 10**6), st.integers(-500, 10**4), st.text("字abc,。 ", min_size=1)),
        min_size=1,
        max_size=20,
    )
)
def test_result_is_ordered_and_free_of_overlaps(rows):
    stamp = "{0:02d}:{1:02d}:{2:02d},{3:03d}"
    srt = ""
    for start, length, text in rows:
        ends = [
            stamp.format(ms // 3_600_000, ms // 60_000 % 60, ms // 1000 % 60, ms % 1000)
            for ms in (start, max(0, start + length))
        ]
        srt += f"1\n{ends[0]} --> {ends[1]}\n{text}\n\n"
    try:
        made = cues(to_webvtt(srt.encode(), "a.srt"))
    except MediaRefused:
        assert not any(text.strip() for _, _, text in rows)
        return
    for (start, end, _), after in zip(made, [*made[1:], None], strict=True):
        assert start < end
        assert after is None or end <= after[0]


def test_transcript_is_plain_paragraphs():
    vtt = to_webvtt(
        (
            SRT + "3\n00:00:06,100 --> 00:00:08,000\nopen WeChat\n\n4\n00:00:08,000 --> 00:00:09,000\nand wait\n"
        ).encode(),
        "a.srt",
    )
    assert (
        transcript_text(vtt)
        == "同学们好，今天我们学习怎样使用手机。\n第一步，打开设置， 把字体调大。\nopen WeChat and wait"
    )


def test_transcript_unescapes_and_skips_repeats():
    same = "你好 &amp; 欢迎\n\n"
    vtt = f"WEBVTT\n\n00:01.000 --> 00:02.000\n{same}00:02.000 --> 00:03.000\n{same}00:03.000 --> 00:04.000\n大家\n"
    assert transcript_text(vtt) == "你好 & 欢迎大家"


def test_decoding_never_fails():
    assert decode(bytes(range(256)))
