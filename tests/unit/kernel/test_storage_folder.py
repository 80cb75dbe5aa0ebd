"""What only the folder store has: a disk that fills up, a quota, folders, permissions, a mount that may be missing."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.kernel.storage import FolderStorage, InvalidKey
from app.kernel.storage import usage as usage_module
from app.kernel.storage.transfer import SourceUnreadable
from media_pipeline.ports import StorageFull, StorageUnavailable

_SHORT_SOURCE = Path("/sys/kernel/mm/transparent_hugepage/enabled")
_PROJECT = Path(__file__).parents[3]


@pytest.fixture
def root(tmp_path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def storage(root) -> FolderStorage:
    storage = FolderStorage(root)
    storage.ensure()
    return storage


def small(root: Path, quota_bytes: int) -> FolderStorage:
    storage = FolderStorage(root, quota_bytes)
    storage.ensure()
    return storage


def keys(storage: FolderStorage) -> list[str]:
    return [info.key for info in storage.list_keys("")]


def test_an_object_is_a_plain_file_at_its_own_name(storage, root):
    storage.put_bytes("media/a/1.m4s", b"x", "video/iso.segment")
    assert storage.local_path("media/a/1.m4s") == root / "media/a/1.m4s"
    assert (root / "media/a/1.m4s").read_bytes() == b"x"
    assert storage.presigned_url("media/a/1.m4s", 60) is None


def test_a_web_server_under_another_account_may_read_it(storage, root):
    previous = os.umask(0o022)
    try:
        storage.put_bytes("a/b", b"x", "text/plain")
    finally:
        os.umask(previous)
    assert (root / "a/b").stat().st_mode & 0o777 == 0o644
    assert (root / "a").stat().st_mode & 0o777 == 0o755


def test_emptied_folders_disappear(storage, root):
    storage.put_bytes("a/b/c/1", b"x", "text/plain")
    storage.put_bytes("a/2", b"x", "text/plain")
    storage.delete("a/b/c/1")
    assert [path.name for path in (root / "a").iterdir()] == ["2"]
    storage.delete_prefix("a")
    assert [path.name for path in root.iterdir()] == [".partial"]
    assert list((root / ".partial").iterdir()) == []


def test_an_object_and_a_folder_cannot_share_a_name(storage):
    storage.put_bytes("a/b", b"x", "text/plain")
    for key in ("a", "a/b/c", "a/b/c/d"):
        with pytest.raises(InvalidKey, match="share a name"):
            storage.put_bytes(key, b"y", "text/plain")
    assert keys(storage) == ["a/b"]
    assert storage.sweep_partial(timedelta(0)) == 0


def test_a_missing_mount_is_told_and_not_papered_over(root):
    storage = FolderStorage(root)
    for call in (
        lambda: storage.put_bytes("k", b"x", "text/plain"),
        lambda: storage.stat("k"),
        lambda: storage.open_range("k"),
        lambda: storage.delete("k"),
        lambda: storage.delete_prefix("k"),
        lambda: list(storage.list_keys("")),
    ):
        with pytest.raises(StorageUnavailable):
            call()
    assert not root.exists()


def test_a_root_that_cannot_be_made_is_unavailable(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageUnavailable):
        FolderStorage(tmp_path / "file" / "store").ensure()


def test_without_extended_attributes_the_extension_tells_and_the_log_warns(storage, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(os, "setxattr", refuse)
    with capture_logs() as logs:
        storage.put_bytes("a.mp4", b"x", "text/plain")
        storage.put_bytes("b.mp4", b"x", "video/mp4")
    assert storage.stat("a.mp4").content_type == "video/mp4"
    assert [(line["event"], line["name"]) for line in logs] == [("content_type_not_kept", "a.mp4")]


def test_a_killed_deletion_is_finished_by_the_sweep(storage, root):
    # What a process killed right after the rename leaves behind.
    storage.put_bytes("a/b/1", b"x", "text/plain")
    (root / "a").rename(root / ".partial" / "left")
    assert keys(storage) == []
    assert storage.sweep_partial(timedelta(hours=1)) == 0
    assert storage.sweep_partial(timedelta(0)) == 1
    assert list((root / ".partial").iterdir()) == []


def test_putting_while_the_folder_is_being_deleted(storage):
    def put(number: int) -> None:
        storage.put_bytes(f"a/b/{number}", b"x", "text/plain")

    with ThreadPoolExecutor(4) as pool:
        puts = [pool.submit(put, number) for number in range(200)]
        deleted = 0
        while not all(done.done() for done in puts):
            deleted += storage.delete_prefix("a")
            time.sleep(0.002)  # removed again and again, but not at every instant: nobody could write then
        for done in puts:
            done.result()
    assert deleted + len(keys(storage)) == 200


# --- the quota


def test_the_quota_counts_what_is_there_and_refuses_more(root):
    FolderStorage(root).ensure()
    FolderStorage(root).put_bytes("before", bytes(60), "text/plain")
    storage = small(root, 100)
    storage.put_bytes("a", bytes(40), "text/plain")
    with pytest.raises(StorageFull, match="quota of 100 bytes"):
        storage.put_bytes("b", b"x", "text/plain")
    assert keys(storage) == ["a", "before"]
    assert storage.sweep_partial(timedelta(0)) == 0


def test_overwriting_needs_room_for_the_difference_only(root):
    storage = small(root, 100)
    storage.put_bytes("a", bytes(90), "text/plain")
    storage.put_bytes("a", bytes(100), "text/plain")
    with pytest.raises(StorageFull):
        storage.put_bytes("a", bytes(101), "text/plain")
    assert storage.stat("a").size_bytes == 100
    storage.put_bytes("a", bytes(10), "text/plain")
    storage.put_bytes("b", bytes(90), "text/plain")


def test_deleting_gives_room_back(root):
    storage = small(root, 100)
    storage.put_bytes("a/1", bytes(50), "text/plain")
    storage.put_bytes("a/2", bytes(50), "text/plain")
    storage.delete("a/1")
    storage.put_bytes("b", bytes(50), "text/plain")
    storage.delete_prefix("a")
    storage.put_bytes("c", bytes(50), "text/plain")


def test_a_failed_write_gives_its_room_back(root):
    storage = small(root, 4096 + 10)
    for _ in range(5):
        with pytest.raises(SourceUnreadable):
            storage.put_file("k", _SHORT_SOURCE, "text/plain")
    storage.put_bytes("a", bytes(4096), "text/plain")


def test_what_another_process_deleted_is_seen_before_refusing(root, monkeypatch):
    monkeypatch.setattr(usage_module, "_RECOUNT_BEFORE_REFUSING_S", 0)
    storage, other = small(root, 100), small(root, 100)
    storage.put_bytes("a", bytes(100), "text/plain")
    other.delete("a")
    storage.put_bytes("b", bytes(100), "text/plain")


def test_what_another_process_wrote_is_seen_after_a_while(root, monkeypatch):
    monkeypatch.setattr(usage_module, "RECOUNT_AFTER_S", 0)
    monkeypatch.setattr(usage_module, "_RECOUNT_COST_RATIO", 0)
    storage, other = small(root, 100), small(root, 100)
    storage.put_bytes("a", bytes(10), "text/plain")
    storage.put_bytes("b", bytes(10), "text/plain")
    other.put_bytes("c", bytes(80), "text/plain")
    with pytest.raises(StorageFull):
        storage.put_bytes("d", b"x", "text/plain")


def test_the_total_is_not_counted_for_every_write(root, monkeypatch):
    storage = small(root, 10_000)
    storage.put_bytes("a", b"x", "text/plain")
    scans = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda folder: scans.append(folder) or scandir(folder))
    for number in range(50):
        storage.put_bytes(f"f/{number}", b"x", "text/plain")
    assert scans == []


def test_writers_at_the_same_time_cannot_share_the_last_room(root):
    storage = small(root, 1000)

    def put(number: int) -> bool:
        try:
            storage.put_bytes(f"k{number}", bytes(100), "text/plain")
        except StorageFull:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(put, range(40))) == 10
    assert len(keys(storage)) == 10


# --- a disk that is really full


def test_a_full_disk_is_told_as_full_and_nothing_stays(tmp_path):
    mount = tmp_path / "disk"
    mount.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(mount)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(
            f"needs to mount a small disk, which this account may not / 无权挂载: {mounted.stderr.splitlines()[0]}"
        )
    try:
        storage = FolderStorage(mount)
        storage.ensure()
        storage.put_bytes("a", bytes(500_000), "text/plain")
        with pytest.raises(StorageFull, match="No space left"):
            storage.put_bytes("b", bytes(2_000_000), "text/plain")
        assert keys(storage) == ["a"]
        assert list((mount / ".partial").iterdir()) == []
        storage.put_bytes("c", bytes(400_000), "text/plain")
    finally:
        subprocess.run(["umount", str(mount)], check=True)


def test_a_file_size_limit_is_told_as_full(root):
    FolderStorage(root).ensure()
    program = (
        "import resource, pathlib, sys\n"
        "from app.kernel.storage import FolderStorage\n"
        "from media_pipeline.ports import StorageFull\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, {resource.RLIM_INFINITY}))\n"
        "try:\n"
        "    FolderStorage(pathlib.Path(sys.argv[1])).put_bytes('a', bytes(200_000), 'text/plain')\n"
        "except StorageFull as error:\n"
        "    print(error)\n"
    )
    child = subprocess.run(
        [sys.executable, "-c", program, str(root)],
        cwd=_PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert child.stdout == "a: File too large\n"
    assert keys(FolderStorage(root)) == []
    assert list((root / ".partial").iterdir()) == []
