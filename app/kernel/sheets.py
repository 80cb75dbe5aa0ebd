"""Figures as tables for programs: CSV that Excel opens in Chinese, and `.xlsx`; texts are never formulas in either."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Final

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

SHEET_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
#: Rows of cells, the first one is the head.
Table = Sequence[Sequence[str | int | float]]
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def write_csv(table: Table) -> bytes:
    """Return a table as CSV with a mark by which Excel knows it is UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for row in table:
        writer.writerow([_harmless(cell) for cell in row])
    return ("\ufeff" + out.getvalue()).encode()


def write_xlsx(tables: Mapping[str, Table]) -> bytes:
    """Return tables as a workbook, a sheet each."""
    book = Workbook()
    first = book.active
    assert isinstance(first, Worksheet)
    book.remove(first)
    for title, table in tables.items():
        sheet = book.create_sheet(title[:31])
        for line, row in enumerate(table, start=1):
            for column, value in enumerate(row, start=1):
                cell = sheet.cell(line, column)
                if isinstance(value, str):
                    cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
                    cell.data_type = "s"
                    cell.quotePrefix = value.startswith(_FORMULA_STARTS)
                else:
                    cell.value = value
                if line == 1:
                    cell.font = Font(bold=True)
        sheet.column_dimensions["A"].width = 40
        sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _harmless(cell: str | float) -> str | float:
    """Put a mark before what a spreadsheet would take for a formula: CSV has no type that says text."""
    if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS):
        return f"'{cell}"
    return cell
