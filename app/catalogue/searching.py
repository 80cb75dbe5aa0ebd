"""Pages of results: hits of the index in order, confirmed by the database, with facets that have names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from app.catalogue.documents import KIND, PLAYLIST, subject_of
from app.catalogue.facets import FACETS, FacetValue, label_facets
from app.catalogue.paging import Beside, Turned, turn_to
from app.catalogue.playlists import PlaylistCard, list_playlist_cards
from app.catalogue.queries import MAX_QUERY_LETTERS, Highlights, LectureCard, ask_index, list_cards
from search_index import HitPassage, SearchRequest, SearchResult, Sort

PER_PAGE = 24
#: Facets of pages that list lectures alone.
LECTURE_FACETS: Final = tuple(name for name in FACETS if name != "kind")
_ONLY_LECTURES: Final = {"kind": frozenset({KIND})}

Filters = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of results."""

    text: str
    #: Lectures, and playlists among them where everything is searched.
    cards: tuple[LectureCard | PlaylistCard, ...]
    total: int
    #: How many of each kind, those that there are.
    totals: Mapping[str, int]
    page: int
    pages: int
    facets: Mapping[str, tuple[FacetValue, ...]]
    took_ms: float
    #: Where in a lecture the question is answered aloud, by the lecture's id.
    passages: Mapping[int, HitPassage]
    #: What was most likely meant, when something else was searched for than what was typed.
    corrected: str | None
    #: The time allowed ended before everything was looked at.
    is_partial: bool
    #: How many hold what was asked; the others are near.
    exact_total: int

    @property
    def lectures(self) -> list[LectureCard]:
        """The lectures among the cards."""
        return [card for card in self.cards if isinstance(card, LectureCard)]


def search(
    db: Session,
    index_path: Path,
    text: str,
    *,
    filters: Filters | None = None,
    page: int = 1,
    per_page: int = PER_PAGE,
    sort: Sort = "relevance",
    beside: Beside | None = None,
) -> SearchPage:
    """Search in everything, confirm every hit in the database, and label the facets.

    Without a text it is lectures that are listed, unless a kind is asked for.

    Args:
        db: session.
        index_path: where the index is.
        text: what is looked for; empty for everything.
        filters: accepted values by facet; facets we do not have are ignored.
        page: counted from 1; only a hint where `beside` is given.
        per_page: cards on a page.
        sort: how; by relevance without a text is the newest first.
        beside: the card the page follows on, so that what was published meanwhile moves nothing (see paging.py).

    Raises:
        Unavailable: while there is no usable index; the worker rebuilds it by itself.
    """
    chosen = {name: values for name, values in (filters or {}).items() if name in FACETS and values}
    asked = text.strip()[:MAX_QUERY_LETTERS]
    is_everything = bool(asked) or "kind" in chosen
    facets, kinds = (FACETS, {}) if is_everything else (LECTURE_FACETS, _ONLY_LECTURES)
    order: Sort = sort if asked or sort != "relevance" else "newest"

    def ask(offset: int, limit: int) -> SearchResult:
        request = SearchRequest(asked, {**chosen, **kinds}, facets, offset=offset, limit=limit, sort=order)
        return ask_index(db, index_path, request)

    found = turn_to(db, ask, max(1, page), per_page, beside=beside, sort=order)
    return _confirmed(db, found, asked, chosen)


def search_lectures(
    db: Session,
    index_path: Path,
    text: str,
    *,
    filters: Filters | None = None,
    page: int = 1,
    per_page: int = PER_PAGE,
    sort: Sort = "relevance",
    beside: Beside | None = None,
) -> SearchPage:
    """Search in lectures alone; everything else as `search`."""
    only = {**(filters or {}), **_ONLY_LECTURES}
    return search(db, index_path, text, filters=only, page=page, per_page=per_page, sort=sort, beside=beside)


def _confirmed(db: Session, found: Turned, asked: str, chosen: Filters) -> SearchPage:
    """Make the page of what the database still shows; hits that left the library are neither shown nor counted."""
    result = found.result
    hits = {subject_of(hit.id): hit for hit in found.hits}
    cards = _cards(db, {subject: hit.highlights for subject, hit in hits.items()})
    gone = [subject for subject in hits if subject not in cards]
    counts = {name: {item.value: item.count for item in items} for name, items in result.facets.items()}
    return SearchPage(
        text=asked,
        cards=tuple(cards[subject] for subject in hits if subject in cards),
        total=max(0, result.total - len(gone)),
        totals=_totals(result.total, counts.get("kind"), chosen.get("kind", frozenset()), [kind for kind, _ in gone]),
        page=found.page,
        pages=found.pages,
        facets=label_facets(db, counts, chosen),
        took_ms=result.took_ms,
        passages={number: hit.passage for (kind, number), hit in hits.items() if kind == KIND and hit.passage},
        corrected=result.corrected,
        is_partial=result.is_partial,
        exact_total=result.exact_total,
    )


def _cards(
    db: Session, highlights: Mapping[tuple[str, int], Highlights]
) -> dict[tuple[str, int], LectureCard | PlaylistCard]:
    """Load the cards of what is public, whatever its kind; two statements for lectures, four for playlists if any."""
    of_kind: dict[str, dict[int, Highlights]] = {KIND: {}, PLAYLIST: {}}
    for (kind, number), shown in highlights.items():
        of_kind.get(kind, {})[number] = shown
    lectures, playlists = of_kind[KIND], of_kind[PLAYLIST]
    return {
        **{(KIND, card.id): card for card in list_cards(db, list(lectures), lectures)},
        **{(PLAYLIST, card.id): card for card in list_playlist_cards(db, list(playlists), playlists)},
    }


def _totals(
    total: int, counts: Mapping[str, int] | None, chosen: frozenset[str], gone: list[str]
) -> dict[str, int]:
    """Return how many hits there are of each kind; a facet in use is counted as if it were not."""
    if counts is None:
        counts = {KIND: total}
    kept = {kind: count - gone.count(kind) for kind, count in counts.items() if not chosen or kind in chosen}
    return {kind: count for kind, count in kept.items() if count > 0}


def count_facets(
    db: Session, index_path: Path, filters: Filters | None = None, *, at_most: int = 1000
) -> tuple[int, Mapping[str, tuple[FacetValue, ...]]]:
    """Return how many lectures there are and the facets with their counts, without the lectures.

    Raises:
        Unavailable: as when searching.
    """
    only = {**(filters or {}), **_ONLY_LECTURES}
    result = ask_index(db, index_path, SearchRequest("", only, LECTURE_FACETS, limit=0, facet_values=at_most))
    counts = {name: {item.value: item.count for item in items} for name, items in result.facets.items()}
    return result.total, label_facets(db, counts, filters or {})
