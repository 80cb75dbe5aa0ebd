"""Counting exactly: how many documents match a query, and how many of them carry each value of a facet."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache

import tantivy

from search_index.tantivy_engine.facet_codes import NOTHING, texts_of_codes
from search_index.tantivy_engine.facet_columns import LAST, FacetColumns, ValueCounter
from search_index.tantivy_engine.fields import FACET, FACET_COLUMNS, facet_term

MOST_VALUES = 20_000
_KEPT_COUNTERS = 64
_KEPT_COUNTS = 32

Counted = tuple[int, Mapping[str, Mapping[str, int]]]
"""Number of documents, and by facet the number of each value."""


def kept_counters() -> Callable[[str], ValueCounter]:
    """Return counters by facet, to be handed on from snapshot to snapshot: what numbers mean does not change."""
    return lru_cache(maxsize=_KEPT_COUNTERS)(ValueCounter)


class Counting:
    """Counts in one snapshot."""

    def __init__(
        self,
        searcher: tantivy.Searcher,
        columns: FacetColumns,
        counters: Callable[[str], ValueCounter],
    ) -> None:
        self._searcher = searcher
        self._columns = columns
        self._counters = counters
        told = searcher.aggregate(tantivy.Query.all_query(), {"last": {"max": {"field": FACET_COLUMNS[LAST]}}})
        self._overflow = (LAST,) if (told["last"]["value"] or NOTHING) > NOTHING else ()
        self._whole: dict[tuple[frozenset[str], tuple[str, ...], int], Counted] = {}

    def of_whole(self, query: tantivy.Query, kinds: frozenset[str], names: tuple[str, ...], at_most: int) -> Counted:
        """Count all documents of some kinds; kept, because every visitor asks for it, until somebody makes up kinds."""
        counted = self._whole.get((kinds, names, at_most))
        if counted is None:
            counted = self.of(query, names, at_most)
            if len(self._whole) < _KEPT_COUNTS:
                self._whole[kinds, names, at_most] = counted
        return counted

    def of(self, query: tantivy.Query, names: Sequence[str], at_most: int) -> Counted:
        """Count what matches: of each facet at least the ``at_most`` most frequent values, with all that tie."""
        if not names:
            return count_of(self._searcher.search(query, limit=1)), {}
        places = {name: self._columns.column_of(name) for name in names}
        sizes = dict.fromkeys((*places.values(), *self._overflow), MOST_VALUES)
        few = min(2 * at_most + 20, MOST_VALUES)
        sizes |= {at: few for name, at in places.items() if name in self._columns.single and not self._overflow}
        answer = self._searcher.aggregate(query, {str(at): _terms(at, size) for at, size in sizes.items()})
        for at, size in sizes.items():
            buckets = answer[str(at)]["buckets"]
            if len(buckets) == size < MOST_VALUES and buckets[at_most - 1]["doc_count"] == buckets[-1]["doc_count"]:
                answer |= self._searcher.aggregate(query, {str(at): _terms(at, MOST_VALUES)})
        first = next(iter(answer.values()))  # every document has one number in every column
        total = sum(bucket["doc_count"] for bucket in first["buckets"]) + first["sum_other_doc_count"]
        cut = {at for at in sizes if sizes[at] == MOST_VALUES and answer[str(at)]["sum_other_doc_count"]}
        counts = {at: {each["key"]: each["doc_count"] for each in answer[str(at)]["buckets"]} for at in sizes}
        for overflow in self._overflow:
            counts |= {at: counts[at] | counts[overflow] for at in places.values()}
        return int(total), {
            name: self._one_by_one(query, name)
            if cut.intersection((at, *self._overflow))
            else self._counters(name).counted(counts[at], lambda: self._texts)
            for name, at in places.items()
        }

    @cached_property
    def _texts(self) -> dict[int, str]:
        """Look up what the numbers of this commit mean."""
        return texts_of_codes(self._searcher)

    def _one_by_one(self, query: tantivy.Query, name: str) -> Mapping[str, int]:
        """Count a facet whose column has more texts than an answer holds: slower, and exact as well."""
        begin = facet_term(name, "")
        return {term.removeprefix(begin): n for term, n in self._searcher.terms_with_prefix(FACET, begin, query) if n}


def count_of(result: tantivy.SearchResult) -> int:
    """Exact number of documents that match; missing from the package's type information."""
    count: int = result.count  # type: ignore[attr-defined]
    return count


def _terms(column: int, size: int) -> dict[str, object]:
    return {"terms": {"field": FACET_COLUMNS[column], "size": size, "segment_size": MOST_VALUES}}
