"""The ledger of bytes in a store: which pieces of an upload are durable, who may add to them. Rows only, no store.

An upload has one writer at a time. It gives a sign of life while bytes flow; after `HOLD` of silence, be it a killed
process or a telephone that changed networks, the next request may take the upload over, and nothing the old one still
sends is ever entered here.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.kernel.clock import utc_now
from app.kernel.ids import new_token
from app.studio.intake import Busy, NoSuchBytes
from app.studio.models import Upload, UploadIntake, UploadPiece

HOLD: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that are durable, in an object of their own."""

    #: The upload they came with: for a file in pieces one of those.
    public_id: str
    number: int
    offset_bytes: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Hold:
    """What a writer gets: the upload for itself."""

    upload_id: int
    token: str
    offset_bytes: int
    pieces: Sequence[Piece]
    #: For the first piece to come; `enter` gives out the next one.
    number: int


def new_writer() -> str:
    """Return a name for a request that writes: where it runs, and a secret."""
    return f"{socket.gethostname()[:100]}:{os.getpid()}:{new_token()}"


def _is_dead(writer: str) -> bool:
    """Tell whether a writer ran on this machine and its process is gone. A mistake costs it only its hold."""
    host, process_id, _ = writer.rsplit(":", 2)
    return host == socket.gethostname()[:100] and not Path(f"/proc/{process_id}").exists()


def hold(db: Session, public_id: str, token: str) -> Hold:
    """Take an upload for one request.

    Raises:
        NoSuchBytes: without a row.
        Busy: while somebody else gives signs of life.
    """
    upload_id = db.scalar(select(Upload.id).where(Upload.public_id == public_id).with_for_update())
    if upload_id is None:
        raise NoSuchBytes(public_id)
    intake = db.get(UploadIntake, upload_id)
    now = utc_now()
    if intake is None:
        intake = UploadIntake(upload_id=upload_id, next_number=1)
        db.add(intake)
    elif intake.writer and intake.writer_until and intake.writer_until > now and not _is_dead(intake.writer):
        raise Busy(upload=public_id)
    intake.writer, intake.writer_until = token, now + HOLD
    number, intake.next_number = intake.next_number, intake.next_number + 1
    pieces = list_pieces(db, public_id)
    offset_bytes = sum(piece.size_bytes for piece in pieces)
    return Hold(upload_id, token, offset_bytes, pieces, number)


def take_number(db: Session, held: Hold) -> int:
    """Give out a number, and take note that the writer lives.

    Raises:
        Busy: when somebody else has the upload now.
    """
    number = db.scalar(
        update(UploadIntake)
        .where(UploadIntake.upload_id == held.upload_id, UploadIntake.writer == held.token)
        .values(next_number=UploadIntake.next_number + 1, writer_until=utc_now() + HOLD)
        .returning(UploadIntake.next_number)
    )
    if number is None:
        raise Busy(upload_id=held.upload_id)
    return int(number) - 1


def stay(db: Session, held: Hold) -> None:
    """Take note that the writer lives.

    Raises:
        Busy: when somebody else has the upload now.
    """
    _of_holder(db, held, writer_until=utc_now() + HOLD)


def release(db: Session, held: Hold) -> None:
    """Let the next request in at once."""
    mine = UploadIntake.upload_id == held.upload_id, UploadIntake.writer == held.token
    db.execute(update(UploadIntake).where(*mine).values(writer=None, writer_until=None))


def enter(db: Session, held: Hold, added: Sequence[Piece], absorbed: Sequence[Piece]) -> int:
    """Enter pieces that are durable, in place of small ones they took in; return the number for the next one.

    Raises:
        Busy: when somebody else has the upload now; nothing is entered.
    """
    number = take_number(db, held)
    numbers = [piece.number for piece in absorbed]
    db.execute(delete(UploadPiece).where(UploadPiece.upload_id == held.upload_id, UploadPiece.number.in_(numbers)))
    db.add_all(
        UploadPiece(
            upload_id=held.upload_id, number=piece.number, offset_bytes=piece.offset_bytes,
            size_bytes=piece.size_bytes,
        )
        for piece in added
    )
    return number


def list_pieces(db: Session, public_id: str) -> Sequence[Piece]:
    """Return the pieces of an upload, and of the partial ones it is made of, in the order of their bytes."""
    final = aliased(Upload)
    rows = db.execute(
        select(UploadPiece, Upload.public_id)
        .join(Upload, Upload.id == UploadPiece.upload_id)
        .outerjoin(final, final.id == Upload.final_id)
        .where(or_(Upload.public_id == public_id, final.public_id == public_id))
        .order_by(Upload.position, UploadPiece.offset_bytes)
    )
    return [Piece(owner, row.number, row.offset_bytes, row.size_bytes) for row, owner in rows]


def find_length(db: Session, public_id: str) -> int | None:
    """Return how many bytes of an upload are durable, None without a row."""
    statement = (
        select(func.coalesce(func.sum(UploadPiece.size_bytes), 0))
        .select_from(Upload)
        .outerjoin(UploadPiece, UploadPiece.upload_id == Upload.id)
        .where(Upload.public_id == public_id)
        .group_by(Upload.id)
    )
    found = db.scalar(statement)
    return None if found is None else int(found)


def list_held(db: Session) -> Sequence[str]:
    """Return the ids of all uploads that have, or had, bytes in the store."""
    return list(db.scalars(select(Upload.public_id).join(UploadIntake, UploadIntake.upload_id == Upload.id)))


def forget(db: Session, public_id: str) -> None:
    """Strike an upload's pieces; whoever still writes to it will notice."""
    of_upload = select(Upload.id).where(Upload.public_id == public_id).scalar_subquery()
    db.execute(delete(UploadPiece).where(UploadPiece.upload_id == of_upload))
    db.execute(delete(UploadIntake).where(UploadIntake.upload_id == of_upload))


def _of_holder(db: Session, held: Hold, **values: object) -> None:
    statement = update(UploadIntake).where(
        UploadIntake.upload_id == held.upload_id, UploadIntake.writer == held.token
    )
    if db.execute(statement.values(**values)).rowcount != 1:  # type: ignore[attr-defined]
        raise Busy(upload_id=held.upload_id)
