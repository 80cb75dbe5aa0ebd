"""The history of a place's members: one line for everything done about one. Written here, read by `members`."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from app.joining.models import MemberAct, MemberEvent
from app.joining.places import Place
from app.kernel.actor import Actor
from app.kernel.clock import utc_now


def note_member(
    db: Session, place: Place, user_id: int, act: MemberAct, *, by: Actor, before: Iterable[str] = (),
    after: Iterable[str] = (),
) -> None:
    """Write a line."""
    db.add(
        MemberEvent(
            user_id=user_id, act=act, roles_before=sorted(before), roles_after=sorted(after), by_id=by.user_id,
            by_name=by.display_name, at=utc_now(), **place.columns(),
        )
    )
    db.flush()
