"""Lines of search words: what is read, what is refused and why, and what the search makes of them; pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.asking.typed import countable, is_personal
from app.asking.word_lines import Line, read_lines, thesaurus_of


def test_both_kinds_are_read_and_written_the_same() -> None:
    lines, problems = read_lines("云课堂 = 空中学堂＝网课\n\n手机没声音、听不见 -> 音量， 铃声  设置 \n")
    assert problems == []
    assert lines == [Line(("云课堂", "空中学堂", "网课")), Line(("手机没声音", "听不见"), ("音量", "铃声 设置"))]
    assert read_lines("\n".join(map(str, lines))) == (lines, [])
    meanings = thesaurus_of(lines).meanings
    assert meanings["听不见"] == ("音量", "铃声 设置")
    assert "网课" in meanings["云课堂"]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("云课堂", "用“=”连起至少两个"), ("云课堂 = 雲課堂", "用“=”连起至少两个"), ("→ 音量", "写下大家怎么说"),
        ("字 → 字体放大", "只有一个字"), ("云课堂 → 云课堂、网课", "不能有同一个词"), ("长" * 21 + " = 短的", "太长"),
        (" = ".join(f"词{number}" for number in range(13)), "最多 12 个词"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_used_is_named(row: str, sentence: str) -> None:
    lines, problems = read_lines(f"云课堂 = 网课\n{row}")
    assert len(lines) == 1
    (problem,) = problems
    assert problem.startswith("第 2 行：")
    assert sentence in problem


@given(st.text(max_size=80))
def test_whatever_is_typed_is_refused_or_understood_by_the_search(text: str) -> None:
    lines, problems = read_lines(text)
    assert lines or problems
    thesaurus_of(lines)


@pytest.mark.parametrize(
    "text",
    ["13800000000", "138 0000 0000", "138-0000-0000", "１３８００００００００", "一三八零零零零零零零零",
     "210102194912310026",
     "我的微信 abc1234567", "a@b.cn", "http://x.cn", "www.x.cn", "024-00000000"],
)  # fmt: skip
def test_what_looks_personal_is_known(text: str) -> None:
    assert is_personal(text)
    assert countable(f"养生 {text}"[:20]) == ""


@pytest.mark.parametrize(
    "text", ["24式太极拳", "二十四式太极拳", "2026年养老金", "十二生肖剪纸", "八段锦", "Excel 2016 入门"]
)
def test_ordinary_words_are_not(text: str) -> None:
    assert not is_personal(text)


def test_only_short_chinese_queries_are_counted() -> None:
    assert countable("  太極拳　") == "太极拳"
    assert [countable(text) for text in ("ys", "养", "养" * 21, "<b>养生</b>", "养生;--")] == [""] * 5
