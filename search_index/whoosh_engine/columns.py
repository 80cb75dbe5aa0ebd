"""The cards of all segments laid side by side in memory: one array per fact, one place per document.

Documents are counted through all segments in order; deleted ones keep their place and are never listed.
"""

import heapq
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from operator import itemgetter

from search_index.documents import FacetCount
from search_index.schema import Card
from search_index.whoosh_engine.segments import Posting

_K1, _B = 1.2, 0.5
"""BM25: titles weigh most of a record, so its length is punished gently."""
_BYTE_VALUES = 256
_FEW_DOCUMENTS = 500


class FacetColumn:
    """Values of one facet: every document holds the number of its combination of values."""

    def __init__(self, values_of_documents: Iterable[tuple[str, ...]]) -> None:
        numbers: dict[tuple[str, ...], int] = {}
        self._numbers = array("I", (numbers.setdefault(values, len(numbers)) for values in values_of_documents))
        self._combinations = list(numbers)

    def accepting(self, documents: Iterable[int], accepted: frozenset[str]) -> list[int]:
        """Documents that carry one of the accepted values."""
        good = {number for number, values in enumerate(self._combinations) if not accepted.isdisjoint(values)}
        numbers = self._numbers
        return [document for document in documents if numbers[document] in good]

    def count(self, documents: Collection[int]) -> dict[str, int]:
        """Count the values over documents."""
        counts: dict[str, int] = {}
        for number, count in self._combination_counts(documents):
            for value in self._combinations[number]:
                counts[value] = counts.get(value, 0) + count
        return counts

    def _combination_counts(self, documents: Collection[int]) -> Iterable[tuple[int, int]]:
        numbers = map(self._numbers.__getitem__, documents)
        if len(self._combinations) > _BYTE_VALUES or len(documents) < _FEW_DOCUMENTS:
            return Counter(numbers).items()
        packed = bytes(numbers)  # counting a byte in bytes is far faster than counting objects
        return [(number, packed.count(number)) for number in range(len(self._combinations)) if number in packed]


class Columns:
    """Everything about live documents that matching, sorting and ranking need."""

    def __init__(self, cards: Sequence[Card], deleted: frozenset[int]) -> None:
        self.cards = cards
        self.live: Sequence[int] = (
            [number for number in range(len(cards)) if number not in deleted] if deleted else range(len(cards))
        )
        lengths = [card.length for card in cards]
        average = sum(map(lengths.__getitem__, self.live)) / len(self.live) if self.live else 0.0
        per_average = _B / average if average else 0.0
        self.norms = [_K1 * (1 - _B + length * per_average) for length in lengths]
        self._facets: dict[str, FacetColumn] = {}
        self._live_counts: dict[str, list[tuple[str, int]]] = {}

    def facet(self, name: str) -> FacetColumn:
        """Column of a facet, laid out when first asked for."""
        column = self._facets.get(name)
        if column is None:
            column = self._facets[name] = FacetColumn(card.facets.get(name, ()) for card in self.cards)
        return column

    def add_scores(self, scores: dict[int, float], posting: Posting, gain: float, *, is_first: bool) -> None:
        """Add one term's BM25 to the documents already in ``scores``, all still zero at the first term."""
        factor = gain * (_K1 + 1)
        norms = map(self.norms.__getitem__, posting.documents)
        parts = [factor * weight / (weight + norm) for weight, norm in zip(posting.weights, norms, strict=True)]
        if is_first and len(scores) == len(posting.documents) and scores.keys() == set(posting.documents):
            scores.update(zip(posting.documents, parts, strict=True))
            return
        for document, part in zip(posting.documents, parts, strict=True):
            if document in scores:
                scores[document] += part

    def count(
        self, name: str, documents: Collection[int], selected: Collection[str], at_most: int
    ) -> tuple[FacetCount, ...]:
        """List a facet's most frequent values; selected ones are always listed, even when nothing has them."""
        ordered = self._live_counts.get(name) if documents is self.live else None
        if ordered is None:
            counts = self.facet(name).count(documents)
            ordered = sorted(sorted(counts.items()), key=itemgetter(1), reverse=True)
            if documents is self.live:
                self._live_counts[name] = ordered  # every visitor asks for the counts of the whole index
        listed = ordered[:at_most]
        if selected:
            shown = {value for value, _ in listed}
            others = dict(ordered)
            listed += [(value, others.get(value, 0)) for value in sorted(selected) if value not in shown]
        return tuple(FacetCount(value, count) for value, count in listed)

    def newest(self, documents: Collection[int], count: int) -> Sequence[int]:
        """Take the newest of the documents, in order."""
        if documents is self.live:
            return self._live_newest[:count]
        return heapq.nsmallest(count, documents, key=self._newest_rank.__getitem__)

    @cached_property
    def _live_newest(self) -> Sequence[int]:
        return sorted(self.live, key=self._newest_rank.__getitem__)

    @cached_property
    def _newest_rank(self) -> Sequence[int]:
        """Place of each document when the newest come first; equal times are ordered by id."""
        order = sorted(range(len(self.cards)), key=lambda n: (-self.cards[n].published_us, self.cards[n].id))
        ranks = array("I", bytes(4 * len(order)))
        for rank, number in enumerate(order):
            ranks[number] = rank
        return ranks

    @cached_property
    def newest_published_us(self) -> int:
        """Publication time of the newest live document, 0 when there is none."""
        return max((self.cards[number].published_us for number in self.live), default=0)
