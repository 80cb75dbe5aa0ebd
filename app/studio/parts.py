"""Bytes of unfinished uploads in the scratch folder: one growing file each, one writer at a time, fsync before "kept".

The length of the file is the truth about how much was received, so a process killed at any moment loses nothing it had
acknowledged. Not here: rows (`uploads`), protocol (`tus`). Where several web hosts serve one site, this folder must be
shared between them and the workers that finish uploads.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Protocol

from app.kernel.errors import AppError, Conflict

BLOCK_BYTES: Final = 1024 * 1024
#: A power cut costs at most this much of what a slow request has sent so far.
SYNC_EVERY_BYTES: Final = 64 * 1024 * 1024
_SUFFIX: Final = ".part"
_FULL_ERRNOS: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


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


class Digest(Protocol):
    """The part of hashlib's objects that is used here."""

    def update(self, data: bytes, /) -> None:
        """Take more bytes."""

    def hexdigest(self) -> str:
        """Return the digest of all bytes so far."""


class PartFolder:
    """The part files of one scratch folder."""

    def __init__(self, work_path: Path, *, min_free_bytes: int = 0) -> None:
        self.folder = work_path / "uploads"
        self._min_free_bytes = min_free_bytes

    def path(self, public_id: str) -> Path:
        """Return where the bytes of an upload lie; ids are ours, letters and digits only."""
        if not public_id.isalnum():
            raise ValueError(f"no upload id: {public_id!r}")
        return self.folder / f"{public_id}{_SUFFIX}"

    def create(self, public_id: str) -> None:
        """Make the empty file."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.path(public_id).open("xb").close()

    def length(self, public_id: str) -> int | None:
        """Return how many bytes are there, or None without a file."""
        try:
            return self.path(public_id).stat().st_size
        except FileNotFoundError:
            return None

    def settle(self, public_id: str) -> int | None:
        """Make everything received so far survive a power cut; return how much that is."""
        try:
            with self.path(public_id).open("rb") as file:
                os.fsync(file.fileno())
                return os.fstat(file.fileno()).st_size
        except FileNotFoundError:
            return None

    def delete(self, public_id: str) -> None:
        """Remove the file; one that is gone is fine."""
        self.path(public_id).unlink(missing_ok=True)

    def leftovers(self, *, older_than_s: float) -> Iterator[str]:
        """Yield the ids of files untouched for this long."""
        limit_s = time.time() - older_than_s
        for path in self.folder.glob(f"*{_SUFFIX}") if self.folder.is_dir() else ():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < limit_s and path.stem.isalnum():
                    yield path.stem

    def free_bytes(self) -> int:
        """Return how much may still be written before the disk counts as full."""
        folder = next(path for path in (self.folder, *self.folder.parents) if path.exists())
        status = os.statvfs(folder)
        return status.f_bavail * status.f_frsize - self._min_free_bytes

    @contextlib.contextmanager
    def writing(self, public_id: str) -> Iterator[PartWriter]:
        """Hold the upload for this request alone.

        Raises:
            Busy: when another request, of this process or another, holds it.
            FileNotFoundError: when there is no such file.
        """
        with self.path(public_id).open("r+b", buffering=0) as file:
            try:
                fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Busy(upload=public_id) from error
            # The kernel drops the lock with the file, so a killed process never leaves one behind.
            file.seek(0, os.SEEK_END)
            yield PartWriter(file.fileno(), file.tell(), self.free_bytes)


class PartWriter:
    """Appends to one part file that is held open and locked."""

    def __init__(self, descriptor: int, offset_bytes: int, free_bytes: Callable[[], int]) -> None:
        self._descriptor = descriptor
        self._free_bytes = free_bytes
        self._synced_bytes = offset_bytes
        self.offset_bytes = offset_bytes

    def append(self, read: Callable[[int], bytes], *, up_to_bytes: int, digest: Digest | None = None) -> None:
        """Keep what `read` gives, block by block, until it ends or the file has `up_to_bytes`.

        Raises:
            DiskFull: when the disk has no room left for the next block.
            CutOff: from `read`, when the sender went away. What was read before is kept in both cases.
        """
        try:
            while self.offset_bytes < up_to_bytes:
                block = read(min(BLOCK_BYTES, up_to_bytes - self.offset_bytes))
                if not block:
                    break
                self._write(block)
                if digest is not None:
                    digest.update(block)
        finally:
            os.fsync(self._descriptor)

    def _write(self, block: bytes) -> None:
        if self._free_bytes() < len(block):
            raise DiskFull(offset_bytes=self.offset_bytes)
        rest = memoryview(block)
        try:
            while rest:
                rest = rest[os.pwrite(self._descriptor, rest, self.offset_bytes + len(block) - len(rest)) :]
        except OSError as error:
            os.ftruncate(self._descriptor, self.offset_bytes)  # half a block helps nobody
            if error.errno in _FULL_ERRNOS:
                raise DiskFull(offset_bytes=self.offset_bytes) from error
            raise
        self.offset_bytes += len(block)
        if self.offset_bytes - self._synced_bytes >= SYNC_EVERY_BYTES:
            os.fsync(self._descriptor)
            self._synced_bytes = self.offset_bytes


class RunningDigests:
    """SHA-256 of uploads this process has received from their first byte on; forgotten ones are read again later."""

    def __init__(self, capacity: int = 64) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[int, Digest]] = OrderedDict()

    def take(self, public_id: str, offset_bytes: int) -> Digest | None:
        """Return the digest of exactly the first `offset_bytes` bytes, if it is known; the caller gives it back."""
        with self._lock:
            at_bytes, digest = self._known.pop(public_id, (-1, None))
        if offset_bytes == 0:
            return hashlib.sha256()
        return digest if at_bytes == offset_bytes else None

    def give_back(self, public_id: str, offset_bytes: int, digest: Digest | None) -> None:
        """Remember a digest until the next part arrives."""
        if digest is None:
            return
        with self._lock:
            self._known[public_id] = (offset_bytes, digest)
            while len(self._known) > self._capacity:
                self._known.popitem(last=False)


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file of any size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
