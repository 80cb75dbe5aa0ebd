"""Part files when the system refuses or a kill comes at the worst moment: never more told than is there, never less."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from app.studio import parts as parts_module
from app.studio.intake import Busy, DiskFull, RunningDigest, RunningDigests
from app.studio.parts import PartFolder
from tests.factories.bodies import reader

DATA = bytes(range(200))
NAME = "abc234"


@pytest.fixture
def parts(tmp_path: Path) -> PartFolder:
    parts = PartFolder(tmp_path)
    parts.create(NAME)
    return parts


def fails_at(calls: int, real: Callable, error: int) -> Callable:
    """Return a system call that works `calls` times and fails from then on."""
    left = [calls]

    def call(*arguments: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(error, os.strerror(error))
        return real(*arguments)

    return call


def test_half_a_block_that_was_written_stays(parts: PartFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody may have asked meanwhile and been told of it."""
    first_half = fails_at(1, lambda descriptor, data, at: os_pwrite(descriptor, data[:70], at), errno.ENOSPC)
    os_pwrite = os.pwrite
    monkeypatch.setattr(parts_module.os, "pwrite", first_half)
    digest = RunningDigest()
    with parts.writing(NAME) as writer:
        with pytest.raises(DiskFull):
            writer.append(reader(DATA), up_to_bytes=200, digests=[digest])
        assert writer.offset_bytes == digest.offset_bytes == parts.length(NAME) == 70
    assert digest.hexdigest() == hashlib.sha256(DATA[:70]).hexdigest()


@pytest.mark.parametrize(("error", "told"), [(errno.ENOSPC, DiskFull), (errno.EIO, OSError)])
def test_what_the_disk_did_not_take_does_not_count(
    parts: PartFolder, monkeypatch: pytest.MonkeyPatch, error: int, told: type[Exception]
) -> None:
    with parts.writing(NAME) as writer:
        writer.append(reader(DATA[:50]), up_to_bytes=200)
    monkeypatch.setattr(parts_module.os, "fsync", fails_at(0, os.fsync, error))
    digests = RunningDigests()
    with parts.writing(NAME) as writer:
        digest = RunningDigest()
        digest.update(DATA[:50])
        with pytest.raises(told):
            writer.append(reader(DATA[50:]), up_to_bytes=200, digests=[digest])
        assert writer.offset_bytes == 50
        digests.give_back(NAME, writer.offset_bytes, digest)
    monkeypatch.undo()
    assert parts.settle(NAME) == 50
    assert digests.take(NAME, 50) is None, "it has seen bytes that are not there"


def test_checked_bytes_are_sure_before_anybody_notes_them(parts: PartFolder) -> None:
    with parts.writing(NAME, is_checked=True) as writer:
        writer.append(reader(DATA[:90]), up_to_bytes=200)
        assert parts.length(NAME) == 0
        writer.keep()
        assert parts.length(NAME) == 90  # a kill from here on takes nothing back
        assert PartFolder(parts.folder.parent).length(NAME) == 90
        with pytest.raises(Busy), parts.writing(NAME):
            raise AssertionError("two writers at once")


def test_names_survive_a_power_cut(parts: PartFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[list[str]] = []
    monkeypatch.setattr(
        parts_module, "sync_folder", lambda folder: synced.append(sorted(path.name for path in folder.iterdir()))
    )
    parts.create("xyz")
    with parts.writing("xyz", is_checked=True) as writer:
        writer.append(reader(DATA), up_to_bytes=200)
        writer.keep()
    one = [f"{NAME}.part", "xyz.part"]
    assert synced == [one, [*one, "xyz.sure"], one]


def test_a_kill_while_deleting_leaves_what_a_sweep_finds(parts: PartFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    (parts.folder / f"{NAME}.sure").write_text("0")
    real = Path.unlink

    def killed(path: Path, *, missing_ok: bool = False) -> None:
        if path.suffix == ".part":
            raise KeyboardInterrupt
        real(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", killed)
    with pytest.raises(KeyboardInterrupt):
        parts.delete(NAME)
    monkeypatch.undo()
    assert list(parts.leftovers(older_than_s=-1)) == [NAME]
    parts.delete(NAME)
    assert list(parts.folder.iterdir()) == []
