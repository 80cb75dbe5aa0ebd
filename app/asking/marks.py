"""Numbers by which every process sees that a list of the operator changed: one row each, read by its key."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.asking.models import SearchWordMark
from app.kernel.db import insert_for

WORDS: Final = 1
HIDDEN_QUERIES: Final = 2


def count_up(db: Session, mark_id: int) -> None:
    """Say that a list changed; the others see it once this is committed."""
    first = insert_for(db, SearchWordMark).values(id=mark_id, number=1)
    db.execute(first.on_conflict_do_update(index_elements=["id"], set_={"number": SearchWordMark.number + 1}))


def number_of(db: Session, mark_id: int) -> int:
    """Return how often a list changed."""
    return db.scalar(select(SearchWordMark.number).where(SearchWordMark.id == mark_id)) or 0
