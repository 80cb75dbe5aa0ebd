"""The register as files: one line for each grant, in `.xlsx` and CSV, every cell a text."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from app.kernel.sheet_cells import csv_text, put_text

_HEAD: Final = PatternFill("solid", fgColor="113A2C")
#: Excel takes a CSV file for UTF-8 only with this in front.
_MARK: Final = "\ufeff"


def write_xlsx(title: str, head: Sequence[str], widths: Sequence[int], lines: Sequence[Sequence[str]]) -> bytes:
    """Return a workbook of one sheet."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = title
    for number, (label, width) in enumerate(zip(head, widths, strict=True), start=1):
        cell = sheet.cell(1, number)
        put_text(cell, label)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), _HEAD
        sheet.column_dimensions[get_column_letter(number)].width = width
    for line, values in enumerate(lines, start=2):
        for number, value in enumerate(values, start=1):
            cell = sheet.cell(line, number)
            put_text(cell, value)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = sheet.dimensions
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def write_csv(head: Sequence[str], lines: Sequence[Sequence[str]]) -> bytes:
    """Return the same as a CSV file that Excel and WPS open rightly."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([csv_text(label) for label in head])
    writer.writerows([csv_text(value) for value in line] for line in lines)
    return (_MARK + out.getvalue()).encode()
