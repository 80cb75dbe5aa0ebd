"""Folding makes texts comparable and never loses the way back to the original."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_index.folding import fold, fold_text

any_text = st.text(st.characters(exclude_categories=()), max_size=60)


@pytest.mark.parametrize(
    ("original", "folded"),
    [
        ("太極拳與養生", "太极拳与养生"),
        ("ＷｉＦｉ　５Ｇ", "wifi 5g"),
        ("ｶﾀｶﾅ", "カタカナ"),
        ("Cafe\u0301", "café"),
        ("零\u200b宽\ufeff字符", "零宽字符"),
        ("第①讲", "第1讲"),
        ("换\n行\t和\u3000空格", "换 行 和 空格"),
        ("\ud800半个", "\ufffd半个"),
        ("乾坤与餅乾", "乾坤与饼干"),
        ("ΣΑΣ", "σασ"),
        ("㎏", "kg"),
    ],
)
def test_folds(original, folded):
    assert fold_text(original) == folded


@settings(deadline=None)
@given(any_text)
def test_both_ways_of_folding_agree(text):
    assert fold(text).text == fold_text(text)


@settings(deadline=None)
@given(any_text)
def test_folding_twice_changes_nothing_more_than_once_in_length_of_offsets(text):
    folded = fold(text)
    assert len(folded.starts) == len(folded.ends) == len(folded.text)
    assert all(0 <= start < end <= len(text) for start, end in zip(folded.starts, folded.ends, strict=True))
    assert list(folded.starts) == sorted(folded.starts)


def test_span_leads_back_through_width_marks_and_invisible_characters():
    original = "学\u200b太極①Cafe\u0301啊"
    folded = fold(original)
    start = folded.text.index("太极1café")
    first, last = folded.original_span(start, start + len("太极1café"))
    assert original[first:last] == "太極①Cafe\u0301"


def test_one_original_character_may_fold_to_several():
    folded = fold("重㎏量")
    at = folded.text.index("g")
    assert folded.original_span(at, at + 1) == (1, 2)
