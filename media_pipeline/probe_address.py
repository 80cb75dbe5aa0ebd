"""Run inside the probing child: a stored file behind a signed address, read range by range like a file that is here.

Small pieces where the reader jumps, ever larger ones where it goes on; what was read is kept a while, because probing
comes back to headers. No other protocol than HTTP, no redirect: the address alone decides who is asked. Self-contained,
standard library only; not here: what the bytes mean (`probe_child.py`).
"""

from __future__ import annotations

import http.client
import io
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

_BLOCK_BYTES = 64 * 1024
_MOST_BLOCKS_AT_ONCE = 64
_BLOCKS_KEPT = 256
_TIMEOUT_S = 20.0
_ATTEMPTS = 3


class StoredFile:
    """The file behind one address; `give_up` is told why it cannot be read and never returns."""

    def __init__(self, address: str, give_up: Callable[[str], NoReturn]) -> None:
        parts = urlsplit(address)
        maker = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = maker(parts.hostname or "", parts.port, timeout=_TIMEOUT_S)
        self._target = f"{parts.path}?{parts.query}"
        self._give_up = give_up
        self._lock = Lock()
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._next_block, self._run_blocks = 0, 1
        self.size_bytes = self._ask_size()

    def open(self, _mode: str = "rb") -> Reader:
        """Return a reader with a place of its own."""
        return Reader(self)

    def read_at(self, offset: int, size_bytes: int) -> bytes:
        """Return up to `size_bytes` of the block `offset` lies in; empty at the end of the file."""
        if offset >= self.size_bytes:
            return b""
        number, start = divmod(offset, _BLOCK_BYTES)
        # Readers of several threads share one connection.
        with self._lock:
            if number not in self._blocks:
                self._fetch_blocks(number)
            self._blocks.move_to_end(number)
            return self._blocks[number][start : start + size_bytes]

    def _fetch_blocks(self, first: int) -> None:
        goes_on = first == self._next_block
        self._run_blocks = min(2 * self._run_blocks, _MOST_BLOCKS_AT_ONCE) if goes_on else 1
        begin = first * _BLOCK_BYTES
        end = min(begin + self._run_blocks * _BLOCK_BYTES, self.size_bytes)
        status, _, data = self._ask(begin, end)
        if status != http.client.PARTIAL_CONTENT:
            self._give_up(f"status {status}")
        for at in range(0, len(data), _BLOCK_BYTES):
            self._blocks[first + at // _BLOCK_BYTES] = data[at : at + _BLOCK_BYTES]
        self._next_block = first + self._run_blocks
        while len(self._blocks) > _BLOCKS_KEPT:
            self._blocks.popitem(last=False)

    def _ask_size(self) -> int:
        status, content_range, _ = self._ask(0, 1)
        size = content_range.rpartition("/")[2]
        # Of an empty file not even the first byte can be had.
        known = status in {http.client.PARTIAL_CONTENT, http.client.REQUESTED_RANGE_NOT_SATISFIABLE}
        if not known or not size.isdecimal():
            self._give_up(f"status {status}, no length")
        return int(size)

    def _ask(self, begin: int, end: int) -> tuple[int, str, bytes]:
        """Return status, Content-Range and body; a server that would send the whole file is cut off."""
        reason = ""
        for _ in range(_ATTEMPTS):
            try:
                self._connection.request("GET", self._target, headers={"Range": f"bytes={begin}-{end - 1}"})
                answer = self._connection.getresponse()
                data = self._body(answer, end - begin)
                is_torn = answer.status == http.client.PARTIAL_CONTENT and len(data) != end - begin
                if answer.status < http.client.INTERNAL_SERVER_ERROR and not is_torn:
                    return answer.status, answer.headers.get("Content-Range", ""), data
                reason = f"status {answer.status}, {len(data)} of {end - begin} bytes"
            except (OSError, http.client.HTTPException) as error:
                reason = str(error) or type(error).__name__
            self._connection.close()
        return self._give_up(reason)

    def _body(self, answer: http.client.HTTPResponse, size_bytes: int) -> bytes:
        if answer.status == http.client.PARTIAL_CONTENT:
            return answer.read(size_bytes)
        self._connection.close()
        return b""


class Reader(io.RawIOBase):
    """A place in a stored file; reads as much as it is asked for unless the file ends."""

    def __init__(self, file: StoredFile) -> None:
        self._file = file
        self._offset = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Return where we are."""
        return self._offset

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go elsewhere."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._offset, io.SEEK_END: self._file.size_bytes}[whence]
        if base + offset < 0:
            message = "before the beginning"
            raise ValueError(message)
        self._offset = base + offset
        return self._offset

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # all that is asked with
        """Fill the buffer as far as the file reaches."""
        filled = 0
        while filled < len(buffer):
            data = self._file.read_at(self._offset, len(buffer) - filled)
            if not data:
                break
            buffer[filled : filled + len(data)] = data
            filled += len(data)
            self._offset += len(data)
        return filled
