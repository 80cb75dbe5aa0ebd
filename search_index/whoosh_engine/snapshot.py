"""First stage of a search over Whoosh: which documents match, how many, which facets, and the best of them.

Works on the postings of the plan's terms, each read once. Deciding what a query means is in query.py, ordering the
best finely in ranking.py.
"""

import math
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from search_index.documents import FacetCount, SearchRequest
from search_index.ports import Candidate, Matches, Stored
from search_index.query import QueryPlan, Term, Unit, units_needed
from search_index.whoosh_engine.columns import Columns
from search_index.whoosh_engine.segments import OpenSegment, Posting

NEAR_BELOW = 10
"""Near hits are looked for when fewer exact ones exist than fit on a first page."""
RECOVER_BELOW = 5
"""Hits by sound are looked for when even exact and near ones are this few."""
NEAR_SHARE = 0.5
"""Part of the query's rarity a near hit contains."""

SOUND_WEIGHT = 0.5

_NOTHING = Posting([], ())


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
        self._bases = [live.base for live in segments]
        deleted = frozenset(live.base + number for live in segments for number in live.deleted)
        self._columns = Columns([card for live in segments for card in live.segment.cards], deleted)

    @property
    def document_count(self) -> int:
        """Live documents."""
        return len(self._columns.live)

    @property
    def newest_published_us(self) -> int:
        """Publication time of the newest document, 0 when empty."""
        return self._columns.newest_published_us

    def document_ids(self) -> list[str]:
        """Ids of all live documents."""
        return [self._columns.cards[number].id for number in self._columns.live]

    def stored(self, key: int) -> Stored:
        """Original texts of a candidate."""
        live = self.segments[bisect_right(self._bases, key) - 1]
        return live.segment.stored(key - live.base)

    def find(self, plan: QueryPlan | None, request: SearchRequest, *, top: int, deadline_s: float) -> Matches:
        """Match, filter, count, and return the best ``top`` candidates."""
        search = _Search(self, deadline_s)
        tiers: list[Collection[int]] = [self._columns.live] if plan is None else search.tiers(plan)
        everything = tiers[0] if len(tiers) == 1 else [number for tier in tiers for number in tier]
        kept = self._filtered(everything, request.filters, None)
        if kept is not everything:
            allowed = set(kept)
            tiers = [[number for number in tier if number in allowed] for tier in tiers]
        return Matches(
            total=len(kept),
            exact_total=len(tiers[0]) if tiers else 0,
            best=self._best(search, plan, tiers, kept, request, top),
            facets=self._counts(everything, kept, request),
            is_partial=search.is_partial,
        )

    def posting(self, term: Term, deadline_s: float) -> Posting:
        """Read the live documents of a term, numbered through all segments."""
        parts = [part for live in self.segments if (part := _live_posting(live, term, deadline_s))]
        if len(parts) == 1:
            return parts[0]
        documents = [number for part in parts for number in part.documents]
        weights = [weight for part in parts for weight in part.weights]
        return Posting(documents, weights, any(part.is_cut for part in parts))

    def rarity(self, document_frequency: int) -> float:
        """Inverse document frequency, over live documents only, so that it does not depend on past commits."""
        return math.log(1 + (self.document_count - document_frequency + 0.5) / (document_frequency + 0.5))

    def _filtered(
        self, documents: Collection[int], filters: Mapping[str, frozenset[str]], but: str | None
    ) -> Collection[int]:
        for name, accepted in filters.items():
            if accepted and name != but:
                documents = self._columns.facet(name).accepting(documents, accepted)
        return documents

    def _counts(
        self, everything: Collection[int], kept: Collection[int], request: SearchRequest
    ) -> dict[str, tuple[FacetCount, ...]]:
        """Count each facet as if it had no filter itself, so that more of its values can be chosen."""
        counts = {}
        for name in request.facets:
            selected = request.filters.get(name, frozenset())
            counted = self._filtered(everything, request.filters, name) if selected else kept
            counts[name] = self._columns.count(name, counted, selected, request.facet_values)
        return counts

    def _best(  # noqa: PLR0917 internal step of find
        self,
        search: "_Search",
        plan: QueryPlan | None,
        tiers: Sequence[Collection[int]],
        kept: Collection[int],
        request: SearchRequest,
        top: int,
    ) -> list[Candidate]:
        if plan is None or request.sort == "newest":
            return [self._candidate(number, 0, 0.0) for number in self._columns.newest(kept, top)]
        best: list[Candidate] = []
        for tier, documents in enumerate(tiers):
            if len(best) < top:
                scores = search.scores(plan, documents)
                numbers = self._highest(scores, top - len(best))
                best += [self._candidate(number, tier, scores[number]) for number in numbers]
        return best

    def _highest(self, scores: Mapping[int, float], count: int) -> list[int]:
        """Documents with the highest scores; equal scores are ordered by id."""
        floor = sorted(scores.values(), reverse=True)[count - 1] if count < len(scores) else -1.0
        numbers = [number for number, score in scores.items() if score >= floor]
        cards = self._columns.cards
        numbers.sort(key=lambda number: (-scores[number], cards[number].id))
        return numbers[:count]

    def _candidate(self, number: int, tier: int, score: float) -> Candidate:
        card = self._columns.cards[number]
        return Candidate(
            number, tier, score * card.boost, card.id, card.kind, card.title, card.names, card.published_us, card.boost
        )

    def add_scores(self, scores: dict[int, float], posting: Posting, weight: float, *, is_first: bool) -> None:
        """Add one term's part to the scores: its weight in the query times its rarity."""
        gain = weight * self.rarity(len(posting.documents))
        self._columns.add_scores(scores, posting, gain, is_first=is_first)


class _Search:
    """One run over the postings: each term is read once, and reading stops at the deadline."""

    def __init__(self, snapshot: WhooshSnapshot, deadline_s: float) -> None:
        self._snapshot = snapshot
        self._deadline_s = deadline_s
        self._postings: dict[Term, Posting] = {}
        self._sets: dict[Term, frozenset[int]] = {}
        self.is_partial = False

    def tiers(self, plan: QueryPlan) -> list[Collection[int]]:
        """Exact hits, then near ones and those found by sound as far as they are needed, without repeats."""
        exact = self._matching_units(plan.units)
        tiers: list[Collection[int]] = [exact]
        found: AbstractSet[int] = exact
        steps: tuple[tuple[int, Callable[[], Iterable[int]]], ...] = (
            (NEAR_BELOW, lambda: self._near(plan.loose)),
            (RECOVER_BELOW, lambda: self._matching_units(plan.recovery)),
        )
        for few, look in steps:
            more = frozenset(look()) - found if len(found) < few else frozenset()
            tiers.append(more)
            found = found | more if more else found
        return tiers

    def scores(self, plan: QueryPlan, documents: Collection[int]) -> dict[int, float]:
        """BM25 of the documents over all scoring terms."""
        scores = dict.fromkeys(documents, 0.0)
        gains = dict(plan.scoring)
        for unit in plan.recovery:
            for terms in unit.alternatives:
                gains.update((term, SOUND_WEIGHT) for term in terms if term in self._postings and term not in gains)
        is_first = True
        for term, weight in gains.items() if scores else ():
            posting = self._posting(term)
            if posting.documents:
                self._snapshot.add_scores(scores, posting, weight, is_first=is_first)
                is_first = False
        return scores

    def _matching_units(self, units: Sequence[Unit]) -> frozenset[int]:
        if not units:
            return frozenset()
        sets = [self._matching(unit) for unit in units]
        needed = units_needed(units)
        if needed >= len(sets):
            return sets[0] if len(sets) == 1 else sets[0].intersection(*sets[1:])
        matched = Counter(number for one in sets for number in one)
        return frozenset(number for number, count in matched.items() if count >= needed)

    def _matching(self, unit: Unit) -> frozenset[int]:
        found = [self._holding_all(terms) for terms in unit.alternatives]
        return found[0] if len(found) == 1 else found[0].union(*found[1:])

    def _holding_all(self, terms: Sequence[Term]) -> frozenset[int]:
        sets = sorted((self._set(term) for term in terms), key=len)
        return sets[0] if len(sets) == 1 else sets[0].intersection(*sets[1:])

    def _near(self, terms: Sequence[Term]) -> list[int]:
        """Documents holding at least a share of the rarity of those terms that exist at all."""
        shares: dict[int, float] = {}
        whole = 0.0
        for term in terms:
            documents = self._posting(term).documents
            if documents:
                rarity = self._snapshot.rarity(len(documents))
                whole += rarity
                for number in documents:
                    shares[number] = shares.get(number, 0.0) + rarity
        return [number for number, share in shares.items() if share >= NEAR_SHARE * whole]

    def _set(self, term: Term) -> frozenset[int]:
        if term not in self._sets:
            self._sets[term] = frozenset(self._posting(term).documents)
        return self._sets[term]

    def _posting(self, term: Term) -> Posting:
        if term not in self._postings:
            is_late = time.monotonic() > self._deadline_s
            posting = _NOTHING if is_late else self._snapshot.posting(term, self._deadline_s)
            self.is_partial = self.is_partial or is_late or posting.is_cut
            self._postings[term] = posting
        return self._postings[term]


def _live_posting(live: LiveSegment, term: Term, deadline_s: float) -> Posting | None:
    posting = live.segment.posting(term, deadline_s)
    if posting is None or not (live.base or live.deleted):
        return posting
    pairs = [
        (live.base + number, weight)
        for number, weight in zip(posting.documents, posting.weights, strict=True)
        if number not in live.deleted
    ]
    return Posting([number for number, _ in pairs], [weight for _, weight in pairs], posting.is_cut)
