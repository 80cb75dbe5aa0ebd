"""Turning pages while lectures come and go.

Pages counted from the front move when something is published in front of them: the last lecture of page 1 is shown
again as the first of page 2; and when one is withdrawn, one is skipped. So the links to the next and the previous page
name the lecture they follow on (`after`, `before`), and the page begins at that lecture's place *now*. Where its place
should be is known from the page's number, so a window around it is asked for, which nearly always holds both the
lecture and the page: one search, as before.

Newest first: when the lecture is no longer among the hits, its time of publication still tells its place, and the
window moves towards it; nobody sees a lecture twice or misses one. Most watched first: the same, by plays and then
time, except that the order itself is made anew once a day. Most relevant first: the place of a lecture that left cannot
be told, so the page is counted from the front as a last resort; a new lecture in front still moves nothing.

All this holds for playlists among the hits as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.documents import KIND, PLAYLIST, document_id, subject_of, uses_of
from app.catalogue.models import Playlist
from app.library.models import Lecture
from search_index import Hit, SearchResult, Sort

#: So many lectures may come or go between two pages before a second search is needed.
MARGIN: Final = 8
#: The window doubles; after so many it is given up.
ROUNDS: Final = 7

#: What may stand on a page, by its kind in the index.
_MODELS: Final[Mapping[str, type[Lecture | Playlist]]] = {KIND: Lecture, PLAYLIST: Playlist}
Ask = Callable[[int, int], SearchResult]


@dataclass(frozen=True, slots=True)
class Beside:
    """The public id of the lecture right before the page (`is_after`) or right behind it."""

    public_id: str
    is_after: bool


@dataclass(frozen=True, slots=True)
class Turned:
    """The hits of one page; `result` carries what was counted with them."""

    hits: Sequence[Hit]
    result: SearchResult
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class _Anchor:
    document_id: str
    is_after: bool


@dataclass(frozen=True, slots=True)
class _Window:
    """Hits to look at."""

    offset: int
    limit: int


def turn_to(
    db: Session, ask: Ask, page: int, per_page: int, *, beside: Beside | None = None, sort: Sort = "relevance"
) -> Turned:
    """Return a page of hits. With `beside` one query more, and a second one only when its lecture is gone.

    Args:
        db: session.
        ask: searches; takes offset and limit.
        page: its number, which is exact only without `beside`.
        per_page: hits on a page.
        beside: the lecture it follows on or comes before; one nobody knows is ignored.
        sort: how the hits are ordered.
    """
    front = (page - 1) * per_page
    anchor = _find_anchor(db, beside) if beside is not None else None
    if anchor is None:
        result = ask(front, per_page)
        return Turned(result.hits, result, page, max(1, -(-result.total // per_page)))
    result, offset, cut = _look_for(db, ask, anchor, _Window(max(0, front - MARGIN), per_page + 2 * MARGIN), sort)
    begin = front if cut is None else cut if anchor.is_after else max(0, cut - per_page)
    hits = result.hits[begin - offset : begin - offset + per_page] if begin >= offset else ()
    if len(hits) < min(per_page, result.total - begin):
        result = ask(begin, per_page)
        hits = result.hits
    number = 1 if begin == 0 else max(2, page)
    behind = max(0, result.total - begin - len(hits))
    return Turned(hits, result, number, number + -(-behind // per_page))


def _find_anchor(db: Session, beside: Beside) -> _Anchor | None:
    """Find the lecture the page lies beside, or the playlist."""
    for kind, model in _MODELS.items():
        row = db.execute(select(model.id, model.published_at).where(model.public_id == beside.public_id)).first()
        if row is not None:
            return _Anchor(document_id(row.id, kind), beside.is_after) if row.published_at is not None else None
    return None


def _look_for(
    db: Session, ask: Ask, anchor: _Anchor, window: _Window, sort: Sort
) -> tuple[SearchResult, int, int | None]:
    """Return what a window shows, where it begins, and at which place the page is cut off, None when nobody knows."""
    offset, limit = window.offset, window.limit
    for rounds_left in range(ROUNDS - 1, -1, -1):
        result = ask(offset, limit)
        for place, hit in enumerate(result.hits):
            if hit.id == anchor.document_id:
                return result, offset, offset + place + anchor.is_after
        if sort == "relevance" or not rounds_left or (not result.hits and offset == 0):
            return result, offset, None
        keys = _keys(db, [anchor.document_id, *(hit.id for hit in result.hits)], sort)
        own = keys[anchor.document_id]
        older = sum(keys[hit.id] < own for hit in result.hits if hit.id in keys)
        newer = sum(keys[hit.id] > own for hit in result.hits if hit.id in keys)
        is_reached = bool(newer) or offset == 0
        is_passed = bool(older) or offset + len(result.hits) >= result.total
        if is_reached and is_passed:
            return result, offset, offset + len(result.hits) - older
        limit *= 2  # windows overlap by one: a place between two of them is seen at once
        offset = offset + limit // 2 - 1 if is_reached else max(0, offset - limit + 1)
    raise AssertionError


def _keys(db: Session, names: Sequence[str], sort: Sort) -> dict[str, tuple[int, datetime]]:
    """Return by what documents are ordered, the highest first: plays where they count, then the time."""
    keys: dict[str, tuple[int, datetime]] = {}
    subjects = [subject_of(name) for name in names]
    for kind, model in _MODELS.items():
        ids = [subject_id for each, subject_id in subjects if each == kind]
        if not ids:
            continue
        plays = uses_of(db, kind, ids) if sort == "popular" else {}
        for subject_id, published_at in db.execute(select(model.id, model.published_at).where(model.id.in_(ids))):
            if published_at is not None:
                count = plays[subject_id].plays if subject_id in plays else 0
                keys[document_id(subject_id, kind)] = count, published_at
    return keys
