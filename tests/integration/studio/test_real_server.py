"""Uploads through a real gunicorn: cut lines, kill -9 in mid-request, two writers at once, constant memory."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.kernel.db import reading, unit_of_work
from app.library.models import Lecture
from app.library.services import create_lecture
from app.media.models import Source
from app.studio.parts import PartFolder
from config.settings import load
from tests.fixtures.app import build_app, make_environ
from tests.integration.studio.college import FULL, Browser, College, b64, signed_in

ROOT = Path(__file__).parents[3]
MIB = 1024 * 1024
TUS = {"Tus-Resumable": "1.0.0", "Accept": "application/json"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Server:
    """One gunicorn process tree that can be killed and started again on the same port."""

    environ: dict[str, str]
    log: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "wsgi:app",
            "--bind",
            f"127.0.0.1:{self.port}",
            "--worker-class",
            "gthread",
            "--workers",
            "1",
            "--threads",
            "6",
            "--no-control-socket",
            "--log-level",
            "warning",
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **self.environ}, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + 90  # a busy machine takes its time
        while time.monotonic() < deadline:
            try:
                with contextlib.closing(self.connect()) as connection:
                    connection.request("GET", "/livez")
                    connection.getresponse().read()
            except OSError:
                assert self.process.poll() is None, self.log.read_text()
                time.sleep(0.05)
            else:
                return
        raise AssertionError(self.log.read_text())

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def kill(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def worker_rss_bytes(self) -> int:
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        status = Path(f"/proc/{children[0]}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, college_database: tuple[Path, College]) -> Path:
    """One installation for the module: starting a server takes longer than its tests."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copy(college_database[0], folder / "app.db")
    return folder


@pytest.fixture(scope="module")
def served_app(folder: Path) -> Flask:
    return build_app(load(make_environ(folder)))


@pytest.fixture(scope="module")
def server(folder: Path, served_app: Flask) -> Iterator[Server]:
    server = Server(make_environ(folder, APP_LOG_LEVEL="INFO"), folder / "web.log")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def parts(folder: Path) -> PartFolder:
    return PartFolder(folder / "work")


@pytest.fixture
def lecture_id(served_app: Flask, college: College) -> str:
    with served_app.app_context(), unit_of_work() as db:
        return create_lecture(db, college.teacher, college.id, FULL).public_id


class Sender:
    """tus by hand over plain connections, with the session of a browser that signed in."""

    def __init__(self, server: Server, browser: Browser) -> None:
        self.server = server
        cookie = browser.client.get_cookie("session")
        assert cookie is not None
        self.lines: list[socket.socket] = []
        self.headers = {**TUS, "X-CSRFToken": browser.token, "Cookie": f"session={cookie.value}"}

    def ask(self, method: str, url: str, body: object = None, **headers: str) -> http.client.HTTPResponse:
        with contextlib.closing(self.server.connect()) as connection:
            connection.request(method, url, body=body, headers={**self.headers, **headers})
            response = connection.getresponse()
            response.read()
            return response

    def begin(self, lecture: str, size_bytes: int) -> str:
        metadata = f"filename {b64('a.mp4')},lecture {b64(lecture)}"
        response = self.ask(
            "POST", "/studio/uploads", **{"Upload-Length": str(size_bytes), "Upload-Metadata": metadata}
        )
        assert response.status == 201, response.status
        location = response.headers["Location"]
        assert location
        return location

    def offset(self, url: str) -> int:
        return int(self.ask("HEAD", url).headers["Upload-Offset"])

    def patch(self, url: str, offset: int, body: object, length: int | None = None) -> int:
        headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        if length is not None:
            headers["Content-Length"] = str(length)
        return self.ask("PATCH", url, body, **headers).status

    def half_patch(self, url: str, offset: int, data: bytes, promised: int) -> socket.socket:
        """Send the head of a request and a part of its body, then leave the line open."""
        line = socket.create_connection(("127.0.0.1", self.server.port), timeout=10)
        self.lines.append(line)
        head = {
            **self.headers,
            "Host": "x",
            "Upload-Offset": str(offset),
            "Content-Length": str(promised),
            "Content-Type": "application/offset+octet-stream",
        }
        text = f"PATCH {url} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in head.items()) + "\r\n"
        line.sendall(text.encode("latin-1") + data)
        return line


@pytest.fixture
def sender(server: Server, served_app: Flask) -> Iterator[Sender]:
    sender = Sender(server, Browser(signed_in(served_app, "teacher")))
    yield sender
    for line in sender.lines:
        line.close()


def wait_for(is_so: Callable[[], bool], what: str, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def stored_sha256(served_app: Flask, lecture_id: str) -> str:
    while served_app.extensions["platform"].runner.work_once("default"):
        pass
    found = select(Source).join(Lecture, Lecture.id == Source.lecture_id).where(Lecture.public_id == lecture_id)
    with served_app.app_context(), reading() as db:
        return db.scalars(found).one().sha256


def test_a_line_cut_again_and_again_loses_nothing(served_app: Flask, sender: Sender, lecture_id: str) -> None:
    data = random.Random(7).randbytes(9 * MIB)
    url = sender.begin(lecture_id, len(data))
    for cut in (1, 3 * MIB + 5, 6 * MIB):
        offset = sender.offset(url)
        line = sender.half_patch(url, offset, data[offset:cut], len(data) - offset)
        line.shutdown(socket.SHUT_WR)
        line.recv(100)
        line.close()
        wait_for(lambda cut=cut: sender.offset(url) == cut, "what came before the cut is kept")
    assert sender.patch(url, 6 * MIB, data[6 * MIB :]) == 204
    assert stored_sha256(served_app, lecture_id) == hashlib.sha256(data).hexdigest()


def test_kill_9_in_mid_request_then_go_on(
    served_app: Flask, server: Server, sender: Sender, lecture_id: str, parts: PartFolder
) -> None:
    data = random.Random(8).randbytes(12 * MIB)
    url = sender.begin(lecture_id, len(data))
    assert sender.patch(url, 0, data[: 4 * MIB]) == 204
    sender.half_patch(url, 4 * MIB, data[4 * MIB : 7 * MIB], 8 * MIB)
    name = url.rpartition("/")[2]
    wait_for(lambda: (parts.length(name) or 0) >= 6 * MIB, "the server writes while it receives")
    server.kill()
    server.start()
    offset = sender.offset(url)
    assert 4 * MIB <= offset <= 7 * MIB
    assert sender.patch(url, offset, data[offset:]) == 204
    assert stored_sha256(served_app, lecture_id) == hashlib.sha256(data).hexdigest()


def test_of_two_writers_one_waits(served_app: Flask, sender: Sender, lecture_id: str, parts: PartFolder) -> None:
    data = random.Random(9).randbytes(5 * MIB)
    url = sender.begin(lecture_id, len(data))
    line = sender.half_patch(url, 0, data[: 2 * MIB], len(data))
    wait_for(lambda: (parts.length(url.rpartition("/")[2]) or 0) >= MIB, "the first writer is at work")
    assert sender.patch(url, 2 * MIB, data[2 * MIB :]) == 423
    line.sendall(data[2 * MIB :])
    assert b" 204 " in line.recv(100)
    line.close()
    assert stored_sha256(served_app, lecture_id) == hashlib.sha256(data).hexdigest()


def test_the_same_piece_sent_by_many_at_once_is_kept_once(served_app: Flask, sender: Sender, lecture_id: str) -> None:
    data = random.Random(10).randbytes(3 * MIB)
    url = sender.begin(lecture_id, len(data))
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(sender.patch(url, 0, data))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 204 in statuses
    assert set(statuses) <= {204, 409, 423}
    assert stored_sha256(served_app, lecture_id) == hashlib.sha256(data).hexdigest()


def test_memory_stays_flat_while_300_mib_arrive(server: Server, sender: Sender, lecture_id: str) -> None:
    size = 300 * MIB
    url = sender.begin(lecture_id, size)
    assert sender.patch(url, 0, bytes(MIB)) == 204  # whatever is loaded lazily is loaded now
    before = server.worker_rss_bytes()
    peak = 0
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.02):
            peak = max(peak, server.worker_rss_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        status = sender.patch(url, MIB, (bytes(MIB) for _ in range(299)), 299 * MIB)
    finally:
        done.set()
        watcher.join()
    assert status == 204
    assert peak > 0
    assert peak - before < 40 * MIB, f"{(peak - before) / MIB:.1f} MiB more"


def test_a_sender_that_breaks_off_is_let_go(sender: Sender, lecture_id: str) -> None:
    data = random.Random(11).randbytes(2 * MIB)
    url = sender.begin(lecture_id, len(data))
    line = sender.half_patch(url, 0, data[:MIB], len(data))
    line.close()  # a reset rather than an orderly end
    wait_for(lambda: sender.patch(url, sender.offset(url), b"") != 423, "the lock is free again")
