"""The catalogue's own words: looked up by text, sound and initials, and safe to lose."""

import json

import pytest

from search_index.lexicon import EMPTY, add_to_lexicon, lexicon_mark
from search_index.sorted_table import SortedTable, packed
from tests.unit.search_index.lexicons import lexicon_of, read_lexicon, vocabulary_of, write_lexicon


def texts(entries):
    return [entry.text for entry in entries]


def test_words_and_phrases_of_titles_are_known_accidents_are_not():
    lexicon = lexicon_of("八段锦跟练", tags=("健身运动",), teacher="秦望舒")
    assert all(map(lexicon.has, ("八段锦", "八段锦跟练", "健身运动", "秦望舒")))
    assert not any(map(lexicon.has, ("段锦", "锦跟", "八段景", "")))


def test_by_sound_exact_sounds_first_then_the_weightiest():
    lexicon = lexicon_of("剪纸", "剪纸入门", "兼职", "简直好")
    assert texts(lexicon.sounding("jianzhi"))[:2] == ["剪纸", "兼职"]
    assert "剪纸" in texts(lexicon.sounding("jianzi"))
    assert lexicon.sounding("jiandao") == ()


def test_parts_of_institutions_and_what_is_filed_under_are_known_and_weigh_less_than_titles():
    keywords = {"place": ("大连市", "中山区"), "course": ("银发触屏课堂",)}
    lexicon = lexicon_of("剪纸", institution="沈阳示范老年大学", keywords=keywords)
    assert all(map(lexicon.has, ("老年大学", "示范老年大学", "大连", "大连市", "触屏")))
    assert "老年大学" in texts(lexicon.sounding("laoniandaxue"))
    assert "大连" in texts(lexicon.sounding("dalian"))
    found = (*lexicon.sounding("zhongshanqu"), *lexicon.with_initials("yfcpkt"))
    assert {("中山区", "place"), ("银发触屏课堂", "course")} <= {(entry.text, entry.kind) for entry in found}
    both = lexicon_of("大脸", keywords=keywords)
    assert texts(both.sounding("dalian"))[0] == "大脸"


def test_by_initials_and_whole_titles_are_no_words():
    lexicon = lexicon_of("学用智能手机的十个窍门")
    assert "智能手机" in texts(lexicon.with_initials("znsj"))
    assert all(entry.kind != "title" for entry in lexicon.with_initials("xyznsjdsgqm"))


def test_added_words_are_known_and_a_torn_line_or_table_loses_only_hints(tmp_path):
    write_lexicon(tmp_path, vocabulary_of("剪纸"))
    before = lexicon_mark(tmp_path)
    add_to_lexicon(tmp_path, vocabulary_of("皮影戏"))
    assert lexicon_mark(tmp_path) != before
    with (tmp_path / "lexicon-added").open("a") as file:
        file.write(json.dumps([["t刺绣", "x"]])[:-3])
    lexicon = read_lexicon(tmp_path)
    assert lexicon.has("剪纸")
    assert "皮影戏" in texts(lexicon.sounding("piyingxi"))
    assert not lexicon.has("刺绣")
    whole = (tmp_path / "lexicon").read_bytes()
    for torn in (b"", whole[:20], whole[:-5], b"\0" * len(whole)):
        (tmp_path / "lexicon").write_bytes(torn)
        assert read_lexicon(tmp_path) is EMPTY


def test_words_that_are_there_are_not_added_again(tmp_path):
    write_lexicon(tmp_path, vocabulary_of("剪纸", teacher="秦望舒"))
    add_to_lexicon(tmp_path, vocabulary_of("剪纸", teacher="秦望舒"))
    assert lexicon_mark(tmp_path) == (0, 0)
    add_to_lexicon(tmp_path, vocabulary_of("剪纸", "皮影戏"))
    before = lexicon_mark(tmp_path)
    add_to_lexicon(tmp_path, vocabulary_of("皮影戏", "剪纸"))
    assert lexicon_mark(tmp_path) == before
    assert "秦望舒" not in (tmp_path / "lexicon-added").read_text()
    assert texts(read_lexicon(tmp_path).sounding("piyingxi"))[0] == "皮影戏"


def test_a_sorted_table_gives_all_values_of_a_key_and_prefixes_in_order():
    table = SortedTable(packed([("b", "2"), ("a", "1"), ("a", "0"), ("ab", "3")]))
    assert table.values("a", 9) == ["0", "1"]
    assert table.prefixed("a", 9) == [("a", "0"), ("a", "1"), ("ab", "3")]
    assert table.values("c", 9) == table.prefixed("\ud7a3", 9) == []
    assert table.prefixed("a", 2) == [("a", "0"), ("a", "1")]
    with pytest.raises(ValueError, match="sorted table"):
        SortedTable(b"x" * 40)
