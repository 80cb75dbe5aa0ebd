"""Bodies of requests as the upload door reads them."""

from __future__ import annotations

from collections.abc import Callable

from app.studio.intake import CutOff


def reader(data: bytes, *, breaks: bool = False) -> Callable[[int], bytes]:
    """Read from bytes as from a request, which may break off at its end."""
    rest = memoryview(data)

    def read(size: int) -> bytes:
        nonlocal rest
        block, rest = bytes(rest[:size]), rest[size:]
        if not block and breaks:
            raise CutOff
        return block

    return read
