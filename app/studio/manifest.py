"""The table that comes with a disk: rows out of a CSV or an `.xlsx`, each with what is wrong with it. Not here: files.

Its columns are those of the batch desk's table, under either of their names, with the file and the course beside them.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import structlog

from app.kernel.errors import InvalidInput, TooLarge
from app.studio.desk.cells import COLUMNS

log = structlog.get_logger(__name__)

#: Headings in either language, and the short ones people write.
HEADINGS: Final[Mapping[str, str]] = {
    "文件": "file", "文件名": "file", "file": "file", "课程": "course", "course": "course", "简介": "description",
    **{column.label: column.name for column in COLUMNS}, **{column.name: column.name for column in COLUMNS},
}  # fmt: skip
#: What a person calls a column, for the report.
LABELS: Final[Mapping[str, str]] = {
    "file": "文件", "course": "课程", **{column.name: column.label for column in COLUMNS},
}  # fmt: skip
ROWS_MAX: Final = 10_000
MANIFEST_MAX_BYTES: Final = 16 * 1024**2
#: What the library's parsers raise for what is no workbook.
_UNREADABLE: Final = (ValueError, TypeError, KeyError, IndexError, OSError, SyntaxError, zipfile.BadZipFile)
_CELL_MAX: Final = 8000
_COLUMNS_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One row, numbered as the person counts them in the sheet; `problems` names cells that are no texts."""

    line: int
    cells: Mapping[str, str]
    problems: Mapping[str, str] = field(default_factory=dict)


#: A cell's text, and what is wrong with it if anything is.
_Cell = tuple[str, str]


def read_manifest(path: Path) -> Sequence[ManifestRow]:
    """Read a CSV (UTF-8 or GB18030, as Excel saves it) or the first sheet of an .xlsx; empty rows are left out.

    Raises:
        InvalidInput: when it cannot be read, names no file column or one column twice, or is too long.
    """
    if path.stat().st_size > MANIFEST_MAX_BYTES:
        raise InvalidInput("清单太长，请分成几份。", code="manifest_too_long")
    lines = _xlsx_lines(path) if path.suffix.lower() == ".xlsx" else _csv_lines(path)
    names = [HEADINGS.get(text.strip().lower(), "") for text, _ in next(lines, [])]
    if "file" not in names:
        raise InvalidInput("清单的第一行要有“文件”这一列。", code="no_file_column")
    known = [name for name in names if name]
    if len(set(known)) != len(known):
        raise InvalidInput("清单里有两列是同一个意思，请只留一列。", code="column_twice")
    read: list[ManifestRow] = []
    for line, cells in enumerate(lines, start=2):
        if not any(text for text, _ in cells):
            continue
        if len(read) == ROWS_MAX:
            raise InvalidInput("清单太长，请分成几份。", code="manifest_too_long")
        read.append(_row(line, names, cells))
    return read


def _row(line: int, names: Sequence[str], cells: Sequence[_Cell]) -> ManifestRow:
    named = {name: cell for name, cell in zip(names, cells, strict=False) if name}
    problems = {name: problem for name, (_, problem) in named.items() if problem}
    too_long = {name: "这一格太长。" for name, (text, _) in named.items() if len(text) > _CELL_MAX}
    return ManifestRow(line, {name: text.strip() for name, (text, _) in named.items()}, problems | too_long)


def _csv_lines(path: Path) -> Iterator[list[_Cell]]:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030", errors="replace")
    try:
        yield from ([(cell, "") for cell in row] for row in csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:  # a cell of more than a hundred thousand letters
        raise InvalidInput("清单里有一格太长，或者不是 CSV。", code="bad_csv") from error


def _xlsx_lines(path: Path) -> Iterator[list[_Cell]]:
    import openpyxl  # noqa: PLC0415 - a quarter of a second that a CSV need not pay

    from app.studio.desk.sheet_in import NoWorkbook, check_package  # noqa: PLC0415 - brings openpyxl along

    try:
        data = path.read_bytes()
        check_package(data)
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        # Programs keep empty rows far below the last one; beyond so many nobody looks for another.
        lines = book.worksheets[0].iter_rows(max_row=2 * ROWS_MAX, max_col=_COLUMNS_MAX)
        yield from ([_cell(cell) for cell in row] for row in lines)
    except (NoWorkbook, TooLarge, *_UNREADABLE) as error:
        log.info("manifest_unreadable", reason=type(error).__name__)
        raise InvalidInput("这个 xlsx 打不开，请另存为 CSV。", code="bad_xlsx") from error


def _cell(cell: Any) -> _Cell:  # noqa: ANN401 - cells and empty cells of openpyxl share no base
    from app.studio.desk.sheet_in import cell_text  # noqa: PLC0415 - brings openpyxl along

    kind = getattr(cell, "data_type", "")
    if kind == "f":
        return str(cell.value), "这一格是公式。请改成文字，或者用“选择性粘贴”里的“数值”。"
    if kind == "e":
        return str(cell.value), "这一格是 Excel 的错误值，请改成文字。"
    return cell_text(cell), ""
