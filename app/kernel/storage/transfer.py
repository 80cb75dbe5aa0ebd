"""The local ends of a transfer: a file being stored, read exactly as long as it said, and a file being fetched."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

#: Large enough for few system calls and signatures, small enough to hold one per reader.
CHUNK_BYTES: Final = 256 * 1024


class SourceUnreadable(OSError):
    """The local file being stored could not be read to its end; the store is not to blame and keeps nothing of it."""


class MeasuredSource:
    """A binary stream that fails, instead of ending early, when it gives fewer bytes than promised."""

    def __init__(self, stream: BinaryIO, size_bytes: int) -> None:
        self._stream = stream
        self._missing_bytes = size_bytes

    def read(self, size_bytes: int) -> bytes:
        """Return up to `size_bytes` of what was promised, empty only after all of it.

        Raises:
            SourceUnreadable: when the stream ends before its promised length, or fails.
        """
        wanted = min(size_bytes, self._missing_bytes)
        try:
            data = self._stream.read(wanted)
        except OSError as error:
            raise SourceUnreadable(f"the file to store failed while it was read: {error}") from error
        if wanted and not data:
            raise SourceUnreadable(f"the file to store ended {self._missing_bytes} bytes early")
        self._missing_bytes -= len(data)
        return data


def grouped(names: Sequence[str], sizes: Sequence[int], least_bytes: int) -> Iterator[list[str]]:
    """Yield neighbours together until each group, but for the last, has at least so many bytes; no more than needed."""
    group: list[str] = []
    group_bytes = 0
    for name, size_bytes in zip(names, sizes, strict=True):
        group.append(name)
        group_bytes += size_bytes
        if group_bytes >= least_bytes:
            yield group
            group, group_bytes = [], 0
    if group:
        yield group


def save(chunks: Iterable[bytes], path: Path) -> None:
    """Write `chunks` to `path`, which appears only when it is complete.

    Raises:
        OSError: when the local disk refuses; that is the caller's disk, so it is not translated into a store's error.
    """
    partial = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with partial.open("xb") as file:
            file.writelines(chunks)
        os.replace(partial, path)  # noqa: PTH105  # says in one word what it promises
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            partial.unlink()
        raise
