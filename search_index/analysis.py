"""One analysis for every engine: from folded text to terms, for documents and for queries.

Terms of Chinese text are dictionary words (jieba's search mode), all neighbouring pairs of characters, and single
characters; other scripts give whole words. A two-character dictionary word is also a pair, so it counts twice: found
as a word it weighs more than as an accident of neighbours.

Folding is in folding.py, pinyin in pinyin.py, which fields a document has in schema.py.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import rjieba

ANALYSIS_VERSION = 1
"""Raise it when the same text gives other terms, so that old indexes are rebuilt."""

MAX_TERM_CHARS = 64

# Han with extensions, iteration mark, zero; kana and hangul are cut into pairs the same way.
_CJK = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af々〇\u3041-\u3096\u30a1-\u30ff\uac00-\ud7a3"
_RUN = re.compile(rf"([{_CJK}]+)|((?:(?![{_CJK}])[^\W_])+(?:[+#]{{1,2}})?)")


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of folded text in one kind of writing: 'cjk' without word gaps, 'word' for everything else."""

    kind: Literal["cjk", "word"]
    text: str
    start: int


def runs(folded: str) -> Iterator[Run]:
    """Yield the searchable stretches of a folded text; punctuation, symbols and blanks fall between them."""
    for match in _RUN.finditer(folded):
        if match[1]:
            yield Run("cjk", match[1], match.start())
        else:
            yield Run("word", match[2][:MAX_TERM_CHARS], match.start())


def words(run_text: str) -> list[str]:
    """Cut a CJK run into words that follow each other, as a reader would."""
    return list(rjieba.cut(run_text))


def search_words(run_text: str) -> list[str]:
    """Words of a CJK run, and the shorter words inside longer ones; single characters left out."""
    return [word for word in rjieba.cut_for_search(run_text) if 1 < len(word) <= MAX_TERM_CHARS]


def pairs(run_text: str) -> list[str]:
    """Neighbouring pairs of characters; a single character stands for itself."""
    if len(run_text) < 2:
        return [run_text]
    return [run_text[at : at + 2] for at in range(len(run_text) - 1)]


def spoken_terms(folded: str) -> Iterator[str]:
    """Yield the terms of running speech: words, and the pairs a word of a query could be made of.

    Speech is so long that every term counts: single characters, which alone find everything, and pairs that lie across
    two words of several characters, which are rare by accident, are left out. Pairs at single characters stay: names
    the dictionary does not know are cut into those.
    """
    for run in runs(folded):
        if run.kind == "word":
            yield run.text
            continue
        yield from search_words(run.text)
        before = ""
        for word in words(run.text):
            if before and (len(before) == 1 or len(word) == 1):
                yield before[-1] + word[0]
            if len(word) > 1:
                yield from pairs(word)
            before = word


def add_terms(weights: dict[str, float], folded: str, weight: float) -> float:
    """Add the terms of one field to a document's merged weights.

    Returns:
        The weighted length of the field: characters of CJK text and words of other text, times the weight.
    """
    length = 0
    for run in runs(folded):
        if run.kind == "word":
            terms = [run.text]
            length += 1
        else:
            terms = [*run.text, *search_words(run.text)]
            if len(run.text) > 1:
                terms += pairs(run.text)
            length += len(run.text)
        for term in terms:
            weights[term] = weights.get(term, 0.0) + weight
    return length * weight
