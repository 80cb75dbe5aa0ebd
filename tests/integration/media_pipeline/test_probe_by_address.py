"""A source is looked at through an address as if it were here, and little of it is read."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from media_pipeline import ProbeLimits, probe
from media_pipeline.errors import MediaRefused
from media_pipeline.ports import StorageUnavailable
from tests.factories import odd_clips
from tests.factories.bad_clips import BAD_SOURCES, bad
from tests.factories.clips import ClipShelf
from tests.factories.range_server import serving

GIB = 1024**3


def clip(shelf: ClipShelf, name: str) -> Path:
    return {
        "mp4": shelf.lecture,
        "webm of a recorder": shelf.recorder_webm,
        "sound": shelf.plain_audio,
        "sound with a cover": shelf.audio_with_cover,
        "transport stream": lambda: odd_clips.late_clock(shelf),
        "restarted clock": lambda: odd_clips.restarted_clock(shelf),
        "cut short": lambda: odd_clips.cut_short(shelf, "mp4"),
        "two sounds": lambda: odd_clips.two_sounds(shelf),
    }[name]()


@pytest.mark.parametrize(
    "name",
    [
        "mp4", "webm of a recorder", "sound", "sound with a cover", "transport stream", "restarted clock", "cut short",
        "two sounds",
    ],
)  # fmt: skip
def test_an_address_tells_what_the_file_tells(shelf, name):
    path = clip(shelf, name)
    with serving(path) as store:
        assert probe(store.address) == probe(path)


@pytest.mark.parametrize("name", sorted(BAD_SOURCES))
def test_what_is_refused_here_is_refused_there(shelf, name):
    path = bad(shelf, name)
    with pytest.raises(MediaRefused) as here:
        probe(path)
    with serving(path) as store, pytest.raises(MediaRefused) as there:
        probe(store.address)
    assert there.value.code == here.value.code


def test_of_a_huge_file_little_is_read(shelf, tmp_path):
    huge = tmp_path / "huge.mp4"
    with huge.open("wb") as file:
        file.write(shelf.lecture().read_bytes())
        # A box of four gibibytes that means nothing, and takes no room on the disk.
        file.write(struct.pack(">I4sQ", 1, b"free", 4 * GIB))
        file.truncate(file.tell() - 16 + 4 * GIB)
    with serving(huge) as store:
        info = probe(store.address)
    assert info.size_bytes > 4 * GIB
    assert info == probe(huge)
    assert store.served_bytes < 16 * 1024**2


def test_a_store_that_stumbles_is_asked_again(shelf):
    with serving(shelf.lecture()) as store:
        store.stumbles = 2
        assert probe(store.address) == probe(shelf.lecture())


@pytest.mark.parametrize("dies_at", [1, 2])
def test_a_store_that_goes_away_is_not_the_files_fault(shelf, dies_at):
    with serving(odd_clips.late_clock(shelf)) as store:
        store.dies_at = dies_at
        with pytest.raises(StorageUnavailable):
            probe(store.address)


def test_a_store_without_ranges_is_not_read_whole(shelf):
    with serving(shelf.lecture()) as store:
        store.knows_ranges = False
        with pytest.raises(StorageUnavailable, match="200"):
            probe(store.address)


def test_no_time_is_spent_on_an_address_where_nobody_is():
    with pytest.raises(StorageUnavailable):
        probe("http://127.0.0.1:9/nobody", limits=ProbeLimits(timeout_s=20))
