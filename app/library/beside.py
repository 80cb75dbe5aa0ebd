"""What stands beside a lecture as plain values: its own cover and its handouts. Read off here and put on.

Not here: what a file may be (app.media), changes that wait (pending).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.clock import utc_now
from app.library.holdings import Attachment
from app.library.models import Lecture

BESIDE: Final = "beside"


@dataclass(frozen=True, slots=True)
class Handout:
    """One file residents may save; its bytes are named by their content."""

    public_id: str
    filename: str
    kind: str
    size_bytes: int
    sha256: str
    uploaded_by_id: int | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """Cover and handouts; without a digest the cover is the automatic one."""

    cover_sha256: str = ""
    handouts: tuple[Handout, ...] = ()

    def handout(self, public_id: str) -> Handout | None:
        """Return one of the handouts."""
        return next((each for each in self.handouts if each.public_id == public_id), None)


def beside_of(db: Session, lecture: Lecture) -> Beside:
    """Return what residents get, in the order it came."""
    rows = db.scalars(select(Attachment).where(Attachment.lecture_id == lecture.id).order_by(Attachment.id))
    handouts = tuple(
        Handout(row.public_id, row.filename, row.kind, row.size_bytes, row.sha256, row.uploaded_by_id) for row in rows
    )
    return Beside(lecture.cover_sha256, handouts)


def put_beside(db: Session, lecture: Lecture, beside: Beside) -> None:
    """Give a lecture this cover and these handouts; those that stay keep their rows and addresses."""
    lecture.cover_sha256 = beside.cover_sha256
    kept = set()
    for row in db.scalars(select(Attachment).where(Attachment.lecture_id == lecture.id)):
        if beside.handout(row.public_id) is None:
            db.delete(row)
        else:
            kept.add(row.public_id)
    db.flush()
    db.add_all(
        Attachment(lecture_id=lecture.id, created_at=utc_now(), **asdict(each))
        for each in beside.handouts
        if each.public_id not in kept
    )
    db.flush()


def beside_to_json(beside: Beside) -> dict[str, Any]:
    """Return the value of a pending change."""
    return {"cover_sha256": beside.cover_sha256, "handouts": [asdict(each) for each in beside.handouts]}


def beside_from_json(value: Mapping[str, Any]) -> Beside:
    """Reverse of `beside_to_json`."""
    return Beside(value["cover_sha256"], tuple(Handout(**each) for each in value["handouts"]))
