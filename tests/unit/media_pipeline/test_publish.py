"""What is stored, as what, and in which order."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from media_pipeline import Cancelled, Published, Rendition
from media_pipeline.ports import ObjectInfo, ObjectStat
from media_pipeline.publish import Item, find_published, publish


class MemoryStorage:
    """As much of the Storage port as publishing uses."""

    def __init__(self):
        self.objects: dict[str, tuple[bytes, str]] = {}
        self.order: list[str] = []

    def put_file(self, key, path, content_type):
        self.put_bytes(key, path.read_bytes(), content_type)

    def put_bytes(self, key, data, content_type):
        self.objects[key] = (data, content_type)
        self.order.append(key)

    def stat(self, key):
        if key not in self.objects:
            return None
        data, content_type = self.objects[key]
        return ObjectStat(len(data), content_type, "etag", datetime.now(UTC))

    def open_range(self, key, start=0, length=None):
        data = self.objects[key][0]
        yield data[start : None if length is None else start + length]

    def list_keys(self, prefix):
        for key in list(self.objects):
            if key.startswith(prefix):
                yield ObjectInfo(key, len(self.objects[key][0]), datetime.now(UTC))

    def delete(self, key):
        self.objects.pop(key, None)


class Caller:
    def __init__(self, cancel_after=10**9):
        self.reports = []
        self.cancel_after = cancel_after

    def report(self, step, fraction):
        self.reports.append((step, fraction))

    def is_cancelled(self):
        return len(self.reports) >= self.cancel_after


PUBLISHED = Published(
    duration_s=9.0,
    master_name="master.m3u8",
    saver_name="saver.m3u8",
    audio_name="audio/index.m3u8",
    mp4_name="480p.mp4",
    m4a_name="audio.m4a",
    poster_name=None,
    storyboard_name=None,
    renditions=(
        Rendition("video", "480p", "480p/index.m3u8", 854, 480, Fraction(30000, 1001), 5, 4, "avc1.64001E", 1),
        Rendition("audio", "audio", "audio/index.m3u8", None, None, None, 3, 2, "mp4a.40.2", 1),
    ),
    size_bytes=12,
    recipe="phones-1/1",
)
NAMES = {
    "master.m3u8": "application/vnd.apple.mpegurl",
    "480p/index.m3u8": "application/vnd.apple.mpegurl",
    "saver.m3u8": "application/vnd.apple.mpegurl",
    "480p/00000.m4s": "video/mp4",
    "480p/init.mp4": "video/mp4",
    "audio/00000.m4s": "audio/mp4",
    "audio/init.mp4": "audio/mp4",
    "audio/index.m3u8": "application/vnd.apple.mpegurl",
    "480p.mp4": "video/mp4",
    "audio.m4a": "audio/mp4",
    "poster.jpg": "image/jpeg",
    "storyboard.vtt": "text/vtt",
    "storyboard/000.jpg": "image/jpeg",
}


def items(folder):
    for number, name in enumerate(NAMES):
        if name.endswith((".m3u8", ".vtt")):
            yield Item(name, f"text of {name}")
        else:
            path = folder / str(number)
            path.write_bytes(name.encode())
            yield Item(name, path)


def put(storage, folder, caller=None):
    caller = caller or Caller()
    publish(list(items(folder)), PUBLISHED, storage, "media/x", progress=caller, cancel=caller)
    return caller


def test_master_is_last_and_media_come_first(tmp_path):
    storage = MemoryStorage()
    put(storage, tmp_path)
    order = [key.removeprefix("media/x/") for key in storage.order]
    assert order[-3:] == ["published.json", "saver.m3u8", "master.m3u8"]
    assert set(order[-5:-3]) == {"480p/index.m3u8", "audio/index.m3u8"}


def test_every_object_has_its_type(tmp_path):
    storage = MemoryStorage()
    put(storage, tmp_path)
    types = {key.removeprefix("media/x/"): kind for key, (_, kind) in storage.objects.items()}
    assert types == {**NAMES, "published.json": "application/json"}


def test_what_was_published_is_read_back(tmp_path):
    storage = MemoryStorage()
    assert find_published(storage, "media/x") is None
    put(storage, tmp_path)
    assert find_published(storage, "media/x") == PUBLISHED
    storage.delete("media/x/master.m3u8")
    assert find_published(storage, "media/x") is None


def test_cancelling_leaves_no_master(tmp_path):
    storage = MemoryStorage()
    with pytest.raises(Cancelled):
        put(storage, tmp_path, Caller(cancel_after=4))
    assert len(storage.order) == 4
    assert find_published(storage, "media/x") is None


def test_leftovers_of_a_broken_attempt_go_and_neighbours_stay(tmp_path):
    storage = MemoryStorage()
    storage.put_bytes("media/x/480p/00099.m4s", b"old", "video/mp4")
    storage.put_bytes("media/xy/master.m3u8", b"neighbour", "text/plain")
    put(storage, tmp_path)
    assert "media/x/480p/00099.m4s" not in storage.objects
    assert "media/xy/master.m3u8" in storage.objects


def test_progress_ends_at_one(tmp_path):
    caller = put(MemoryStorage(), tmp_path)
    assert caller.reports[-1] == ("publish", 1.0)
