"""The batch as an `.xlsx` workbook: rows to fill in, lists to choose from, a sheet that explains.

Every text is written as text, so that a cell beginning with = + - @ is never a formula in any program; nothing here
reads what people send back (`sheet_in`).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from app.kernel.sheet_cells import put_text
from app.studio.desk.cells import COLUMNS, CellKind, Column, Vocabulary

#: Columns that recognise a row when the sheet comes back, before the columns of the table.
KEY_LABELS: Final = ("编号", "版本", "文件名")
FIRST_ROW: Final = 2
_WIDTHS: Final = {
    "position": 8, "title": 36, "teacher": 14, "description": 48, "tags": 24, "audience": 24, "topic": 24,
    "education_category": 20, "difficulty": 10, "speech": 18, "resource_type": 12, "language": 12, "licence": 26,
}
_HEAD: Final = PatternFill("solid", fgColor="113A2C")
_KEY: Final = PatternFill("solid", fgColor="EEEEEE")
#: Rows below the last one for which the lists are offered too: people insert rows.
_SPARE_ROWS: Final = 20


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One lecture of the sheet."""

    lecture_id: str
    version: int
    path: str
    cells: Mapping[str, str]


def write_sheet(rows: Sequence[SheetRow], words: Vocabulary, say: Callable[[str], str]) -> bytes:
    """Return the workbook; `say` puts our own words into the reader's language."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = say("讲座")
    lists = book.create_sheet(say("词表"))
    explanations = book.create_sheet(say("说明"))
    _write_rows(sheet, rows, say)
    _offer_lists(sheet, lists, len(rows), words, say)
    _explain(explanations, say)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _write_rows(sheet: Worksheet, rows: Sequence[SheetRow], say: Callable[[str], str]) -> None:
    labels = [*KEY_LABELS, *(column.label for column in COLUMNS)]
    for number, label in enumerate(labels, start=1):
        cell = sheet.cell(1, number)
        put_text(cell, say(label))
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), _HEAD
        cell.alignment = Alignment(vertical="center")
    for line, row in enumerate(rows, start=FIRST_ROW):
        for number, text in enumerate((row.lecture_id, str(row.version), row.path), start=1):
            cell = sheet.cell(line, number)
            put_text(cell, text)
            cell.fill, cell.font = _KEY, Font(color="666666")
        for number, column in enumerate(COLUMNS, start=len(KEY_LABELS) + 1):
            cell = sheet.cell(line, number)
            put_text(cell, row.cells[column.name])
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.protection = Protection(locked=False)
    for number, width in enumerate((16, 6, 34, *(_WIDTHS[column.name] for column in COLUMNS)), start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = sheet.cell(FIRST_ROW, len(KEY_LABELS) + 1)
    sheet.row_dimensions[1].height = 24


def _offer_lists(
    sheet: Worksheet, lists: Worksheet, count: int, words: Vocabulary, say: Callable[[str], str]
) -> None:
    """Put the words of each list into a sheet of their own: a validation's own text may not hold long lists."""
    chosen = [column for column in COLUMNS if column.kind in {CellKind.ONE, CellKind.MANY}]
    for number, column in enumerate(chosen, start=1):
        options = words.options(column.name)
        put_text(lists.cell(1, number), say(column.label))
        lists.cell(1, number).font = Font(bold=True)
        for line, word in enumerate(options, start=2):
            put_text(lists.cell(line, number), word)
        letter = get_column_letter(number)
        lists.column_dimensions[letter].width = 34
        title = lists.title.replace("'", "''")
        rule = DataValidation("list", formula1=f"'{title}'!${letter}$2:${letter}${len(options) + 1}", allow_blank=True)
        # Several words may stand in one cell, which no list of Excel allows: there it only offers.
        rule.showErrorMessage = column.kind is CellKind.ONE
        rule.errorTitle, rule.error = say("请从列表中选择"), say("没有这个词，请从列表中选择。")
        rule.promptTitle, rule.prompt = say(column.label), _hint(column, say)[:250]
        rule.showInputMessage = True
        place = get_column_letter(len(KEY_LABELS) + 1 + COLUMNS.index(column))
        rule.add(f"{place}{FIRST_ROW}:{place}{FIRST_ROW + count + _SPARE_ROWS}")
        sheet.add_data_validation(rule)


def _hint(column: Column, say: Callable[[str], str]) -> str:
    if column.kind is CellKind.MANY:
        return say("可以写几个，用顿号隔开。")
    if column.is_optional:
        return say("选一个，也可以空着。")
    return say("选一个。") if column.kind is CellKind.ONE else ""


def _explain(sheet: Worksheet, say: Callable[[str], str]) -> None:
    lines = (
        "一行是一讲。在“讲座”这一页里填写，保存后回到网页导入。",
        "灰色的三列（编号、版本、文件名）用来认出是哪一讲，请不要改，也不要自己加行；删掉的行不会动。",
        "适合人群、话题、教育类别、讲课用语可以写几个词，用顿号隔开；能用哪些词，看“词表”这一页。",
        "类型、语言、使用许可各选一个；难度选一个，也可以空着。",
        "标题最多 120 个字，主讲人最多 60 个字，内容简介最多 4000 个字；标签最多 10 个，每个最多 20 个字。",
        "请写文字，不要写公式。复制带公式的格子时，请用“选择性粘贴”里的“数值”。",
        "导入时有一格写错，就什么都不会改；网页会告诉您第几行、哪一列、怎么改。",
    )
    for number, text in enumerate(lines, start=1):
        put_text(sheet.cell(number, 1), say(text))
        sheet.cell(number, 1).alignment = Alignment(wrap_text=True, vertical="top")
    sheet.column_dimensions["A"].width = 90
