"""What the folder store asks of the operating system: errors in the port's words, durable names, kept content types."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from app.kernel.storage.content_types import DEFAULT_CONTENT_TYPE, content_type_of
from app.kernel.storage.transfer import SourceUnreadable
from media_pipeline.ports import StorageFull, StorageUnavailable

log = structlog.get_logger(__name__)

#: EFBIG is a file size limit set for the process or the file system: for this object there is no room either.
_FULL_ERRNOS: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
#: freedesktop.org's name for it, so other programs understand it as well.
_CONTENT_TYPE_ATTRIBUTE: Final = "user.mime_type"
_ATTRIBUTE_REFUSED_ERRNOS: Final = frozenset({errno.ENOTSUP, errno.EPERM, errno.ENOSPC, errno.EDQUOT, errno.E2BIG})
_ATTRIBUTE_ABSENT_ERRNOS: Final = frozenset({errno.ENOTSUP, errno.ENODATA, errno.EPERM})


@contextlib.contextmanager
def translated(what: object) -> Iterator[None]:
    """Turn the operating system's refusals concerning `what` into the port's errors."""
    try:
        yield
    except SourceUnreadable:
        raise
    except OSError as error:
        if error.errno in _FULL_ERRNOS:
            raise StorageFull(f"{what}: {error.strerror}") from error
        raise StorageUnavailable(f"{what}: {error.strerror or error}") from error


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a power cut, which syncing the files alone does not."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def keep_content_type(descriptor: int, name: str, content_type: str) -> None:
    """Note `content_type` on an open file, unless the extension of `name` already tells it."""
    if content_type == content_type_of(name):
        return
    try:
        os.setxattr(descriptor, _CONTENT_TYPE_ATTRIBUTE, content_type.encode())
    except OSError as error:
        if error.errno not in _ATTRIBUTE_REFUSED_ERRNOS:
            raise
        log.warning("content_type_not_kept", name=name, content_type=content_type, reason=error.strerror)


def kept_content_type(path: Path) -> str:
    """Return the noted content type, or else the one its extension tells."""
    try:
        return os.getxattr(path, _CONTENT_TYPE_ATTRIBUTE).decode(errors="replace") or DEFAULT_CONTENT_TYPE
    except OSError as error:
        if error.errno not in _ATTRIBUTE_ABSENT_ERRNOS:
            raise
        return content_type_of(path.name)


def modified_at(status: os.stat_result) -> datetime:
    """Return when the file was last written, aware and UTC."""
    return datetime.fromtimestamp(status.st_mtime, UTC)
