"""Files that come on a disk, not over a line: a folder and a table of what is in it become drafts with sources.

A row is safe to repeat: a file the institution has already, by its content, makes no second lecture. Each row stands
for itself, so that one bad row holds nobody up. The folder is only read.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.kernel.db import reading, unit_of_work
from app.kernel.errors import AppError, InvalidInput, NotPermitted
from app.kernel.storage import ManagedStorage
from app.library import policies
from app.library.models import Lecture
from app.library.queries import list_current_terms
from app.library.services import (
    LectureFields,
    checked_fields,
    clean_course_title,
    create_lecture,
    find_or_create_course,
)
from app.library.sharing import read_defaults
from app.media.models import Source
from app.media.services import StoredSource, attach_source, source_key
from app.studio.allowance import check_allowance
from app.studio.desk.cells import COLUMN_NAMES, Vocabulary, read_cells, write_cells
from app.studio.manifest import LABELS, ManifestRow
from app.studio.parts import hash_file

log = structlog.get_logger(__name__)

_CONTENT_TYPE: Final = "application/octet-stream"
#: Of drafts whose institution says nothing of it, as of those made by hand.
_LANGUAGE: Final = "zh-CN"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row."""

    row: int
    file: str
    #: created, known, refused.
    state: str
    lecture_id: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A folder, where its files go, and for whom."""

    folder: Path
    storage: ManagedStorage
    actor: Actor
    institution_id: int


def ingest(delivery: Delivery, rows: Sequence[ManifestRow], tell: Callable[[Outcome], None]) -> None:
    """Bring every row of a manifest in; `tell` hears of each as it is done.

    Nothing of a refused row is written: no draft, no course, no file.
    """
    with reading() as db:
        words = Vocabulary(list_current_terms(db))
        defaults = read_defaults(db, delivery.institution_id).fields
    beginning = write_cells(dataclasses.replace(defaults, language=defaults.language or _LANGUAGE), words)
    for row in rows:
        name = row.cells.get("file", "")
        try:
            tell(_ingest_row(delivery, row, beginning, words))
        except AppError as error:
            tell(Outcome(row.line, name, "refused", sentence=_sentence(error)))


def _sentence(error: AppError) -> str:
    """Say what is wrong in one line, each cell under its heading."""
    fields = error.fields if isinstance(error, InvalidInput) else {}
    told = ["：".join((LABELS.get(name, name), sentence)) for name, sentence in fields.items()]
    return "；".join(told) or str(error.message)


def _ingest_row(delivery: Delivery, row: ManifestRow, beginning: Mapping[str, str], words: Vocabulary) -> Outcome:
    if row.problems:
        raise InvalidInput(fields=row.problems)
    path = _inside(delivery.folder, row.cells.get("file", ""))
    fields = _fields(row, beginning, words, path.stem)
    course = row.cells.get("course", "")
    with reading() as db:
        if not policies.can_contribute_to(delivery.actor, delivery.institution_id):
            raise NotPermitted(institution_id=delivery.institution_id)
        checked_fields(db, fields, needs_teacher=False)
        if course:
            clean_course_title(course)
    sha256, size_bytes = hash_file(path), path.stat().st_size
    with reading() as db:
        known = _find_lecture(db, delivery.institution_id, sha256)
    if known is not None:
        return Outcome(row.line, row.cells["file"], "known", known)
    with unit_of_work() as db:
        check_allowance(db, delivery.institution_id, size_bytes)
    key = source_key(sha256)
    delivery.storage.put_file(key, path, _CONTENT_TYPE)
    with unit_of_work() as db:
        lecture = create_lecture(db, delivery.actor, delivery.institution_id, fields)
        if course:
            made = find_or_create_course(db, delivery.actor, delivery.institution_id, course)
            lecture.course_id = made.id
        attach_source(db, delivery.actor, lecture, StoredSource(path.name, sha256, size_bytes, key))
        public_id = lecture.public_id
    log.info("file_ingested", lecture_id=public_id, size_bytes=size_bytes)
    return Outcome(row.line, row.cells["file"], "created", public_id)


def _fields(row: ManifestRow, beginning: Mapping[str, str], words: Vocabulary, stem: str) -> LectureFields:
    """Return what a row says; what it leaves empty is as the institution's new drafts begin."""
    said = {name: text for name, text in row.cells.items() if text and name in COLUMN_NAMES}
    return read_cells({**beginning, "title": stem, **said}, words)


def _inside(folder: Path, name: str) -> Path:
    """Return a file of the folder; a name that leads out of it, by dots or by a link, is refused."""
    if not name:
        raise InvalidInput("这一行没有写文件。", code="no_file")
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise InvalidInput("文件不在这个文件夹里。", code="outside_folder")
    if not path.is_file():
        raise InvalidInput("没有找到这个文件。", code="no_such_file")
    if path.stat().st_size == 0:
        raise InvalidInput("文件是空的。", code="empty_file")
    return path


def _find_lecture(db: Session, institution_id: int, sha256: str) -> str | None:
    return db.scalar(
        select(Lecture.public_id)
        .join(Source, Source.lecture_id == Lecture.id)
        .where(Lecture.institution_id == institution_id, Source.sha256 == sha256, Lecture.deleted_at.is_(None))
        .order_by(Lecture.id)
        .limit(1)
    )
