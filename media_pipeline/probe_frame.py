"""Run inside the probing child: what a decoded frame says of how it is to be shown. Self-contained."""

from __future__ import annotations

import struct
from typing import Any, TypeAlias

# What every ffmpeg since 5.1 knows of primaries, transfers and matrices.
_MOST_CODE = 14
_UNKNOWN = 2

_Av: TypeAlias = Any


def is_mirrored(frame: _Av) -> bool:
    """Return whether a frame is to be shown reversed: the determinant of its display matrix is negative."""
    try:
        matrix = frame.side_data["DISPLAYMATRIX"]
    except (KeyError, ValueError):  # none, or beside it something newer than this PyAV
        return False
    a, b, _, c, d, *_rest = struct.unpack("=9i", bytes(matrix))
    return bool(a * d < b * c)


def color_codes(frame: _Av) -> list[int]:
    """Return primaries, transfer and matrix as numbers; 2, unknown, for what the made picture cannot have."""
    found = (int(code) for code in (frame.color_primaries, frame.color_trc, frame.colorspace))
    return [code if 0 < code <= _MOST_CODE else _UNKNOWN for code in found]
