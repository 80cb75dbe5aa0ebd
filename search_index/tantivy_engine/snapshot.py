"""First stage of a search over tantivy: what matches, how many, which facets, and the best by its own BM25.

What a query means is decided in query.py, how the best are ordered in ranking.py. tantivy cannot be interrupted inside
one step, but a plan is bounded, and a step over a hundred thousand lectures takes milliseconds; the deadline is looked
at between steps.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Lock
from typing import Any, NamedTuple

import tantivy

from search_index.documents import FacetCount, SearchRequest
from search_index.listening import LastHeard
from search_index.passages import Speech
from search_index.ports import FEW_DOCUMENTS, NEAR_BELOW, Candidate, Matches
from search_index.query import OTHER_WAY_DISCOUNT, QueryPlan, Unit, units_needed
from search_index.query_units import Way, required_terms
from search_index.schema import KIND_FACET, Card, Stored
from search_index.stages import listed
from search_index.tantivy_engine import fields
from search_index.tantivy_engine.counting import MOST_VALUES, Counting, count_of, kept_counters
from search_index.tantivy_engine.facet_columns import FacetColumns, ValueCounter
from search_index.tantivy_engine.fields import ANY, CARD, LIVE, NEWEST, POPULAR, SCORED, SPEECH, STORED, facet_term

_KEPT_DOCUMENTS = 10_000
_SHORT_TEXTS = 2000
_SOME, _MANY = 500, 3000
"""Of more than some matches the best are picked by written words, of more than many by those asked for alone."""
_COMMON = 20_000
_SPOKEN_BOOST = 0.1
_MUST, _SHOULD = tantivy.Occur.Must, tantivy.Occur.Should
_DOC_BITS = 32


class _Kept(NamedTuple):
    """What is kept of a document: its card, its texts when they are short (long ones are read when shown)."""

    card: Card
    texts: bytes
    is_spoken: bool


class TantivySnapshot:
    """The index after one commit."""

    def __init__(self, index: tantivy.Index, columns: FacetColumns, previous: "TantivySnapshot | None" = None) -> None:
        self.index = index
        self._schema = index.schema
        self._searcher = index.searcher()
        self._kept_documents: OrderedDict[int, _Kept] = OrderedDict()
        self._lock = Lock()
        self._last_heard = LastHeard()
        self._live = tantivy.Query.term_query(self._schema, LIVE, 1)
        facts = self._searcher.aggregate(
            self._live,
            {
                "length": {"avg": {"field": fields.LENGTH}},
                "newest": {"max": {"field": NEWEST}},
                "count": {"value_count": {"field": NEWEST}},
            },
        )
        hidden = tantivy.Query.term_query(self._schema, fields.ID, fields.CHECKPOINT_ID, "basic")
        told = self._searcher.aggregate(hidden, {"checkpoint": {"max": {"field": fields.CHECKPOINT}}})
        self.checkpoint = int(told["checkpoint"]["value"])
        self.document_count = int(facts["count"]["value"] or 0)
        self.average_length = float(facts["length"]["value"] or 0.0)
        self._newest_key = int(facts["newest"]["value"] or 0)
        has_deleted = self._searcher.doc_freq(LIVE, 1) > self.document_count
        self._counts_exactly = has_deleted and self.document_count <= FEW_DOCUMENTS
        self.counters: Callable[[str], ValueCounter] = kept_counters() if previous is None else previous.counters
        self._counting = Counting(self._searcher, columns, self.counters)

    @property
    def newest_published_us(self) -> int:
        """Publication time of the newest document, 0 when empty."""
        return Card.published_of_key(self._newest_key) if self.document_count else 0

    def document_ids(self) -> list[str]:
        """Ids of all live documents."""
        found = self._searcher.terms_with_prefix(fields.ID, "", self._live)
        return [id_ for id_, _ in found]

    def stored(self, key: int) -> Stored:
        """Original texts of a candidate."""
        return fields.unpacked_texts(self._kept(key, _address(key)).texts or self._bytes(_address(key), STORED))

    def speech(self, key: int) -> bytes:
        """What is said in a candidate, packed."""
        return self._bytes(_address(key), SPEECH) if self._kept(key, _address(key)).is_spoken else b""

    def heard(self, key: int) -> Speech | None:
        """What is said in a candidate, unpacked."""
        return self._last_heard.of(key, self.speech)

    def find(self, plan: QueryPlan | None, request: SearchRequest, *, top: int, deadline_s: float) -> Matches:
        """Match exactly, filter, count, and return the best ``top`` candidates."""
        if time.monotonic() > deadline_s:
            return Matches(0, (), is_few=plan is not None, is_partial=True)
        everything = self._live if plan is None else self._matching(plan.units, ANY)
        if plan is not None and self._at_most(plan.units) < NEAR_BELOW:
            return self._few(everything)
        kept = self._filtered(everything, request.filters, None)
        is_whole = plan is None and not any(chosen for name, chosen in request.filters.items() if name != KIND_FACET)
        total, counts = self._counts(everything, kept, request, is_whole=is_whole)
        if plan is not None and total < NEAR_BELOW:
            few = self._few(everything)
            if few.total < NEAR_BELOW:
                return few
        if time.monotonic() > deadline_s:
            return Matches(total, (), counts, is_partial=True)
        if plan is None or request.sort != "relevance":
            field = POPULAR if request.sort == "popular" else NEWEST
            hits: Sequence[tuple[Any, tantivy.DocAddress]] = self._searcher.search(
                kept, limit=max(top, 1), count=False, order_by_field=field
            ).hits
        else:
            hits = self._best(plan, kept, request.filters, total, max(top, 1))
        best = [self._candidate(float(score), address) for score, address in hits[:top]]
        return Matches(total, best, counts, is_partial=time.monotonic() > deadline_s)

    def _few(self, everything: tantivy.Query) -> Matches:
        found = self._searcher.search(everything, limit=NEAR_BELOW)
        return Matches(count_of(found), [self._candidate(0.0, address) for _, address in found.hits], is_few=True)

    def _at_most(self, units: Sequence[Unit]) -> int:
        """Bound from above how many documents hold what is needed: one of the rarest must be there."""
        bounds = sorted(sum(map(self._frequency, unit.ways)) for unit in units)
        return sum(bounds[: len(units) - units_needed(units) + 1])

    def _frequency(self, way: Way) -> int:
        terms = (term for part in way.parts for term in required_terms(part))
        return min((self._searcher.doc_freq(ANY, term) for term in terms), default=0)

    def _best(
        self, plan: QueryPlan, kept: tantivy.Query, filters: Mapping[str, frozenset[str]], total: int, top: int
    ) -> Sequence[tuple[float, tantivy.DocAddress]]:
        """Best by the cheap score. Of many, those that have every word written come first, scored by these words."""
        if total > _MANY:
            written = self._filtered(self._matching(plan.units, SCORED), filters, None)
            hits = self._searcher.search(written, limit=top, count=False).hits
            if len(hits) == top:
                return hits
        scored = [(_MUST, tantivy.Query.const_score_query(kept, 0.0))]
        if total > _SOME:
            terms = [(term, weight) for term, weight in plan.scoring if len(term) > 1] or plan.scoring
            scored += self._scored(terms, is_speech_too=False)
        else:
            scored += self._scored(plan.scoring)
        return self._searcher.search(tantivy.Query.boolean_query(scored), limit=top, count=False).hits

    def nearest(self, terms: Sequence[tuple[str, float]], *, top: int, deadline_s: float) -> list[Candidate]:
        """Return the documents with the best cheap score over weighted terms."""
        clauses = self._scored(terms)
        if not clauses or time.monotonic() > deadline_s:
            return []
        found = self._searcher.search(tantivy.Query.boolean_query(clauses), limit=top, count=False)
        return [self._candidate(score, address) for score, address in found.hits]

    def frequencies(self, terms: Sequence[str], *, deadline_s: float) -> list[int]:
        """How many documents hold each term; in large indexes deleted ones count until their segment is merged."""
        if time.monotonic() > deadline_s:
            return [0] * len(terms)
        if self._counts_exactly:
            return [count_of(self._searcher.search(self._term(ANY, term), limit=1)) for term in terms]
        return [self._searcher.doc_freq(ANY, term) for term in terms]

    def _term(self, field: str, term: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, field, term, "freq" if field == SCORED else "basic")

    def _telling(self, terms: Sequence[tuple[str, float]]) -> Sequence[tuple[str, float]]:
        """Leave out what tens of thousands, and half of all, hold: it tells little and costs most; never everything."""
        most = max(_COMMON, self.document_count // 2)
        return [(term, weight) for term, weight in terms if self._searcher.doc_freq(ANY, term) <= most] or terms

    def _scored(
        self, terms: Sequence[tuple[str, float]], *, is_speech_too: bool = True
    ) -> list[tuple[tantivy.Occur, tantivy.Query]]:
        """Clauses of the cheap score: a term in the fields by its weight, a term only spoken by little."""
        boosted, terms = tantivy.Query.boost_query, self._telling(terms)
        clauses = [(_SHOULD, boosted(self._term(SCORED, term), weight)) for term, weight in terms]
        spoken = [(term, weight) for term, weight in terms if len(term) > 1 and is_speech_too]
        return clauses + [(_SHOULD, boosted(self._term(ANY, term), weight * _SPOKEN_BOOST)) for term, weight in spoken]

    def _matching(self, units: Sequence[Unit], field: str) -> tantivy.Query:
        if not units:
            return tantivy.Query.empty_query()
        needed = units_needed(units)
        if needed == len(units):
            return _all_of([self._unit(unit, field) for unit in units])
        return tantivy.Query.boolean_query([(_SHOULD, self._unit(unit, field)) for unit in units], needed)

    def _unit(self, unit: Unit, field: str) -> tantivy.Query:
        ways = []
        for place, way in enumerate(unit.ways):
            terms = dict.fromkeys(term for part in way.parts for term in required_terms(part))
            if terms:
                found = _all_of([self._term(field, term) for term in terms])
                worth = way.weight * OTHER_WAY_DISCOUNT if place else way.weight
                # A term that carries no boost is skimmed block by block for the best.
                ways.append(found if field == ANY or worth == 1 else tantivy.Query.boost_query(found, worth))
        if len(ways) == 1:
            return ways[0]
        return tantivy.Query.boolean_query([(_SHOULD, way) for way in ways]) if ways else tantivy.Query.empty_query()

    def _filtered(self, query: tantivy.Query, filters: Mapping[str, frozenset[str]], but: str | None) -> tantivy.Query:
        chosen = [
            tantivy.Query.term_set_query(
                self._schema, fields.FACET, [facet_term(name, value) for value in sorted(accepted)]
            )
            for name, accepted in filters.items()
            if accepted and name != but
        ]
        return _all_of([query, *(tantivy.Query.const_score_query(one, 0.0) for one in chosen)]) if chosen else query

    def _counts(
        self, everything: tantivy.Query, kept: tantivy.Query, request: SearchRequest, *, is_whole: bool
    ) -> tuple[int, dict[str, tuple[FacetCount, ...]]]:
        """Count the documents, and each facet as if it had no filter itself, so that more can be chosen."""
        at_most = request.facet_values
        free = tuple(name for name in request.facets if not request.filters.get(name))
        kinds = request.filters.get(KIND_FACET, frozenset())
        count = partial(self._counting.of_whole, kept, kinds) if is_whole else partial(self._counting.of, kept)
        total, counted = count(free, at_most)
        found = {name: listed(counts, frozenset(), at_most) for name, counts in counted.items()}
        for name in request.facets:
            chosen = request.filters.get(name)
            if chosen:
                without = self._filtered(everything, request.filters, name)
                every = self._counting.of(without, (name,), MOST_VALUES)[1][name]
                found[name] = listed(every, chosen, at_most)
        return total, {name: found[name] for name in request.facets}

    def _candidate(self, score: float, address: tantivy.DocAddress) -> Candidate:
        key = address.segment_ord << _DOC_BITS | address.doc
        return Candidate(key, score, self._kept(key, address).card)

    def _kept(self, key: int, address: tantivy.DocAddress) -> "_Kept":
        with self._lock:
            kept = self._kept_documents.get(key)
            if kept is not None:
                self._kept_documents.move_to_end(key)
                return kept
        document = self._searcher.doc(address)
        texts: bytes = document.get_first(STORED) or b""
        card = fields.unpacked_card(document.get_first(CARD) or b"")
        is_spoken = bool(document.get_first(SPEECH))
        kept = _Kept(card, texts if len(texts) <= _SHORT_TEXTS else b"", is_spoken)
        with self._lock:
            self._kept_documents[key] = kept
            if len(self._kept_documents) > _KEPT_DOCUMENTS:
                self._kept_documents.popitem(last=False)
        return kept

    def _bytes(self, address: tantivy.DocAddress, field: str) -> bytes:
        value: bytes = self._searcher.doc(address).get_first(field) or b""
        return value


def _all_of(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    return queries[0] if len(queries) == 1 else tantivy.Query.boolean_query([(_MUST, one) for one in queries])


def _address(key: int) -> tantivy.DocAddress:
    return tantivy.DocAddress(key >> _DOC_BITS, key & (1 << _DOC_BITS) - 1)
