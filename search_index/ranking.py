"""Second stage of a search: order the best candidates finely, by what the first stage cannot see.

One BM25 over words, pairs and characters of title, names and description, the same arithmetic for every engine; each
unit of the query counts in the best of its ways. On top come shares of that score: all words found, found in the title,
found as one phrase. Freshness and the document's own boost are kept so small that they only part equals.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from search_index import analysis
from search_index.query import QueryPlan
from search_index.query_units import Unit, Way
from search_index.schema import FIELD_WEIGHTS, Card

RERANKED = 50
"""So many of the best are reordered; later pages keep the first stage's order."""

_K1, _B = 1.8, 0.3
TITLE, NAMES, BODY = FIELD_WEIGHTS["title"], FIELD_WEIGHTS["tags"], FIELD_WEIGHTS["description"]
UNITS_FOUND = 0.3
UNITS_IN_TITLE = 0.15
PHRASE_IN_TITLE = 0.2
TITLE_STARTS = 0.1
TITLE_IS_QUERY = 0.4
NAME_IS_QUERY = 0.3
FRESHNESS = 0.02
"""At most, for the newest document; half of it for one a year older."""
TELLING = 2.3
"""Rarity of a term in a tenth of all documents."""
_TOLD_BY = 2
_YEAR_US = 365 * 24 * 3600 * 1_000_000
_TYPED_WEIGHT = 1.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a candidate.

    Args:
        score: the whole, comparable within one query.
        share: part of the query's rarity that was found, 0 to 1.
    """

    score: float
    share: float


@dataclass(frozen=True, slots=True)
class About:
    """What ranking must know of the whole index."""

    count: int
    average_length: float
    newest_us: int

    def rarity(self, frequency: int) -> float:
        """Inverse document frequency."""
        return math.log(1 + (self.count - frequency + 0.5) / (frequency + 0.5)) if frequency < self.count else 0.01


class Ranker:
    """Weighs candidates of one query. Runs a hundred times a search: loops here are written for speed."""

    def __init__(
        self, plan: QueryPlan, collection: About, frequencies: Callable[[Sequence[str]], Sequence[int]]
    ) -> None:
        self._plan = plan
        self._collection = collection
        self._average = collection.average_length or 1.0
        grams = {part: analysis.grams(part) for unit in plan.units for way in unit.ways for part in way.parts}
        terms = list(dict.fromkeys([*(term for term, _ in plan.typed), *(t for one in grams.values() for t in one)]))
        rarity = dict(zip(terms, map(collection.rarity, frequencies(terms)), strict=True))
        self._patterns = {term: _whole_word(term) for term in terms if term.isascii()}
        self._typed = [(term, count * rarity[term]) for term, count in plan.typed]
        self._telling = [term for term, _ in plan.typed if rarity[term] >= TELLING]
        self.whole = _mass(self._typed)
        self._units = [_Weighted.of(unit, grams, rarity) for unit in plan.units]
        self._phrases = _phrases(plan)

    def spoken_weights(self) -> Mapping[str, float]:
        """Terms of two characters and more, whole words among them, for looking through speech."""
        return {term: gain for term, gain in self._typed if len(term) > 1}

    def tells(self, card: Card) -> bool:
        """Whether a candidate holds a word or pair of the query, or two characters, that not everything holds."""
        text = "\n".join((card.title, *card.names, card.body))
        return sum(len(term) for term in self._telling if term in text) >= _TOLD_BY

    def weigh(self, card: Card) -> Evidence:
        """Weigh one candidate."""
        names = "\n".join(card.names)
        # Every field as often as it weighs, so that counting in one text counts them all.
        text = f"{card.title}\n" * TITLE + f"{names}\n" * NAMES + card.body
        norm = _K1 * (1 - _B + _B * card.length / self._average)
        score, matched = self._sum(self._typed, text, norm)
        for unit in self._units:
            if not unit.others or (unit.text in card.title and not unit.text.isascii()):
                continue  # as typed, where it counts most: no other way is better
            best = 0.0
            for weight, gains in unit.others:
                best = max(best, weight * self._sum(gains, text, norm)[0])
            if best:
                own, own_matched = self._sum(unit.typed, text, norm)
                if best > own:
                    score += best - own
                    matched += unit.mass - own_matched
        share = min(1.0, matched / self.whole) if self.whole else 0.0
        return Evidence(score * (1 + self._boost(card, names)) * card.boost, share)

    def _sum(self, gains: Sequence[tuple[str, float]], text: str, norm: float) -> tuple[float, float]:
        """BM25 over terms, and the rarity of those that are there at all."""
        score = matched = 0.0
        for term, gain in gains:
            counted = text.count(term)
            if counted and term in self._patterns:
                counted = len(self._patterns[term].findall(text))
            if counted:
                score += gain * counted / (counted + norm)
                matched += gain
        return score * (_K1 + 1), matched

    def _boost(self, card: Card, names: str) -> float:
        title = card.title
        boost = FRESHNESS * math.pow(0.5, (self._collection.newest_us - card.published_us) / _YEAR_US)
        for phrase, weight in self._phrases:
            if phrase in title:
                boost += weight * (PHRASE_IN_TITLE + (TITLE_STARTS if title.startswith(phrase) else 0))
                boost += weight * TITLE_IS_QUERY if title == phrase else 0
                break
        for phrase, _ in self._phrases:
            if phrase in card.names:
                boost += NAME_IS_QUERY
                break
        if self._units:
            upper = f"{title}\n{names}"
            above = [unit.held_by(upper) for unit in self._units]
            whole = [held or unit.held_by(card.body) for held, unit in zip(above, self._units, strict=True)]
            boost += UNITS_IN_TITLE * sum(above) / len(above)
            boost += UNITS_FOUND * (sum(whole) / len(whole)) ** 2
        return boost


@dataclass(frozen=True, slots=True)
class _Weighted:
    """A unit with the terms of its ways weighted."""

    text: str
    heaviest_first: list[tuple[float, tuple[str, ...]]]
    typed: list[tuple[str, float]]
    mass: float
    others: list[tuple[float, list[tuple[str, float]]]]

    @classmethod
    def of(cls, unit: Unit, grams: Mapping[str, Mapping[str, int]], rarity: Mapping[str, float]) -> "_Weighted":
        """Weigh a unit's terms. A longer way is no better evidence than what was typed in Chinese."""

        def weighted(way: Way) -> list[tuple[str, float]]:
            return [(term, count * rarity[term]) for part in way.parts for term, count in grams[part].items()]

        typed = weighted(unit.ways[0])
        mass = _mass(typed)
        others = [(way.weight, weighted(way)) for way in unit.ways[1:]]
        if not unit.text.isascii():
            others = [(weight * min(1.0, mass / (_mass(one) or 1.0)), one) for weight, one in others]
        heaviest_first = sorted(((way.weight, way.parts) for way in unit.ways), reverse=True)
        return cls(unit.text, heaviest_first, typed, mass, others)

    def held_by(self, text: str) -> float:
        """Weight of the best way whose texts are all in a text, 0 when there is none."""
        if self.text in text:
            return 1.0
        for weight, parts in self.heaviest_first:
            if parts[0] in text and (len(parts) == 1 or all(part in text for part in parts)):
                return weight
        return 0.0


def _mass(gains: Sequence[tuple[str, float]]) -> float:
    return sum(gain for _, gain in gains)


def _phrases(plan: QueryPlan) -> list[tuple[str, float]]:
    """The query as one phrase; for a query of one unit also its other ways."""
    found = [(plan.phrase, _TYPED_WEIGHT)] if plan.phrase else []
    if plan.corrected:
        found.append((plan.corrected, 0.8))
    if len(plan.units) == 1:
        found += [(way.parts[0], way.weight) for way in plan.units[0].ways[1:] if len(way.parts) == 1]
    return [(phrase, weight) for phrase, weight in found if len(phrase) > 1]


@lru_cache(maxsize=4096)
def _whole_word(term: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z0-9_]){re.escape(term)}(?![a-z0-9_])")
