"""Cleaning what curators and residents type: titles, introductions, notes, the digits of a poster."""

from __future__ import annotations

import unicodedata

_BETWEEN_DIGITS = frozenset(" -.·–—")


def clean(value: str, *, keep_lines: bool = False) -> str:
    """Trim a typed text; NUL and other control characters never reach the database."""
    text = unicodedata.normalize("NFC", value).replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(
        letter if letter.isprintable() or letter == "\n" else " " if letter.isspace() else "" for letter in text
    )
    return kept.strip() if keep_lines else " ".join(kept.split())


def digits_of(value: str) -> str:
    """Return the digits people meant, full-width or with spaces and hyphens between; "" when anything else is in it."""
    text = "".join(letter for letter in unicodedata.normalize("NFKC", value) if letter not in _BETWEEN_DIGITS)
    return text if text.isascii() and text.isdigit() else ""
