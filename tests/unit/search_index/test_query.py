"""Plans: any text gives one, and operators are only text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_index import analysis, query
from search_index.query import plan_query, units_needed
from search_index.query_units import Way
from tests.unit.search_index.lexicons import lexicon_of

any_text = st.text(st.characters(exclude_categories=()), max_size=400)


def unit_texts(text):
    return [unit.text for unit in plan_query(text).units]


@pytest.mark.parametrize("text", ["", "   ", "\n\t\u3000"])
def test_no_text_means_browse(text):
    assert plan_query(text) is None


@pytest.mark.parametrize("text", ["！！！", "😀😀", "*", "()", "? * [", "\ud800", "\x00\x01"])
def test_text_without_anything_searchable_finds_nothing(text):
    plan = plan_query(text)
    assert plan.units == plan.scoring == ()


def test_operators_and_markup_are_text():
    assert unit_texts('title:手机 AND NOT (养生) OR "a*"') == ["title", "手机", "not", "养生"]


def test_stop_words_are_dropped_unless_nothing_else_is_left():
    assert unit_texts("怎么用手机的字体") == ["手机", "字体"]
    assert unit_texts("怎么") == ["怎么"]


def test_a_single_character_is_asked_for_when_alone():
    assert unit_texts("茶") == ["茶"]
    assert plan_query("茶").units[0].ways == (Way(("茶",)),)


def test_characters_in_a_row_that_make_no_word_are_one_word():
    assert analysis.words("锔瓷") == ["锔", "瓷"]
    assert unit_texts("锔瓷") == ["锔瓷"]


def ways(text, *titles):
    return {unit.text: [way.parts for way in unit.ways] for unit in plan_query(text, lexicon_of(*titles)).units}


def test_pinyin_and_initials_stand_for_words_the_catalogue_has():
    assert ("养生",) in ways("yangsheng", "春季养生")["yangsheng"]
    assert ("八段锦",) in ways("bdj", "八段锦跟练")["bdj"]
    assert ways("yangsheng", "太极拳")["yangsheng"] == [("yangsheng",)]
    assert list(ways("caomeidapeng", "草莓管理", "大棚建设")) == ["caomei", "dapeng"]
    assert ("太极拳",) in ways("太ji拳", "太极拳")["太ji拳"]


def test_pinyin_typed_syllable_by_syllable_is_the_word_and_other_words_stay_apart():
    assert ("八段锦",) in ways("ba duan jin", "八段锦跟练")["baduanjin"]
    assert list(ways("xue ba duan jin shou ji", "八段锦跟练", "手机入门")) == ["xue", "baduanjin", "shouji"]
    assert list(ways("rock and roll", "八段锦跟练")) == ["rock", "roll"]
    assert plan_query("ba " * 300, lexicon_of("八段锦跟练")) is not None


def test_a_word_that_only_sounds_like_one_is_put_right():
    plan = plan_query("学八段景", lexicon_of("八段锦跟练"))
    assert plan.corrected == "学八段锦"
    assert [unit.correction for unit in plan.units] == ["八段锦"]
    assert plan_query("八段锦", lexicon_of("八段锦跟练")).corrected is None


def test_words_the_catalogue_has_are_not_cut():
    assert unit_texts("八段锦跟练") != ["八段锦"]
    plan = plan_query("八段锦跟练", lexicon_of("八段锦", "云手", "跟练"))
    assert "八段锦" in [unit.text for unit in plan.units]


def test_numbers_are_found_in_other_digits_and_sayings_by_what_they_mean():
    assert ("二十四",) in ways("24式")["24"]
    assert ("16",) in ways("十六步")["十六"]
    assert ("字体", "放大") in ways("字太小")["字太小"]
    assert "main" in ways("main")  # the ai inside is no word


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
        assert all(unit.ways and all(way.parts for way in unit.ways) for unit in plan.units)


@pytest.mark.parametrize("text", ["养生" * 5000, "a" * 10_000, "的" * 3000, "ganan" * 2000, "a b " * 2500])
def test_a_very_long_text_is_cut(text):
    assert len(plan_query(text).scoring) <= query.MAX_SCORING_TERMS
