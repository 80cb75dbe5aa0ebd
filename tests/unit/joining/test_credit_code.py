"""The check character of GB 32100 and what people type around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.joining import credit_code
from app.joining.credit_code import ALPHABET, check_character, normalise, problem_of

BODIES = st.text(alphabet=ALPHABET, min_size=17, max_size=17)


def test_the_example_of_the_standard_is_right():
    assert check_character("91350100M000100Y4") == "3"
    assert problem_of("91350100M000100Y43") == ""


@given(BODIES, st.integers(0, 16), st.sampled_from(ALPHABET))
def test_every_single_wrong_character_is_found(body: str, place: int, other: str):
    whole = body + check_character(body)
    changed = whole[:place] + other + whole[place + 1 :]
    assert (problem_of(changed) == "") == (changed == whole)


@given(BODIES, st.integers(0, 15))
def test_swapped_neighbours_are_found(body: str, place: int):
    whole = body + check_character(body)
    swapped = whole[:place] + whole[place + 1] + whole[place] + whole[place + 2 :]
    assert (problem_of(swapped) == "") == (swapped == whole)


@pytest.mark.parametrize(
    ("typed", "part"),
    [("91350100M000100Y4", "18 位"), ("91350100M000100Y433", "18 位"), ("91350100M000100YO3", "没有 I、O")],
)
def test_what_is_wrong_is_said(typed: str, part: str):
    assert part in problem_of(typed)


def test_what_is_meant_is_understood():
    assert normalise(" 9135-0100 ｍ000100y43 ") == "91350100M000100Y43"
    assert len(normalise("９１３５０１００Ｍ０００１００Ｙ４３")) == credit_code.LENGTH
