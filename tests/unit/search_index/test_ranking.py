"""Reranking: tiers stay apart, phrases and exact titles rise."""

from search_index.ports import Candidate
from search_index.query import plan_query
from search_index.ranking import RERANKED, rerank


def candidate(id_, title, *, score=1.0, tier=0, names=(), published_us=0):
    return Candidate(0, tier, score, id_, "lecture", title, names, published_us, 1.0)


def order(query, *candidates):
    newest_us = max(one.published_us for one in candidates)
    return [one.id for one, _ in rerank(plan_query(query), candidates, newest_us)]


def test_the_very_title_comes_first_then_the_phrase_then_the_words():
    words = candidate("words", "养生的春季", score=1.2)
    phrase = candidate("phrase", "一起学春季养生", score=1.1)
    title = candidate("title", "春季养生")
    assert order("春季养生", words, phrase, title) == ["title", "phrase", "words"]


def test_a_name_that_is_the_query_rises():
    assert order("张老师", candidate("a", "书法", score=1.5), candidate("b", "书法", names=("张老师",))) == ["b", "a"]


def test_near_hits_stay_after_exact_ones():
    near = candidate("near", "春季养生", score=9.0, tier=1)
    assert order("春季养生", candidate("exact", "别的"), near) == ["exact", "near"]


def test_of_equals_the_newer_then_the_smaller_id_comes_first():
    year_us = 365 * 24 * 3600 * 1_000_000
    old, new = candidate("a", "养生"), candidate("z", "养生", published_us=year_us)
    assert order("养生", old, new) == ["z", "a"]
    assert order("养生", candidate("b", "养生"), candidate("a", "养生")) == ["a", "b"]


def test_only_the_best_are_reordered():
    many = [candidate(f"{number:04d}", "别的", score=1000 - number) for number in range(RERANKED)]
    last = candidate("last", "养生", score=0.5)
    assert order("养生", *many, last)[-1] == "last"
