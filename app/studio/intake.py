"""Where the bytes of unfinished uploads are kept: the port, what may go wrong there, and digests that run along.

Two keepers promise the same: `parts` (files in the scratch folder of one machine) and `pieces_in_store` (parts of an
object in a store that every web host reaches). Not here: rows (`uploads`), protocol (`tus`).
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Protocol

from app.kernel.errors import AppError, Conflict, InvalidInput, TooLarge
from app.kernel.sentences import Sentence
from app.kernel.storage import ManagedStorage

BLOCK_BYTES: Final = 1024 * 1024


class DiskFull(AppError):
    """There is no room for the file now; what was received is kept."""

    status = 507
    default_code = "disk_full"
    default_message = "服务器存储空间不足，请联系管理员；空间恢复后可以接着传。"


class Busy(AppError):
    """Another request is writing to the same upload."""

    status = 423
    default_code = "upload_busy"
    default_message = "这个文件正在另一个窗口里上传，请稍等。"


class OffsetMismatch(Conflict):
    """The sender continues at another byte than the one we have reached."""

    default_code = "offset_mismatch"
    default_message = "上传的位置对不上，会自动重新对齐。"


class CutOff(Exception):
    """The sender went away in the middle; what it sent is kept."""


class NoSuchBytes(Exception):
    """The keeper knows nothing of this upload."""


@dataclass(frozen=True, slots=True)
class Partial:
    """A whole upload that is a piece of another."""

    public_id: str
    size_bytes: int


class Digest(Protocol):
    """The part of hashlib's objects that is used here."""

    def update(self, data: bytes | memoryview, /) -> None:
        """Take more bytes."""

    def hexdigest(self) -> str:
        """Return the digest of all bytes so far."""


class Writer(Protocol):
    """Appends to one upload that nobody else can write to meanwhile."""

    #: How many bytes are kept; with `is_checked`, counted as if they were.
    offset_bytes: int

    def append(self, read: Callable[[int], bytes], *, up_to_bytes: int, digests: Sequence[Digest] = ()) -> None:
        """Keep what `read` gives, block by block, until it ends or the upload has `up_to_bytes`.

        Raises:
            DiskFull: when there is no room left for the next block.
            CutOff: from `read`, when the sender went away. What was read before is kept in both cases.
        """

    def keep(self) -> None:
        """Say that what was appended is right; without it a checked writer leaves nothing behind."""


class Intake(Protocol):
    """A keeper of bytes; ids are ours, letters and digits only."""

    def create(self, public_id: str) -> None:
        """Make room for an upload."""

    def length(self, public_id: str) -> int | None:
        """Return how many bytes are there, or None when nothing is known of the upload."""

    def settle(self, public_id: str) -> int | None:
        """Make everything received so far survive a power cut; return how much that is."""

    def writing(self, public_id: str, *, is_checked: bool = False) -> AbstractContextManager[Writer]:
        """Hold the upload for this request alone; a checked one keeps nothing unless told to.

        Raises:
            Busy: when another request, of this process or another, holds it.
            NoSuchBytes: when there is nothing to write to.
        """

    def delete(self, public_id: str) -> None:
        """Remove the bytes; ones that are gone are fine."""

    def leftovers(self, *, older_than_s: float) -> Iterator[str]:
        """Yield the ids of what has lain untouched for this long."""

    def free_bytes(self) -> int:
        """Return how much may still be written."""

    def gather(self, public_id: str, size_bytes: int, partials: Sequence[Partial]) -> bool:
        """Make the bytes of a whole upload one, out of its partial ones if it has any; False when bytes are missing.

        May be called again after a kill at any moment; takes up no more room than the largest partial upload.
        """

    def sha256(self, public_id: str) -> str:
        """Read a gathered upload once and return its digest."""

    def hand_over(self, public_id: str, storage: ManagedStorage, key: str) -> None:
        """Store a gathered upload under `key`; copying is avoided where that is possible."""

    def can_hand_over_uncopied(self, public_id: str, storage: ManagedStorage) -> bool:
        """Return whether handing over needs no second place for the bytes."""


class RunningDigest:
    """SHA-256 of the first bytes of an upload, which knows how many they are."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self.offset_bytes = 0

    def update(self, data: bytes | memoryview, /) -> None:
        """Take more bytes."""
        self._digest.update(data)
        self.offset_bytes += len(data)

    def hexdigest(self) -> str:
        """Return the digest of all bytes so far."""
        return self._digest.hexdigest()


class RunningDigests:
    """SHA-256 of uploads this process has received from their first byte on; forgotten ones are read again later."""

    def __init__(self, capacity: int = 64) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._known: OrderedDict[str, RunningDigest] = OrderedDict()

    def take(self, public_id: str, offset_bytes: int) -> RunningDigest | None:
        """Return the digest of exactly the first `offset_bytes` bytes, if it is known; the caller gives it back."""
        with self._lock:
            known = self._known.pop(public_id, None)
        if offset_bytes == 0:
            return RunningDigest()
        return known if known is not None and known.offset_bytes == offset_bytes else None

    def give_back(self, public_id: str, offset_bytes: int, digest: RunningDigest | None) -> None:
        """Remember a digest until the next part arrives; one that took bytes which were then not kept is useless."""
        if digest is None or digest.offset_bytes != offset_bytes:
            return
        with self._lock:
            self._known[public_id] = digest
            while len(self._known) > self._capacity:
                self._known.popitem(last=False)


def check_size(size_bytes: int, *, max_bytes: int) -> None:
    """Refuse an empty file (InvalidInput) and one above the limit (TooLarge)."""
    if size_bytes == 0:
        raise InvalidInput("文件是空的，请重新选择。", code="empty_file", fields={"file": "文件是空的，请重新选择。"})
    if size_bytes > max_bytes:
        sentence = Sentence("文件太大，最大 %(limit)s。请先压缩，或分成几讲上传。", limit=_size_words(max_bytes))
        raise TooLarge(sentence, size_bytes=size_bytes, max_bytes=max_bytes)


def _size_words(size_bytes: int) -> str:
    for unit, name in ((1024**3, "GB"), (1024**2, "MB"), (1024, "KB")):
        if size_bytes >= unit:
            return f"{size_bytes / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{size_bytes} B"
