"""A folder store takes finished files over by a second name, and copies them where the system allows none."""

from __future__ import annotations

import errno
import os
import tempfile
import time
from pathlib import Path

import pytest

from app.kernel.storage import FolderStorage
from media_pipeline.ports import StorageFull


@pytest.fixture
def root(tmp_path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def storage(root) -> FolderStorage:
    storage = FolderStorage(root)
    storage.ensure()
    return storage


def keys(storage: FolderStorage) -> list[str]:
    return [info.key for info in storage.list_keys("")]


def test_an_adopted_file_is_the_object_itself(storage, root, tmp_path):
    (tmp_path / "in").write_bytes(b"long" * 1000)
    os.utime(tmp_path / "in", (1, 1))
    assert storage.can_adopt(tmp_path / "in")
    storage.adopt_file("sources/ab/abc", tmp_path / "in", "application/octet-stream")
    assert (root / "sources/ab/abc").samefile(tmp_path / "in")
    assert time.time() - storage.stat("sources/ab/abc").modified_at.timestamp() < 60, "a sweep goes by this"
    assert list((root / ".partial").iterdir()) == []


@pytest.mark.parametrize("code", [errno.EXDEV, errno.EPERM])
def test_what_cannot_be_linked_is_copied(storage, root, tmp_path, monkeypatch, code):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    (tmp_path / "in").write_bytes(b"x")
    monkeypatch.setattr(os, "link", refuse)
    assert not storage.can_adopt(tmp_path / "in")
    storage.adopt_file("k", tmp_path / "in", "text/plain")
    assert (root / "k").read_bytes() == b"x"
    assert not (root / "k").samefile(tmp_path / "in")
    assert list((root / ".partial").iterdir()) == []


def test_a_file_of_another_disk_is_copied(storage, root):
    shared_memory = Path("/dev/shm")  # noqa: S108 - its file system is what matters
    if not shared_memory.is_dir() or shared_memory.stat().st_dev == root.stat().st_dev:
        pytest.skip("needs a second file system / 需要另一个文件系统: /dev/shm")
    with tempfile.TemporaryDirectory(dir=shared_memory) as folder:
        source = Path(folder, "in")
        source.write_bytes(b"x" * 5000)
        assert not storage.can_adopt(source)
        storage.adopt_file("k", source, "text/plain")
    assert (root / "k").read_bytes() == b"x" * 5000
    assert storage.stat("k").content_type == "text/plain"


def test_adopting_counts_against_the_quota(root, tmp_path):
    storage = FolderStorage(root, quota_bytes=100)
    storage.ensure()
    (tmp_path / "in").write_bytes(bytes(101))
    with pytest.raises(StorageFull):
        storage.adopt_file("k", tmp_path / "in", "text/plain")
    assert (keys(storage), list((root / ".partial").iterdir())) == ([], [])
    (tmp_path / "fits").write_bytes(bytes(100))
    storage.adopt_file("k", tmp_path / "fits", "text/plain")
    storage.adopt_file("k", tmp_path / "fits", "text/plain")
    with pytest.raises(StorageFull):
        storage.put_bytes("b", b"x", "text/plain")
