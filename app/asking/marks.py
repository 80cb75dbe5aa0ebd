"""Numbers by which every process sees that a list of the operator changed: one row each, read by its key."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.asking.models import SearchWordMark

WORDS: Final = 1
HIDDEN_QUERIES: Final = 2


def count_up(db: Session, mark_id: int) -> None:
    """Say that a list changed; the others see it once this is committed."""
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    first = insert(SearchWordMark).values(id=mark_id, number=1)
    db.execute(first.on_conflict_do_update(index_elements=["id"], set_={"number": SearchWordMark.number + 1}))


def number_of(db: Session, mark_id: int) -> int:
    """Return how often a list changed."""
    return db.scalar(select(SearchWordMark.number).where(SearchWordMark.id == mark_id)) or 0
