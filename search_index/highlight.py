"""Marks in the original text what the query matched, as fragments, never as markup.

Matching happens in folded text and is carried back to the original: 太极拳 marks 太極拳, ｗｉｆｉ is marked by wifi,
and yangsheng or ys mark 养生, because the query's plan knows what they stand for.
"""

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
        spans = self._spans(texts)
        return {
            name: _excerpt(text, spans[name]) if name == "description" else _fragments(text, spans[name])
            for name, text in texts.items()
        }

    def mark(self, text: str) -> tuple[Fragment, ...]:
        """Cut one text into fragments."""
        return _fragments(text, self._spans({"": text})[""])

    def _spans(self, texts: Mapping[str, str]) -> Mapping[str, Sequence[Span]]:
        """Matched parts of the original texts, in order, not overlapping."""
        if not self._wanted:
            return dict.fromkeys(texts, ())
        folded = {name: fold(text) for name, text in texts.items()}
        plain = {name: one.text for name, one in folded.items()}
        found: dict[str, list[Span]] = {name: [] for name in texts}
        together = "\n".join(plain.values())
        for wanted in self._wanted:
            _first_that_finds(wanted, together, plain, found)
        return {
            name: _merged(folded[name].original_span(start, end) for start, end in spans)
            for name, spans in found.items()
        }


def _first_that_finds(
    ways: Sequence[Sequence[str]], together: str, texts: Mapping[str, str], found: Mapping[str, list[Span]]
) -> None:
    """Add the places of a unit, over all fields: as typed, else by its other ways, else its pairs of characters."""
    for wanted in ways:
        there = [one for one in wanted if one in together]
        if not there:
            continue
        places = {name: [span for one in there for span in _literal(text, one)] for name, text in texts.items()}
        if any(places.values()):
            for name, spans in places.items():
                found[name].extend(spans)
            return


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
    pieces: list[Fragment] = []
    done = 0
    for start, end in spans:
        if start > done:
            pieces.append(Fragment(text[done:start], is_match=False))
        pieces.append(Fragment(text[start:end], is_match=True))
        done = end
    if done < len(text):
        pieces.append(Fragment(text[done:], is_match=False))
    return tuple(pieces)


def _excerpt(text: str, spans: Sequence[Span]) -> tuple[Fragment, ...]:
    """Fragments of the stretch that holds most matches, with an ellipsis where text was left out."""
    if len(text) <= EXCERPT_CHARS:
        return _fragments(text, spans)
    start = max(0, min(_best_start(spans) - _LEAD_CHARS, len(text) - EXCERPT_CHARS))
    end = start + EXCERPT_CHARS
    inside = [(max(a, start) - start, min(b, end) - start) for a, b in spans if a < end and b > start]
    pieces = _fragments(text[start:end], inside)
    before = (Fragment(_ELLIPSIS, is_match=False),) if start else ()
    after = (Fragment(_ELLIPSIS, is_match=False),) if end < len(text) else ()
    return (*before, *pieces, *after)


def _best_start(spans: Sequence[Span]) -> int:
    reach = EXCERPT_CHARS - _LEAD_CHARS
    counts = [(sum(start <= other < start + reach for other, _ in spans), -start) for start, _ in spans]
    return -max(counts)[1] if counts else 0
