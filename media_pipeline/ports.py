"""What the workshop needs from outside: an object store, somebody to tell progress to, a way to be stopped.

Not here: implementations. The application's stores live in its kernel, the by-hand folder in `folder.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path


class StorageError(Exception):
    """Base of what a store may raise."""


class ObjectMissing(StorageError):
    """No object has this key."""


class StorageFull(StorageError):
    """The store refuses more bytes."""


class StorageUnavailable(StorageError):
    """The store does not answer; the same call may work later."""


@dataclass(frozen=True, slots=True)
class ObjectStat:
    """What is known of one stored object."""

    size_bytes: int
    content_type: str
    etag: str
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One line of a listing."""

    key: str
    size_bytes: int
    modified_at: datetime


class Storage(Protocol):
    """A flat store of immutable objects; keys are relative POSIX paths."""

    def put_file(self, key: str, path: Path, content_type: str) -> None:
        """Store a file under `key`, replacing what is there in one step."""

    def put_bytes(self, key: str, data: bytes, content_type: str) -> None:
        """Store bytes under `key`, replacing what is there in one step."""

    def copy(self, source: str, key: str) -> None:
        """Store what is under `source` under `key` too, without the bytes passing through here.

        Replaces what is there in one step and keeps the content type; raises ObjectMissing. What becomes of the one
        afterwards does not touch the other. The copy may keep the original's time of modification.
        """

    def stat(self, key: str) -> ObjectStat | None:
        """Describe an object, or None."""

    def open_range(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from `start`; raises ObjectMissing before the first block."""

    def fetch(self, key: str, path: Path) -> None:
        """Copy an object into a local file; raises ObjectMissing."""

    def list_keys(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield every object whose key starts with `prefix`."""

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""

    def delete_prefix(self, prefix: str) -> int:
        """Remove every object whose key starts with `prefix`; returns how many."""

    def local_path(self, key: str) -> Path | None:
        """Return the file behind an object where there is one on this machine."""

    def presigned_url(self, key: str, expires_s: int) -> str | None:
        """Return an expiring direct address where the store can make one."""


class Progress(Protocol):
    """Told how far a step is; called often, the receiver throttles."""

    def report(self, step: str, fraction: float) -> None:
        """Take note: `step` is one of STEPS, `fraction` goes from 0 to 1 within it."""


class CancelToken(Protocol):
    """Asked often whether to go on."""

    def is_cancelled(self) -> bool:
        """Return True once the work is no longer wanted."""


STEPS = ("probe", "encode", "package", "publish")
