"""Hits as they are shown: texts with what matched marked, and where in its speech each answers.

Done for one page, after everything is found and ordered. It has the same deadline as the search: what is not looked at
in time is shown as it is, unmarked.
"""

import time
from collections.abc import Mapping, Sequence

from search_index.documents import Hit, HitPassage
from search_index.highlight import Highlighter
from search_index.passages import FoundPassage
from search_index.ports import Snapshot
from search_index.query import QueryPlan
from search_index.stages import Ranked, spoken_answer


def shown(
    snapshot: Snapshot, plan: QueryPlan | None, page: Sequence[Ranked], deadline_s: float
) -> tuple[tuple[Hit, ...], bool]:
    """Return the hits of a page, and whether the deadline passed before each was looked at.

    Args:
        snapshot: what they were found in.
        plan: what is marked and listened for; None marks nothing.
        page: the hits, in order.
        deadline_s: on the ``time.monotonic`` clock.
    """
    highlighter, weights = Highlighter(plan), _spoken_weights(plan)
    hits: list[Hit] = []
    is_late = False
    for ranked in page:
        if plan is not None and not is_late and time.monotonic() > deadline_s:
            highlighter, weights, is_late = Highlighter(None), {}, True
        card, key = ranked.candidate.card, ranked.candidate.key
        passage = ranked.passage or (spoken_answer(snapshot, key, weights) if weights else None)
        where = None if passage is None else _hit_passage(highlighter, passage)
        texts = highlighter.highlight(snapshot.stored(key))
        hits.append(Hit(card.id, card.kind, round(ranked.score, 6), texts, where))
    return tuple(hits), is_late


def _hit_passage(highlighter: Highlighter, found: FoundPassage) -> HitPassage | None:
    """The place as shown; none when nothing in it can be marked."""
    fragments = highlighter.mark("".join(passage.text for passage in found.passages))
    if not any(fragment.is_match for fragment in fragments):
        return None
    return HitPassage(found.passages[0].start_s, fragments)


def _spoken_weights(plan: QueryPlan | None) -> Mapping[str, float]:
    """What to listen for in the speech of shown hits: the words asked for, under any of their names."""
    units = plan.units if plan is not None else ()
    return {part: way.weight for unit in units for way in unit.ways for part in way.parts if len(part) > 1}
