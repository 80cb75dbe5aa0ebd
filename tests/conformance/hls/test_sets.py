"""HLS as RFC 8216 wants it, for every kind of source: the finished set, and at every moment on the way to it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from media_pipeline.encoder import Encoder
from media_pipeline.folder import FolderStorage
from media_pipeline.growing import LIVE_MASTER_NAME, LIVE_SAVER_NAME, grow
from media_pipeline.ladder import LadderPolicy
from media_pipeline.types import RunLimits, Tools
from tests.conformance.hls.conftest import SOURCES
from tests.conformance.hls.reading import read_listed
from tests.conformance.hls.rules import complaints, misaligned_keyframes
from tests.factories.clips import ClipShelf
from tests.integration.media_pipeline.conftest import Encoded, Recorder, plan_for

GROWING = ("slides", "camera", "thirty-drop-frame", "sound-alone")
Make = Callable[[str], Encoded]


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("master", ["master.m3u8", "saver.m3u8"])
def test_a_finished_set_breaks_no_rule(made: Make, name: str, master: str) -> None:
    assert complaints(made(name).folder / master) == []


@pytest.mark.parametrize("name", ["slides", "camera", "thirty-drop-frame"])
def test_not_one_key_frame_is_misaligned(made: Make, name: str) -> None:
    rungs = [rung.name for rung in made(name).plan.ladder.rungs]
    listed = [read_listed(made(name).folder / rung / "index.m3u8") for rung in rungs]
    assert len(listed) >= 2
    assert all(piece.keyframes_s for one in listed for piece in one.pieces)
    assert misaligned_keyframes(listed) == 0


@pytest.mark.parametrize("name", GROWING)
def test_what_was_followed_while_it_grew_breaks_no_rule_when_it_has_ended(made: Make, name: str) -> None:
    for master in (LIVE_MASTER_NAME, LIVE_SAVER_NAME):
        path = made(name).folder / master
        assert complaints(path) == []
        assert all(read_listed(found).is_whole for found in path.parent.glob("[!ms]*.m3u8"))


@pytest.mark.parametrize("name", GROWING)
def test_no_rule_is_broken_at_any_moment_while_it_grows(
    shelf: ClipShelf, small_chunks: LadderPolicy, tools: Tools, tmp_path: Path, name: str
) -> None:
    path = SOURCES[name](shelf)
    _, plan = plan_for(path, small_chunks)
    storage, seen = FolderStorage(tmp_path / "store"), 0
    encoder = Encoder(plan, path, storage, "p", tools, RunLimits(), Recorder())
    for step in plan.chunk_steps:
        encoder.do(step, tmp_path / step.digest, lambda _: None)
        growth = grow(plan, storage, "p")
        if growth is not None:
            assert complaints(storage.root / "p" / LIVE_MASTER_NAME, has_ended=growth.is_complete) == []
            seen += 1
    assert seen >= 2


@pytest.mark.parametrize("name", ["without-sound", "short-sound", "browser-recording", "broadcast"])
def test_what_is_made_in_one_piece_does_not_grow(made: Make, name: str) -> None:
    assert not (made(name).folder / "live").exists()


def _changed(text: str, pattern: str, new: str) -> str:
    changed, count = re.subn(pattern, new, text, count=1)
    assert count == 1, pattern
    return changed


@pytest.mark.parametrize(
    "change",
    [
        ("master.m3u8", r"([^-])BANDWIDTH=\d+", r"\1BANDWIDTH=90000", "is below"),
        ("master.m3u8", r"([^-])BANDWIDTH=\d+", r"\1BANDWIDTH=9000000", "is above"),
        ("master.m3u8", r"AVERAGE-BANDWIDTH=\d+", "AVERAGE-BANDWIDTH=70000", "AVERAGE-BANDWIDTH"),
        ("master.m3u8", r"avc1\.\w+", "avc1.42C01E", "CODECS"),
        ("master.m3u8", r"RESOLUTION=\d+", "RESOLUTION=642", "RESOLUTION"),
        ("master.m3u8", r"FRAME-RATE=[\d.]+", "FRAME-RATE=12.000", "FRAME-RATE"),
        ("master.m3u8", r'CHANNELS="\d"', 'CHANNELS="2"', "channels"),
        ("360p/index.m3u8", r"TARGETDURATION:\d", "TARGETDURATION:5", "longer than the target"),
        ("360p/index.m3u8", r"EXTINF:[\d.]+", "EXTINF:5.9", "lasts"),
        ("360p/index.m3u8", r"#EXTINF:[\d.]+,\n00001.m4s\n", "", "due at"),
        ("360p/index.m3u8", r"#EXT-X-ENDLIST\n", "", "does not fit its end"),
        ("360p/index.m3u8", r"VERSION:7", "VERSION:5", "needs version 6|strict parser"),
    ],
)
def test_the_rules_would_notice(made: Make, tmp_path: Path, change: tuple[str, str, str, str]) -> None:
    name, pattern, new, complaint = change
    folder = tmp_path / "set"
    shutil.copytree(made("slides").folder, folder)
    path = folder / name
    path.write_text(_changed(path.read_text(), pattern, new))
    assert re.search(complaint, "\n".join(complaints(folder / "master.m3u8")))


def test_the_rules_would_notice_a_segment_that_cannot_be_begun_with(made: Make, tmp_path: Path) -> None:
    """Every second key frame's worth of a segment is cut away: what is left begins between two of them."""
    folder = tmp_path / "set"
    shutil.copytree(made("slides").folder, folder)
    segment = folder / "360p" / "00001.m4s"
    data = bytearray(segment.read_bytes())
    at = data.index(b"mdat") + 4
    while data[at + 4] & 0x1F not in range(1, 6):
        at += 4 + int.from_bytes(data[at : at + 4], "big")
    data[at + 4] = data[at + 4] & 0xE0 | 1
    segment.write_bytes(data)
    assert any("cannot be begun with" in line for line in complaints(folder / "master.m3u8"))
