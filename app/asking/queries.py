"""Reads of wishes for those who answer them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.asking.models import Wish, WishPlace, WishState
from app.asking.wishes import can_answer
from app.kernel.actor import Actor
from app.kernel.errors import NotPermitted
from app.library.models import Lecture

PER_PAGE = 30


@dataclass(frozen=True, slots=True)
class WishRow:
    """A wish as it is listed; `count` is that of the chosen city."""

    wish: Wish
    count: int
    lecture_title: str
    lecture_public_id: str


@dataclass(frozen=True, slots=True)
class WishPage:
    """One page of wishes, and how many there are in each state."""

    rows: Sequence[WishRow]
    page: int
    pages: int
    counts: Mapping[WishState, int]


def list_wishes(
    db: Session, actor: Actor, state: WishState, *, city: str = "", page: int = 1, per_page: int = PER_PAGE
) -> WishPage:
    """Return wishes in a state, the most wished first; three queries.

    Raises:
        NotPermitted: to those who answer no wishes.
    """
    if not can_answer(actor):
        raise NotPermitted
    by_state = _in_city(select(Wish.state, func.count()), city).group_by(Wish.state)
    counts: dict[WishState, int] = {row[0]: row[1] for row in db.execute(by_state)}
    number = max(1, page)
    count = WishPlace.count if city else Wish.count
    listed = _in_city(select(Wish, count, Lecture.title, Lecture.public_id), city)
    rows = db.execute(
        listed.outerjoin(Lecture, Lecture.id == Wish.lecture_id)
        .where(Wish.state == state)
        .order_by(count.desc(), Wish.id.desc())
        .offset((number - 1) * per_page)
        .limit(per_page)
    )
    return WishPage(
        rows=[WishRow(wish, times, title or "", public_id or "") for wish, times, title, public_id in rows],
        page=number,
        pages=max(1, -(-counts.get(state, 0) // per_page)),
        counts=counts,
    )


def _in_city(statement: Select[*tuple[Any, ...]], city: str) -> Select[*tuple[Any, ...]]:
    if not city:
        return statement
    return statement.join(WishPlace, (WishPlace.wish_id == Wish.id) & (WishPlace.region_code == city))
