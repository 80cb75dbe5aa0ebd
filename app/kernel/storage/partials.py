"""The folder store's back room: files being written and folders being deleted, never visible as objects.

It lies on the store's own file system, so that one rename moves a finished file out or a doomed folder in.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

from app.kernel.storage.disk import keep_content_type, kept_content_type
from app.kernel.storage.transfer import CHUNK_BYTES, MeasuredSource

#: Another file system or mount, more names than it allows, a file of another account, no such thing there.
_LINK_REFUSED_ERRNOS: Final = frozenset(
    {errno.EXDEV, errno.EMLINK, errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.ENOSYS}
)


class LinkRefused(Exception):
    """The file cannot get a second name here."""


class PartialFolder:
    """Unique names in one folder, and a broom for those whose process was killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def new_path(self) -> Path:
        """Return a free name; the folder is made when only it is missing, its parent never."""
        self.folder.mkdir(exist_ok=True)
        return self.folder / f"{os.getpid()}-{secrets.token_hex(8)}"

    def write(self, source: MeasuredSource, name: str, content_type: str) -> Path:
        """Write all of `source` to a synced file that will be called `name`; leave nothing behind on failure."""
        partial = self.new_path()
        # Not tempfile: its mode 0600 would lock out a web server that runs under another account.
        with partial.open("xb") as file:
            try:
                while data := source.read(CHUNK_BYTES):
                    file.write(data)
                file.flush()
                keep_content_type(file.fileno(), name, content_type)
                os.fsync(file.fileno())
            except BaseException:
                partial.unlink()
                raise
        return partial

    def adopt(self, path: Path, name: str, content_type: str) -> Path:
        """Give a finished file a second name here, synced like one we wrote; it will be called `name`.

        Raises:
            LinkRefused: when the system does not allow that; nothing is left behind.
        """
        partial = self.new_path()
        try:
            os.link(path, partial)
            with partial.open("rb") as file:
                # An object is as old as its name: a sweep must not take a file for old that waited for its turn.
                os.utime(file.fileno())
                keep_content_type(file.fileno(), name, content_type)
                os.fsync(file.fileno())
        except BaseException as error:
            partial.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno in _LINK_REFUSED_ERRNOS:
                raise LinkRefused(path) from error
            raise
        return partial

    def can_adopt(self, path: Path) -> bool:
        """Return whether a file can get a second name here: one disk may still be mounted twice."""
        partial = self.new_path()
        try:
            os.link(path, partial)
        except OSError:
            return False  # whatever stands in the way, it will be copied
        partial.unlink()
        return True

    def link(self, original: Path, name: str) -> Path:
        """Give a finished file a second name for a copy that will be called `name`; bytes are copied where it must be.

        Files here are never changed, only replaced, so two names may share one.
        """
        partial = self.new_path()
        content_type = kept_content_type(original)
        try:
            os.link(original, partial)
        except OSError as error:
            if error.errno not in _LINK_REFUSED_ERRNOS:
                raise
            with original.open("rb") as file:
                source = MeasuredSource(file, os.fstat(file.fileno()).st_size)
                return self.write(source, name, content_type)
        with partial.open("rb") as file:
            keep_content_type(file.fileno(), name, content_type)
        return partial

    def sweep(self, older_than: timedelta) -> int:
        """Remove what has lain here for longer than `older_than`; return how many names."""
        newest_swept_s = time.time() - older_than.total_seconds()
        swept = 0
        for leftover in self.folder.iterdir() if self.folder.is_dir() else ():
            try:
                # The time of change, unlike that of modification, is also set by the rename that starts a deletion.
                if leftover.lstat().st_ctime > newest_swept_s:
                    continue
                if leftover.is_dir():
                    remove_tree(leftover)
                else:
                    leftover.unlink()
            except FileNotFoundError:
                continue  # its owner, or another sweep, was faster
            swept += 1
        return swept


def remove_tree(folder: Path) -> list[int]:
    """Remove a doomed folder and return the sizes of its files.

    Unlike `shutil.rmtree` it takes along a file whose writer had looked the folder up just before it was doomed and
    renamed its file into it just after.
    """
    sizes: list[int] = []
    while folder.exists():
        for parent, _, names in os.walk(folder, topdown=False, onerror=_raise_unless_gone):
            for name in names:
                path = Path(parent, name)
                with contextlib.suppress(FileNotFoundError):
                    size_bytes = path.lstat().st_size
                    path.unlink()
                    sizes.append(size_bytes)
            try:
                Path(parent).rmdir()
            except OSError as error:
                if error.errno not in {errno.ENOTEMPTY, errno.ENOENT}:
                    raise
    return sizes


def _raise_unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error
