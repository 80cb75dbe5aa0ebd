"""Ranking: phrases and exact titles rise, signals that say little only part equals."""

from search_index.query import plan_query
from search_index.ranking import About, Ranker
from search_index.schema import Card
from tests.unit.search_index.lexicons import lexicon_of

YEAR_US = 365 * 24 * 3600 * 1_000_000


def card(id_, title, *, names=(), body="", published_us=0, boost=1.0):
    length = 3.0 * len(title) + 2 * sum(map(len, names)) + len(body)
    return Card(id_, "lecture", published_us, boost, length, title, names, body, {})


def scores(query, *cards, lexicon=None):
    plan = plan_query(query, lexicon) if lexicon else plan_query(query)
    newest_us = max(one.published_us for one in cards)
    texts = [f"{one.title} {' '.join(one.names)} {one.body}" for one in cards]
    ranker = Ranker(plan, About(100, 30.0, newest_us), lambda terms: [sum(t in x for x in texts) for t in terms])
    return {one.id: ranker.weigh(one) for one in cards}


def order(query, *cards, **options):
    weighed = scores(query, *cards, **options)
    return sorted(weighed, key=lambda id_: -weighed[id_].score)


def test_the_very_title_comes_first_then_the_phrase_then_the_words():
    words = card("words", "养生的春季与夏")
    phrase = card("phrase", "一起学春季养生")
    title = card("title", "春季养生")
    assert order("春季养生", words, phrase, title) == ["title", "phrase", "words"]


def test_a_name_that_is_the_query_rises_above_a_description_that_says_it():
    said = card("said", "书法", body="张老师说，请听张老师讲")
    assert order("张老师", said, card("named", "书法", names=("张老师",))) == ["named", "said"]


def test_a_title_counts_more_than_a_description():
    assert order("剪纸", card("body", "手工", body="剪纸"), card("title", "剪纸课")) == ["title", "body"]


def test_freshness_and_boost_part_equals_and_nothing_more():
    old, new = card("old", "养生"), card("new", "养生", published_us=YEAR_US)
    assert order("养生", old, new) == ["new", "old"]
    assert order("养生课", card("old", "养生课"), card("new", "养生与其他", published_us=YEAR_US)) == ["old", "new"]
    assert order("养生", card("plain", "养生"), card("better", "养生", boost=1.05)) == ["better", "plain"]


def test_a_unit_counts_in_the_best_of_its_ways_and_as_typed_most():
    lexicon = lexicon_of("八段锦", "报到机")
    weighed = scores("bdj", card("a", "八段锦"), card("b", "别的"), lexicon=lexicon)
    assert weighed["a"].score > 0 == weighed["b"].score
    assert weighed["a"].share > 0.9
    typed, other = scores("番茄", card("typed", "番茄"), card("other", "洋柿子")).values()
    assert typed.score > other.score > 0


def test_latin_words_count_whole():
    weighed = scores("word", card("whole", "word入门"), card("part", "password入门"))
    assert weighed["whole"].score > 0 == weighed["part"].score


def test_share_says_how_much_of_the_query_was_found():
    weighed = scores("剪纸 刺绣", card("both", "剪纸刺绣"), card("one", "剪纸"), card("none", "太极"))
    assert weighed["both"].share > weighed["one"].share > weighed["none"].share == 0
