"""A sorted file of keys with values, searched where it lies: mapped into memory, shared by all processes.

Written once, then only read. Knows nothing of what keys and values mean.
"""

import mmap
import struct
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

_HEAD = struct.Struct("<8sQ")
_MAGIC = b"sorted01"
_TAB, _END = b"\t", b"\n"


class SortedTable(Sequence[bytes]):
    """Rows ``key TAB value`` in order of their bytes."""

    def __init__(self, data: "mmap.mmap | bytes") -> None:
        try:
            magic, count = _HEAD.unpack_from(data, 0)
            begin = _HEAD.size
            self._offsets = memoryview(data)[begin : begin + 8 * (count + 1)].cast("Q")
            self._rows_at = begin + 8 * (count + 1)
            is_whole = magic == _MAGIC and self._rows_at + self._offsets[count] == len(data)
        except (struct.error, TypeError, IndexError, OverflowError) as error:
            raise ValueError("The sorted table is cut.") from error
        if not is_whole:
            raise ValueError("This is no whole sorted table.")
        self._data = data

    @classmethod
    def open(cls, path: Path) -> "SortedTable":
        """Map a table. ValueError when it is torn."""
        with path.open("rb") as file:
            return cls(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, number: int) -> bytes:  # type: ignore[override]
        begin, end = self._offsets[number], self._offsets[number + 1]
        return bytes(self._data[self._rows_at + begin : self._rows_at + end])

    def values(self, key: str, at_most: int) -> list[str]:
        """Values of a key."""
        return [value for _, value in self._from(key.encode() + _TAB, at_most)]

    def prefixed(self, prefix: str, at_most: int) -> list[tuple[str, str]]:
        """Keys that begin so, with their values, in order."""
        return list(self._from(prefix.encode(), at_most))

    def _from(self, begin: bytes, at_most: int) -> Iterator[tuple[str, str]]:
        at = bisect_left(self, begin)
        for number in range(at, min(len(self), at + at_most)):
            row = self[number]
            if not row.startswith(begin):
                return
            key, _, value = row.partition(_TAB)
            yield key.decode(), value.decode()


def packed(rows: Iterable[tuple[str, str]]) -> bytes:
    """Bytes of a table; keys and values hold neither tabs nor line ends."""
    ordered = sorted(f"{key}\t{value}".encode() for key, value in rows)
    offsets = array("Q", [0])
    for row in ordered:
        offsets.append(offsets[-1] + len(row))
    return _HEAD.pack(_MAGIC, len(ordered)) + offsets.tobytes() + b"".join(ordered)
