"""The cards of all segments laid side by side in memory: one array per fact, one place per document.

Documents are counted through all segments in order; deleted ones keep their place and are never listed.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_index.documents import FacetCount, Sort
from search_index.schema import KIND_FACET, Card
from search_index.stages import listed

_K1, _B = 1.8, 0.3

Numbers = NDArray[np.int32]
Mask = NDArray[np.bool_]


class FacetColumn:
    """Values of one facet: every document holds the number of its combination of values."""

    def __init__(self, numbers: Numbers, combinations: list[tuple[str, ...]]) -> None:
        self.numbers = numbers
        self.combinations = combinations

    @classmethod
    def of(cls, values_of_documents: Iterable[tuple[str, ...]]) -> "FacetColumn":
        """Number the combinations of documents."""
        known: dict[tuple[str, ...], int] = {}
        numbers = np.fromiter((known.setdefault(one, len(known)) for one in values_of_documents), np.int32)
        return cls(numbers, list(known))

    @classmethod
    def joined(cls, parts: Sequence["FacetColumn"]) -> "FacetColumn":
        """Lay columns one after the other."""
        if len(parts) == 1:
            return parts[0]
        begins = accumulate([len(part.combinations) for part in parts], initial=0)
        numbers = [part.numbers + np.int32(begin) for part, begin in zip(parts, begins, strict=False)]
        combinations = [one for part in parts for one in part.combinations]
        return cls(np.concatenate(numbers) if numbers else np.empty(0, np.int32), combinations)

    def accepting(self, accepted: frozenset[str]) -> Mask:
        """For every document, whether it carries one of the accepted values."""
        good = np.fromiter((not accepted.isdisjoint(values) for values in self.combinations), np.bool_)
        return good[self.numbers] if len(good) else np.zeros(len(self.numbers), np.bool_)

    def count(self, documents: Numbers) -> dict[str, int]:
        """Count the values over documents."""
        counts: dict[str, int] = {}
        tallies = np.bincount(self.numbers[documents], minlength=len(self.combinations))
        for number in np.flatnonzero(tallies):
            for value in dict.fromkeys(self.combinations[number]):
                counts[value] = counts.get(value, 0) + int(tallies[number])
        return counts


class SegmentColumns:
    """Facts of one segment's documents; laid out when the segment is opened, so that no search waits for it."""

    def __init__(self, cards: Sequence[Card]) -> None:
        count = len(cards)
        self.cards = cards
        self.lengths = np.fromiter((card.length for card in cards), np.float32, count)
        self.boosts = np.fromiter((card.boost for card in cards), np.float32, count)
        self.newest_keys = np.fromiter((card.newest_key for card in cards), np.int64, count)
        self.popular_keys = np.fromiter((card.popular_key for card in cards), np.int64, count)
        names = dict.fromkeys(name for card in cards for name in card.facets)
        self.facets = {name: FacetColumn.of(card.facets.get(name, ()) for card in cards) for name in names}

    def facet(self, name: str) -> FacetColumn:
        """Column of a facet; of one that no document has, too."""
        none = FacetColumn(np.zeros(len(self.cards), np.int32), [()])
        return self.facets.get(name, none)


class Columns:
    """Everything about live documents that matching, sorting and the cheap score need."""

    def __init__(self, segments: Sequence[SegmentColumns], deleted: Sequence[int]) -> None:
        self._segments = segments
        self.cards: Sequence[Card] = [card for each in segments for card in each.cards]
        self.is_live = np.ones(len(self.cards), np.bool_)
        self.is_live[deleted] = False
        self.live: Numbers = np.flatnonzero(self.is_live).astype(np.int32)
        lengths = _joined([each.lengths for each in segments], np.float32)
        self.average_length = float(lengths[self.live].mean()) if len(self.live) else 0.0
        per_average = _B / self.average_length if self.average_length else 0.0
        self.norms = (_K1 * (1 - _B + lengths * per_average)).astype(np.float32)
        self.boosts = _joined([each.boosts for each in segments], np.float32)
        self._facets: dict[str, FacetColumn] = {}
        self._of_kinds: dict[frozenset[str], Numbers] = {}
        #: Counts of every live document, and of those of some kinds, by the array that lists them.
        self._whole_counts: dict[tuple[int, str], Mapping[str, int]] = {}
        self._ranks: dict[Sort, Numbers] = {}

    def facet(self, name: str) -> FacetColumn:
        """Column of a facet through all segments."""
        column = self._facets.get(name)
        if column is None:
            column = self._facets[name] = FacetColumn.joined([each.facet(name) for each in self._segments])
        return column

    def count(self, name: str, documents: Numbers, selected: frozenset[str], at_most: int) -> tuple[FacetCount, ...]:
        """List a facet's most frequent values over documents."""
        if documents is not self.live and all(documents is not one for one in self._of_kinds.values()):
            return listed(self.facet(name).count(documents), selected, at_most)
        counts = self._whole_counts.get((id(documents), name))
        if counts is None:  # every visitor asks for the counts of the whole index
            counts = self._whole_counts[id(documents), name] = self.facet(name).count(documents)
        return listed(counts, selected, at_most)

    def of_kinds(self, kinds: frozenset[str]) -> Numbers:
        """List the live documents of some kinds, the same array every time."""
        wanted = kinds & self.kinds
        if wanted == self.kinds:
            return self.live
        if wanted not in self._of_kinds:
            self._of_kinds[wanted] = self.live[self.facet(KIND_FACET).accepting(wanted)[self.live]]
        return self._of_kinds[wanted]

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The kinds of the live documents."""
        return frozenset(self.cards[number].kind for number in self.live.tolist())

    def first(self, documents: Numbers, count: int, sort: Sort) -> Sequence[int]:
        """Take the first of the documents in an order that does not depend on the query."""
        return self._first(documents, self._rank(sort)[documents], count)

    def highest(self, documents: Numbers, scores: NDArray[np.float32], count: int) -> Sequence[int]:
        """Take the documents with the highest scores, in order; equal ones are ordered by age and id."""
        if len(documents) > 4 * count:
            least = np.partition(scores, len(scores) - count)[len(scores) - count]
            kept = scores >= least
            documents, scores = documents[kept], scores[kept]
        order = np.lexsort((self._rank("newest")[documents], -scores))[:count]
        return documents[order].tolist()  # type: ignore[no-any-return]

    def _first(self, documents: Numbers, ranks: NDArray[np.int32], count: int) -> Sequence[int]:
        if count < len(documents):
            nearest = np.argpartition(ranks, count)[:count]
            documents, ranks = documents[nearest], ranks[nearest]
        return documents[np.argsort(ranks)].tolist()  # type: ignore[no-any-return]

    @cached_property
    def _newest_keys(self) -> NDArray[np.int64]:
        return _joined([each.newest_keys for each in self._segments], np.int64)

    def _rank(self, sort: Sort) -> Numbers:
        """Place of each document in an order, laid out when first asked for; equal keys are ordered by id."""
        ranks = self._ranks.get(sort)
        if ranks is None:
            popular = [each.popular_keys for each in self._segments]
            keys = _joined(popular, np.int64) if sort == "popular" else self._newest_keys
            ranks = self._ranks[sort] = self._ranked(keys)
        return ranks

    def _ranked(self, keys: NDArray[np.int64]) -> Numbers:
        order = np.argsort(-keys, kind="stable")
        keys = keys[order]
        bounds = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1], [True]]))
        for begin in np.flatnonzero(np.diff(bounds) > 1):
            same = slice(bounds[begin], bounds[begin + 1])
            order[same] = sorted(order[same].tolist(), key=lambda number: self.cards[number].id)
        ranks = np.empty(len(order), np.int32)
        ranks[order] = np.arange(len(order), dtype=np.int32)
        return ranks

    @cached_property
    def newest_published_us(self) -> int:
        """Publication time of the newest live document, 0 when there is none."""
        return Card.published_of_key(int(self._newest_keys[self.live].max())) if len(self.live) else 0


def _joined(parts: Sequence[NDArray[Any]], kind: type[Any]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, kind)
