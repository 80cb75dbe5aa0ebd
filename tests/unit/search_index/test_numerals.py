"""Numbers written two ways."""

import pytest

from search_index.numerals import other_spellings


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("24", "二十四"),
        ("16", "十六"),
        ("105", "一百零五"),
        ("2020", "二千零二十"),
        ("110", "一百一十"),
        ("7", "七"),
        ("12315", "一二三一五"),
        ("007", "零零七"),
        ("二十四", "24"),
        ("十六", "16"),
        ("一百零五", "105"),
        ("一二三一五", "12315"),
        ("两", "2"),
    ],
)
def test_the_likeliest_other_spelling(text, other):
    assert other_spellings(text)[0] == other


@pytest.mark.parametrize("text", ["八段锦", "a1", "", "²", "٣"])
def test_what_is_no_number_has_none(text):
    assert other_spellings(text) == ()
