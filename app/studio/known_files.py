"""Files the institution need not send again: those still on their way, and those it has already.

A file on its way is recognised by its mark (size, first and last MiB, as `sender.js` computes it), one that is here by
its SHA-256. Only files of institutions the actor contributes to are ever told of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Select, func, null, select
from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.library.models import Lecture
from app.library.services import get_lecture_for_edit
from app.media.models import Source
from app.media.services import StoredSource, attach_source
from app.studio.models import Upload, UploadKind, UploadState
from app.studio.uploads import give_up_others

LISTED_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Unfinished:
    """One file of mine that stopped on its way."""

    public_id: str
    lecture_id: str
    lecture_title: str
    filename: str
    fingerprint: str
    size_bytes: int
    offset_bytes: int
    updated_at: datetime
    is_in_pieces: bool
    #: Swept after this unless more of it arrives.
    kept_until: datetime

    @property
    def percent(self) -> int:
        """How far it is."""
        return 100 * self.offset_bytes // self.size_bytes


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file that is here already, and where."""

    filename: str
    lecture_title: str
    uploaded_at: datetime


def _mine(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    return (
        Upload.user_id == actor.user_id, Upload.state == UploadState.RECEIVING, Upload.kind != UploadKind.PARTIAL
    )


def count_unfinished(db: Session, actor: Actor) -> int:
    """Return how many files of the actor's are on their way."""
    return db.scalar(select(func.count()).select_from(Upload).where(*_mine(actor))) or 0


def list_unfinished(db: Session, actor: Actor, *, expires_after: timedelta) -> Sequence[Unfinished]:
    """Return the actor's files on their way, the one touched last first."""
    rows = db.execute(
        select(Upload, Lecture.public_id, Lecture.title)
        .join(Lecture, Lecture.id == Upload.lecture_id)
        .where(*_mine(actor))
        .order_by(Upload.updated_at.desc(), Upload.id.desc())
        .limit(LISTED_MAX)
    )
    return [
        Unfinished(
            upload.public_id, lecture_id, title, upload.filename, upload.fingerprint, upload.size_bytes,
            upload.offset_bytes, upload.updated_at, upload.kind is UploadKind.FINAL, upload.updated_at + expires_after,
        )
        for upload, lecture_id, title in rows
    ]


def may_be_known(db: Session, actor: Actor, lecture_id: str, size_bytes: int) -> bool:
    """Tell whether the lecture's institution has any file of this size, so that hashing one is worth the while."""
    lecture = get_lecture_for_edit(db, actor, lecture_id)
    return db.scalar(_sources_of(lecture).where(Source.size_bytes == size_bytes).limit(1)) is not None


def find_known(db: Session, actor: Actor, lecture_id: str, sha256: str) -> KnownFile | None:
    """Find a file of the lecture's institution by its content."""
    lecture = get_lecture_for_edit(db, actor, lecture_id)
    source = _find_source(db, lecture, sha256)
    if source is None:
        return None
    title = db.scalar(select(Lecture.title).where(Lecture.id == source.lecture_id)) or ""
    return KnownFile(source.filename, title, source.created_at)


def use_known(db: Session, actor: Actor, lecture_id: str, sha256: str, *, filename: str) -> Sequence[str]:
    """Give the lecture a file its institution has already; return the ids of uploads that are given up for it.

    Raises:
        NotFound: when there is no such file, or none of this institution's.
    """
    lecture = get_lecture_for_edit(db, actor, lecture_id)
    source = _find_source(db, lecture, sha256)
    if source is None:
        raise NotFound(sha256=sha256)
    given_up = give_up_others(db, lecture)
    stored = StoredSource(filename or source.filename, source.sha256, source.size_bytes, source.storage_key)
    attach_source(db, actor, lecture, stored)
    return given_up


def _sources_of(lecture: Lecture) -> Select[Source]:
    # Excerpts share their original's file; what is here whole is a file somebody sent.
    return (
        select(Source)
        .join(Lecture, Lecture.id == Source.lecture_id)
        .where(
            Lecture.institution_id == lecture.institution_id,
            Source.cut.is_(null()),
            Source.master_dropped_at.is_(None),
        )
    )


def _find_source(db: Session, lecture: Lecture, sha256: str) -> Source | None:
    return db.scalars(_sources_of(lecture).where(Source.sha256 == sha256).order_by(Source.id).limit(1)).first()
