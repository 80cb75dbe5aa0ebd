"""From what somebody typed to a plan any engine can follow. No text is refused, no character is an operator.

A plan says what a document must contain to be an exact hit (units), each unit in any of several ways: as typed, by
another name, by what it sounds like. It also says which terms score. What the catalogue's words are is in lexicon.py,
other names in thesaurus.py, how a query is cut into units in query_units.py; how postings are read is the engine's
matter.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from search_index import analysis
from search_index.folding import fold_text
from search_index.lexicon import EMPTY, Lexicon
from search_index.query_units import MAX_UNITS, Unit, cut, spelt_together, unique
from search_index.thesaurus import Thesaurus, own_thesaurus

MAX_QUERY_CHARS = 200
MAX_SCORING_TERMS = 64
OTHER_WAY_DISCOUNT = 0.6

__all__ = ["QueryPlan", "Unit", "plan_query", "units_needed"]


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """What to look for.

    Args:
        phrase: the folded query, blanks joined: for phrase and exact-title boosts.
        units: words an exact hit contains, as many as ``units_needed``.
        typed: every term of the query as typed, and how often it counts.
        scoring: every term that adds to the first score, with its weight.
        corrected: the query with misspelt words put right by the catalogue's own, None when nothing was.
    """

    phrase: str
    units: tuple[Unit, ...]
    typed: tuple[tuple[str, float], ...]
    scoring: tuple[tuple[str, float], ...]
    corrected: str | None = None


def units_needed(units: Sequence[Unit]) -> int:
    """How many of the units a hit must match: both of two, three quarters of more."""
    count = len(units)
    return count if count <= 2 else -(-count * 3 // 4)


def plan_query(text: str, lexicon: Lexicon = EMPTY, thesaurus: Thesaurus | None = None) -> QueryPlan | None:
    """Make the plan, or None for a text that is empty or only blanks: browse everything.

    A text of nothing but punctuation or emoji gives a plan without units, which finds nothing.
    """
    if not text.strip():
        return None
    folded = " ".join(fold_text(text[: 4 * MAX_QUERY_CHARS]).split())[:MAX_QUERY_CHARS].strip()
    folded = spelt_together(folded, lexicon)
    every = list(cut(folded, lexicon, thesaurus or own_thesaurus()))
    units = _required(every)
    typed = tuple(analysis.grams(folded).items())
    return QueryPlan(folded, units, typed, _scoring(typed, units), _corrected(folded, every))


def _required(units: list[Unit]) -> tuple[Unit, ...]:
    """Drop stop words, then single characters beside longer words; never everything."""
    kept = [unit for unit in units if unit.text not in analysis.STOP_WORDS] or units
    longer = [unit for unit in kept if len(unit.text) > 1 or len(unit.ways) > 1]
    return tuple(unique(longer or kept))[:MAX_UNITS]


def _scoring(typed: Iterable[tuple[str, float]], units: Sequence[Unit]) -> tuple[tuple[str, float], ...]:
    """Terms for the first, cheap score: pairs and words before single characters, stop words only when asked for."""
    weights: dict[str, float] = {}
    required = {unit.text for unit in units}
    for term, count in typed:
        if term not in analysis.STOP_WORDS or term in required:
            weights[term] = float(count)
    for unit in units:
        for way in unit.ways[1:]:
            for part in way.parts:
                for term, count in analysis.grams(part).items():
                    if len(term) > 1:
                        weights.setdefault(term, count * way.weight * OTHER_WAY_DISCOUNT)
    ordered = sorted(weights.items(), key=lambda item: len(item[0]) == 1)  # stable: single characters go last
    return tuple(ordered[:MAX_SCORING_TERMS])


def _corrected(folded: str, units: Sequence[Unit]) -> str | None:
    fixed = folded
    for unit in units:
        if unit.correction:
            fixed = fixed.replace(unit.text, unit.correction, 1)
    return fixed if fixed != folded else None
