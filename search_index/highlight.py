"""Marks in the original text what the query matched, as fragments, never as markup.

Matching happens in folded text and is carried back to the original: 太极拳 marks 太極拳, ｗｉｆｉ is marked by wifi,
and yangsheng or ys mark 养生, because the query's plan knows what they stand for.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

from search_index import analysis
from search_index.documents import Fragment
from search_index.folding import fold
from search_index.query import QueryPlan, Unit
from search_index.schema import SHOWN_FIELDS, Stored

EXCERPT_CHARS = 90
_LEAD_CHARS = 20
_TAG_SEPARATOR = "、"
_ELLIPSIS = "…"
_BETWEEN = "\n"
"""Parts texts that are folded together: no unit of a query holds it."""

_PLAIN, _MARKED = False, True

Span = tuple[int, int]


class Highlighter:
    """Highlights the hits of one plan; without a plan nothing is marked."""

    def __init__(self, plan: QueryPlan | None) -> None:
        units = plan.units if plan is not None else ()
        self._wanted = [_wanted(unit) for unit in units]

    def highlight(self, stored: Stored) -> Mapping[str, tuple[Fragment, ...]]:
        """Cut every field that is shown into fragments. The description becomes an excerpt around its best matches."""
        texts = {
            name: _TAG_SEPARATOR.join(value) if name == "tags" else str(value)
            for name, value in stored.items()
            if name in SHOWN_FIELDS
        }
        spans = self._spans(tuple(texts.values()))
        return {
            name: _excerpt(text, found) if name == "description" else _fragments(text, found)
            for (name, text), found in zip(texts.items(), spans, strict=True)
        }

    def mark(self, text: str) -> tuple[Fragment, ...]:
        """Cut one text into fragments."""
        return _fragments(text, self._spans((text,))[0])

    def _spans(self, texts: Sequence[str]) -> Sequence[Sequence[Span]]:
        """Matched parts of each original text, in order, not overlapping. Looked for in all at once: it is faster."""
        if not self._wanted:
            return [()] * len(texts)
        folded = fold(_BETWEEN.join(texts))
        places = [place for ways in self._wanted for place in _first_that_finds(ways, folded.text)]
        return _apart(_merged(folded.original_span(start, end) for start, end in places), texts)


def _first_that_finds(ways: Sequence[Sequence[str]], folded: str) -> Sequence[Span]:
    """Places of a unit: as typed, else by its other ways, else its pairs of characters."""
    found = ([place for one in wanted for place in _literal(folded, one)] for wanted in ways)
    return next(filter(None, found), ())


def _apart(spans: Sequence[Span], texts: Sequence[str]) -> list[Sequence[Span]]:
    """Give every text its own of the spans in all texts joined, counted from its beginning."""
    found: list[Sequence[Span]] = []
    at = begin = 0
    for text in texts:
        end = begin + len(text)
        inside: list[Span] = []
        while at < len(spans) and spans[at][0] < end:
            start, stop = spans[at]
            inside.append((max(start - begin, 0), min(stop, end) - begin))
            at += 1
        found.append(inside)
        begin = end + len(_BETWEEN)
    return found


def _wanted(unit: Unit) -> list[Sequence[str]]:
    wanted: list[Sequence[str]] = [unit.ways[0].parts]
    if len(unit.ways) > 1:
        wanted.append(tuple(part for way in unit.ways[1:] for part in way.parts))
    if len(unit.text) > 2 and not unit.text.isascii():
        wanted.append(tuple(analysis.pairs(unit.text)))
    return wanted


def _literal(folded: str, wanted: str) -> list[Span]:
    """Places of a word: anywhere in Chinese, only as a whole word elsewhere."""
    at = folded.find(wanted)
    if at < 0:
        return []
    if wanted.isascii():
        return [(run.start, run.start + len(run.text)) for run in analysis.runs(folded) if run.text == wanted]
    places = []
    while at >= 0:
        places.append((at, at + len(wanted)))
        at = folded.find(wanted, at + len(wanted))
    return places


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _fragments(text: str, spans: Sequence[Span]) -> tuple[Fragment, ...]:
    if not spans:
        return (Fragment(text, _PLAIN),) if text else ()
    pieces: list[Fragment] = []
    done = 0
    for start, end in spans:
        if start > done:
            pieces.append(Fragment(text[done:start], _PLAIN))
        pieces.append(Fragment(text[start:end], _MARKED))
        done = end
    if done < len(text):
        pieces.append(Fragment(text[done:], _PLAIN))
    return tuple(pieces)


def _excerpt(text: str, spans: Sequence[Span]) -> tuple[Fragment, ...]:
    """Fragments of the stretch that holds most matches, with an ellipsis where text was left out."""
    if len(text) <= EXCERPT_CHARS:
        return _fragments(text, spans)
    start = max(0, min(_best_start(spans) - _LEAD_CHARS, len(text) - EXCERPT_CHARS))
    end = start + EXCERPT_CHARS
    inside = [(max(a, start) - start, min(b, end) - start) for a, b in spans if a < end and b > start]
    pieces = _fragments(text[start:end], inside)
    before = (Fragment(_ELLIPSIS, _PLAIN),) if start else ()
    after = (Fragment(_ELLIPSIS, _PLAIN),) if end < len(text) else ()
    return (*before, *pieces, *after)


def _best_start(spans: Sequence[Span]) -> int:
    reach = EXCERPT_CHARS - _LEAD_CHARS
    starts = [start for start, _ in spans]
    counts = [(bisect_left(starts, start + reach) - place, -start) for place, start in enumerate(starts)]
    return -max(counts)[1] if counts else 0
