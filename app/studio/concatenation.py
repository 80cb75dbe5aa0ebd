"""Files that arrive in pieces (tus: partial and final uploads), so that several connections can carry one file.

A piece belongs to nobody's lecture until a file takes it in. The file may be announced before its pieces are whole: it
is then listed, counted and given up like any other, and finished when the last piece is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.kernel.errors import Conflict, InvalidInput, NotFound, NotPermitted
from app.library.services import get_lecture_for_edit
from app.studio.allowance import check_allowance, check_any_allowance
from app.studio.intake import check_size
from app.studio.models import Upload, UploadKind, UploadState
from app.studio.upload_limits import check_count
from app.studio.uploads import NewFile, Room, add_upload, check_room, give_up_others, known_user, note_pieces

log = structlog.get_logger(__name__)

PIECES_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Joined:
    """What became of announcing a file in pieces."""

    #: Its id; an older one when the same file was announced before.
    public_id: str
    #: Ids of uploads it replaced.
    given_up: Sequence[str]


def begin_piece(db: Session, actor: Actor, file: NewFile, *, public_id: str, room: Room) -> None:
    """Open an upload that will become a piece of a file.

    Raises:
        NotPermitted: for somebody who may not contribute anywhere.
        TooManyUploads: when too many are on their way already.
        QuotaReached: when no institution of the actor's may keep it.
        DiskFull: when it would not fit.
    """
    if not actor.can_contribute:
        raise NotPermitted
    check_count(db, room.limits, user_id=known_user(actor))
    check_any_allowance(db, actor, file.size_bytes)
    check_room(db, room, file.size_bytes)
    add_upload(db, actor, file, public_id=public_id, kind=UploadKind.PARTIAL)
    log.info("upload_piece_begun", upload=public_id, size_bytes=file.size_bytes)


def join_pieces(
    db: Session, actor: Actor, lecture_id: str, file: NewFile, piece_ids: Sequence[str], *, public_id: str,
    max_bytes: int,
) -> Joined:
    """Announce a file for a lecture made of pieces in this order; it replaces one that is still on its way.

    Raises:
        NotFound: when the lecture or a piece is not the actor's.
        InvalidInput: when there are no pieces, too many, or one twice.
        Conflict: when a piece is part of another file or given up.
        TooLarge: when the pieces are too much together.
        QuotaReached: when the lecture's institution has used what it may.
    """
    lecture = get_lecture_for_edit(db, actor, lecture_id)
    pieces = _find_pieces(db, actor, piece_ids)
    before = _joined_before(db, pieces, lecture.id)
    if before is not None:
        return Joined(before, [])
    for piece in pieces:
        if piece.final_id is not None or piece.state not in {UploadState.RECEIVING, UploadState.FINISHING}:
            sentence = "这一段已经用过或取消了，请重新选择文件上传。"
            raise Conflict(sentence, code="piece_not_free", upload=piece.public_id)
    size_bytes = sum(piece.size_bytes for piece in pieces)
    check_size(size_bytes, max_bytes=max_bytes)
    given_up = give_up_others(db, lecture)
    check_allowance(db, lecture.institution_id, size_bytes)
    whole = NewFile(file.filename, size_bytes, file.fingerprint, file.metadata_header)
    final = add_upload(db, actor, whole, public_id=public_id, kind=UploadKind.FINAL, lecture_id=lecture.id)
    for position, piece in enumerate(pieces):
        piece.final_id, piece.position = final.id, position
    log.info("upload_joined", upload=public_id, lecture_id=lecture.id, pieces=len(pieces), size_bytes=size_bytes)
    note_pieces(db, final.id)
    return Joined(public_id, given_up)


def _find_pieces(db: Session, actor: Actor, piece_ids: Sequence[str]) -> Sequence[Upload]:
    if not 1 <= len(piece_ids) <= PIECES_MAX or len(set(piece_ids)) != len(piece_ids):
        raise InvalidInput("上传请求有误，请刷新页面再试。", code="bad_pieces", count=len(piece_ids))
    statement = select(Upload).where(Upload.public_id.in_(piece_ids), Upload.kind == UploadKind.PARTIAL)
    found = {piece.public_id: piece for piece in db.scalars(statement.with_for_update())}
    missing = [name for name in piece_ids if name not in found or found[name].user_id != actor.user_id]
    if missing:
        raise NotFound(upload=missing[0])
    return [found[name] for name in piece_ids]


def _joined_before(db: Session, pieces: Sequence[Upload], lecture_id: int) -> str | None:
    """Return the file that exactly these pieces make already, so that a lost answer may be asked for again."""
    final_ids = {piece.final_id for piece in pieces}
    if len(final_ids) != 1 or None in final_ids:
        return None
    final = db.get_one(Upload, final_ids.pop())
    all_ids = db.scalars(select(Upload.id).where(Upload.final_id == final.id).order_by(Upload.position)).all()
    is_same = list(all_ids) == [piece.id for piece in pieces] and final.lecture_id == lecture_id
    return final.public_id if is_same and final.state is not UploadState.ABORTED else None
