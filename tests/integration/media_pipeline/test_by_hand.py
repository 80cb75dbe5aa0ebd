"""The command by hand: what it says, what it refuses, and that nothing of it stays behind, however it ends."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from media_pipeline.attempts import attempt_folder
from tests.factories.bad_clips import bad
from tests.factories.broken_clips import zeroed
from tests.factories.odd_clips import cut_short
from tests.integration.media_pipeline.conftest import ROOT
from tests.integration.media_pipeline.test_stopping import ffmpeg_children

MIB = 1024**2


def command(source, out_dir, *options):
    return [sys.executable, "-m", "media_pipeline", str(source), str(out_dir), *options]


def call(argv, *, is_fine=True):
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=is_fine)


def start(argv):
    return subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def hidden(folder):
    return [path for path in folder.rglob(".*") if path.is_file() or path.parent == folder]


def test_it_says_what_it_made(shelf, tmp_path):
    argv = command(shelf.moving(5, 160, 120), tmp_path / "out")
    done = call(argv)
    assert "结果 result" in done.stdout
    assert "转换 encode ✓" in done.stderr
    assert "!" not in done.stderr, "nothing is missing"
    (folder,) = (tmp_path / "out").iterdir()
    assert (folder / "master.m3u8").is_file()
    # As after a kill between its last object and its last act.
    (folder / "chunks").mkdir(exist_ok=True)
    (folder / "chunks" / "some.json").write_text("{}")
    again = call([*argv, "--json"])
    assert json.loads(again.stdout)["master_name"] == "master.m3u8"
    assert not [path for path in (folder / "chunks").rglob("*") if path.is_file()]


def test_it_refuses_in_a_sentence(shelf, tmp_path):
    done = call(command(bad(shelf, "text.mp4"), tmp_path / "out"), is_fine=False)
    assert done.returncode == 1
    assert "不是视频或音频" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", ["--slots", "--memory"])
def test_a_machine_has_at_least_one_of_everything(shelf, tmp_path, option):
    done = call(command(shelf.moving(5, 160, 120), tmp_path / "out", option, "0"), is_fine=False)
    assert done.returncode == 2
    assert "不是正整数" in done.stderr


def test_it_stops_cleanly(shelf, tmp_path):
    process = start(command(shelf.moving(40, 640, 360), tmp_path / "out"))
    end = time.monotonic() + 30
    while not list(tmp_path.glob("out/.attempt-*/*/240p/*.m4s")) and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=5)
    assert process.returncode == 130
    assert "已取消" in stderr
    assert not hidden(tmp_path / "out")
    assert not list((tmp_path / "out").rglob("master.m3u8"))


def test_after_a_kill_it_goes_on_and_sweeps_up(shelf, tmp_path):
    out = tmp_path / "out"
    argv = command(shelf.moving(30, 320, 240), out, "--slots", "1", "--memory", "3000")
    process = start(argv)
    most, allowed = 0, set()
    try:
        end = time.monotonic() + 240
        while not (list(out.glob("*/chunks/*.json")) and allowed) and time.monotonic() < end:
            working = ffmpeg_children(process.pid)
            most = max(most, len(working))
            allowed |= {limit for pid in working if (limit := address_space_of(pid))}
            time.sleep(0.01)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert (most, allowed) == (1, {3000 * MIB})
    assert [path for path in hidden(out) if path.name.startswith(".attempt-")], "a killed process tidies up nothing"
    (folder,) = (path for path in out.iterdir() if not path.name.startswith("."))
    made = {path: path.stat().st_mtime_ns for path in folder.rglob("*.m4s")}
    assert made
    done = call(argv)
    assert not hidden(out)
    assert not list(folder.rglob("chunks/*"))
    assert (folder / "master.m3u8").is_file()
    assert {path: path.stat().st_mtime_ns for path in made} == made, "what was made is not made again"
    assert "30.0 s" in done.stdout


def address_space_of(pid):
    """Return the bound of a process once it has been set."""
    try:
        told = Path(f"/proc/{pid}/limits").read_text()
    except OSError:  # it has ended
        return None
    found = re.search(r"Max address space +(\d+) ", told)
    return int(found[1]) if found else None


def test_only_what_nobody_works_in_is_swept(tmp_path):
    left_behind = tmp_path / ".attempt-of-the-dead"
    (left_behind / "assembly").mkdir(parents=True)
    with attempt_folder(tmp_path) as one:
        assert not left_behind.exists()
        with attempt_folder(tmp_path) as other:
            assert one.is_dir()
            assert other.is_dir()
            assert one != other
    assert not list(tmp_path.iterdir())


def test_it_tells_what_a_cut_source_lacks(shelf, tmp_path):
    done = call(command(cut_short(shelf, "mp4"), tmp_path / "out"))
    assert re.search(r"! 原文件不完整，末尾缺约 [34]\.\d 秒", done.stderr)


def test_it_tells_what_could_not_be_read(shelf, tmp_path):
    source = zeroed(shelf, 0.4, 1, shelf.moving(5, 160, 120))
    done = call(command(source, tmp_path / "out", "--json"))
    lost_s = json.loads(done.stdout)["lost_s"]
    assert lost_s > 2
    assert f"! 末尾 {lost_s:.1f} 秒读不出来" in done.stderr
