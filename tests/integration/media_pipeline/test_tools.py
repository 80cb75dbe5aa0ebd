"""Both ffmpegs the product promises to work with, found in the promised order."""

from __future__ import annotations

import shutil
import sys

import imageio_ffmpeg
import m3u8
import pytest

from media_pipeline import EncodingFailed, find_tools
from tests.integration.media_pipeline import measuring
from tests.integration.media_pipeline.conftest import run_once


def test_order_is_argument_variable_path_wheel(monkeypatch, tmp_path):
    wheel = imageio_ffmpeg.get_ffmpeg_exe()
    system = shutil.which("ffmpeg")
    monkeypatch.delenv("FFMPEG_BIN", raising=False)
    assert str(find_tools(wheel).ffmpeg) == wheel
    if system is not None:
        assert shutil.which("ffmpeg") in (system, str(find_tools().ffmpeg))
    monkeypatch.setenv("FFMPEG_BIN", wheel)
    assert str(find_tools().ffmpeg) == wheel
    monkeypatch.delenv("FFMPEG_BIN")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert str(find_tools().ffmpeg) == wheel


@pytest.mark.parametrize("named", ["/nowhere/ffmpeg", sys.executable])
def test_wrong_program_is_an_error_not_a_silent_other_choice(named):
    with pytest.raises(EncodingFailed) as caught:
        find_tools(named)
    assert caught.value.code == "tool_missing"


def test_wheel_binary_publishes_the_same_set(shelf, encoded, fast_policy, tmp_path):
    path = shelf.lecture(5, 640, 360)
    first = encoded(path)
    second = run_once(path, fast_policy, find_tools(imageio_ffmpeg.get_ffmpeg_exe()), tmp_path)
    assert [(one.name, one.width_px, one.height_px) for one in second.published.renditions] == [
        (one.name, one.width_px, one.height_px) for one in first.published.renditions
    ]
    names = {path.relative_to(first.folder) for path in first.folder.rglob("*")}
    assert {path.relative_to(second.folder) for path in second.folder.rglob("*")} == names
    assert "AIGC" in measuring.tags(second.folder / "360p.mp4")
    lufs, peak_dbtp = measuring.loudness(second_tools(), second.folder / "audio.m4a")
    assert lufs == pytest.approx(-16, abs=1)
    assert peak_dbtp <= -1
    assert measuring.packets(measuring.joined(second.folder / "360p")).keyframes_s == [0.0]
    assert m3u8.load(str(second.folder / "360p" / "index.m3u8")).target_duration == 5


def second_tools():
    return imageio_ffmpeg.get_ffmpeg_exe()
