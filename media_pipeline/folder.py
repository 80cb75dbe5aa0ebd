"""The plainest store: a folder.

Objects are files in a folder. For the command by hand and for tests; the application has its own, sturdier one.
"""

from __future__ import annotations

import mimetypes
import os
import shutil
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from .ports import ObjectInfo, ObjectMissing, ObjectStat

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK_BYTES = 1024 * 1024


class FolderStorage:
    """The Storage port over a folder; content types are guessed from names, since files keep none.

    Attributes:
        root: the folder.
        waiting_in: where files are written before they get their names, on the same disk; beside them if not given.
    """

    def __init__(self, root: Path, waiting_in: Path | None = None) -> None:
        self.root = root
        self.waiting_in = waiting_in

    def put_file(self, key: str, path: Path, content_type: str) -> None:  # noqa: ARG002 - the port names it
        with self._written(key) as waiting:
            shutil.copyfile(path, waiting)

    def put_bytes(self, key: str, data: bytes, content_type: str) -> None:  # noqa: ARG002 - the port names it
        with self._written(key) as waiting:
            waiting.write_bytes(data)

    def copy(self, source: str, key: str) -> None:
        if not self._path(source).is_file():
            raise ObjectMissing(source)
        with self._written(key) as waiting:
            shutil.copyfile(self._path(source), waiting)

    @contextmanager
    def _written(self, key: str) -> Iterator[Path]:
        """Give a path to write to, which becomes the object when all is written."""
        target = self._path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        # Several threads may be writing segments of the same name, each of its own rendition.
        name = f".{target.name}.{os.getpid()}-{threading.get_ident()}"
        waiting = (self.waiting_in or target.parent) / name
        yield waiting
        waiting.replace(target)

    def stat(self, key: str) -> ObjectStat | None:
        path = self._path(key)
        if not path.is_file():
            return None
        found = path.stat()
        return ObjectStat(
            size_bytes=found.st_size,
            content_type=mimetypes.guess_type(path.name)[0] or "application/octet-stream",
            etag=f"{found.st_mtime_ns:x}-{found.st_size:x}",
            modified_at=datetime.fromtimestamp(found.st_mtime, UTC),
        )

    def open_range(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        path = self._path(key)
        if not path.is_file():
            raise ObjectMissing(key)
        with path.open("rb") as file:
            file.seek(start)
            left = length if length is not None else path.stat().st_size
            while left > 0 and (block := file.read(min(left, _BLOCK_BYTES))):
                left -= len(block)
                yield block

    def fetch(self, key: str, path: Path) -> None:
        if not self._path(key).is_file():
            raise ObjectMissing(key)
        shutil.copyfile(self._path(key), path)

    def list_keys(self, prefix: str) -> Iterator[ObjectInfo]:
        # Only the folder the prefix leads into: a store holds the sets of many lectures.
        folder = self.root / prefix.rpartition("/")[0]
        for path in sorted(folder.rglob("*")):
            key = path.relative_to(self.root).as_posix()
            if path.is_file() and key.startswith(prefix):
                found = path.stat()
                yield ObjectInfo(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def delete_prefix(self, prefix: str) -> int:
        keys = [info.key for info in self.list_keys(prefix)]
        for key in keys:
            self.delete(key)
        return len(keys)

    def local_path(self, key: str) -> Path | None:
        path = self._path(key)
        return path if path.is_file() else None

    def presigned_url(self, key: str, expires_s: int) -> str | None:  # noqa: ARG002 - the port names it
        return None

    def _path(self, key: str) -> Path:
        path = self.root / key
        if ".." in Path(key).parts or Path(key).is_absolute():
            raise ValueError(f"{key!r} leaves the store")
        return path
