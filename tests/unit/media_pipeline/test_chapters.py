"""Chapters as teachers type and paste them, as files bring them, and as a chapter file says them."""

from __future__ import annotations

import time

import pytest
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from media_pipeline import Chapter, MediaRefused, parse_chapters
from media_pipeline.chapters import (
    MAX_BYTES,
    MAX_CHAPTERS,
    OPENING,
    clock,
    from_container,
    from_file,
    to_chapter_file,
    to_lines,
)


def pairs(chapters):
    return [(chapter.start_s, chapter.title) for chapter in chapters]


def read(text, duration_s=7200.0):
    found = parse_chapters(text, duration_s=duration_s)
    return pairs(found.chapters), [(problem.line, problem.code) for problem in found.problems]


@pytest.mark.parametrize(
    ("line", "start_s", "title"),
    [
        ("3:20 准备姿势", 200, "准备姿势"),
        ("03:20\t准备姿势", 200, "准备姿势"),
        ("1:02:03 动作", 3723, "动作"),
        ("75:30 分钟超过一小时", 4530, "分钟超过一小时"),
        ("3：20　准备姿势", 200, "准备姿势"),
        ("０３：２０ 准备姿势", 200, "准备姿势"),
        ("3:20：准备姿势", 200, "准备姿势"),
        ("3:20 - 准备姿势", 200, "准备姿势"),
        ("3:20——准备：姿势", 200, "准备：姿势"),
        ("[03:20] 准备姿势", 200, "准备姿势"),
        ("【3：20】准备姿势", 200, "准备姿势"),
        ("3:20-5:00 准备姿势", 200, "准备姿势"),
        ("3:20 至 5:00 准备姿势", 200, "准备姿势"),
        ("2、3:20 准备姿势", 200, "准备姿势"),
        ("2. 03:20 准备姿势", 200, "准备姿势"),
        ("• 3:20 准备姿势", 200, "准备姿势"),
        ("准备姿势 3:20", 200, "准备姿势"),
        ("准备姿势（3：20）", 200, "准备姿势"),
        ("3分20秒 准备姿势", 200, "准备姿势"),
        ("1小时2分3秒，准备", 3723, "准备"),
        ("0:03.5 准备", 3.5, "准备"),
        ("3:20 2024年：新的一年", 200, "2024年：新的一年"),
        ("3:20 10个动作", 200, "10个动作"),
    ],
)
def test_a_line_is_read_as_it_is_pasted(line, start_s, title):
    assert read(f"00:00 开场\r\n\n{line}\n") == ([(0, "开场"), (start_s, title)], [])


def test_a_beginning_is_added():
    assert read("3:20 准备") == ([(0, OPENING), (200, "准备")], [])
    assert read("0:00.4 开场\n3:20 准备") == ([(0, "开场"), (200, "准备")], [])
    assert read(" \n\n") == ([], [])


def test_mistakes_are_told_with_their_lines():
    text = (
        "0:00 开场\n没有时间\n\n1:20\n2:70 秒太多\n1:61:00 分太多\n5:00 五\n4:00 四\n4:00 又四\n6:00 "
        + "长" * 61
        + "\n9:00 完"
    )
    assert read(text, 540.0)[1] == [
        (2, "no_time"), (4, "no_title"), (5, "bad_time"), (6, "bad_time"), (8, "out_of_order"), (9, "out_of_order"),
        (10, "title_too_long"), (11, "beyond_end"),
    ]  # fmt: skip


def test_an_unknown_length_takes_any_time():
    assert read("0:00 一\n99:00 二", None) == ([(0, "一"), (5940, "二")], [])


def test_there_is_a_limit():
    lines = [f"{number}:00 第{number}段" for number in range(MAX_CHAPTERS + 1)]
    assert read("\n".join(lines[:-1]), None)[1] == []
    assert read("\n".join(lines), None)[1] == [(MAX_CHAPTERS + 1, "too_many_chapters")]


@pytest.mark.timeout(20)
def test_hostile_lines_are_read_in_time():
    started = time.monotonic()
    for line in ("-" * 160, "1" * 160, "[ " * 80, "：－" * 80, "1:" * 80, "9" * 5000):
        assert read("\n".join([line] * 1000))[0] == []
    assert time.monotonic() - started < 10


# --- files ----------------------------------------------------------------------------------------------------------


def test_a_chapter_file_becomes_lines():
    vtt = (
        "WEBVTT\n\nNOTE made by hand\n\n1\n00:00.000 --> 03:20.000\n开场 &amp; 介绍\n\n"
        "03:20.500 --> 1:00:00.000\n<b>准备</b>\n姿势\n"
    )
    assert from_file(vtt.encode()) == "0:00 开场 & 介绍\n3:20.5 准备 姿势"


def test_a_text_file_of_any_encoding_stays_as_it_is():
    assert from_file("00:00 开场\r\n3：20 准备姿势".encode("gb18030")) == "00:00 开场\n3：20 准备姿势"
    assert from_file("\ufeff00:00 开场".encode("utf-16")) == "00:00 开场"


def test_a_far_too_large_file_is_refused():
    with pytest.raises(MediaRefused) as caught:
        from_file(b"x" * (MAX_BYTES + 1))
    assert caught.value.code == "chapters_too_large"


def test_what_a_container_says_is_made_to_fit():
    found = [
        (60.0, " 二\n节 "),
        (0.02, "一"),
        (60.4, "太近"),
        (90.0, ""),
        (-1.0, "先"),
        (600.0, "后"),
        (80.0, "长" * 99),
    ]
    assert pairs(from_container(found, duration_s=600.0)) == [
        (0, "一"),
        (60, "二 节"),
        (80, "长" * 60),
        (90, "第 4 节"),
    ]
    assert from_container([(0.0, "整段")]) == ()
    assert pairs(from_container([(5.0, "正文")])) == [(0, OPENING), (5, "正文")]
    assert len(from_container([(float(n * 2), "x") for n in range(500)])) == MAX_CHAPTERS


def test_the_chapter_file_is_webvtt():
    chapters = [Chapter(0.0, "开场 <b> & --> 完"), Chapter(200.5, "准备")]
    cues = [(cue.start, cue.end, cue.text) for cue in webvtt.from_string(to_chapter_file(chapters, 600.0), strict=True)]
    assert [times for *times, _ in cues] == [["00:00:00.000", "00:03:20.500"], ["00:03:20.500", "00:10:00.000"]]
    assert from_file(to_chapter_file(chapters, None).encode()) == to_lines(chapters)


# --- properties -----------------------------------------------------------------------------------------------------


@given(st.integers(1, 3_600_000 * 30))
def test_a_written_time_is_read_back(millis):
    text = f"0:00 始\n{clock(millis / 1000)} 题"
    assert read(text, None)[0][-1] == (millis / 1000, "题")


@given(
    st.lists(st.text("0123456789:：.-分秒 （）题\n", max_size=30) | st.text(max_size=20), max_size=12).map("\n".join)
)
def test_whatever_is_typed_what_is_kept_fits(text):
    found = parse_chapters(text, duration_s=3600.0)
    titles = [chapter.title for chapter in found.chapters]
    starts = [chapter.start_s for chapter in found.chapters]
    assert all(1 <= len(title) <= 60 and title == title.strip() and title.isprintable() for title in titles)
    if not found.problems:
        assert starts == sorted(set(starts))
        assert all(start_s < 3600 for start_s in starts)
        assert not starts or starts[0] == 0
        again = parse_chapters(to_lines(found.chapters), duration_s=3600.0)
        assert [chapter.start_s for chapter in again.chapters] == pytest.approx(starts)
