"""Sounds: syllables, letters, initials, and what ears confuse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_index import pinyin


@pytest.mark.parametrize(
    ("word", "letters", "initials"),
    [("养生", "yangsheng", "ys"), ("银行", "yinhang", "yh"), ("行走", "xingzou", "xz"), ("女性", "nvxing", "nx")],
)
def test_letters_and_initials_of_words(word, letters, initials):
    sounds = pinyin.syllables(word)
    assert (pinyin.letters(sounds), pinyin.initials(sounds)) == (letters, initials)


def test_a_character_without_sound_stands_for_itself():
    assert pinyin.syllables("a々") == ("a", "々")


@pytest.mark.parametrize(
    ("one", "other"), [("zhang", "zan"), ("shengyin", "senying"), ("chifan", "cifang"), ("jing", "jin")]
)
def test_what_sounds_alike_meets(one, other):
    assert pinyin.confusable(one) == pinyin.confusable(other)


@pytest.mark.parametrize(("one", "other"), [("yangsheng", "yangcheng"), ("taiji", "daiji")])
def test_what_sounds_different_does_not(one, other):
    assert pinyin.confusable(one) != pinyin.confusable(other)


@given(st.text("aeginouhzcs", max_size=60))
def test_the_key_of_a_key_is_itself_or_shorter(typed):
    assert len(pinyin.confusable(typed)) <= len(typed)


@pytest.mark.parametrize("typed", ["a", "5g", "养生", "", "a" * 60, "c++"])
def test_what_cannot_be_pinyin(typed):
    assert not pinyin.may_be_pinyin(typed)
