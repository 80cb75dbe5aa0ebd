"""Highlights: fragments of the original text, whatever folding lay between."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_index.highlight import EXCERPT_CHARS, Highlighter
from search_index.query import plan_query
from tests.unit.search_index.lexicons import lexicon_of

any_text = st.text(st.characters(exclude_categories=()), max_size=200)


def marked(query, text, field="title"):
    words = text if isinstance(text, str) else "、".join(text)
    fragments = Highlighter(plan_query(query, lexicon_of(words))).highlight({field: text})[field]
    return "".join(f"[{one.text}]" if one.is_match else one.text for one in fragments)


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("养生", "春季养生与经络调理", "春季[养生]与经络调理"),
        ("太极拳", "太極拳二十四式", "[太極拳]二十四式"),
        ("太極", "太极拳", "[太极]拳"),
        ("wifi", "ＷｉＦｉ设置", "[ＷｉＦｉ]设置"),
        ("wifi", "wifiman与WIFI", "wifiman与[WIFI]"),
        ("养生 手机", "手机上学养生", "[手机]上学[养生]"),
        ("养生", "养\u200b生课", "[养\u200b生]课"),
        ("yangsheng", "春季养生", "春季[养生]"),
        ("ys", "春季养生", "春季[养生]"),
        ("养声", "春季养生", "春季[养生]"),
        ("八段景", "学八段锦", "学[八段锦]"),
        ("字太小", "手机字体放大", "手机[字体放大]"),
        ("cafe\u0301", "Café时光", "[Café]时光"),
        ("养生养生", "养生养生养生", "[养生养生养生]"),
        ("<b>", "粗<b>体", "粗<[b]>体"),
        ("", "春季养生", "春季养生"),
        ("！", "春季养生！", "春季养生！"),
    ],
)
def test_marks(query, text, expected):
    assert marked(query, text) == expected


def test_a_word_found_in_one_field_is_not_looked_for_by_sound_in_the_others():
    highlights = Highlighter(plan_query("养生")).highlight({"title": "养生课", "teacher": "杨笙老师"})
    assert [one.is_match for one in highlights["teacher"]] == [False]


def test_tags_are_joined():
    assert marked("书法", ("书法", "国画"), "tags") == "[书法]、国画"


def test_a_long_description_becomes_an_excerpt_around_its_best_matches():
    text = "开头提到手机。" + "别的内容。" * 40 + "老年人学手机，手机拍照，手机缴费。" + "结尾。" * 40
    excerpt = marked("手机", text, "description")
    assert "[手机]拍照" in excerpt
    assert excerpt.startswith("…")
    assert excerpt.endswith("…")
    assert len(excerpt) <= EXCERPT_CHARS + 20


def test_a_long_description_without_matches_gives_its_beginning():
    assert marked("手机", "开头。" + "内容" * 100, "description").startswith("开头。")


@settings(deadline=None)
@given(any_text, any_text)
def test_fragments_put_together_are_the_text(query, text):
    fragments = Highlighter(plan_query(query)).highlight({"title": text})["title"]
    assert "".join(one.text for one in fragments) == text
    assert all(one.text for one in fragments)
    assert all(one.is_match != two.is_match for one, two in pairwise(fragments))


@settings(deadline=None)
@given(st.text("养生手机太極ab ", min_size=1, max_size=300), any_text)
def test_an_excerpt_is_part_of_the_text(query, text):
    fragments = Highlighter(plan_query(query)).highlight({"description": text})["description"]
    assert "".join(one.text for one in fragments).strip("…") in text
