"""Sounds: syllables read word by word, and typed letters read as pinyin."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_index import pinyin


def sounds_of(text, weight=1.0):
    full, initials = {}, {}
    pinyin.add_sounds(full, initials, text, weight)
    return full, initials


def test_pairs_of_syllables_and_initials_are_terms():
    full, initials = sounds_of("春季养生与经络调理")
    assert "yang sheng" in full
    assert {"ys", "cjys", "jlt"} <= initials.keys()


def test_a_pair_that_begins_a_word_weighs_more():
    full, _ = sounds_of("春季养生")
    assert full["yang sheng"] > full["ji yang"]


def test_characters_with_several_readings_are_read_within_their_word():
    full, _ = sounds_of("银行和行走")
    assert {"yin hang", "xing zou"} <= full.keys()


@pytest.mark.parametrize(
    ("typed", "reading"),
    [
        ("yangsheng", ("yang", "sheng")),
        ("xian", ("xi", "an")),
        ("taijiquan", ("tai", "ji", "quan")),
        ("fangzhapian", ("fang", "zha", "pian")),
        ("nvhong", ("nv", "hong")),
    ],
)
def test_typed_letters_are_read_as_pinyin(typed, reading):
    assert reading in pinyin.readings(typed)


@pytest.mark.parametrize("typed", ["yang", "ppt", "python", "yangshengx", "5g", "", "养生", "v"])
def test_what_is_not_two_syllables_is_no_pinyin(typed):
    assert pinyin.readings(typed) == []


@settings(deadline=None)
@given(st.text("aeginouhx", max_size=60))
def test_readings_are_few_and_spell_what_was_typed(typed):
    found = pinyin.readings(typed)
    assert len(found) <= 4
    assert all("".join(reading) == typed for reading in found)


def test_long_initials_are_cut_into_terms_that_were_indexed():
    _, initials = sounds_of("春季养生与经络调理")
    assert pinyin.initial_terms("cjysyjl") == ("cjys", "jysy", "ysyj", "syjl")
    assert set(pinyin.initial_terms("cjysyjl")) <= initials.keys()
