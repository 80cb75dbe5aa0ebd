"""What a set says of its media is what ffprobe, which knows nothing of us, says of them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from statistics import mode
from typing import Any

import m3u8
import pytest

from tests.integration.media_pipeline.conftest import Encoded

#: Profile and constraints of avcC (ISO/IEC 14496-15), and the object type of AAC, by ffprobe's names.
_PROFILES = {"Constrained Baseline": "42C0", "Main": "4D40", "High": "6400"}
_MAKERS = {"LC": 2}


@dataclass(frozen=True)
class Asked:
    """What ffprobe finds media to be, and how long and how large their packets are."""

    stream: dict[str, Any]
    packets: int
    packet_s: Fraction
    media_bytes: int

    @property
    def length_s(self) -> Fraction:
        return self.packets * self.packet_s

    @property
    def codecs(self) -> str:
        """Return the RFC 6381 name."""
        if self.stream["codec_name"] == "h264":
            return f"avc1.{_PROFILES[self.stream['profile']]}{self.stream['level']:02X}"
        assert self.stream["codec_name"] == "aac"
        return f"mp4a.40.{_MAKERS[self.stream['profile']]}"


@pytest.fixture(scope="session")
def ffprobe() -> str:
    found = shutil.which("ffprobe")
    if found is None:
        pytest.skip("ffprobe is not installed: apt-get install --no-install-recommends ffmpeg")
    return found


def asked(ffprobe: str, folder: Path, segments: Sequence[str]) -> Asked:
    """Ask about segments of a rendition behind its init segment."""
    data = b"".join((folder / name).read_bytes() for name in ("init.mp4", *segments))
    entries = "stream=codec_name,profile,level,width,height,channels,time_base:packet=size,duration"
    argv = [ffprobe, "-v", "error", "-show_entries", entries, "-of", "json", "-f", "mp4", "-"]
    told = json.loads(subprocess.run(argv, check=True, capture_output=True, input=data).stdout)
    (stream,) = told["streams"]
    # All last equally long; of the first of a sound, which decoders throw away, it does not say so.
    ticks = mode(packet["duration"] for packet in told["packets"] if "duration" in packet)
    packet_s = ticks * Fraction(stream["time_base"])
    return Asked(stream, len(told["packets"]), packet_s, sum(int(packet["size"]) for packet in told["packets"]))


class Rendition:
    """One rendition as ffprobe sees it: all of it, and the rates it is sent at."""

    def __init__(self, ffprobe: str, folder: Path) -> None:
        manifest = m3u8.load(str(folder / "index.m3u8"))
        names = [segment.uri for segment in manifest.segments]
        sizes = {name: (folder / name).stat().st_size for name in names}
        self.whole = asked(ffprobe, folder, names)
        assert 0.8 * sum(sizes.values()) < self.whole.media_bytes < sum(sizes.values())
        self.average_bps = ceil(8 * sum(sizes.values()) / self.whole.length_s)
        lengths_s = {name: asked(ffprobe, folder, [name]).length_s for name in names}
        long_s = Fraction(manifest.target_duration, 2)
        self.peak_bps = max(8 * sizes[name] / lengths_s[name] for name in names if lengths_s[name] >= long_s)


@pytest.mark.parametrize("name", ["slides", pytest.param("camera", marks=pytest.mark.long), "thirty-drop-frame"])
def test_ffprobe_says_the_same(made: Callable[[str], Encoded], ffprobe: str, name: str) -> None:
    folder = made(name).folder
    sound = Rendition(ffprobe, folder / "audio")
    offered = m3u8.load(str(folder / "master.m3u8"))
    assert [media.channels for media in offered.media] == [str(sound.whole.stream["channels"])]
    assert len(offered.playlists) == len(made(name).plan.ladder.rungs)
    for variant in offered.playlists:
        picture, info = Rendition(ffprobe, folder / variant.uri.split("/")[0]), variant.stream_info
        assert info.codecs == f"{picture.whole.codecs},{sound.whole.codecs}"
        assert info.resolution == (picture.whole.stream["width"], picture.whole.stream["height"])
        assert info.frame_rate == pytest.approx(float(1 / picture.whole.packet_s), abs=0.001)
        # A frame more or less at a seam of the sound is a thousandth of a short clip.
        assert info.average_bandwidth == pytest.approx(picture.average_bps + sound.average_bps, rel=0.002)
        assert info.bandwidth >= picture.peak_bps + sound.peak_bps
