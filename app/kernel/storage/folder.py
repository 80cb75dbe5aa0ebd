"""Objects as plain files in one local folder, under their own names, so that a web server can hand them out itself.

A write is finished and synced in `.partial/` on the same file system and then renamed: an object is there completely or
not at all, and a reader keeps the version it opened. Not here: what the port promises (`media_pipeline.ports`).
"""

from __future__ import annotations

import contextlib
import io
import os
import stat as stat_mode
from collections.abc import Callable, Generator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Final

from app.kernel.storage.disk import kept_content_type, modified_at, sync_folder, translated
from app.kernel.storage.keys import InvalidKey, check_key, check_prefix, is_key
from app.kernel.storage.partials import LinkRefused, PartialFolder, remove_tree
from app.kernel.storage.transfer import CHUNK_BYTES, MeasuredSource, save
from app.kernel.storage.usage import Usage
from media_pipeline.ports import ObjectInfo, ObjectMissing, ObjectStat, StorageUnavailable

#: A folder may be removed, because it became empty, between making it and renaming into it.
_PUBLISH_ATTEMPTS: Final = 20


class FolderStorage:
    """The `Storage` port on a local folder that belongs to this store alone.

    Content types that a name's extension does not tell are kept in an extended attribute; on a file system without
    them such an object falls back to the type its extension tells, with a warning in the log.
    """

    def __init__(self, root: Path, quota_bytes: int | None = None) -> None:
        self._root = root
        self._partials = PartialFolder(root / ".partial")
        self._usage = None if quota_bytes is None else Usage(quota_bytes, self._count_bytes)

    def ensure(self) -> None:
        """Make the folder; called once at start-up, never by a write, so a missing mount is not papered over.

        Raises:
            StorageUnavailable: when it cannot be made or written to.
        """
        with translated(self._root):
            self._partials.folder.mkdir(parents=True, exist_ok=True)
        if not os.access(self._partials.folder, os.W_OK | os.X_OK):
            raise StorageUnavailable(f"{self._root} may not be written to")

    def put_file(self, key: str, path: Path, content_type: str) -> None:
        with path.open("rb") as source:
            self._put(key, source, os.fstat(source.fileno()).st_size, content_type)

    def put_bytes(self, key: str, data: bytes, content_type: str) -> None:
        self._put(key, io.BytesIO(data), len(data), content_type)

    def adopt_file(self, key: str, path: Path, content_type: str) -> None:
        """Give a finished file a second name as an object; where the system refuses that, copy it."""
        name = (self._root / check_key(key)).name

        def link() -> Path:
            return self._partials.adopt(path, name, content_type)

        try:
            self._put_partial(key, path.stat().st_size, link)
        except LinkRefused:
            self.put_file(key, path, content_type)

    def can_adopt(self, path: Path) -> bool:
        with translated(self._partials.folder):
            return self._partials.can_adopt(path)

    def copy(self, source: str, key: str) -> None:
        name, found = (self._root / check_key(key)).name, self._find(source)
        if found is None:
            raise ObjectMissing(source)
        if source == key:
            return

        def link() -> Path:
            try:
                return self._partials.link(found[0], name)
            except FileNotFoundError as error:  # deleted since we looked
                raise ObjectMissing(source) from error

        self._put_partial(key, found[1].st_size, link)

    def stat(self, key: str) -> ObjectStat | None:
        found = self._find(key)
        if found is None:
            return None
        path, status = found
        with translated(key):
            return ObjectStat(
                size_bytes=status.st_size,
                content_type=kept_content_type(path),
                etag=f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}",
                modified_at=modified_at(status),
            )

    def open_range(self, key: str, start: int = 0, length: int | None = None) -> Generator[bytes, None, None]:
        if start < 0 or (length is not None and length < 0):
            raise ValueError(f"no such range: start {start}, length {length}")
        chunks = self._read(key, start, length)
        next(chunks)  # runs up to the open file: a missing object is told now, and close() always closes the file
        return chunks

    def fetch(self, key: str, path: Path) -> None:
        with contextlib.closing(self.open_range(key)) as chunks:
            save(chunks, path)

    def list_keys(self, prefix: str) -> Iterator[ObjectInfo]:
        folder = check_prefix(prefix)
        return (
            ObjectInfo(key=key, size_bytes=status.st_size, modified_at=modified_at(status))
            for key, status in self._walk(self._root / folder, folder)
        )

    def delete(self, key: str) -> None:
        found = self._find(check_key(key))
        if found is None:
            return
        path, status = found
        with translated(key):
            path.unlink(missing_ok=True)
        self._record(-status.st_size)
        self._prune(path.parent)

    def delete_prefix(self, prefix: str) -> int:
        if not prefix:
            raise InvalidKey("the empty prefix would delete the whole store")
        folder = self._root / check_prefix(prefix)
        with translated(prefix):
            grave = self._partials.new_path()
            try:
                # Gone for readers in one step; after a kill below, sweep_partial does the rest. The slash, which
                # pathlib would drop, makes the system refuse when an object, not a folder, has this name.
                os.rename(f"{folder}/", grave)  # noqa: PTH104
            except (FileNotFoundError, NotADirectoryError):
                return 0
            sizes = remove_tree(grave)
        self._record(-sum(sizes))
        self._prune(folder.parent)
        return len(sizes)

    def local_path(self, key: str) -> Path | None:
        found = self._find(key)
        return found[0] if found else None

    def presigned_url(self, key: str, expires_s: int) -> str | None:  # noqa: ARG002  # the port's signature
        return None

    def sweep_partial(self, older_than: timedelta) -> int:
        """Remove what broken writes and deletions left more than `older_than` ago; return how many."""
        with translated(self._partials.folder):
            return self._partials.sweep(older_than)

    def _find(self, key: str) -> tuple[Path, os.stat_result] | None:
        if not is_key(key):
            return None
        path = self._root / key
        with translated(key):
            try:
                status = path.stat()
            except (FileNotFoundError, NotADirectoryError):
                self._check_root()
                return None
        return (path, status) if stat_mode.S_ISREG(status.st_mode) else None

    def _check_root(self) -> None:
        if not self._root.is_dir():
            raise StorageUnavailable(f"{self._root} is not there")

    def _read(self, key: str, start: int, length: int | None) -> Generator[bytes, None, None]:
        found = self._find(key)
        if found is None:
            raise ObjectMissing(key)
        with translated(key):
            try:
                file = found[0].open("rb")
            except FileNotFoundError as error:
                raise ObjectMissing(key) from error
            with file:
                yield b""
                file.seek(start)
                left = length
                while data := file.read(CHUNK_BYTES if left is None else min(CHUNK_BYTES, left)):
                    yield data
                    if left is not None:
                        left -= len(data)

    def _put(self, key: str, source: BinaryIO, size_bytes: int, content_type: str) -> None:
        name = (self._root / check_key(key)).name

        def write() -> Path:
            return self._partials.write(MeasuredSource(source, size_bytes), name, content_type)

        self._put_partial(key, size_bytes, write)

    def _put_partial(self, key: str, size_bytes: int, make: Callable[[], Path]) -> None:
        """Make a synced partial and publish it, within the quota."""
        path = self._root / key
        found = self._find(key)
        change_bytes = size_bytes - (found[1].st_size if found else 0)
        room = self._usage.reserved(max(change_bytes, 0)) if self._usage else contextlib.nullcontext()
        with room, translated(key):
            partial = make()
            try:
                self._publish(partial, path)
            finally:
                # Still there also when it is the object already: renaming a file to its own other name does nothing.
                partial.unlink(missing_ok=True)
            self._record(change_bytes)

    def _publish(self, partial: Path, path: Path) -> None:
        for attempt in range(1, _PUBLISH_ATTEMPTS + 1):
            is_last = attempt == _PUBLISH_ATTEMPTS
            try:
                self._make_folder(path.parent)
                partial.replace(path)
                break
            except (NotADirectoryError, IsADirectoryError) as error:
                raise _name_taken(path) from error
            except FileExistsError as error:  # an object has a folder's name, or the folder went as mkdir looked at it
                if is_last:
                    raise _name_taken(path) from error
            except FileNotFoundError:
                if is_last:
                    raise
        with contextlib.suppress(FileNotFoundError):  # deleted again already, folder and all
            sync_folder(path.parent)

    def _make_folder(self, folder: Path) -> None:
        if folder == self._root or folder.is_dir():
            return
        self._make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)

    def _prune(self, folder: Path) -> None:
        """Remove `folder` and those above it as far as they are empty."""
        while folder != self._root:
            try:
                folder.rmdir()
            except OSError:
                return  # not empty, or removed by another process: nothing is left to do here
            folder = folder.parent

    def _walk(self, folder: Path, prefix: str) -> Iterator[tuple[str, os.stat_result]]:
        """Yield the keys beneath `folder` with their state, in the byte order of the keys as S3 does."""
        with translated(folder):
            try:
                with os.scandir(folder) as scan:
                    entries = [(entry, entry.is_dir(follow_symlinks=False)) for entry in scan if entry.name[0] != "."]
            except (FileNotFoundError, NotADirectoryError):
                self._check_root()
                return
        entries.sort(key=lambda pair: os.fsencode(pair[0].name + ("/" if pair[1] else "")))
        for entry, is_folder in entries:
            if is_folder:
                yield from self._walk(folder / entry.name, f"{prefix}{entry.name}/")
                continue
            try:
                status = entry.stat()
            except FileNotFoundError:
                continue  # deleted while we were walking
            yield prefix + entry.name, status

    def _count_bytes(self) -> int:
        return sum(status.st_size for _, status in self._walk(self._root, ""))

    def _record(self, change_bytes: int) -> None:
        if self._usage:
            self._usage.record(change_bytes)


def _name_taken(path: Path) -> InvalidKey:
    return InvalidKey(f"{path.name!r}: an object and a folder cannot share a name")
