"""Facts written in the same transaction as the change they tell of, and delivered to listeners after it.

A listener only writes rows (usually: enqueues jobs), so delivery is itself one transaction: an event is marked
delivered together with everything its listeners did. Nothing is sent from inside a business transaction.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from sqlalchemy import JSON, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kernel.clock import utc_now
from app.kernel.db import Base

log = structlog.get_logger(__name__)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

EventT = TypeVar("EventT")
Listener = Callable[[Session, Any], None]


class OutboxEvent(Base):
    """One fact; `id` gives the order of delivery."""

    __tablename__ = "outbox_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None] = mapped_column(index=True)


class Subscriptions:
    """Who listens to what; filled once by the factory, then only read."""

    def __init__(self) -> None:
        self._types: dict[str, type] = {}
        self._listeners: dict[str, list[Listener]] = defaultdict(list)

    def listen(self, event_type: type[EventT], listener: Callable[[Session, EventT], None]) -> None:
        """Call `listener(db, event)` for every delivered event of this type; it must be safe to repeat."""
        self._types[event_type.__name__] = event_type
        self._listeners[event_type.__name__].append(listener)

    def deliver(self, db: Session, row: OutboxEvent) -> None:
        """Hand one stored event to its listeners."""
        event_type = self._types.get(row.name)
        if event_type is None:
            return  # nobody cares for this fact (yet)
        event = event_type(**row.payload)
        for listener in self._listeners[row.name]:
            listener(db, event)


def emit(db: Session, event: DataclassInstance) -> None:
    """Record a fact (a frozen dataclass of plain values) in the caller's transaction."""
    db.add(OutboxEvent(name=type(event).__name__, payload=dataclasses.asdict(event), created_at=utc_now()))


def relay(db: Session, subscriptions: Subscriptions, *, limit: int = 100) -> int:
    """Deliver up to `limit` waiting events in order, in the caller's transaction. Return how many."""
    statement = (
        select(OutboxEvent)
        .where(OutboxEvent.delivered_at.is_(None))
        .order_by(OutboxEvent.id)
        .limit(limit)
        .with_for_update()  # a second relay waits: what listeners number must be committed in the order of numbers
    )
    rows = list(db.scalars(statement))
    for row in rows:
        subscriptions.deliver(db, row)
        row.delivered_at = utc_now()
    if rows:
        log.info("events_delivered", count=len(rows), last_id=rows[-1].id)
    return len(rows)


def forget_delivered(db: Session, *, before: datetime) -> int:
    """Delete delivered events older than `before`. Return how many."""
    result = db.execute(delete(OutboxEvent).where(OutboxEvent.delivered_at < before))
    return int(getattr(result, "rowcount", 0))
