"""Bytes of unfinished uploads in the scratch folder: one growing file each, one writer at a time, fsync before "kept".

The length of the file is the truth about how much was received, so a process killed at any moment loses nothing it had
acknowledged. Bytes that a checksum has still to confirm lie behind a mark, which a kill leaves there too. For one
machine, or several that share this folder; a store that every host reaches needs none (`pieces_in_store`).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from app.kernel.storage import ManagedStorage
from app.kernel.storage.disk import sync_folder
from app.studio import intake
from app.studio.intake import Busy, Digest, DiskFull, NoSuchBytes, Partial

#: A power cut costs at most this much of what a slow request has sent so far.
SYNC_EVERY_BYTES: Final = 64 * 1024 * 1024
#: After this much the system is told to begin writing, so that little is left to wait for when it must be synced.
WRITE_EARLY_BYTES: Final = 8 * 1024 * 1024
_SUFFIX: Final = ".part"
#: Holds how many bytes of the file beside it are sure.
_MARK: Final = ".sure"
_NEW_MARK: Final = ".newsure"
_FULL_ERRNOS: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_CONTENT_TYPE: Final = "application/octet-stream"


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
        self.folder.mkdir(parents=True, exist_ok=True)
        self.path(public_id).open("xb").close()
        sync_folder(self.folder)  # a name that a power cut takes away takes every byte with it

    def length(self, public_id: str) -> int | None:
        # A mark may come or go beside us, together with bytes that do not count.
        sure_before = self._sure_bytes(public_id)
        try:
            size_bytes = self.path(public_id).stat().st_size
        except FileNotFoundError:
            return None
        sure_after = self._sure_bytes(public_id)
        return min(size for size in (sure_before, size_bytes, sure_after) if size is not None)

    def settle(self, public_id: str) -> int | None:
        try:
            with self.path(public_id).open("rb") as file:
                length = self.length(public_id)
                os.fsync(file.fileno())
                return length
        except FileNotFoundError:
            return None

    def delete(self, public_id: str) -> None:
        # The file last: it is what a sweep finds when a kill comes in between.
        for suffix in (_MARK, _NEW_MARK, _SUFFIX):
            self.path(public_id).with_suffix(suffix).unlink(missing_ok=True)

    def leftovers(self, *, older_than_s: float) -> Iterator[str]:
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
    def writing(self, public_id: str, *, is_checked: bool = False) -> Iterator[PartWriter]:
        with contextlib.ExitStack() as stack:
            try:
                file = stack.enter_context(self.path(public_id).open("r+b", buffering=0))
            except FileNotFoundError as error:
                raise NoSuchBytes(public_id) from error
            try:
                fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Busy(upload=public_id) from error
            # The kernel drops the lock with the file, so a killed process never leaves one behind; its mark it does.
            self._drop_unsure(public_id, file.fileno())
            offset_bytes = file.seek(0, os.SEEK_END)
            if not is_checked:
                yield PartWriter(file.fileno(), offset_bytes, self.free_bytes)
                return
            self._set_mark(public_id, offset_bytes)
            writer = PartWriter(file.fileno(), offset_bytes, self.free_bytes, lambda: self._take_mark_away(public_id))
            try:
                yield writer
            finally:
                if not writer.is_kept:
                    self._drop_unsure(public_id, file.fileno())
                    writer.offset_bytes = offset_bytes

    def gather(self, public_id: str, size_bytes: int, partials: Sequence[Partial]) -> bool:
        begin_bytes = 0
        for partial in partials:
            # Joined ones are removed in order, so that one missing behind the joint was lost, not joined.
            if self.length(partial.public_id) == partial.size_bytes and (self.length(public_id) or 0) >= begin_bytes:
                self._join(public_id, partial, begin_bytes)
            begin_bytes += partial.size_bytes
        return self.length(public_id) == size_bytes

    def _join(self, public_id: str, partial: Partial, begin_bytes: int) -> None:
        with (
            self.path(public_id).open("r+b", buffering=0) as target,
            self.path(partial.public_id).open("rb", buffering=0) as source,
        ):
            target.truncate(begin_bytes)  # half a joint of an attempt that was killed
            target.seek(begin_bytes)
            _copy(source.fileno(), target.fileno(), partial.size_bytes)
            os.fsync(target.fileno())
        self.delete(partial.public_id)

    def sha256(self, public_id: str) -> str:
        return hash_file(self.path(public_id))

    def hand_over(self, public_id: str, storage: ManagedStorage, key: str) -> None:
        # Nobody writes to a whole upload again: the file itself becomes the source where the store is a folder.
        storage.adopt_file(key, self.path(public_id), _CONTENT_TYPE)

    def can_hand_over_uncopied(self, public_id: str, storage: ManagedStorage) -> bool:
        return storage.can_adopt(self.path(public_id))

    def _mark(self, public_id: str) -> Path:
        return self.path(public_id).with_suffix(_MARK)

    def _sure_bytes(self, public_id: str) -> int | None:
        try:
            return int(self._mark(public_id).read_text())
        except FileNotFoundError:
            return None

    def _set_mark(self, public_id: str, offset_bytes: int) -> None:
        unseen = self._mark(public_id).with_suffix(_NEW_MARK)
        with unseen.open("w") as file:
            file.write(str(offset_bytes))
            file.flush()
            os.fsync(file.fileno())
        unseen.replace(self._mark(public_id))
        sync_folder(self.folder)  # the mark must be there before the first byte it is about

    def _take_mark_away(self, public_id: str) -> None:
        self._mark(public_id).unlink()
        sync_folder(self.folder)  # one that came back would take back what was acknowledged

    def _drop_unsure(self, public_id: str, descriptor: int) -> None:
        sure_bytes = self._sure_bytes(public_id)
        if sure_bytes is None:
            return
        if os.fstat(descriptor).st_size > sure_bytes:
            os.ftruncate(descriptor, sure_bytes)
            os.fsync(descriptor)
        self._mark(public_id).unlink(missing_ok=True)


class PartWriter:
    """Appends to one part file that is held open and locked."""

    def __init__(
        self, descriptor: int, offset_bytes: int, free_bytes: Callable[[], int],
        make_sure: Callable[[], None] | None = None,
    ) -> None:
        self._descriptor = descriptor
        self._free_bytes = free_bytes
        self._make_sure = make_sure
        self._begun_bytes = self._synced_bytes = offset_bytes
        self.offset_bytes = offset_bytes
        self.is_kept = False

    def append(self, read: Callable[[int], bytes], *, up_to_bytes: int, digests: Sequence[Digest] = ()) -> None:
        try:
            while self.offset_bytes < up_to_bytes:
                block = read(min(intake.BLOCK_BYTES, up_to_bytes - self.offset_bytes))
                if not block:
                    break
                self._write(block, digests)
        finally:
            self._sync()

    def keep(self) -> None:
        # At once, not when the upload is let go: the caller's note of it must never be ahead of the file.
        if self._make_sure is not None:
            self._make_sure()
        self.is_kept = True

    def _write(self, block: bytes, digests: Sequence[Digest]) -> None:
        if self._free_bytes() < len(block):
            raise DiskFull(offset_bytes=self.offset_bytes)
        rest = memoryview(block)
        while rest:
            try:
                written = os.pwrite(self._descriptor, rest, self.offset_bytes)
            except OSError as error:
                self._tell_full(error)
                raise
            # What is written may be told to somebody who asks, so half a block stays as well.
            for digest in digests:
                digest.update(rest[:written])
            self.offset_bytes += written
            rest = rest[written:]
        if self.offset_bytes - self._synced_bytes >= SYNC_EVERY_BYTES:
            self._sync()
        elif self.offset_bytes - self._begun_bytes >= WRITE_EARLY_BYTES:
            # Linux begins to write what it is told not to need; elsewhere this is a hint that costs nothing.
            new_bytes = self.offset_bytes - self._begun_bytes
            os.posix_fadvise(self._descriptor, self._begun_bytes, new_bytes, os.POSIX_FADV_DONTNEED)
            self._begun_bytes = self.offset_bytes

    def _sync(self) -> None:
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            # The system forgets what it could not write and says so once: only what was synced before is sure.
            os.ftruncate(self._descriptor, self._synced_bytes)
            self.offset_bytes = self._synced_bytes
            self._tell_full(error)
            raise
        self._begun_bytes = self._synced_bytes = self.offset_bytes

    def _tell_full(self, error: OSError) -> None:
        if error.errno in _FULL_ERRNOS:
            raise DiskFull(offset_bytes=self.offset_bytes) from error


def _copy(source: int, target: int, size_bytes: int) -> None:
    """Copy between open files inside the kernel, which shares blocks where the file system can."""
    left_bytes = size_bytes
    while left_bytes:
        try:
            moved = os.copy_file_range(source, target, left_bytes)
        except OSError as error:
            if error.errno not in {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}:
                raise
            moved = os.sendfile(target, source, None, left_bytes)
        if not moved:
            raise OSError(errno.EIO, "the file ended early")
        left_bytes -= moved


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file of any size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
