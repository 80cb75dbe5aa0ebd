"""Documents like the best hits: of the same series or subject, where few documents hold what was asked.

What the best hits share and few other documents have says what they are about: a lecture on dentures is one of a series
on teeth. A query that found nothing good has nothing to follow.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence

from search_index import analysis
from search_index.schema import Card

MOST_FOLLOWED, FEWEST_FOLLOWED = 5, 2
FOLLOWED_SHARE = 0.25
"""Part of the query's rarity a hit contains at least to be followed."""
FOLLOWED_SCORE = 0.7
"""Part of the best hit's score it reaches at least."""
_LOOKED_AT, _TERMS = 48, 12
_BODY_CHARS = 80
_RARE = 0.1
"""A term in more of all documents tells no subject."""
_ALIKE = 0.25
"""Part of the terms' weight a document like them holds at least."""

Weights = Sequence[tuple[str, float]]


def subject_of(
    hits: Sequence[Card],
    asked: Collection[str],
    count: int,
    rarity: Callable[[int], float],
    frequencies: Callable[[Sequence[str]], Sequence[int]],
) -> Weights:
    """Return the terms hits share that tell what they are about, weighted; nothing when they share none.

    Args:
        hits: the best ones.
        asked: terms of the query; what matches those was found already.
        count: number of all documents.
        rarity: weight of a term in so many documents.
        frequencies: how many documents hold each term.
    """
    hits = hits[:MOST_FOLLOWED]
    if len(hits) < FEWEST_FOLLOWED:
        return ()
    held = Counter(term for card in hits for term in _terms(card))
    most = [(term, n) for term, n in held.most_common() if n >= max(2, 0.6 * len(hits)) and term not in asked]
    ordered = sorted(most, key=lambda item: (-item[1], -len(item[0]), item[0]))[:_LOOKED_AT]
    found = zip(ordered, frequencies([term for term, _ in ordered]), strict=True)
    weights = [(term, rarity(n) * shared / len(hits)) for (term, shared), n in found if n <= _RARE * count]
    return sorted(weights, key=lambda item: (-item[1], item[0]))[:_TERMS]


def likeness(card: Card, subject: Weights) -> float:
    """How much of a subject a document holds, 0 to 1; 0 when it is too little to be shown."""
    whole = sum(weight for _, weight in subject)
    text = _text(card)
    share = sum(weight for term, weight in subject if term in text) / whole if whole else 0.0
    return share if share >= _ALIKE else 0.0


def _text(card: Card) -> str:
    return "\n".join((card.title, *card.names, card.body[:_BODY_CHARS]))


def _terms(card: Card) -> set[str]:
    return {term for term in analysis.grams(_text(card)) if len(term) > 1}
