"""From what somebody typed to a plan any engine can follow. No text is refused, no character is an operator.

A plan says what a document must contain to be an exact hit (units), what makes it a near hit (loose terms), what it
may sound like (recovery), and which terms score. How postings are read is the engine's matter.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from search_index import analysis, pinyin
from search_index.folding import fold_text
from search_index.schema import INITIALS, PINYIN, TEXT

MAX_QUERY_CHARS = 200
MAX_UNITS = 24
MAX_SCORING_TERMS = 64
_Item = TypeVar("_Item")
MIN_INITIALS, MAX_INITIALS = 2, 12

# Words people put around what they look for. They count when nothing else is left.
_STOP_WORD_LIST = """
的 了 吗 呢 吧 啊 呀 和 与 及 或 在 是 有 我 你 他 她 它 我们 怎么 怎样 如何 什么 哪里 哪些 为什么 一下 一个 这个 那个
可以 应该 关于 想 要 请
the a an of to and or in on for how what is
"""
_STOP_WORDS = frozenset(_STOP_WORD_LIST.split())


@dataclass(frozen=True, slots=True)
class Term:
    """A term of one indexed field."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Unit:
    """One word of the query. It is matched when any of its alternatives has all its terms in the document."""

    text: str
    alternatives: tuple[tuple[Term, ...], ...]


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """What to look for.

    Args:
        phrase: the folded query, blanks joined: for phrase and exact-title boosts.
        units: words an exact hit contains, as many as ``units_needed``.
        loose: terms whose share, by rarity, makes a near hit.
        recovery: the same words by sound or by initials, tried when the rest found little.
        scoring: every term that adds to the score, with its weight.
    """

    phrase: str
    units: tuple[Unit, ...]
    loose: tuple[Term, ...]
    recovery: tuple[Unit, ...]
    scoring: tuple[tuple[Term, float], ...]


def units_needed(units: Sequence[Unit]) -> int:
    """How many of the units a hit must match: both of two, three quarters of more."""
    count = len(units)
    return count if count <= 2 else -(-count * 3 // 4)


@lru_cache(maxsize=512)
def plan_query(text: str) -> QueryPlan | None:
    """Make the plan, or None for a text that is empty or only blanks: browse everything.

    A text of nothing but punctuation or emoji gives a plan without units, which finds nothing.
    """
    folded = " ".join(fold_text(text[: 4 * MAX_QUERY_CHARS]).split())[:MAX_QUERY_CHARS].strip()
    if not text.strip():
        return None
    found_runs = list(analysis.runs(folded))
    units = _required([unit for run in found_runs for unit in _units(run)])
    scoring = _scoring(found_runs, units)
    return QueryPlan(
        phrase=folded,
        units=units,
        loose=tuple(_unique(term for run in found_runs for term in _loose_terms(run))),
        recovery=tuple(_unique(unit for run in found_runs for unit in _recovery(run)))[:MAX_UNITS],
        scoring=scoring,
    )


def _units(run: analysis.Run) -> Iterator[Unit]:
    if run.kind == "word":
        by_sound = (tuple(Term(PINYIN, key) for key in pinyin.syllable_pairs(r)) for r in pinyin.readings(run.text))
        yield Unit(run.text, ((Term(TEXT, run.text),), *by_sound))
        return
    for word in _words(run.text):
        yield Unit(word, (tuple(Term(TEXT, pair) for pair in analysis.pairs(word)),))


def _required(units: list[Unit]) -> tuple[Unit, ...]:
    """Drop stop words, then single characters beside longer words; never everything."""
    kept = [unit for unit in units if unit.text not in _STOP_WORDS] or units
    longer = [unit for unit in kept if len(unit.text) > 1]
    return tuple(_unique(longer or kept))[:MAX_UNITS]


def _words(run_text: str) -> list[str]:
    """Words of a CJK run; single characters in a row are one word, most likely one the dictionary does not know."""
    joined: list[str] = []
    was_single = False
    for word in analysis.words(run_text):
        is_single = len(word) == 1 and word not in _STOP_WORDS
        if is_single and was_single:
            joined[-1] += word
        else:
            joined.append(word)
        was_single = is_single
    return joined


def _loose_terms(run: analysis.Run) -> Iterator[Term]:
    """Pairs of characters inside words: those across words are rare by accident, and would count too much."""
    if run.kind == "word":
        return (Term(TEXT, text) for text in (run.text,) if text not in _STOP_WORDS)
    kept = (word for word in _words(run.text) if len(word) > 1 and word not in _STOP_WORDS)
    return (Term(TEXT, pair) for word in kept for pair in analysis.pairs(word))


def _recovery(run: analysis.Run) -> Iterator[Unit]:
    """Homophones of Chinese words, initials of Latin ones; the words themselves still count."""
    if run.kind == "cjk":
        for word in _words(run.text):
            if len(word) > 1 and word not in _STOP_WORDS:
                literal = tuple(Term(TEXT, pair) for pair in analysis.pairs(word))
                sounds = pinyin.syllable_pairs(pinyin.syllables(word))
                yield Unit(word, (literal, tuple(Term(PINYIN, pair) for pair in sounds)))
    else:
        literal = (Term(TEXT, run.text),)
        can_be_initials = MIN_INITIALS <= len(run.text) <= MAX_INITIALS and run.text.isalpha() and run.text.isascii()
        initials = tuple(Term(INITIALS, key) for key in pinyin.initial_terms(run.text)) if can_be_initials else ()
        yield Unit(run.text, (literal, initials) if initials else (literal,))


def _scoring(found_runs: list[analysis.Run], units: tuple[Unit, ...]) -> tuple[tuple[Term, float], ...]:
    weights: dict[Term, float] = {}
    required = {unit.text for unit in units}
    for run in found_runs:
        if run.kind == "word":
            weights[Term(TEXT, run.text)] = 2.0
            continue
        for pair in analysis.pairs(run.text):
            weights.setdefault(Term(TEXT, pair), 1.0)
        for word in analysis.search_words(run.text):
            weights[Term(TEXT, word)] = 1.5
    for term in [term for term in weights if term.text in _STOP_WORDS and term.text not in required]:
        del weights[term]
    for unit in units:
        for alternative in unit.alternatives:
            for term in alternative:
                weights.setdefault(term, 1.0)
    return tuple(weights.items())[:MAX_SCORING_TERMS]


def _unique(items: Iterable[_Item]) -> Iterator[_Item]:
    return iter(dict.fromkeys(items))
