"""Second stage of a search: order the best candidates finely, by what the first stage cannot see.

The whole phrase in the title, the title itself, the name of a teacher: things BM25 over a bag of terms does not know.
Every boost is a share of the first stage's score, so the units never mix; the tiers never mix either.
"""

import math
from collections.abc import Sequence

from search_index.ports import Candidate
from search_index.query import QueryPlan, Unit
from search_index.schema import TEXT

RERANKED = 200
"""So many of the best are reordered; later pages keep the first stage's order."""

TITLE_IS_QUERY = 3.0
NAME_IS_QUERY = 1.5
TITLE_STARTS = 0.4
PHRASE_IN_TITLE = 0.8
PHRASE_IN_NAME = 0.5
UNITS_IN_TITLE = 0.6
UNITS_IN_NAMES = 0.3
FRESHNESS = 0.05
_YEAR_US = 365 * 24 * 3600 * 1_000_000


def rerank(plan: QueryPlan, candidates: Sequence[Candidate], newest_us: int) -> list[tuple[Candidate, float]]:
    """Order candidates by tier, then by boosted score, then by id; return them with their final scores."""
    head, tail = candidates[:RERANKED], candidates[RERANKED:]
    scored = [(candidate, candidate.score * (1 + _boost(plan, candidate, newest_us))) for candidate in head]
    scored.sort(key=lambda pair: (pair[0].tier, -pair[1], pair[0].id))
    return scored + [(candidate, candidate.score) for candidate in tail]


def _boost(plan: QueryPlan, candidate: Candidate, newest_us: int) -> float:
    phrase, title, names = plan.phrase, candidate.title, candidate.names
    years = (newest_us - candidate.published_us) / _YEAR_US
    boost = FRESHNESS * math.pow(0.5, years)
    if phrase in title:
        boost += PHRASE_IN_TITLE
        if title.startswith(phrase):
            boost += TITLE_STARTS
        if title == phrase:
            boost += TITLE_IS_QUERY
    if phrase in names:
        boost += NAME_IS_QUERY
    elif any(phrase in name for name in names):
        boost += PHRASE_IN_NAME
    if plan.units:
        boost += UNITS_IN_TITLE * _share(plan.units, (title,)) + UNITS_IN_NAMES * _share(plan.units, names)
    return boost


def _share(units: Sequence[Unit], texts: Sequence[str]) -> float:
    found = sum(any(unit.text in text for text in texts) for unit in units if unit.alternatives[0][0].field == TEXT)
    return found / len(units)
