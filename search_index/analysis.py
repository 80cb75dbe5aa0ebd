"""One analysis for every engine: from folded text to terms, for documents and for queries.

Terms of Chinese text are dictionary words (jieba's search mode), all neighbouring pairs of characters, and single
characters; other scripts give whole words. A two-character dictionary word is also a pair, so it counts twice: found
as a word it weighs more than as an accident of neighbours.

Folding is in folding.py, pinyin in pinyin.py, which fields a document has in schema.py.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from operator import add
from typing import Literal, NamedTuple

import rjieba

ANALYSIS_VERSION = 2
"""Raise it when the same text gives other terms, so that old indexes are rebuilt."""

MAX_TERM_CHARS = 64
_SHORT = 24

# Words people put around what they look for. They count when nothing else is left.
_STOP_WORD_LIST = """
的 了 吗 呢 吧 啊 呀 和 与 及 或 在 是 有 我 你 他 她 它 我们 怎么 怎样 如何 什么 哪里 哪些 为什么 一下 一个 这个 那个
可以 应该 关于 想 要 请 怎么办 把 被 给 能 会 就 都 也 还 教 教我 学 学习 讲 课 讲课 看 太
the a an of to and or in on for how what is
"""
STOP_WORDS = frozenset(_STOP_WORD_LIST.split())

# Han with extensions, iteration mark, zero; kana and hangul are cut into pairs the same way.
_CJK = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af々〇\u3041-\u3096\u30a1-\u30ff\uac00-\ud7a3"
_RUN = re.compile(rf"([{_CJK}]+)|((?:(?![{_CJK}])[^\W_])+(?:[+#]{{1,2}})?)")


class Run(NamedTuple):
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


@lru_cache(maxsize=64)
def cut_runs(folded: str) -> Sequence[tuple[Run, Sequence[str]]]:
    """Return the runs of a text with their words, cut in one go: a call to the dictionary costs more than its work.

    Kept for a moment, because a document's terms and its words for the lexicon both ask.
    """
    ends = list(accumulate(map(len, rjieba.cut(folded))))
    found: list[tuple[Run, Sequence[str]]] = []
    for run in runs(folded):
        if run.kind == "word":
            found.append((run, (run.text,)))
            continue
        last = run.start + len(run.text)
        bounds = [run.start, *ends[bisect_right(ends, run.start) : bisect_left(ends, last)], last]
        found.append((run, [folded[begin:end] for begin, end in pairwise(bounds)]))
    return found


@lru_cache(maxsize=100_000)
def parts_of(word: str) -> tuple[str, ...]:
    """A word of two and more characters with the shorter dictionary words inside it, as jieba's search mode gives."""
    if not 1 < len(word) <= MAX_TERM_CHARS:
        return ()
    inner = [
        word[at : at + size]
        for size in (2, 3)
        if size < len(word)
        for at in range(len(word) - size + 1)
        if rjieba.has_word(word[at : at + size])
    ]
    return (*inner, word)


def search_words(run_text: str) -> list[str]:
    """Words of a CJK run, and the shorter words inside longer ones; single characters left out."""
    return [part for word in rjieba.cut(run_text) for part in parts_of(word)]


def pairs(run_text: str) -> list[str]:
    """Neighbouring pairs of characters; a single character stands for itself."""
    if len(run_text) < 2:
        return [run_text]
    return [run_text[at : at + 2] for at in range(len(run_text) - 1)]


def grams(folded: str) -> dict[str, int]:
    """Every term of a text and how often it counts: characters, words, pairs; whole words of other writing."""
    return dict(Counter(written_terms(folded)[0]))


def spoken_terms(folded: str) -> Iterator[str]:
    """Yield the terms of running speech: words, and the pairs a word of a query could be made of.

    Speech is so long that every term counts: single characters, which alone find everything, and pairs that lie across
    two words of several characters, which are rare by accident, are left out. Pairs at single characters stay: names
    the dictionary does not know are cut into those.
    """
    for run, cut in cut_runs(folded):
        if run.kind == "word":
            yield run.text
            continue
        before = ""
        for word in cut:
            if before and (len(before) == 1 or len(word) == 1):
                yield before[-1] + word[0]
            if len(word) > 1:
                yield from _spoken_word(word)
            before = word


@lru_cache(maxsize=100_000)
def _spoken_word(word: str) -> tuple[str, ...]:
    return (*parts_of(word), *pairs(word))


def written_terms(folded: str) -> tuple[list[str], int]:
    """Terms of a text, each as often as it counts, and its length: its CJK characters and words of other writing."""
    return _short_terms(folded) if len(folded) <= _SHORT else _terms(folded)


def _terms(folded: str) -> tuple[list[str], int]:
    terms: list[str] = []
    length = 0
    for run, cut in cut_runs(folded):
        text = run.text
        if run.kind == "word":
            terms.append(text)
            length += 1
            continue
        terms += text
        for word in cut:
            if len(word) > 1:
                terms += parts_of(word)
        terms += map(add, text, text[1:])
        length += len(text)
    return terms, length


_short_terms = lru_cache(maxsize=20_000)(_terms)
"""Kept, because the same tags, teachers and institutions come with document after document. Not to be changed."""
