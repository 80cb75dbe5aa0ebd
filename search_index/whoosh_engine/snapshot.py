"""First stage of a search over Whoosh: which documents match, how many, which facets, and the best of them.

Works on the postings of the plan's terms, each read once, as arrays. What a query means is decided in query.py, how
the best are ordered in ranking.py.
"""

import math
import time
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search_index.documents import FacetCount, SearchRequest
from search_index.listening import LastHeard
from search_index.passages import Speech
from search_index.ports import FEW_DOCUMENTS, NEAR_BELOW, Candidate, Matches
from search_index.query import QueryPlan, Unit, units_needed
from search_index.query_units import required_terms
from search_index.schema import KIND_FACET, Stored
from search_index.whoosh_engine.columns import Columns, Mask, Numbers
from search_index.whoosh_engine.segments import NOTHING, OpenSegment, Posting

_K1 = 1.8


@dataclass(frozen=True, slots=True)
class LiveSegment:
    """A segment within a snapshot: its first document's number, and which of its documents are deleted."""

    segment: OpenSegment
    base: int
    deleted: frozenset[int]


class WhooshSnapshot:
    """The index after one commit."""

    def __init__(self, segments: Sequence[LiveSegment], generation: int, checkpoint: int) -> None:
        self.segments = segments
        self.generation = generation
        self.checkpoint = checkpoint
        self._last_heard = LastHeard()
        self._bases = [live.base for live in segments]
        deleted = [live.base + number for live in segments for number in live.deleted]
        self._columns = Columns([live.segment.columns for live in segments], deleted)

    @property
    def document_count(self) -> int:
        """Live documents."""
        return len(self._columns.live)

    @property
    def newest_published_us(self) -> int:
        """Publication time of the newest document, 0 when empty."""
        return self._columns.newest_published_us

    @property
    def average_length(self) -> float:
        """Mean weighted length of the documents."""
        return self._columns.average_length

    def document_ids(self) -> list[str]:
        """Ids of all live documents."""
        return [self._columns.cards[number].id for number in self._columns.live.tolist()]

    def stored(self, key: int) -> Stored:
        """Original texts of a candidate."""
        live = self._segment_of(key)
        return live.segment.stored(key - live.base)

    def speech(self, key: int) -> bytes:
        """What is said in a candidate, packed."""
        live = self._segment_of(key)
        return live.segment.speech(key - live.base)

    def heard(self, key: int) -> Speech | None:
        """What is said in a candidate, unpacked."""
        return self._last_heard.of(key, self.speech)

    def _segment_of(self, key: int) -> LiveSegment:
        return self.segments[bisect_right(self._bases, key) - 1]

    def find(self, plan: QueryPlan | None, request: SearchRequest, *, top: int, deadline_s: float) -> Matches:
        """Match exactly, filter, count, and return the best ``top`` candidates."""
        search = _Search(self, len(self._columns.cards), deadline_s)
        everything = self._columns.live if plan is None else search.matching(plan.units)
        if plan is not None and len(everything) < NEAR_BELOW:
            few = [self._candidate(number, 0.0) for number in everything.tolist()]
            return Matches(len(few), few, is_few=True, is_partial=search.is_partial)
        kept = self._filtered(everything, request.filters, None)
        if plan is None or request.sort != "relevance":
            sort = "newest" if request.sort == "relevance" else request.sort
            best = [self._candidate(number, 0.0) for number in self._columns.first(kept, top, sort)]
        else:
            best = self._best(search, plan.scoring, kept, top)
        return Matches(len(kept), best, self._counts(everything, kept, request), is_partial=search.is_partial)

    def nearest(self, terms: Sequence[tuple[str, float]], *, top: int, deadline_s: float) -> list[Candidate]:
        """Return the documents with the best cheap score over weighted terms."""
        return self._best(_Search(self, len(self._columns.cards), deadline_s), terms, None, top)

    def frequencies(self, terms: Sequence[str], *, deadline_s: float) -> list[int]:
        """How many live documents hold each term; in large indexes deleted ones count until their segment is merged."""
        if time.monotonic() > deadline_s:
            return [0] * len(terms)
        return [sum(self._frequency(live, term, deadline_s) for live in self.segments) for term in terms]

    def _frequency(self, live: LiveSegment, term: str, deadline_s: float) -> int:
        if live.deleted and self.document_count <= FEW_DOCUMENTS:
            return len(self._live_posting(live, term, deadline_s).documents)
        return live.segment.frequency(term)

    def posting(self, term: str, deadline_s: float) -> Posting:
        """Read the live documents of a term, numbered through all segments."""
        parts = [self._live_posting(live, term, deadline_s) for live in self.segments]
        parts = [part for part in parts if len(part.documents) or part.is_cut]
        if len(parts) < 2:
            return parts[0] if parts else NOTHING
        return Posting(
            np.concatenate([part.documents for part in parts]),
            np.concatenate([part.weights for part in parts]),
            any(part.is_cut for part in parts),
        )

    def _live_posting(self, live: LiveSegment, term: str, deadline_s: float) -> Posting:
        posting = live.segment.posting(term, deadline_s)
        if not len(posting.documents) or not (live.base or live.deleted):
            return posting
        documents = posting.documents + np.int32(live.base)
        if not live.deleted:
            return Posting(documents, posting.weights, posting.is_cut)
        kept = self._columns.is_live[documents]
        return Posting(documents[kept], posting.weights[kept], posting.is_cut)

    def _filtered(self, documents: Numbers, filters: Mapping[str, frozenset[str]], but: str | None) -> Numbers:
        kinds = filters.get(KIND_FACET, frozenset()) if but != KIND_FACET else frozenset()
        is_whole = documents is self._columns.live
        if kinds and is_whole:
            documents = self._columns.of_kinds(kinds)
        for name, accepted in filters.items():
            if accepted and name != but and not (is_whole and name == KIND_FACET):
                documents = documents[self._columns.facet(name).accepting(accepted)[documents]]
        return documents

    def _counts(self, everything: Numbers, kept: Numbers, request: SearchRequest) -> dict[str, tuple[FacetCount, ...]]:
        """Count each facet as if it had no filter itself, so that more of its values can be chosen."""
        counts = {}
        for name in request.facets:
            selected = request.filters.get(name, frozenset())
            counted = self._filtered(everything, request.filters, name) if selected else kept
            counts[name] = self._columns.count(name, counted, selected, request.facet_values)
        return counts

    def _best(
        self, search: "_Search", terms: Sequence[tuple[str, float]], documents: Numbers | None, top: int
    ) -> list[Candidate]:
        scores = search.scores(terms) * self._columns.boosts
        if documents is None:
            documents = np.flatnonzero(scores > 0).astype(np.int32)
        numbers = self._columns.highest(documents, scores[documents], top) if top else ()
        return [self._candidate(number, float(scores[number])) for number in numbers]

    def _candidate(self, number: int, score: float) -> Candidate:
        return Candidate(number, score, self._columns.cards[number])

    def rarity(self, frequency: int) -> float:
        """Inverse document frequency, over live documents only, so that it does not depend on past commits."""
        return math.log(1 + (self.document_count - frequency + 0.5) / (frequency + 0.5))

    def gains(self, posting: Posting, weight: float) -> NDArray[np.float32]:
        """One term's part of the documents' scores: its weight in the query times its rarity, saturated."""
        factor = np.float32(weight * self.rarity(len(posting.documents)) * (_K1 + 1))
        norms = self._columns.norms[posting.documents]
        gained: NDArray[np.float32] = factor * posting.weights / (posting.weights + norms)
        return gained


class _Search:
    """One run over the postings: each term is read once, and reading stops at the deadline."""

    def __init__(self, snapshot: WhooshSnapshot, size: int, deadline_s: float) -> None:
        self._snapshot, self._size, self._deadline_s = snapshot, size, deadline_s
        self._postings: dict[str, Posting] = {}
        self.is_partial = False

    def matching(self, units: Sequence[Unit]) -> Numbers:
        """Documents that hold as many of the units as are needed."""
        if not units:
            return NOTHING.documents
        masks = [self._mask(unit) for unit in units]
        needed = units_needed(units)
        if needed == len(masks):
            whole = masks[0]
            for mask in masks[1:]:
                whole = whole & mask
            return np.flatnonzero(whole).astype(np.int32)
        counted = np.zeros(self._size, np.int8)
        for mask in masks:
            counted += mask
        return np.flatnonzero(counted >= needed).astype(np.int32)

    def scores(self, terms: Sequence[tuple[str, float]]) -> NDArray[np.float32]:
        """Cheap score of every document."""
        scores = np.zeros(self._size, np.float32)
        for term, weight in terms:
            posting = self._posting(term)
            if len(posting.documents):
                scores[posting.documents] += self._snapshot.gains(posting, weight)
        return scores

    def _mask(self, unit: Unit) -> Mask:
        mask = np.zeros(self._size, np.bool_)
        for way in unit.ways:
            mask[self._holding_all([term for part in way.parts for term in required_terms(part)])] = True
        return mask

    def _holding_all(self, terms: Sequence[str]) -> Numbers:
        found = sorted((self._posting(term).documents for term in dict.fromkeys(terms)), key=len)
        if not found:
            return NOTHING.documents
        documents = found[0]
        for other in found[1:]:
            if not len(documents):
                break
            documents = documents[np.isin(documents, other, assume_unique=True, kind="table")]
        return documents

    def _posting(self, term: str) -> Posting:
        if term not in self._postings:
            is_late = time.monotonic() > self._deadline_s
            posting = NOTHING if is_late else self._snapshot.posting(term, self._deadline_s)
            self.is_partial = self.is_partial or is_late or posting.is_cut
            self._postings[term] = posting
        return self._postings[term]
