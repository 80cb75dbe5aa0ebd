"""What every store promises of taking a file over, or in, also when killed meanwhile; beside `StorageContract`."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.kernel.storage import InvalidKey
from app.kernel.storage.s3 import PART_BYTES
from tests.services.killed_put import be_killed_while_putting
from tests.services.storage_contract import TEN, keys, read, sha256, write_random


class AdoptingContract:
    #: moto dates every unfinished upload 2010; a real store knows when it began.
    knows_age_of_partials = True

    def test_adopts_a_file_like_putting_it(self, storage, tmp_path):
        digest = write_random(tmp_path / "in", 300_000)
        storage.put_bytes("k.mp4", b"first", "video/mp4")
        for _ in range(2):  # a second time, as after a worker that died before it could say so
            storage.adopt_file("k.mp4", tmp_path / "in", "video/webm")
            stat = storage.stat("k.mp4")
            assert (stat.size_bytes, stat.content_type) == (300_000, "video/webm")
        assert sha256(tmp_path / "in") == digest
        (tmp_path / "in").unlink()
        storage.fetch("k.mp4", tmp_path / "out")
        assert sha256(tmp_path / "out") == digest
        assert keys(storage) == ["k.mp4"]
        assert storage.sweep_partial(timedelta(0)) == 0

    def test_adopting_refuses_what_putting_refuses(self, storage, tmp_path):
        (tmp_path / "f").touch()
        with pytest.raises(InvalidKey):
            storage.adopt_file("a/../b", tmp_path / "f", "text/plain")
        with pytest.raises(FileNotFoundError):
            storage.adopt_file("k", tmp_path / "no", "text/plain")
        assert keys(storage) == []

    @pytest.mark.parametrize("method", ["put_file", "adopt_file"])
    def test_a_killed_put_is_never_seen_and_is_swept(self, storage, section, tmp_path, method):
        digest = write_random(tmp_path / "in", 3 * PART_BYTES)
        storage.put_bytes("old.mp4", TEN, "video/mp4")
        be_killed_while_putting(section, "old.mp4", tmp_path / "in", method)
        be_killed_while_putting(section, "new/课 1+1.mp4", tmp_path / "in", method)
        assert sha256(tmp_path / "in") == digest

        assert keys(storage) == ["old.mp4"]
        assert storage.stat("new/课 1+1.mp4") is None
        assert read(storage, "old.mp4") == TEN
        if self.knows_age_of_partials:
            assert storage.sweep_partial(timedelta(hours=1)) == 0
        assert storage.sweep_partial(timedelta(0)) == 2
        assert storage.sweep_partial(timedelta(0)) == 0
        assert keys(storage) == ["old.mp4"]
