"""Both ffmpegs the product promises to work with, found in the promised order, and the command by hand."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time

import imageio_ffmpeg
import m3u8
import pytest

from media_pipeline import EncodingFailed, find_tools
from tests.factories.bad_clips import bad
from tests.integration.media_pipeline import measuring
from tests.integration.media_pipeline.conftest import ROOT, run_once


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


def test_command_by_hand_says_what_it_made(shelf, tmp_path):
    argv = [sys.executable, "-m", "media_pipeline", str(shelf.moving(5, 160, 120)), str(tmp_path / "out")]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "结果 result" in done.stdout
    assert "转换 encode ✓" in done.stderr
    (folder,) = (tmp_path / "out").iterdir()
    assert (folder / "master.m3u8").is_file()
    again = subprocess.run([*argv, "--json"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(again.stdout)["master_name"] == "master.m3u8"


def test_command_by_hand_refuses_in_a_sentence(shelf, tmp_path):
    argv = [sys.executable, "-m", "media_pipeline", str(bad(shelf, "text.mp4")), str(tmp_path / "out")]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "不是视频或音频" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_command_by_hand_stops_cleanly(shelf, tmp_path):
    argv = [sys.executable, "-m", "media_pipeline", str(shelf.moving(40, 640, 360)), str(tmp_path / "out")]
    process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 30
    while not list(tmp_path.glob("out/.attempt-*/*/240p/*.m4s")) and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=5)
    assert process.returncode == 130
    assert "已取消" in stderr
    assert not list((tmp_path / "out").glob(".attempt-*"))
    assert not list((tmp_path / "out").rglob("master.m3u8"))
