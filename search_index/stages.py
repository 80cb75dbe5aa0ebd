"""A search from plan to ordered hits: the engine's candidates, a closer look, near hits where exact ones are few.

The same for every engine. Opening and refreshing is in reader.py.
"""

import struct
import time
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import starmap
from operator import itemgetter

from search_index.documents import FacetCount, SearchRequest
from search_index.passages import FoundPassage, best_passage
from search_index.ports import NEAR_BELOW, Candidate, Snapshot
from search_index.query import QueryPlan
from search_index.ranking import RERANKED, About, Ranker
from search_index.related import FOLLOWED_SCORE, FOLLOWED_SHARE, Weights, likeness, subject_of
from search_index.schema import Card

NEAREST, NEAR_MOST = 80, 24
"""So many documents are looked at for near hits, and so many of them shown at most: a page, not a haystack."""
NEAR_SHARE = 0.15
"""Part of the query's rarity a near hit contains at least."""
NEAR_SCORE = 0.15
"""Part of the best hit's score a near hit reaches at least."""
NEAR_CLOSE = 0.4
"""Part of a good hit's score by which a document is near, however little of the query it contains."""
SUBJECT_WORTH = 0.3
"""Part of its score a near hit gains when it is of the best hits' subject."""
RELATED_WORTH = 0.5
"""Of the last hit's score, what a document of its subject has at most."""
LISTENED = 24
"""In so many candidates the speech is looked through when titles and descriptions say too little."""
LISTEN_BELOW = 0.6
HEARD_SHARE = 0.35
SPEECH_WORTH = 1.2
"""What the whole query said in one place is worth, in units of the query's rarity."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A hit in its place: where in its speech the answer is, when that was looked for."""

    candidate: Candidate
    score: float
    passage: FoundPassage | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Ordered hits, as many as were asked for or will be reranked, and the exact counts."""

    ranked: Sequence[Ranked]
    total: int
    exact_total: int
    facets: Mapping[str, tuple[FacetCount, ...]]
    is_partial: bool


def run(snapshot: Snapshot, plan: QueryPlan | None, request: SearchRequest, deadline_s: float) -> Found:
    """Search one snapshot."""
    end = request.offset + request.limit
    is_ranked = plan is not None and request.sort == "relevance"
    top = max(end, RERANKED) if is_ranked else end
    matches = snapshot.find(plan, request, top=top, deadline_s=deadline_s)
    if plan is None or (not matches.is_few and not is_ranked):
        ranked: Sequence[Ranked] = [Ranked(one, one.score) for one in matches.best]
        return Found(ranked, matches.total, matches.total, matches.facets, matches.is_partial)
    search = _Search(snapshot, plan, deadline_s)
    if matches.is_few:
        return search.few(matches.best, request, is_partial=matches.is_partial)
    ranked = search.reranked(matches.best)
    return Found(ranked, matches.total, matches.total, matches.facets, matches.is_partial or search.is_partial)


class _Search:
    """The closer look at candidates of one query."""

    def __init__(self, snapshot: Snapshot, plan: QueryPlan, deadline_s: float) -> None:
        self._snapshot, self._plan, self._deadline_s = snapshot, plan, deadline_s
        self.is_partial = False
        self._about = About(snapshot.document_count, snapshot.average_length, snapshot.newest_published_us)
        self._ranker = Ranker(plan, self._about, lambda terms: snapshot.frequencies(terms, deadline_s=deadline_s))

    def reranked(self, candidates: Sequence[Candidate]) -> list[Ranked]:
        """Order the best of the candidates anew; the others follow as they are."""
        weighed = self._weighed(candidates[:RERANKED])
        lowest = min((one.score for one, _ in weighed), default=0.0)
        tail = [Ranked(one, lowest * 0.99 / (1 + place)) for place, one in enumerate(candidates[RERANKED:])]
        return [one for one, _ in sorted(weighed, key=_order)] + tail

    def few(self, exact: Sequence[Candidate], request: SearchRequest, *, is_partial: bool) -> Found:
        """Exact hits and near ones, filtered and counted here, because both are few."""
        near = self._snapshot.nearest(self._plan.scoring, top=NEAREST, deadline_s=self._deadline_s)
        exact_ids = {one.card.id for one in exact}
        candidates = [*exact, *(one for one in near if one.card.id not in exact_ids)]
        weighed = sorted(self._weighed(candidates), key=_order)
        kept = self._with_subject(_kept(weighed, exact_ids), weighed, exact_ids)
        shown = [one for one in kept if _accepts(one.candidate.card, request.filters)]
        if request.sort != "relevance":
            shown.sort(key=lambda one: (-one.candidate.card.key_of(request.sort), one.candidate.card.id))
        exact_total = sum(one.candidate.card.id in exact_ids for one in shown)
        facets = {name: _counted(name, [one.candidate.card for one in kept], request) for name in request.facets}
        is_late = is_partial or self.is_partial or time.monotonic() > self._deadline_s
        return Found(shown, len(shown), exact_total, facets, is_late)

    def _with_subject(
        self, kept: Sequence[Ranked], weighed: Sequence[tuple[Ranked, float]], exact_ids: Collection[str]
    ) -> list[Ranked]:
        """Near hits of the best hits' subject before others; a page that is not full is filled after good hits."""
        ids = {one.candidate.card.id for one in kept}
        least = FOLLOWED_SCORE * max((one.score for one in kept), default=0.0)
        good = [one for one, share in weighed if share >= FOLLOWED_SHARE and one.candidate.card.id in ids]
        subject = subject_of(
            [one.candidate.card for one in good if one.score >= least or one.candidate.card.id in exact_ids],
            {term for term, _ in self._plan.scoring},
            self._about.count,
            self._about.rarity,
            lambda terms: self._snapshot.frequencies(terms, deadline_s=self._deadline_s),
        )
        ordered = [
            one
            if one.candidate.card.id in exact_ids
            else replace(one, score=one.score * (1 + SUBJECT_WORTH * likeness(one.candidate.card, subject)))
            for one in kept
        ]
        ordered.sort(key=_place)
        if good and len(ordered) < NEAR_BELOW:
            others = [one for one, _ in weighed if one.candidate.card.id not in ids]
            ordered += self._filling(others, subject, ids, ordered[-1].score)[: NEAR_BELOW - len(ordered)]
        return ordered

    def _filling(
        self, others: Sequence[Ranked], subject: Weights, ids: Collection[str], below: float
    ) -> list[Ranked]:
        """What comes after the hits: documents with some word of the query, and of the best hits' subject."""
        known = {one.candidate.card.id for one in others}
        near = self._snapshot.nearest(subject, top=NEAREST, deadline_s=self._deadline_s) if subject else ()
        new = [one for one in near if one.card.id not in known and one.card.id not in ids]
        found = []
        for one in (*others, *(Ranked(each, self._ranker.weigh(each.card).score) for each in new)):
            card = one.candidate.card
            alike = likeness(card, subject)
            if alike or self._ranker.tells(card):
                worth = one.score * (1 + SUBJECT_WORTH * alike) + RELATED_WORTH * below * alike
                found.append(replace(one, score=min(worth, 0.999 * below)))
        return sorted(found, key=_place)

    def _weighed(self, candidates: Sequence[Candidate]) -> list[tuple[Ranked, float]]:
        weighed: list[tuple[Ranked, float]] = []
        for place, candidate in enumerate(candidates):
            if place % 16 == 0 and place and time.monotonic() > self._deadline_s:
                self.is_partial = True
                break
            evidence = self._ranker.weigh(candidate.card)
            weighed.append((Ranked(candidate, evidence.score), evidence.share))
        if max((share for _, share in weighed), default=0.0) < LISTEN_BELOW:
            weighed[:LISTENED] = [self._listened(one, share) for one, share in weighed[:LISTENED]]
        return weighed

    def _listened(self, ranked: Ranked, share: float) -> tuple[Ranked, float]:
        """Add what is said in one place of a candidate's speech."""
        if time.monotonic() > self._deadline_s:
            self.is_partial = True
            return ranked, share
        found = spoken_answer(self._snapshot, ranked.candidate.key, self._ranker.spoken_weights())
        if found is None or found.share < HEARD_SHARE:
            return ranked, share
        worth = SPEECH_WORTH * found.share**2 * self._ranker.whole
        return replace(ranked, score=ranked.score + worth, passage=found), max(share, found.share)


def _kept(weighed: Sequence[tuple[Ranked, float]], exact_ids: Collection[str]) -> list[Ranked]:
    """Exact hits, and the best that are near."""
    best, best_share = (weighed[0][0].score, weighed[0][1]) if weighed else (0.0, 0.0)
    near = [
        one.candidate.card.id
        for one, share in weighed
        if one.candidate.card.id not in exact_ids and _is_near(one.score, share, best, best_share)
    ]
    kept_ids = {*exact_ids, *near[:NEAR_MOST]}
    return [one for one, _ in weighed if one.candidate.card.id in kept_ids]


def _is_near(score: float, share: float, best: float, best_share: float) -> bool:
    """Whether a document shares enough with the query, or comes close to a hit that does."""
    is_close = best_share >= FOLLOWED_SHARE and score >= NEAR_CLOSE * best
    return is_close or (share >= NEAR_SHARE and score >= NEAR_SCORE * best)


def spoken_answer(snapshot: Snapshot, key: int, weights: Mapping[str, float]) -> FoundPassage | None:
    """Find where a document's speech answers best."""
    try:
        speech = snapshot.heard(key)
        return best_passage(speech, weights) if speech is not None else None
    except (ValueError, zlib.error, struct.error):
        return None  # torn: the hit is shown without its place


def _order(item: tuple[Ranked, float]) -> tuple[float, int, str]:
    return _place(item[0])


def _place(ranked: Ranked) -> tuple[float, int, str]:
    card = ranked.candidate.card
    return -round(ranked.score, 9), -card.newest_key, card.id


def _accepts(card: Card, filters: Mapping[str, frozenset[str]], but: str | None = None) -> bool:
    return all(
        not accepted or name == but or not accepted.isdisjoint(card.facets.get(name, ()))
        for name, accepted in filters.items()
    )


def _counted(name: str, cards: Sequence[Card], request: SearchRequest) -> tuple[FacetCount, ...]:
    """Count a facet as if it had no filter itself, so that more of its values can be chosen."""
    kept = (card for card in cards if _accepts(card, request.filters, but=name))
    counts = Counter(value for card in kept for value in card.facets.get(name, ()))
    return listed(counts, request.filters.get(name, frozenset()), request.facet_values)


def listed(counts: Mapping[str, int], selected: frozenset[str], at_most: int) -> tuple[FacetCount, ...]:
    """The most frequent values first; selected ones are always listed, even when nothing has them."""
    frequent: Iterable[tuple[str, int]] = counts.items()
    if len(counts) > 2 * at_most > 0:  # numbers sort faster than pairs
        least = sorted(counts.values())[-at_most]
        frequent = [item for item in frequent if item[1] >= least]
    ordered = sorted(frequent, key=itemgetter(0))
    ordered.sort(key=itemgetter(1), reverse=True)
    shown = ordered[:at_most]
    if selected:
        missing = selected.difference(value for value, _ in shown)
        shown += [(value, counts.get(value, 0)) for value in sorted(missing)]
    return tuple(starmap(FacetCount, shown))
