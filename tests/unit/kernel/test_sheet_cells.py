"""Cells of exported tables: whatever was typed never runs."""

from __future__ import annotations

import pytest
from openpyxl import Workbook

from app.kernel.sheet_cells import csv_text, put_text

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "　=cmd|' /C calc'!A0", '=HYPERLINK("x")']


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are_texts_in_both_kinds_of_file(text: str) -> None:
    cell = Workbook().active.cell(1, 1)
    put_text(cell, text)
    assert (cell.data_type, cell.quotePrefix, cell.number_format) == ("s", True, "@")
    assert csv_text(text).startswith("'")


@pytest.mark.parametrize("text", ["八段锦", "2027-03-01", "024-0000 0000", "a=b", "", "C++"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    cell = Workbook().active.cell(1, 1)
    put_text(cell, text)
    assert (cell.value or "", bool(cell.quotePrefix)) == (text, False)
    assert csv_text(text) == text


def test_what_no_file_may_hold_is_left_out() -> None:
    cell = Workbook().active.cell(1, 1)
    put_text(cell, "a\x00b\x0bc")
    assert cell.value == csv_text("a\x00b\x0bc") == "abc"
