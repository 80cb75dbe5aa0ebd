"""Lines of an editor: read from WebVTT, written as WebVTT and SRT, with what stands in the way of showing them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from media_pipeline.caption_lines import Line, LineProblem, find_problems, make_line, read_lines, write_lines, write_srt

LINES = [Line(1000, 3000, "大家好"), Line(3000, 6500, "学 A & B <八段锦>\n跟着做", "align:start")]


def test_lines_come_back_as_they_were_written() -> None:
    assert read_lines(write_lines(LINES)) == LINES


def test_the_machine_says_so_inside_the_file_and_the_lines_do_not_change() -> None:
    written = write_lines(LINES, is_machine=True)
    assert "AIGC" in written
    assert read_lines(written) == LINES


def test_lines_are_written_in_the_order_of_time() -> None:
    assert [line.start_ms for line in read_lines(write_lines(reversed(LINES)))] == [1000, 3000]


def test_srt_as_editing_programs_take_it() -> None:
    late = Line(2 * 3_600_000 + 61_005, 2 * 3_600_000 + 62_000, "好")
    assert write_srt([late]) == "1\n02:01:01,005 --> 02:01:02,000\n好\n"


def test_a_typed_line_opens_neither_another_cue_nor_a_tag() -> None:
    line = make_line(0, 1000, "a\r\n\n00:01.000 --> 00:02.000\n<b>粗</b>\x00", "align:start onclick:x")
    assert line.settings == "align:start"
    assert read_lines(write_lines([line])) == [line]


def test_times_are_kept_inside_a_day() -> None:
    assert (make_line(-5, 10**12, "x").start_ms, make_line(-5, 10**12, "x").end_ms) == (0, 86_400_000)


def test_what_cannot_be_shown_is_told_with_its_number() -> None:
    lines = [LINES[0], Line(5000, 5000, "x"), Line(6000, 7000, ""), Line(8000, 9000, "长" * 5001)]
    assert find_problems(lines) == [LineProblem(2, "no_time"), LineProblem(3, "empty"), LineProblem(4, "too_long")]


@given(st.text(max_size=80))
def test_whatever_is_typed_survives_the_file(text: str) -> None:
    line = make_line(0, 1000, text)
    if line.text:
        assert [found.text for found in read_lines(write_lines([line]))] == [line.text]
