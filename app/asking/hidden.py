"""Popular queries an operator does not want offered: hidden at once in every process, shown again as easily."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.asking.marks import HIDDEN_QUERIES, count_up
from app.asking.models import QUERY_MAX, HiddenQuery, PopularQuery
from app.asking.typed import squeeze
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import InvalidInput, NotPermitted
from app.kernel.sentences import Sentence

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Offered:
    """A popular query as the operator sees it; `askers` is a number of buckets, never of people."""

    text: str
    askers: int


def list_offered(db: Session, actor: Actor) -> list[Offered]:
    """Return the popular queries that are offered now, the most asked first.

    Raises:
        NotPermitted: to anybody but the operator.
    """
    _check_operator(actor)
    hidden = set(db.scalars(select(HiddenQuery.key)))
    rows = db.execute(
        select(PopularQuery.text, PopularQuery.askers).order_by(PopularQuery.askers.desc(), PopularQuery.text)
    )
    return [Offered(text, askers) for text, askers in rows if squeeze(text) not in hidden]


def list_hidden(db: Session, actor: Actor) -> Sequence[HiddenQuery]:
    """Return what is hidden, the latest first; the same permission."""
    _check_operator(actor)
    return db.scalars(select(HiddenQuery).order_by(HiddenQuery.hidden_at.desc(), HiddenQuery.key)).all()


def hide_query(db: Session, actor: Actor, text: str) -> HiddenQuery:
    """Offer a query to nobody any more, whether it is popular now or becomes so; searching for it goes on working.

    Raises:
        InvalidInput: there is nothing in it, or it is longer than queries that are counted.
    """
    _check_operator(actor)
    typed, key = " ".join(text.split()), squeeze(text)
    if not key or len(typed) > QUERY_MAX:
        raise InvalidInput(fields={"text": Sentence("请写 1 到 %(limit)d 个字。", limit=QUERY_MAX)})
    row = db.get(HiddenQuery, key)
    if row is None:
        row = HiddenQuery(key=key, text=typed, hidden_at=utc_now(), hidden_by_id=actor.user_id)
        db.add(row)
        count_up(db, HIDDEN_QUERIES)
        log.info("popular_query_hidden", text=typed, actor_id=actor.user_id)
    return row


def show_query(db: Session, actor: Actor, text: str) -> None:
    """Let a query be offered again where it is popular; one that is not hidden is fine."""
    _check_operator(actor)
    row = db.get(HiddenQuery, squeeze(text)[:QUERY_MAX])
    if row is not None:
        db.delete(row)
        count_up(db, HIDDEN_QUERIES)
        log.info("popular_query_shown", text=row.text, actor_id=actor.user_id)


def _check_operator(actor: Actor) -> None:
    if not actor.is_operator:
        raise NotPermitted
