"""Cells of tables people take away: whatever was typed by somebody is a text there and never runs as a formula."""

from __future__ import annotations

from typing import Final

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
#: Programs skip blanks, and full-width signs become plain ones when a cell is edited.
_LOOKS_LIKE_ONE: Final = ("＝", "＋", "－", "＠")


def put_text(cell: Cell, text: str) -> None:
    """Write a text as a text: its type says so, and where it looks like a formula a mark keeps it one when edited."""
    cell.number_format = "@"
    if not text:
        return
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)
    cell.data_type = "s"
    if looks_like_formula(text):
        cell.quotePrefix = True


def csv_text(text: str) -> str:
    """Return a text for a CSV file, which knows no types: what looks like a formula begins with a mark that shows."""
    cleaned = ILLEGAL_CHARACTERS_RE.sub("", text)
    return f"'{cleaned}" if looks_like_formula(cleaned) else cleaned


def looks_like_formula(text: str) -> bool:
    """Tell whether a spreadsheet program could take a text for a formula."""
    return text.startswith(_FORMULA_STARTS) or text.lstrip().startswith((*_FORMULA_STARTS, *_LOOKS_LIKE_ONE))
