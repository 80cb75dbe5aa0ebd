"""Where sources and renditions are kept: the `Storage` port of media_pipeline on a folder or on S3.

Words: an *object* is bytes under a *key* with a content type; a *prefix* is always a folder of keys; a *partial* is
what a broken write left, never visible as an object. Invariant: a reader sees an object completely, in one version, or
not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from app.kernel.storage.folder import FolderStorage
from app.kernel.storage.keys import INCOMING_PREFIX, InvalidKey
from app.kernel.storage.s3 import S3Storage
from config.settings import StoreSection
from media_pipeline.ports import Storage

__all__ = [
    "INCOMING_PREFIX", "FolderStorage", "InvalidKey", "ManagedStorage", "PartwiseStorage", "S3Storage", "open_storage",
]  # fmt: skip


class ManagedStorage(Storage, Protocol):
    """A store with what its operator needs beside the port: made once at start-up, swept now and then."""

    def ensure(self) -> None:
        """Make the folder or bucket when it is not there."""

    def adopt_file(self, key: str, path: Path, content_type: str) -> None:
        """Store a finished file as `put_file` does, without copying its bytes where that can be avoided.

        File and object may then be one: nobody may write to the file again. Removing it is the caller's business.
        """

    def can_adopt(self, path: Path) -> bool:
        """Return whether this file would be stored without copying it."""

    def sweep_partial(self, older_than: timedelta) -> int:
        """Remove what broken writes left more than `older_than` ago; return how many."""


class PartwiseStorage(ManagedStorage, Protocol):
    """A store that every host reaches and that makes one object of many."""

    def put_buffer(self, key: str, data: memoryview, content_type: str) -> None:
        """Store some megabytes as `put_bytes` does, without a copy of them in this process."""

    def compose(self, sources: Sequence[str], key: str) -> None:
        """Store the objects under `sources`, one behind the other, under `key`, as a plain stream of bytes.

        Large ones are copied inside the store; only what is too small for that passes through here.
        """


def open_storage(section: StoreSection) -> ManagedStorage:
    """Build the store the settings name; touches neither disk nor network until it is used."""
    if section.kind == "folder":
        return FolderStorage(section.path, section.quota_bytes)
    return S3Storage(
        endpoint=section.endpoint,
        access_key=section.access_key,
        secret_key=section.secret_key.get_secret_value(),
        bucket=section.bucket,
        secure=section.secure,
        region=section.region,
    )
