"""Rows out of an `.xlsx` somebody sends: bounded before anything is parsed, formulas refused, nothing executed.

A workbook is a zip of XML. What it would unpack to is counted first and read with that bound, document types (the
means of XML bombs) are refused, and only then openpyxl reads the rows and columns a batch can have.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import structlog
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from app.kernel.errors import InvalidInput, TooLarge
from app.kernel.sentences import Sentence
from app.studio.desk.cells import COLUMNS
from app.studio.desk.rows import CellProblem, RowChange
from app.studio.desk.services import FILES_MAX
from app.studio.desk.sheet_out import FIRST_ROW, KEY_LABELS

log = structlog.get_logger(__name__)

FILE_MAX_BYTES: Final = 2 * 1024**2
_PARTS_MAX: Final = 200
_UNPACKED_MAX_BYTES: Final = 16 * 1024**2
_ROWS_MAX: Final = FILES_MAX + 200
#: Programs keep empty rows far below the last one; up to here somebody may have written something.
_LOOKED_AT: Final = 20_000
_COLUMNS_MAX: Final = 60
CELL_MAX: Final = 8000
_MARKUP: Final = (b"<!doctype", b"<!entity")


class NoWorkbook(InvalidInput):
    """It cannot be read as a workbook at all."""

    default_code = "no_workbook"
    default_message = "打不开这个文件。请用从这一页下载的 .xlsx 表格，用 Excel 或 WPS 保存。"


@dataclass(frozen=True, slots=True)
class SheetRows:
    """Rows that could be read, and what was wrong with others."""

    rows: Sequence[RowChange]
    problems: Sequence[CellProblem]


def read_sheet(data: bytes, say: Callable[[str], str]) -> SheetRows:
    """Read the first sheet of a workbook; `say` gives our headings in the reader's language.

    Raises:
        TooLarge: when the file or what it unpacks to is beyond what a batch needs.
        NoWorkbook, InvalidInput: when it is no workbook, or not one of ours.
    """
    if len(data) > FILE_MAX_BYTES:
        raise TooLarge("表格太大，最大 2 MB。请用从这一页下载的表格。", code="sheet_too_large")
    check_package(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError, SyntaxError) as error:
        log.info("workbook_unreadable", reason=type(error).__name__)
        raise NoWorkbook from error
    try:
        if not book.worksheets:
            raise NoWorkbook
        sheet = book.worksheets[0]
        lines = sheet.iter_rows(max_row=_LOOKED_AT, max_col=_COLUMNS_MAX)
        return _read_lines(lines, say)
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, SyntaxError, zipfile.BadZipFile) as error:
        log.info("workbook_unreadable", reason=type(error).__name__)
        raise NoWorkbook from error
    finally:
        book.close()


def check_package(data: bytes) -> None:
    """Refuse what is no zip, unpacks to too much, or holds a document type.

    Raises:
        TooLarge, NoWorkbook.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = package.infolist()
            is_bomb = len(parts) > _PARTS_MAX or sum(part.file_size for part in parts) > _UNPACKED_MAX_BYTES
            if is_bomb:
                raise TooLarge("这个表格解开以后太大，不能导入。请用从这一页下载的表格。", code="sheet_bomb")
            names = {part.filename for part in parts}
            if "[Content_Types].xml" not in names or any(part.flag_bits & 1 for part in parts):
                raise NoWorkbook
            for part in parts:
                # A part never yields more than its declared size, which is counted above.
                content = package.read(part)
                is_odd = content[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in content[:4]
                is_xml = part.filename.endswith((".xml", ".rels", ".vml"))
                if is_xml and (is_odd or any(mark in content.lower() for mark in _MARKUP)):
                    raise NoWorkbook
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise NoWorkbook from error


def _read_lines(lines: Iterator[Sequence[Any]], say: Callable[[str], str]) -> SheetRows:
    headings = [cell_text(cell) for cell in next(lines, ())]
    places = _places(headings, say)
    rows: list[RowChange] = []
    problems: list[CellProblem] = []
    seen: dict[str, int] = {}
    for line, cells in enumerate(lines, start=FIRST_ROW):
        texts = [cell_text(cell) for cell in cells]
        if not any(texts):
            continue
        if line > _ROWS_MAX:
            raise TooLarge("表格的行太多。请用从这一页下载的表格。", code="too_many_rows")
        found = _problems(line, cells, places)
        lecture_id, version = (texts[places[label]] if places[label] < len(texts) else "" for label in KEY_LABELS[:2])
        if not lecture_id:
            found.append(CellProblem(line, "", "这一行没有编号。请不要自己加行，也不要改编号。"))
        elif lecture_id in seen:
            sentence = Sentence("编号和第 %(line)d 行一样，请只留一行。", line=seen[lecture_id])
            found.append(CellProblem(line, "", sentence))
        seen.setdefault(lecture_id, line)
        problems += found
        if not found:
            named = {column.name: places[column.name] for column in COLUMNS if column.name in places}
            values = {name: texts[place] if place < len(texts) else "" for name, place in named.items()}
            rows.append(RowChange(line, lecture_id, int(version) if version.isdecimal() else 0, values))
    return SheetRows(rows, problems)


def _places(headings: Sequence[str], say: Callable[[str], str]) -> dict[str, int]:
    """Find our columns by their headings in either language, wherever they were moved."""
    places: dict[str, int] = {}
    ours = [*((label, label) for label in KEY_LABELS[:2]), *((column.name, column.label) for column in COLUMNS)]
    for name, label in ours:
        for place, heading in enumerate(headings):
            if heading.strip() in {label, say(label)}:
                places.setdefault(name, place)
    for label in KEY_LABELS[:2]:
        if label not in places:
            sentence = Sentence("表格第一行没有“%(label)s”这一列。请用从这一页下载的表格。", label=label)
            raise InvalidInput(sentence, code="column_missing")
    return places


def _problems(line: int, cells: Sequence[Any], places: dict[str, int]) -> list[CellProblem]:
    found = []
    for name, place in places.items():
        cell = cells[place] if place < len(cells) else None
        column = "" if name in KEY_LABELS else name
        if cell is not None and getattr(cell, "data_type", "") == "f":
            found.append(CellProblem(line, column, "这一格是公式。请改成文字，或者用“选择性粘贴”里的“数值”。"))
        elif cell is not None and getattr(cell, "data_type", "") == "e":
            found.append(CellProblem(line, column, "这一格是 Excel 的错误值，请改成文字。"))
        elif len(cell_text(cell)) > CELL_MAX:
            sentence = Sentence("这一格太长，最多 %(limit)d 个字。", limit=CELL_MAX)
            found.append(CellProblem(line, column, sentence))
    return found


def cell_text(cell: Any) -> str:  # noqa: ANN401 - cells and empty cells of openpyxl share no base
    """Return a cell as the text a person sees: 3 for 3.0, a day for a date."""
    value = getattr(cell, "value", None)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (date, datetime)):
        return value.isoformat()[:10]
    return str(value)
