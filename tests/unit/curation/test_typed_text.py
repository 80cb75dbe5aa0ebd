"""What people type, made fit to store and to compare."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.curation.typed_text import clean, digits_of


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1234567", "1234567"), ("123 4567", "1234567"), (" 123-4567 ", "1234567"), ("１２３４５６７", "1234567"),
        ("123.4567", "1234567"), ("12a4567", ""), ("", ""), ("一二三", ""), ("٣٤٥٦٧٨٩", ""),
    ],
)
def test_digits_are_read_as_people_write_them(typed: str, meant: str):
    assert digits_of(typed) == meant


def test_titles_are_one_line_without_control_characters():
    assert clean(" 冬季\u0000养生\n一\u3000周\t") == "冬季养生 一 周"


def test_introductions_keep_their_lines():
    assert clean("第一行\r\n第二行\x07", keep_lines=True) == "第一行\n第二行"


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str):
    assert clean(clean(text)) == clean(text)
    assert "\x00" not in clean(text, keep_lines=True)
