"""What every store promises, checked the same way on each: subclass `StorageContract`, give it a `section` fixture."""

from __future__ import annotations

import contextlib
import hashlib
import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.kernel.storage import InvalidKey, ManagedStorage, open_storage
from app.kernel.storage.s3 import PART_BYTES
from app.kernel.storage.transfer import SourceUnreadable
from config.settings import StoreSection
from media_pipeline.ports import ObjectMissing
from tests.services.copy_contract import TEN, CopyContract, keys, read

UNUSUAL_KEYS = [
    "媒体/第一课 太极拳 (上).mp4",
    "a b/c+d/e%20f/g%2Fh.bin",
    "q?x=1&y=2#z;='~!@$,\"<>*|.txt",
    "🎬/é/é.txt",
    "trailing space /x ",
    "课" * 80,
    "/".join(["深"] * 200),
]
REFUSED_KEYS = ["", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "../a", "a/.", ".partial/x", "a/.hidden", "a\\b"]
REFUSED_KEYS += ["a\0b", "a\nb", "a\x7fb", "a\ud800b", "a\ufffeb", "x" * 241, "/".join(["x" * 100] * 10)]


def write_random(path: Path, size_bytes: int) -> str:
    data = random.Random(size_bytes).randbytes(size_bytes)
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_descriptors() -> list[str]:
    """Return the files and sockets this process has open.

    Not its selectors: the S3 double runs in this process, and Werkzeug leaves one to the garbage collector for every
    reader that goes away early.
    """
    found = []
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile, as that of this very listing is
            found.append(str(path.readlink()))
    return [name for name in found if not name.startswith("anon_inode:")]


class StorageContract(CopyContract):
    @pytest.fixture
    def storage(self, section: StoreSection) -> ManagedStorage:
        storage = open_storage(section)
        storage.ensure()
        storage.ensure()
        return storage

    def test_gives_back_what_was_put(self, storage):
        before_at = datetime.now(UTC)
        storage.put_bytes("media/abc/master.m3u8", b"#EXTM3U\n", "application/vnd.apple.mpegurl")

        assert read(storage, "media/abc/master.m3u8") == b"#EXTM3U\n"
        stat = storage.stat("media/abc/master.m3u8")
        assert (stat.size_bytes, stat.content_type) == (8, "application/vnd.apple.mpegurl")
        assert stat.etag == storage.stat("media/abc/master.m3u8").etag
        assert abs(stat.modified_at - before_at) < timedelta(seconds=10)
        assert stat.modified_at.tzinfo is UTC

    def test_keeps_a_content_type_the_extension_does_not_tell(self, storage):
        storage.put_bytes("sources/1/file", b"x", "video/x-matroska")
        storage.put_bytes("sources/1/text.mp4", b"x", "text/plain; charset=utf-8")
        assert storage.stat("sources/1/file").content_type == "video/x-matroska"
        assert storage.stat("sources/1/text.mp4").content_type == "text/plain; charset=utf-8"

    def test_keeps_an_empty_object(self, storage, tmp_path):
        (tmp_path / "empty").touch()
        storage.put_bytes("a", b"", "text/plain")
        storage.put_file("b", tmp_path / "empty", "text/plain")
        for key in ("a", "b"):
            assert storage.stat(key).size_bytes == 0
            assert read(storage, key) == b""
            assert read(storage, key, 0, 5) == b""

    def test_overwrites_in_one_step(self, storage, tmp_path):
        storage.put_bytes("k.txt", b"first", "text/plain")
        first = storage.stat("k.txt")
        (tmp_path / "f").write_bytes(b"second")
        storage.put_file("k.txt", tmp_path / "f", "application/json")

        assert read(storage, "k.txt") == b"second"
        second = storage.stat("k.txt")
        assert second.content_type == "application/json"
        assert second.etag != first.etag
        assert keys(storage) == ["k.txt"]

    def test_a_reader_never_sees_half_a_version(self, storage):
        versions = [bytes([letter]) * 700_000 for letter in b"ab"]
        storage.put_bytes("k", versions[0], "text/plain")

        def write() -> None:
            for turn in range(10):
                storage.put_bytes("k", versions[turn % 2], "text/plain")

        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(write)
            seen = [read(storage, "k")]
            while not writing.done():
                seen.append(read(storage, "k"))
            writing.result()
        assert all(data in versions for data in seen)

    @pytest.mark.parametrize("start", [0, 1, 5, 9, 10, 11, 1000])
    @pytest.mark.parametrize("length", [None, 0, 1, 5, 9, 10, 11, 1000])
    def test_reads_ranges_like_a_slice(self, storage, start, length):
        storage.put_bytes("k", TEN, "text/plain")
        assert read(storage, "k", start, length) == (TEN[start:] if length is None else TEN[start : start + length])

    def test_refuses_ranges_that_mean_nothing(self, storage):
        storage.put_bytes("k", TEN, "text/plain")
        with pytest.raises(ValueError, match="start -1"):
            storage.open_range("k", -1)
        with pytest.raises(ValueError, match="length -1"):
            storage.open_range("k", 0, -1)

    def test_tells_at_once_that_an_object_is_missing(self, storage, tmp_path):
        assert storage.stat("no") is None
        assert storage.local_path("no") is None
        with pytest.raises(ObjectMissing):
            storage.open_range("no")
        with pytest.raises(ObjectMissing):
            storage.open_range("no", 5, 0)
        with pytest.raises(ObjectMissing):
            storage.fetch("no", tmp_path / "out")
        assert list(tmp_path.iterdir()) == []
        assert keys(storage, "no") == []

    def test_a_name_beneath_an_object_or_of_a_folder_is_missing(self, storage):
        storage.put_bytes("a/b", TEN, "text/plain")
        assert storage.stat("a") is None
        assert storage.stat("a/b/c") is None
        assert keys(storage, "a/b") == []
        storage.delete("a")
        storage.delete("a/b/c")
        assert storage.delete_prefix("a/b") == 0
        assert keys(storage) == ["a/b"]

    def test_delete_is_idempotent(self, storage):
        storage.put_bytes("a/b", TEN, "text/plain")
        storage.delete("a/b")
        storage.delete("a/b")
        storage.delete("never/was")
        assert storage.stat("a/b") is None
        assert keys(storage) == []

    @pytest.mark.parametrize("key", UNUSUAL_KEYS)
    def test_keeps_unusual_names(self, storage, key):
        storage.put_bytes(key, TEN, "text/plain")
        assert keys(storage) == [key]
        assert keys(storage, key.rpartition("/")[0]) == [key]
        assert storage.stat(key).size_bytes == 10
        assert read(storage, key, 3, 2) == b"34"
        storage.delete(key)
        assert keys(storage) == []

    @pytest.mark.parametrize("key", REFUSED_KEYS)
    def test_refuses_keys_stores_disagree_about(self, storage, tmp_path, key):
        (tmp_path / "f").touch()
        with pytest.raises(InvalidKey):
            storage.put_bytes(key, TEN, "text/plain")
        with pytest.raises(InvalidKey):
            storage.put_file(key, tmp_path / "f", "text/plain")
        with pytest.raises(InvalidKey):
            storage.delete(key)
        assert storage.stat(key) is None
        assert storage.local_path(key) is None
        assert storage.presigned_url(key, 60) is None
        for length in (None, 0):
            with pytest.raises(ObjectMissing):
                storage.open_range(key, 0, length)

    def test_lists_a_folder_in_byte_order(self, storage):
        names = ["a/b/2", "a/b/10", "a/b.txt", "a/b0", "a/bc/1", "a/é", "a/z", "b"]
        for name in names:
            storage.put_bytes(name, name.encode(), "text/plain")
        assert keys(storage) == sorted(names, key=str.encode)
        assert keys(storage, "a/b") == keys(storage, "a/b/") == ["a/b/10", "a/b/2"]
        [info] = storage.list_keys("a/bc")
        assert (info.key, info.size_bytes) == ("a/bc/1", 6)
        assert info.modified_at.utcoffset() == timedelta(0)
        assert abs(datetime.now(UTC) - info.modified_at) < timedelta(seconds=10)

    def test_deletes_a_folder_and_not_its_neighbour(self, storage):
        for name in ("up/1/a", "up/1/b/c", "up/10/a", "up/1.txt"):
            storage.put_bytes(name, TEN, "text/plain")
        assert storage.delete_prefix("up/1") == 2
        assert keys(storage) == ["up/1.txt", "up/10/a"]
        assert storage.delete_prefix("up/1/") == 0
        assert storage.delete_prefix("up/") == 2
        assert keys(storage) == []
        storage.put_bytes("up/1/a", TEN, "text/plain")
        assert keys(storage) == ["up/1/a"]

    @pytest.mark.parametrize("prefix", ["", "/", "../x", "a//", ".partial"])
    def test_refuses_to_delete_everything_or_elsewhere(self, storage, prefix):
        storage.put_bytes("k", TEN, "text/plain")
        with pytest.raises(InvalidKey):
            storage.delete_prefix(prefix)
        assert keys(storage) == ["k"]

    def test_lists_and_deletes_more_than_one_page(self, storage):
        names = [f"many/{number:04}" for number in range(1005)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda name: storage.put_bytes(name, b"x", "text/plain"), names))
        assert keys(storage, "many") == names
        assert storage.delete_prefix("many") == 1005
        assert keys(storage) == []

    def test_keeps_a_large_object(self, storage, tmp_path):
        size_bytes = 2 * PART_BYTES + 12_345
        digest = write_random(tmp_path / "in", size_bytes)
        storage.put_file("big.mp4", tmp_path / "in", "video/mp4")

        stat = storage.stat("big.mp4")
        assert (stat.size_bytes, stat.content_type) == (size_bytes, "video/mp4")
        storage.fetch("big.mp4", tmp_path / "out")
        assert sha256(tmp_path / "out") == digest
        assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["in", "out"]
        across = read(storage, "big.mp4", PART_BYTES - 3, 600_000)
        assert across == (tmp_path / "in").read_bytes()[PART_BYTES - 3 :][:600_000]

    def test_a_source_that_ends_early_leaves_nothing(self, storage):
        # A file of /sys says it has a page of bytes and gives one line.
        short = Path("/sys/kernel/mm/transparent_hugepage/enabled")
        storage.put_bytes("old", TEN, "text/plain")
        for key in ("new", "old"):
            with pytest.raises(SourceUnreadable, match="early"):
                storage.put_file(key, short, "text/plain")
        assert keys(storage) == ["old"]
        assert read(storage, "old") == TEN
        assert storage.sweep_partial(timedelta(0)) == 0

    def test_a_missing_source_is_the_callers_mistake(self, storage, tmp_path):
        with pytest.raises(FileNotFoundError):
            storage.put_file("k", tmp_path / "no", "text/plain")
        assert keys(storage) == []

    def test_an_abandoned_reader_lets_go(self, storage):
        storage.put_bytes("k", bytes(4_000_000), "text/plain")
        before = open_descriptors()
        for _ in range(20):
            with contextlib.closing(storage.open_range("k")) as begun:
                assert next(begun)
            storage.open_range("k").close()
        assert read(storage, "k", 0, 3) == bytes(3)
        deadline_s = time.monotonic() + 10
        while len(now := open_descriptors()) > len(before) + 5:  # a pooled connection or two may stay
            kept = set(now) - set(before)
            assert time.monotonic() < deadline_s, f"readers that were closed early keep files or connections: {kept}"
            time.sleep(0.05)

    def test_serves_many_threads(self, storage):
        def turn(number: int) -> bytes:
            key = f"t/{number % 7}/{number}"
            storage.put_bytes(key, str(number).encode(), "text/plain")
            data = read(storage, key)
            if number % 2:
                storage.delete_prefix(f"t/{number % 7}/{number}")
                storage.delete(key)
            return data

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(turn, range(120))) == [str(number).encode() for number in range(120)]
        assert len(keys(storage, "t")) == 60
