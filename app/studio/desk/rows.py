"""Writes to rows of a batch: the cells of one, or those of a whole sheet, all or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.kernel.errors import InvalidInput, NotFound
from app.library import services as library
from app.library.models import Lecture
from app.library.pending import working_text
from app.studio.desk.cells import COLUMN_NAMES, Vocabulary, read_cells, write_cells
from app.studio.desk.models import Batch, BatchRow

log = structlog.get_logger(__name__)


def save_row(
    db: Session, actor: Actor, public_id: str, cells: Mapping[str, str], words: Vocabulary, *, expected_version: int
) -> Lecture:
    """Change what cells say of a lecture; cells that are not given keep what is there.

    Raises:
        StaleVersion: when somebody saved since the actor read it.
        InvalidInput: with a sentence for each cell.
    """
    lecture = library.get_lecture_for_edit(db, actor, public_id)
    typed = {name: text for name, text in cells.items() if name in COLUMN_NAMES}
    merged = write_cells(working_text(db, lecture), words) | typed
    fields = read_cells(merged, words)
    return library.edit_lecture(db, actor, public_id, fields, expected_version=expected_version)


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row of a sheet: the lecture, the version it was written from, its cells."""

    #: As the person counts rows in the sheet.
    line: int
    lecture_id: str
    version: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CellProblem:
    """What is wrong where; an empty column is the whole row."""

    line: int
    column: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What taking rows did, or would have done."""

    changed: Sequence[RowChange]
    unchanged: int
    problems: Sequence[CellProblem]


class RowsRefused(InvalidInput):
    """Some rows of a sheet are wrong, so none was taken; carries what each of them would have done."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("表格里有几处要改，现在什么都没有动。", code="rows_refused")
        self.outcome = outcome


def take_rows(
    db: Session, actor: Actor, batch: Batch, rows: Sequence[RowChange], words: Vocabulary, *,
    before: Sequence[CellProblem] = (), good_only: bool = False,
) -> Outcome:
    """Take the rows of a sheet: all of them, or none while one is wrong, or the good ones where that was asked for.

    Raises:
        RowsRefused: when something is wrong and not only the good rows were asked for.
    """
    versions = _versions(db, batch)
    problems = list(before)
    wrong_lines = {problem.line for problem in before}
    changed, unchanged = [], 0
    for row in rows:
        found = _check_row(row, versions) if row.line not in wrong_lines else []
        if row.line in wrong_lines or found:
            problems += found
            continue
        try:
            with db.begin_nested():
                is_changed = _take(db, actor, row, words)
        except InvalidInput as error:
            problems += [CellProblem(row.line, name, sentence) for name, sentence in error.fields.items()]
            continue
        if is_changed:
            changed.append(row)
        else:
            unchanged += 1
    outcome = Outcome(changed, unchanged, sorted(problems, key=lambda problem: problem.line))
    if problems and not good_only:
        raise RowsRefused(outcome)
    log.info("sheet_taken", batch=batch.public_id, changed=len(changed), refused=len(problems))
    return outcome


def _versions(db: Session, batch: Batch) -> Mapping[str, int]:
    statement = select(Lecture.public_id, Lecture.version).join(BatchRow, BatchRow.lecture_id == Lecture.id)
    found = db.execute(statement.where(BatchRow.batch_id == batch.id, Lecture.deleted_at.is_(None)))
    return {row.public_id: row.version for row in found}


def _check_row(row: RowChange, versions: Mapping[str, int]) -> list[CellProblem]:
    if row.lecture_id not in versions:
        return [CellProblem(row.line, "", "这一行的编号不属于这一批。请用从这一页下载的表格，不要自己加行。")]
    if versions[row.lecture_id] != row.version:
        return [CellProblem(row.line, "", "下载表格以后有人改过这一讲。请重新下载表格，把这一行再改一次。")]
    return []


def _take(db: Session, actor: Actor, row: RowChange, words: Vocabulary) -> bool:
    lecture = library.get_lecture_for_edit(db, actor, row.lecture_id)
    kept = write_cells(working_text(db, lecture), words)
    typed = {name: text.replace("\r\n", "\n").strip() for name, text in row.cells.items() if name in COLUMN_NAMES}
    if all(kept[name].strip() == text for name, text in typed.items()):
        return False
    save_row(db, actor, row.lecture_id, typed, words, expected_version=row.version)
    return write_cells(working_text(db, lecture), words) != kept


def row_of(db: Session, batch: Batch, lecture_id: str) -> BatchRow:
    """Return the row of a lecture in a batch.

    Raises:
        NotFound: when it has none.
    """
    statement = select(BatchRow).join(Lecture, Lecture.id == BatchRow.lecture_id)
    row = db.scalars(statement.where(BatchRow.batch_id == batch.id, Lecture.public_id == lecture_id)).first()
    if row is None:
        raise NotFound(batch=batch.public_id, lecture=lecture_id)
    return row
