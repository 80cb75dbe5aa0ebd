"""Plans: any text gives one, and operators are only text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_index import analysis, query
from search_index.query import Term, plan_query, units_needed

any_text = st.text(st.characters(exclude_categories=()), max_size=400)


def unit_texts(text):
    return [unit.text for unit in plan_query(text).units]


@pytest.mark.parametrize("text", ["", "   ", "\n\t\u3000"])
def test_no_text_means_browse(text):
    assert plan_query(text) is None


@pytest.mark.parametrize("text", ["！！！", "😀😀", "*", "()", "? * [", "\ud800", "\x00\x01"])
def test_text_without_anything_searchable_finds_nothing(text):
    plan = plan_query(text)
    assert plan.units == plan.scoring == plan.loose == ()


def test_operators_and_markup_are_text():
    assert unit_texts('title:手机 AND NOT (养生) OR "a*"') == ["title", "手机", "not", "养生"]


def test_stop_words_are_dropped_unless_nothing_else_is_left():
    assert unit_texts("怎么用手机的字体") == ["手机", "字体"]
    assert unit_texts("怎么") == ["怎么"]


def test_a_single_character_is_asked_for_when_alone():
    assert unit_texts("茶") == ["茶"]
    assert plan_query("茶").units[0].alternatives == ((Term("text", "茶"),),)


def test_characters_in_a_row_that_make_no_word_are_one_word():
    assert analysis.words("锔瓷") == ["锔", "瓷"]
    assert unit_texts("锔瓷") == ["锔瓷"]


def test_a_word_may_also_be_pinyin():
    (unit,) = plan_query("yangsheng").units
    assert (Term("text", "yangsheng"),) in unit.alternatives
    assert (Term("pinyin", "yang sheng"),) in unit.alternatives


def test_recovery_knows_homophones_and_initials():
    assert (Term("pinyin", "yang sheng"),) in plan_query("养声").recovery[0].alternatives
    assert (Term("initials", "ys"),) in plan_query("ys").recovery[0].alternatives


def test_how_many_units_are_needed():
    units = plan_query("书法 国画 剪纸 摄影 舞蹈").units
    assert [units_needed(units[:count]) for count in range(1, 6)] == [1, 2, 3, 3, 4]


def test_traditional_wide_and_upper_case_queries_give_the_same_plan():
    assert plan_query("太極拳ＷＩＦＩ") == plan_query("太极拳wifi")


@settings(deadline=None)
@given(any_text)
def test_any_text_gives_a_bounded_plan(text):
    plan = plan_query(text)
    assert (plan is None) == (not text.strip())
    if plan is not None:
        assert len(plan.phrase) <= query.MAX_QUERY_CHARS
        assert len(plan.units) <= query.MAX_UNITS
        assert len(plan.scoring) <= query.MAX_SCORING_TERMS
        assert all(unit.alternatives and all(unit.alternatives) for unit in (*plan.units, *plan.recovery))


@pytest.mark.parametrize("text", ["养生" * 5000, "a" * 10_000, "的" * 3000, "ganan" * 2000, "a b " * 2500])
def test_a_very_long_text_is_cut(text):
    assert len(plan_query(text).scoring) <= query.MAX_SCORING_TERMS
