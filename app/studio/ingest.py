"""Files that come on a disk, not over a line: a folder and a table of what is in it become drafts with sources.

A row is safe to repeat: a file the institution has already, by its content, makes no second lecture. Each row stands
for itself, so that one bad row holds nobody up. The folder is only read.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.kernel.db import reading, unit_of_work
from app.kernel.errors import AppError, InvalidInput
from app.kernel.storage import ManagedStorage
from app.library.models import Lecture
from app.library.services import LectureFields, create_lecture
from app.media.models import Source
from app.media.services import StoredSource, attach_source, source_key
from app.studio.parts import hash_file

log = structlog.get_logger(__name__)

#: Headings of the table, Chinese or English; a file and a title are all that is needed.
COLUMNS: Final = {
    "文件": "file", "标题": "title", "主讲人": "teacher", "简介": "description", "标签": "tags",
    "file": "file", "title": "title", "teacher": "teacher", "description": "description", "tags": "tags",
}  # fmt: skip
ROWS_MAX: Final = 10_000
_CELL_MAX: Final = 5000
_CONTENT_TYPE: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row."""

    row: int
    file: str
    #: created, known, refused.
    state: str
    lecture_id: str = ""
    sentence: str = ""


def read_manifest(path: Path) -> Sequence[dict[str, str]]:
    """Read a CSV (UTF-8 or GB18030, as Excel saves it) or the first sheet of an .xlsx.

    Raises:
        InvalidInput: when it cannot be read or names no file column.
    """
    rows = _xlsx_rows(path) if path.suffix.lower() == ".xlsx" else _csv_rows(path)
    headings = [COLUMNS.get(cell.strip().lower(), "") for cell in next(rows, [])]
    if "file" not in headings:
        raise InvalidInput("清单的第一行要有“文件”这一列。", code="no_file_column")
    read = []
    for cells in rows:
        row = {name: cell.strip()[:_CELL_MAX] for name, cell in zip(headings, cells, strict=False) if name}
        read.append(row)
        if len(read) > ROWS_MAX:
            raise InvalidInput("清单太长，请分成几份。", code="manifest_too_long")
    return read


def _csv_rows(path: Path) -> Iterator[list[str]]:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030", errors="replace")
    return iter(csv.reader(text.splitlines()))


def _xlsx_rows(path: Path) -> Iterator[list[str]]:
    import openpyxl  # noqa: PLC0415 - a quarter of a second that a CSV need not pay

    try:
        sheet = openpyxl.load_workbook(path, read_only=True, data_only=True).worksheets[0]
    except Exception as error:  # the library raises whatever its parsers do
        raise InvalidInput("这个 xlsx 打不开，请另存为 CSV。", code="bad_xlsx") from error
    return (["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True))


@dataclass(frozen=True, slots=True)
class Delivery:
    """A folder, where its files go, and for whom."""

    folder: Path
    storage: ManagedStorage
    actor: Actor
    institution_id: int


def ingest(delivery: Delivery, rows: Sequence[dict[str, str]], tell: Callable[[Outcome], None]) -> None:
    """Bring every row of a manifest in; `tell` hears of each as it is done."""
    for number, row in enumerate(rows, 2):
        name = row.get("file", "")
        if not name:
            continue
        try:
            tell(_ingest_row(delivery, row, number))
        except AppError as error:
            fields = getattr(error, "fields", {})
            tell(Outcome(number, name, "refused", sentence="；".join(map(str, fields.values())) or str(error.message)))


def _ingest_row(delivery: Delivery, row: dict[str, str], number: int) -> Outcome:
    path = _inside(delivery.folder, row["file"])
    sha256, size_bytes = hash_file(path), path.stat().st_size
    with reading() as db:
        known = _find_lecture(db, delivery.institution_id, sha256)
    if known is not None:
        return Outcome(number, row["file"], "known", known)
    key = source_key(sha256)
    delivery.storage.put_file(key, path, _CONTENT_TYPE)
    tags = tuple(filter(None, (tag.strip() for tag in row.get("tags", "").replace("，", "、").split("、"))))
    fields = LectureFields(row.get("title") or path.stem, row.get("description", ""), row.get("teacher", ""), tags)
    with unit_of_work() as db:
        lecture = create_lecture(db, delivery.actor, delivery.institution_id, fields)
        attach_source(db, delivery.actor, lecture, StoredSource(path.name, sha256, size_bytes, key))
        public_id = lecture.public_id
    log.info("file_ingested", lecture_id=public_id, size_bytes=size_bytes)
    return Outcome(number, row["file"], "created", public_id)


def _inside(folder: Path, name: str) -> Path:
    """Return a file of the folder; a name that leads out of it, by dots or by a link, is refused."""
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
        .where(Lecture.institution_id == institution_id, Source.sha256 == sha256)
        .order_by(Lecture.id)
        .limit(1)
    )
