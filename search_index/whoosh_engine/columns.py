"""The cards of all segments laid side by side in memory: one array per fact, one place per document.

Documents are counted through all segments in order; deleted ones keep their place and are never listed.
"""

import heapq
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

from search_index.documents import FacetCount
from search_index.schema import Card

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

    def count(self, documents: Collection[int], selected: Iterable[str]) -> tuple[FacetCount, ...]:
        """Count values over documents, the most frequent first; selected values stay listed even with none."""
        counts: Counter[str] = Counter(dict.fromkeys(selected, 0))
        for number, count in self._combination_counts(documents):
            for value in self._combinations[number]:
                counts[value] += count
        return tuple(FacetCount(value, count) for value, count in sorted(counts.items(), key=lambda c: (-c[1], c[0])))

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
        average = sum(lengths) / len(lengths) if lengths else 0.0
        per_average = _B / average if average else 0.0
        self.norms = [_K1 * (1 - _B + length * per_average) for length in lengths]
        self._facets: dict[str, FacetColumn] = {}
        self._live_counts: dict[str, tuple[FacetCount, ...]] = {}

    def facet(self, name: str) -> FacetColumn:
        """Column of a facet, laid out when first asked for."""
        column = self._facets.get(name)
        if column is None:
            column = self._facets[name] = FacetColumn(card.facets.get(name, ()) for card in self.cards)
        return column

    def add_scores(
        self, scores: dict[int, float], documents: Iterable[int], weights: Iterable[float], gain: float
    ) -> None:
        """Add one term's BM25 to the documents already in ``scores``."""
        norms = self.norms
        factor = gain * (_K1 + 1)
        for document, weight in zip(documents, weights, strict=True):
            if document in scores:
                scores[document] += factor * weight / (weight + norms[document])

    def count(self, name: str, documents: Collection[int], selected: Iterable[str]) -> tuple[FacetCount, ...]:
        """Count a facet's values; the counts of the whole index, asked for by every visitor, are kept."""
        if documents is not self.live or selected:
            return self.facet(name).count(documents, selected)
        if name not in self._live_counts:
            self._live_counts[name] = self.facet(name).count(documents, ())
        return self._live_counts[name]

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
