"""Caption files as teachers have them, to clean WebVTT."""

from __future__ import annotations

import pytest
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from media_pipeline import MediaRefused, to_webvtt, transcript_text
from media_pipeline.caption_cues import MAX_CUES, timestamp
from media_pipeline.captions import wrap

SRT = (
    "1\n00:00:01,000 --> 00:00:03,500\n同学们好，今天我们学习怎样使用手机。\n\n"
    "2\n00:00:03,600 --> 00:00:06,000\n第一步，打开设置，\n把字体调大。\n\n"
)


def cues(vtt):
    return [(cue.start, cue.end, cue.text) for cue in webvtt.from_string(vtt, strict=True)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "gbk"])
def test_every_usual_encoding_is_read(encoding):
    assert cues(to_webvtt(SRT.encode(encoding), "a.srt"))[0][2] == "同学们好，今天我们学习怎样使用手机。"


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
        == "同学们好，今天我们学习怎样使用手机。\n第一步，打开设置，把字体调大。\nopen WeChat and wait"
    )


def test_transcript_unescapes_and_skips_repeats():
    same = "你好 &amp; 欢迎\n\n"
    vtt = f"WEBVTT\n\n00:01.000 --> 00:02.000\n{same}00:02.000 --> 00:03.000\n{same}00:03.000 --> 00:04.000\n大家\n"
    assert transcript_text(vtt) == "你好 & 欢迎大家"


# --- how teachers' tools write times and markup ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timing", "start", "end"),
    [
        ("0:00:01,5 --> 0:00:02,50", "00:00:01.500", "00:00:02.500"),
        ("1:02:03.25 --> 1:02:05", "01:02:03.250", "01:02:05.000"),
        ("00:01 --> 00:03", "00:00:01.000", "00:00:03.000"),
        ("00:00:01,000-->00:00:02,000", "00:00:01.000", "00:00:02.000"),
        ("00：00：01，000 --> 00：00：02，000", "00:00:01.000", "00:00:02.000"),
        ("00:00:01.123456 --> 00:00:02.000 X1:40 Y1:20", "00:00:01.123", "00:00:02.000"),
        ("75:30.000 --> 75:31.000", "01:15:30.000", "01:15:31.000"),
    ],
)
@pytest.mark.parametrize("name", ["a.srt", "a.vtt"])
def test_timings_as_tools_write_them(timing, start, end, name):
    assert cues(to_webvtt(f"1\n{timing}\n字\n".encode(), name)) == [(start, end, "字")]


def test_numbers_and_blank_lines_of_srt_are_told_apart_from_text():
    srt = (
        "1\n00:00:01,000 --> 00:00:02,000\n2024\n\n2\n00:00:02,000 --> 00:00:03,000\n上\n\n下\n"
        "3\n00:00:03,000 --> 00:00:04,000\n完"
    )
    assert [text for _, _, text in cues(to_webvtt(srt.encode(), "a.srt"))] == ["2024", "上\n下", "完"]


def test_entities_and_override_codes_of_srt_become_words():
    srt = "1\n00:00:01,000 --> 00:00:03,000\n{\\an8}<font color=#f00>Q&amp;A</font>&nbsp;{注}\n"
    assert to_webvtt(srt.encode(), "a.srt").endswith("\nQ&amp;A {注}\n")


def test_ass_drawings_between_words_are_dropped():
    ass = (
        "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,上{\\p1}m 0 0 l 9 9{\\p0}\\h下{\\i1}，\\n左{没有结束\n"
    )
    assert [text for _, _, text in cues(to_webvtt(ass.encode(), "a.ass"))] == ["上 下，\n左{没有结束"]


def test_notes_of_webvtt_are_left_out_to_their_end():
    vtt = "WEBVTT\n\nNOTE\n00:01.000 --> 00:02.000\n不要\n\n00:01.000 --> 00:02.000\n要\n"
    assert [text for _, _, text in cues(to_webvtt(vtt.encode(), "a.vtt"))] == ["要"]


# --- lines on a phone -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wrapped"),
    [
        ("一共二十个字的一行不需要换行就够短了吧", "一共二十个字的一行不需要换行就够短了吧"),
        ("先打开手机的设置，然后找到显示和亮度，再把字体调大", "先打开手机的设置，\n然后找到显示和亮度，再把字体调大"),
        ("请大家把手机放在桌子上面然后跟着老师一起做这个动作", "请大家把手机放在桌子上面\n然后跟着老师一起做这个动作"),
        (
            "please open the settings of your phone and choose Display",
            "please open the settings of\nyour phone and choose Display",
        ),
        ("a &lt; b " * 6 + "and so on", "a &lt; b a &lt; b a &lt; b a &lt;\nb a &lt; b a &lt; b and so on"),
        ("字" * 41, "字" * 41),
        ("有\n" + "字" * 30, "有\n" + "字" * 30),
        ("x" * 60, "x" * 60),
    ],
)
def test_long_lines_are_broken_in_two_where_a_reader_pauses(text, wrapped):
    assert wrap(text) == wrapped


@given(st.text("字好，。（）《》 ab1-&<", max_size=60))
def test_wrapping_changes_nothing_but_the_line(text):
    vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\n"
    plain = " ".join(text.replace("&", "&amp;").replace("<", "&lt;").split())
    wrapped = wrap(plain)
    assert wrapped.replace("\n", "").replace(" ", "") == plain.replace(" ", "")
    assert transcript_text(vtt + wrapped).replace(" ", "") == transcript_text(vtt + plain).replace(" ", "")
    assert wrapped.count("\n") <= 1
    assert not wrapped.partition("\n")[2].startswith(("，", "。", "）", "》"))


# --- hostile files --------------------------------------------------------------------------------------------------


def many_cues(count, text="字"):
    return "".join(f"{i}\n{timestamp(i * 1000)} --> {timestamp(i * 1000 + 900)}\n{text}\n\n" for i in range(count))


ASS_LINE = (
    "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,"
)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"x" * (8 * 1024**2 + 1), "a.srt"),
        (many_cues(MAX_CUES + 1).encode(), "a.srt"),
        (many_cues(MAX_CUES + 1).encode(), "a.vtt"),
        ("\n\n".join(f"00:00:01,000 --> 00:00:09,000\n字{i}" for i in range(40_000)).encode(), "a.srt"),
        (("1\n00:00:01,000 --> 00:00:03,000\n" + "<a " * 2_500_000).encode(), "a.srt"),
        (("WEBVTT\n\n00:00:01.000 --> 00:00:03.000\n" + "<" * 8_000_000).encode(), "a.vtt"),
        ((ASS_LINE + "{\\an8" * 1_600_000).encode(), "a.ass"),
    ],
    ids=["bytes", "srt cues", "vtt cues", "one moment", "open tags", "angles", "open overrides"],
)
def test_far_too_much_is_refused_in_time(data, name):
    with pytest.raises(MediaRefused) as caught:
        to_webvtt(data, name)
    assert caught.value.code == "caption_too_large"


def test_a_long_day_of_captions_is_fine():
    assert to_webvtt(many_cues(20_000).encode("gb18030"), "a.srt").count(" --> ") == 20_000


HOSTILE = st.lists(
    st.sampled_from(
        ["字", "-->", "\n", "\n\n", "<script>", "&lt;", "&#10;", "\u2028", "\x85", "\x0b", "NOTE", "WEBVTT"]
    )
    | st.text(max_size=4),
    max_size=12,
).map("".join)


@given(st.lists(HOSTILE, min_size=1, max_size=6), st.sampled_from(["a.srt", "a.vtt", "a.ass"]))
def test_whatever_the_text_an_outside_reader_reads_the_same_cues(texts, name):
    if name == "a.ass":
        head, _, line = ASS_LINE.rpartition("\n")
        data = head + "".join(f"\n{line}{text}" for text in texts)
    else:
        data = "".join(
            f"{timestamp(i * 2000)} --> {timestamp(i * 2000 + 900)}\n{text}\n\n" for i, text in enumerate(texts)
        )
    try:
        vtt = to_webvtt(data.encode("utf-8", "replace"), name)
    except MediaRefused:
        return
    body = vtt.removeprefix("WEBVTT\n\n")
    assert "<" not in body
    read = cues(vtt)
    assert len(read) == vtt.count(" --> ")
    assert "\n".join(text for _, _, text in read) == "\n".join(
        line for line in body.split("\n") if line and " --> " not in line
    )
