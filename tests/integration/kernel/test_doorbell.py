"""The bell between a web process and the workers of its machine."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from structlog.testing import capture_logs

from app.kernel.jobs import doorbell

HEARD_WITHIN_S = 5


@contextmanager
def listener(work: Path, marker: Path) -> Iterator[subprocess.Popen[bytes]]:
    script = (
        "import sys, time, pathlib\n"
        "from app.kernel.jobs import doorbell\n"
        "work, marker = map(pathlib.Path, sys.argv[1:])\n"
        "doorbell.answer(work, lambda: marker.write_text('heard'))\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    argv = [sys.executable, "-c", script, str(work), str(marker)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield process
        finally:
            process.kill()


def until(condition) -> bool:
    ends_at = time.monotonic() + HEARD_WITHIN_S
    while not condition() and time.monotonic() < ends_at:
        time.sleep(0.01)
    return condition()


def test_every_worker_of_the_machine_hears(tmp_path: Path):
    markers = [tmp_path / "one", tmp_path / "two"]
    with listener(tmp_path / "work", markers[0]), listener(tmp_path / "work", markers[1]):
        doorbell.make_ringer(tmp_path / "work")()
        assert until(lambda: all(marker.exists() for marker in markers))


def test_a_killed_workers_pipe_is_removed_by_the_next_ring(tmp_path: Path):
    with listener(tmp_path, tmp_path / "marker") as worker:
        pass
    pipes = tmp_path / doorbell.FOLDER
    assert [pipe.name.partition("-")[0] for pipe in pipes.iterdir()] == [str(worker.pid)]
    ring = doorbell.make_ringer(tmp_path)
    ring()
    assert list(pipes.iterdir()) == []
    ring()


def test_a_worker_that_is_just_coming_is_left_alone(tmp_path: Path):
    (tmp_path / doorbell.FOLDER).mkdir()
    coming = tmp_path / doorbell.FOLDER / ".123"
    os.mkfifo(coming)
    doorbell.make_ringer(tmp_path)()
    assert coming.exists()


def test_ringing_without_workers_does_nothing(tmp_path: Path):
    doorbell.make_ringer(tmp_path / "nowhere")()


def test_a_worker_that_is_busy_never_holds_up_who_rings(tmp_path: Path):
    release = threading.Event()
    doorbell.answer(tmp_path, release.wait)
    ring = doorbell.make_ringer(tmp_path)
    pipe = next((tmp_path / doorbell.FOLDER).iterdir())
    number = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    try:
        while True:
            os.write(number, b"." * 4096)
    except BlockingIOError:
        started = time.monotonic()
        ring()
        assert time.monotonic() - started < 1
    finally:
        os.close(number)
        release.set()


def test_a_bell_that_cannot_be_rung_is_told_and_fails_nobody(tmp_path: Path):
    (tmp_path / doorbell.FOLDER).write_text("a file where the folder should be")
    with capture_logs() as said:
        doorbell.make_ringer(tmp_path)()
    assert [line["event"] for line in said] == ["ring_failed"]
