"""Reads of uploads: whose one is, and what it consists of."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.library import policies as library_policies
from app.library.models import Lecture
from app.studio import policies
from app.studio.models import Upload, UploadKind


def get_upload(db: Session, actor: Actor, public_id: str) -> Upload:
    """Load an upload of the actor's.

    Raises:
        NotFound: none, or somebody else's.
    """
    upload = db.scalars(
        select(Upload)
        .where(Upload.public_id == public_id)
        .options(joinedload(Upload.lecture), joinedload(Upload.final).joinedload(Upload.lecture))
    ).first()
    if upload is None or not (
        policies.can_send_upload(actor, upload, institution_of(upload))
        or _sends_for_a_co_owner(actor, upload)
    ):
        raise NotFound(upload=public_id)
    return upload


def list_pieces_of(db: Session, upload: Upload) -> list[str]:
    """Return the ids of a file's pieces in order; none for other uploads."""
    if upload.kind is not UploadKind.FINAL:
        return []
    return list(db.scalars(select(Upload.public_id).where(Upload.final_id == upload.id).order_by(Upload.position)))


def _sends_for_a_co_owner(actor: Actor, upload: Upload) -> bool:
    lecture = _lecture_of(upload)
    return upload.user_id == actor.user_id and lecture is not None and library_policies.can_edit_lecture(actor, lecture)


def _lecture_of(upload: Upload) -> Lecture | None:
    """Return the lecture an upload is for; a piece's is that of its file."""
    return upload.lecture or (upload.final.lecture if upload.final is not None else None)


def institution_of(upload: Upload) -> int | None:
    """Return whose lecture an upload is for."""
    lecture = _lecture_of(upload)
    return lecture.institution_id if lecture is not None else None
