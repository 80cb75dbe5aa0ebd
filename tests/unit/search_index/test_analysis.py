"""Terms: words, pairs and characters for Chinese, whole words for the rest."""

from hypothesis import given, settings
from hypothesis import strategies as st

from search_index import analysis
from search_index.folding import fold_text


def terms_of(text):
    _, length = analysis.written_terms(fold_text(text))
    return analysis.grams(fold_text(text)), length


def test_a_word_in_mid_phrase_is_a_term_and_weighs_more_than_an_accidental_pair():
    weights, _ = terms_of("春季养生与经络调理")
    assert weights["养生"] == 2
    assert weights["季养"] == 1


def test_a_word_hidden_in_a_longer_word_is_a_term():
    weights, _ = terms_of("老年人智能手机入门")
    assert {"智能手机", "手机", "智能", "老年人", "手"} <= weights.keys()


def test_mixed_writing_is_cut_where_the_writing_changes():
    found = [(run.kind, run.text, run.start) for run in analysis.runs(fold_text("用5G手机连WiFi，学C++"))]
    assert found == [
        ("cjk", "用", 0),
        ("word", "5g", 1),
        ("cjk", "手机连", 3),
        ("word", "wifi", 6),
        ("cjk", "学", 11),
        ("word", "c++", 12),
    ]


def test_punctuation_symbols_and_emoji_give_no_terms():
    assert terms_of("！？…——*@😀 ()") == ({}, 0)


def test_an_endless_word_is_cut():
    weights, _ = terms_of("a" * 5000)
    assert list(weights) == ["a" * analysis.MAX_TERM_CHARS]


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_every_pair_of_neighbouring_characters_is_a_term(text):
    folded = fold_text(text)
    weights = analysis.grams(folded)
    for run in analysis.runs(folded):
        assert all(piece in weights for piece in (analysis.pairs(run.text) if run.kind == "cjk" else [run.text]))


def test_speech_gives_words_and_the_pairs_of_names_but_no_accidents():
    terms = set(analysis.spoken_terms("我们学习八段锦，再打开wifi设置"))
    assert {"学习", "八段", "段锦", "打开", "wifi", "设置"} <= terms
    assert not {"们学", "我", "锦"} & terms
