"""What every store promises of copies: the part of `storage_contract` about them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.kernel.storage import InvalidKey, ManagedStorage
from media_pipeline.ports import ObjectMissing

TEN = b"0123456789"


def read(storage: ManagedStorage, key: str, start: int = 0, length: int | None = None) -> bytes:
    return b"".join(storage.open_range(key, start, length))


def keys(storage: ManagedStorage, prefix: str = "") -> list[str]:
    return [info.key for info in storage.list_keys(prefix)]


class CopyContract:
    def test_a_copy_is_an_object_of_its_own(self, storage):
        storage.put_bytes("媒体/第一课.bin", TEN, "video/mp4")
        storage.put_bytes("copy/1.m4s", b"what was there", "text/plain; charset=utf-8")
        for _ in range(2):  # the second time it is there already
            storage.copy("媒体/第一课.bin", "copy/1.m4s")
        assert storage.sweep_partial(timedelta(0)) == 0
        assert read(storage, "copy/1.m4s", 2, 3) == b"234"
        stat = storage.stat("copy/1.m4s")
        assert (stat.size_bytes, stat.content_type) == (10, "video/mp4")

        storage.put_bytes("媒体/第一课.bin", b"later", "text/plain")
        assert read(storage, "copy/1.m4s") == TEN
        storage.copy("copy/1.m4s", "again/2.txt")
        storage.delete("copy/1.m4s")
        assert keys(storage) == ["again/2.txt", "媒体/第一课.bin"]
        assert read(storage, "again/2.txt") == TEN
        assert storage.stat("again/2.txt").content_type == "video/mp4"
        storage.put_bytes("again/2.txt", b"changed", "text/plain")
        assert read(storage, "媒体/第一课.bin") == b"later"

    def test_copies_only_what_is_there_to_where_it_may_lie(self, storage):
        storage.put_bytes("k", TEN, "text/plain")
        for source in ("no", "k/no", "../k"):
            for key in ("copy", source):
                with pytest.raises((ObjectMissing, InvalidKey)):
                    storage.copy(source, key)
        with pytest.raises(InvalidKey):
            storage.copy("k", "../copy")
        storage.copy("k", "k")
        assert keys(storage) == ["k"]
        assert read(storage, "k") == TEN
