"""MRR@10, Recall@10, nDCG@10 and Success@3 of a ranked list.

Recall counts what was meant, not what is close by; where more than ten lectures were meant, ten are all a page holds.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.quality.judgements import MEANT

DEPTH = 10
SEEN_AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class Scores:
    """The measures of one query, or their means over many. `success`: something meant is among the first three."""

    mrr: float
    recall: float
    ndcg: float
    success: float


def score(ranked: Sequence[str], grades: Mapping[str, int]) -> Scores:
    """Measure the first ten of a ranked list of ids."""
    top = ranked[:DEPTH]
    meant = {id_ for id_, grade in grades.items() if grade >= MEANT}
    first = next((place for place, id_ in enumerate(top, start=1) if id_ in meant), None)
    gained = _gain(grades.get(id_, 0) for id_ in top)
    best = _gain(sorted(grades.values(), reverse=True)[:DEPTH])
    return Scores(
        mrr=1 / first if first else 0.0,
        recall=len(meant.intersection(top)) / min(DEPTH, len(meant)) if meant else 0.0,
        ndcg=gained / best if best else 0.0,
        success=float(first is not None and first <= SEEN_AT_ONCE),
    )


def mean(scores: Sequence[Scores]) -> Scores:
    """Average over queries."""
    count = len(scores) or 1
    return Scores(*(sum(getattr(one, name) for one in scores) / count for name in ("mrr", "recall", "ndcg", "success")))


def _gain(grades: "Sequence[int] | map[int]") -> float:
    return sum((2**grade - 1) / math.log2(place + 1) for place, grade in enumerate(grades, start=1))
