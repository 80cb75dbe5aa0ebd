"""What the macro `badge` of web/macros/cards.html shows."""

from __future__ import annotations

from typing import NamedTuple


class Badge(NamedTuple):
    """Words, kind and sign of a badge."""

    label: str
    kind: str
    sign: str
