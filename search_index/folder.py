"""The index folder: versions side by side, a pointer to the current one, and the writers' lock.

``CURRENT`` names the version that serves, its engine and its schema; it is replaced in one step. Whatever else lies in
``v-*`` folders is an older version or the remains of an interrupted rebuild, and is removed under the lock. A reader
that loses a version while opening it looks at ``CURRENT`` again; one that has it open keeps its mapped files.
"""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from search_index.errors import IndexBusy, IndexMissing, IndexUnusable
from search_index.schema import SCHEMA_VERSION

_POINTER = "CURRENT"
_LOCK = "writer.lock"
_PREFIX = "v-"
_LOOK_AGAIN_S = 0.05


@dataclass(frozen=True, slots=True)
class Pointer:
    """Content of ``CURRENT``."""

    version: str
    engine: str
    schema: str


def read_pointer(folder: Path) -> Pointer:
    """Say which version serves.

    Raises:
        IndexMissing: nothing was ever built here.
        IndexUnusable: unreadable, or of another schema.
    """
    try:
        fields = json.loads((folder / _POINTER).read_text("utf-8"))
        pointer = Pointer(str(fields["version"]), str(fields["engine"]), str(fields["schema"]))
    except FileNotFoundError as error:
        raise IndexMissing(f"There is no index in {folder}.") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexUnusable(f"The pointer of the index in {folder} cannot be read.") from error
    if pointer.schema != SCHEMA_VERSION:
        raise IndexUnusable(f"The index in {folder} has schema {pointer.schema}, this program {SCHEMA_VERSION}.")
    return pointer


def pointer_mark(folder: Path) -> tuple[int, int]:
    """Tell cheaply whether ``CURRENT`` was replaced: its inode and time, zeros when it is missing."""
    try:
        status = (folder / _POINTER).stat()
    except FileNotFoundError:
        return 0, 0
    return status.st_ino, status.st_mtime_ns


def pointer_built_at(folder: Path) -> float:
    """Say when the serving version was swapped in, in seconds since 1970; only a rebuild does that."""
    try:
        return (folder / _POINTER).stat().st_mtime
    except FileNotFoundError as error:
        raise IndexMissing(f"There is no index in {folder}.") from error


def write_pointer(folder: Path, pointer: Pointer) -> None:
    """Make a version the current one, in one durable step."""
    write_durably(folder / _POINTER, json.dumps(asdict(pointer)).encode())
    sync_folder(folder)


@contextmanager
def writer_lock(folder: Path, patience_s: float = 0.0) -> Iterator[None]:
    """Hold the one writer's place; the system gives it back even when the process is killed.

    Raises:
        IndexBusy: when another thread or process holds it, and goes on doing so for `patience_s`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    give_up_s = time.monotonic() + patience_s
    with (folder / _LOCK).open("ab") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= give_up_s:
                    raise IndexBusy(f"Another writer holds the index in {folder}.") from error
                time.sleep(_LOOK_AGAIN_S)
        yield


def new_version(folder: Path) -> str:
    """Make the folder of the next version and return its name. Call it under the lock."""
    numbers = [int(path.name.removeprefix(_PREFIX)) for path in _versions(folder)]
    version = f"{_PREFIX}{max(numbers, default=0) + 1:08d}"
    (folder / version).mkdir()
    return version


def remove_versions_except(folder: Path, keep: str | None) -> None:
    """Remove every version but one. Call it under the lock."""
    for path in _versions(folder):
        if path.name != keep:
            shutil.rmtree(path)


def write_durably(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; its name becomes durable with the next `sync_folder`."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_bytes(content)
    sync_file(fresh)
    fresh.replace(path)


def sync_file(path: Path) -> None:
    """Make what was written to a file survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Make names created or replaced in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _versions(folder: Path) -> list[Path]:
    return [path for path in folder.glob(f"{_PREFIX}*") if path.name.removeprefix(_PREFIX).isdigit()]
