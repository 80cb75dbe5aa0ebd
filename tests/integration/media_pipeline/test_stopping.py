"""Stopping: cancel, clocks, limits and the death of the worker. Nothing may be left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from media_pipeline import Cancelled, EncodingFailed, OutOfSpace, RunLimits, run, runner
from media_pipeline.folder import FolderStorage
from media_pipeline.ports import StorageFull
from media_pipeline.runner import ProcessLimits, ProcessStopped, run_process
from tests.integration.media_pipeline.conftest import ROOT, Recorder, plan_for

PYTHON = [sys.executable, "-I", "-S", "-c"]
SLEEPING_FAMILY = "import os, time; os.fork(); print(os.getpid(), flush=True); time.sleep(60)"


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


def wait_gone(pids, within_s: float) -> bool:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if not any(alive(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False


class Lines:
    """Remembers lines, and counts as a cancel token that fires after some of them."""

    def __init__(self, cancel_after: int | None = None):
        self.lines: list[str] = []
        self.cancel_after = cancel_after

    def take(self, line: str) -> bool:
        self.lines.append(line)
        return True

    def is_cancelled(self) -> bool:
        return self.cancel_after is not None and len(self.lines) >= self.cancel_after

    @property
    def pids(self) -> list[int]:
        return [int(line) for line in self.lines]


@pytest.fixture(params=["setpriv", "own launcher"])
def wrapper(request, monkeypatch):
    """Both ways of bounding a child: the system's tools, and our launcher where they are missing."""
    if request.param == "own launcher":
        monkeypatch.setattr(runner, "_helpers", lambda: (None, None, None))
    return request.param


@pytest.fixture
def long_source(shelf):
    return shelf.moving(40, 640, 360)


def test_a_limit_shorter_than_a_turn_is_kept():
    """An answer that comes after the limit, but within the same turn of the loop, is late all the same."""
    answers_late = [*PYTHON, "import os, time; print('late', flush=True); os.close(1); os.close(2); time.sleep(0.08)"]
    with pytest.raises(ProcessStopped) as caught:
        run_process(answers_late, limits=ProcessLimits(timeout_s=0.02))
    assert caught.value.reason == "timeout"


def test_an_ended_process_is_noticed_at_once():
    """Its pipes close a moment before it can be collected; waiting a whole turn then would be paid by every ffmpeg."""
    closes_first = [*PYTHON, "import os, time; os.close(1); os.close(2); time.sleep(0.02); os._exit(0)"]

    def took_s():
        started = time.monotonic()
        assert run_process(closes_first, limits=ProcessLimits(timeout_s=30)).exit_code == 0
        return time.monotonic() - started

    assert min(took_s() for _ in range(5)) < runner._POLL_S


def attempt(path, policy, tools, tmp_path, recorder, **limits):
    _, plan = plan_for(path, policy)
    storage = FolderStorage(tmp_path / "store")
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the tests look at what it is
        run(plan, path, work_dir=tmp_path / "attempt", storage=storage, prefix=plan.digest, tools=tools,
            progress=recorder, cancel=recorder, limits=RunLimits(**limits))  # fmt: skip
    assert not [info.key for info in storage.list_keys("") if info.key.endswith(("/master.m3u8", "/published.json"))]
    return caught.value


def test_cancel_kills_the_whole_family_at_once(wrapper, tmp_path):
    lines = Lines(cancel_after=2)
    started = time.monotonic()
    with pytest.raises(Cancelled):
        run_process([*PYTHON, SLEEPING_FAMILY], limits=ProcessLimits(timeout_s=30), cancel=lines, on_line=lines.take)
    assert time.monotonic() - started < 5
    assert len(lines.pids) == 2
    assert wait_gone(lines.pids, 2)


def test_cancelled_encode_is_gone_within_two_seconds(long_source, policy, tools, tmp_path):
    recorder = Recorder()
    asked_at = []

    def cancel_later():
        while not any(step == "encode" and fraction > 0 for step, fraction in recorder.reports):
            time.sleep(0.02)
        asked_at.append(time.monotonic())
        recorder.cancelled.set()

    thread = threading.Thread(target=cancel_later)
    thread.start()
    error = attempt(long_source, policy, tools, tmp_path, recorder)
    took_s = time.monotonic() - asked_at[0]
    thread.join()
    assert isinstance(error, Cancelled)
    assert took_s < 2
    assert not children_named("ffmpeg")


def children_named(name: str) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if name in fields[0] and int(fields[1].split()[1]) == os.getpid() and alive(int(folder.name)):
            found.append(int(folder.name))
    return found


def test_clock_stops_an_encode(long_source, policy, tools, tmp_path):
    error = attempt(long_source, policy, tools, tmp_path, Recorder(), base_timeout_s=0.5, timeout_per_media_s=0)
    assert isinstance(error, EncodingFailed)
    assert (error.code, error.is_transient) == ("encode_timeout", True)


def test_standing_still_is_noticed_long_before_the_clock(wrapper):
    lines = Lines()
    with pytest.raises(ProcessStopped) as caught:
        run_process(
            [*PYTHON, SLEEPING_FAMILY], limits=ProcessLimits(timeout_s=60, stall_timeout_s=0.5), on_line=lines.take
        )
    assert caught.value.reason == "stalled"
    assert wait_gone(lines.pids, 2)


def test_size_of_everything_written_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "_SIZE_CHECK_S", 0.1)
    script = "import time\nfor n in range(200): open(str(n), 'wb').write(b'x' * 100_000); time.sleep(0.02)"
    with pytest.raises(ProcessStopped) as caught:
        run_process([*PYTHON, script], limits=ProcessLimits(timeout_s=30, max_total_bytes=1_000_000), cwd=tmp_path)
    assert caught.value.reason == "output_limit"


def test_size_of_one_file_is_bounded(wrapper, tmp_path):
    script = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL); open('big', 'wb').write(bytes(5_000_000))"
    done = run_process([*PYTHON, script], limits=ProcessLimits(timeout_s=30, max_file_bytes=1_000_000), cwd=tmp_path)
    assert done.exit_code == -signal.SIGXFSZ
    assert (tmp_path / "big").stat().st_size <= 1_000_000


def test_memory_and_processor_time_are_bounded(wrapper):
    hungry = run_process([*PYTHON, "bytearray(10**9)"], limits=ProcessLimits(timeout_s=30, memory_bytes=300 * 1024**2))
    assert hungry.exit_code == 1
    assert "MemoryError" in hungry.stderr_tail
    busy = run_process([*PYTHON, "while True: pass"], limits=ProcessLimits(timeout_s=60, cpu_s=1))
    assert busy.exit_code in (-signal.SIGXCPU, -signal.SIGKILL)


def test_encode_that_outgrows_its_file_limit_is_no_transient_failure(shelf, policy, tools, tmp_path):
    error = attempt(shelf.moving(), policy, tools, tmp_path, Recorder(), max_file_bytes=20_000)
    assert isinstance(error, EncodingFailed)
    assert (error.code, error.is_transient) == ("output_too_large", False)


def test_child_is_niced_and_leads_its_own_session(wrapper):
    script = "import os; print(os.nice(0), os.getsid(0) == os.getpid(), os.environ.get('SECRET_KEY'))"
    os.environ["SECRET_KEY"] = "never"
    try:
        done = run_process([*PYTHON, script], limits=ProcessLimits(timeout_s=30, niceness=7))
    finally:
        del os.environ["SECRET_KEY"]
    niceness, is_leader, secret = done.stdout.split()
    assert int(niceness) >= min(19, os.nice(0) + 7)
    assert (is_leader, secret) == ("True", "None")


@pytest.mark.parametrize("has_helpers", [True, False])
def test_killed_worker_takes_ffmpeg_with_it(long_source, tmp_path, has_helpers):
    """kill -9 of a worker that encodes in a thread, as gunicorn-like workers do."""
    script = tmp_path / "worker.py"
    script.write_text(
        "import sys, threading\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from media_pipeline import runner, find_tools\n"
        "from media_pipeline.runner import ProcessLimits, run_process\n"
        f"if not {has_helpers}: runner._helpers = lambda: (None, None, None)\n"
        "tools = find_tools()\n"
        f"argv = [str(tools.ffmpeg), '-v', 'error', '-nostdin', '-re', '-i', {str(long_source)!r}, '-f', 'null', '-']\n"
        "threading.Thread(target=run_process, args=(argv,), kwargs={'limits': ProcessLimits(timeout_s=60)}).start()\n"
    )
    worker = subprocess.Popen([sys.executable, str(script)])
    try:
        child = None
        end = time.monotonic() + 20
        while child is None and time.monotonic() < end:
            child = next(iter(ffmpeg_children(worker.pid)), None)
            time.sleep(0.05)
        assert child is not None
    finally:
        worker.kill()
        worker.wait()
    assert wait_gone([child], 2)


def ffmpeg_children(parent: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, rest = (folder / "stat").read_text().rsplit(")", 1)
            if int(rest.split()[1]) == parent and "(ffmpeg" in name:
                found.append(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def test_stderr_tail_is_kept_and_bounded():
    script = "import sys\nfor n in range(5000): print('line', n, file=sys.stderr)\nsys.exit(3)"
    done = run_process([*PYTHON, script], limits=ProcessLimits(timeout_s=30))
    lines = done.stderr_tail.splitlines()
    assert (done.exit_code, lines[-1], len(lines)) == (3, "line 4999", 40)


class FullStorage(FolderStorage):
    """A store with a small quota, as a simulated full disk."""

    def put_file(self, key, path, content_type):  # noqa: ARG002 - the port names them
        raise StorageFull("quota of 0 bytes")


def test_full_store_is_worth_another_try(encoded, shelf, fast_policy, tools, tmp_path):
    _, plan = plan_for(shelf.moving(5, 160, 120), fast_policy)
    recorder = Recorder()
    with pytest.raises(OutOfSpace) as caught:
        run(plan, shelf.moving(5, 160, 120), work_dir=tmp_path / "attempt", storage=FullStorage(tmp_path / "store"),
            prefix="p", tools=tools, progress=recorder, cancel=recorder)  # fmt: skip
    assert caught.value.is_transient


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small file system can only be mounted by root")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_full_working_disk_is_worth_another_try(shelf, fast_policy, tools, tmp_path, small_disk):
    path = shelf.moving(10, 640, 360)
    _, plan = plan_for(path, fast_policy)
    recorder = Recorder()
    with pytest.raises(OutOfSpace) as caught:
        run(plan, path, work_dir=small_disk / "attempt", storage=FolderStorage(tmp_path / "store"), prefix="p",
            tools=tools, progress=recorder, cancel=recorder)  # fmt: skip
    assert caught.value.is_transient
    assert not (tmp_path / "store" / "p" / "master.m3u8").exists()


def test_one_long_line_is_kept_whole():
    done = run_process([*PYTHON, "print('x' * 300_000)"], limits=ProcessLimits(timeout_s=30))
    assert done.stdout.strip() == "x" * 300_000
