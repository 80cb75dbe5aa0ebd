"""`make soak-upload`: one large upload while web processes die by SIGKILL and lines are cut at random moments.

    python -m pytest tests/soak/soak_upload.py -s      SIZE_MIB=2048 KILLS=50 CUTS=200 STORES=folder,s3 SEED=2026

In the end the stored bytes must have the file's SHA-256, no byte that the server ever acknowledged may have been sent
again, and the memory of the web processes must be flat. The speed while bytes move is printed beside that of a raw
local copy; SPEED=0.6 makes it a condition. With `s3` two web processes share the load over a real S3 service: each
attempt goes to the other one, and nothing but the database and the store is shared.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import random
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import BinaryIO

import pytest

from tests.fixtures.services import s3_section
from tests.fixtures.stack import TEACHER, Stack, make_stack
from tests.integration.resilience.inventory import kept_bytes, platform_of, scratch_files, sources, sweep_at_once
from tests.integration.resilience.teacher import Teacher, Wire
from tests.services.daemon import free_ports

MIB = 1024 * 1024
SIZE_BYTES = int(os.environ.get("SIZE_MIB", "2048")) * MIB
KILLS = int(os.environ.get("KILLS", "50"))
CUTS = int(os.environ.get("CUTS", "200"))
STORES = os.environ.get("STORES", "folder,s3").split(",")
SEED = int(os.environ.get("SEED", "2026"))
CHUNK_BYTES = 64 * MIB
BLOCK_BYTES = 256 * 1024
MEMORY_BAND_MIB = 50
SPEED_OF_COPY = float(os.environ.get("SPEED", "0"))
PATIENCE_S = 300
pytestmark = pytest.mark.timeout(6 * 3600)


@dataclass
class Account:
    """What happened to the bytes."""

    acknowledged: int = 0
    sent: int = 0
    sent_again_acknowledged: int = 0
    kills: int = 0
    cuts: int = 0
    #: Time in which bytes were moving, without starts of killed processes and waiting for them.
    moving_s: float = 0.0
    moved: int = 0
    memory_mib: list[float] = field(default_factory=list)

    def acknowledge(self, offset: int) -> None:
        """Take the server's word for how much it has; it may never take it back."""
        self.sent_again_acknowledged += max(0, self.acknowledged - offset)
        self.acknowledged = max(self.acknowledged, offset)


class Sender:
    """Sends the file, with a plan of moments at which something breaks."""

    def __init__(self, hosts: list[Stack], path: Path) -> None:
        self.hosts, self.path, self.account = hosts, path, Account()
        moments = random.Random(SEED)
        breaks = [(moments.randrange(SIZE_BYTES), "kill") for _ in range(KILLS)]
        breaks += [(moments.randrange(SIZE_BYTES), "cut") for _ in range(CUTS)]
        self.breaks = sorted(breaks)
        self.turn = 0
        wire = Wire(hosts[0].port)
        self.teacher, self._cookies = Teacher(wire, TEACHER), wire.cookies
        self.lecture = self.teacher.new_lecture()
        self.url = self.teacher.begin(self.lecture, SIZE_BYTES, "soak.bin").headers["Location"]

    @property
    def host(self) -> Stack:
        """The one whose turn it is."""
        return self.hosts[self.turn % len(self.hosts)]

    def run(self) -> None:
        """Send until the server has it all."""
        with self.path.open("rb") as file:
            while self.account.acknowledged < SIZE_BYTES:
                offset = self._where()
                self.account.acknowledge(offset)
                if offset < SIZE_BYTES:
                    file.seek(offset)
                    self._patch(file, offset)
                self.turn += 1

    def _where(self) -> int:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with contextlib.suppress(OSError, HTTPException, KeyError):
                self.teacher.ask = wire = Wire(self.host.port)
                wire.cookies = self._cookies
                return self.teacher.offset(self.url)
            assert time.monotonic() < deadline, self.host.log_tail("web")
            time.sleep(0.2)

    def _patch(self, file: BinaryIO, offset: int) -> None:
        length = min(CHUNK_BYTES, SIZE_BYTES - offset)
        started_s = time.monotonic()
        connection = HTTPConnection("127.0.0.1", self.host.port, timeout=PATIENCE_S)
        try:
            connection.putrequest("PATCH", self.url)
            cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in self._cookies.items())
            told = {**self.teacher.piece(offset), "Content-Length": str(length), "Cookie": cookie}
            for name, value in told.items():
                connection.putheader(name, value)
            connection.endheaders()
            if self._body(connection, file, offset, length):
                answer = connection.getresponse()
                answer.read()
                if answer.status == 204:
                    reached = int(answer.headers["Upload-Offset"])
                    self.account.acknowledge(reached)
                else:  # 423: the host before has not been given up yet
                    time.sleep(0.5)
        except (OSError, HTTPException):
            pass  # what was kept, HEAD tells
        finally:
            connection.close()
        now = kept_bytes(self.hosts[0].app, self.url.rpartition("/")[2])
        self.account.moved += max(0, now - offset)
        self.account.moving_s += time.monotonic() - started_s
        self._measure()
        self._revive()

    def _body(self, connection: HTTPConnection, file: BinaryIO, offset: int, length: int) -> bool:
        """Send the body; False when a cut ended it."""
        end = offset + length
        while offset < end:
            block = file.read(min(BLOCK_BYTES, end - offset))
            connection.send(block)
            offset += len(block)
            self.account.sent += len(block)
            if self.breaks and self.breaks[0][0] < offset:
                return self._break(self.breaks.pop(0)[1])
        return True

    def _break(self, what: str) -> bool:
        if what == "kill":
            self.host.kill("web")
            self.account.kills += 1
        else:
            self.account.cuts += 1
        return False

    def _revive(self) -> None:
        for host in self.hosts:
            if "web" not in host.processes:
                host.start_web()

    def _measure(self) -> None:
        for host in self.hosts:
            if "web" in host.processes and self.account.moved > 2 * CHUNK_BYTES:
                self.account.memory_mib.append(memory_mib(host.processes["web"].pid))


def memory_mib(leash_pid: int) -> float:
    """Return the resident memory of the web process: the largest of its session."""
    largest = 0.0
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            with contextlib.suppress(OSError, StopIteration, IndexError):
                if int((process / "stat").read_text().rpartition(")")[2].split()[3]) == leash_pid:
                    lines = (process / "status").read_text().splitlines()
                    line = next(line for line in lines if line.startswith("VmRSS:"))
                    largest = max(largest, int(line.split()[1]) / 1024)
    return largest


def make_file(path: Path) -> str:
    """Write random bytes; return their digest."""
    source, digest = random.Random(SEED), hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(SIZE_BYTES // MIB):
            block = source.randbytes(MIB)
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def copy_mib_s(path: Path) -> float:
    """Copy the file once, read and written in blocks and synced like an upload; return the speed."""
    target = path.with_suffix(".copy")
    started_s = time.monotonic()
    with path.open("rb") as source, target.open("wb") as file:
        shutil.copyfileobj(source, file, MIB)
        file.flush()
        os.fsync(file.fileno())
    took_s = time.monotonic() - started_s
    target.unlink()
    return SIZE_BYTES / MIB / took_s


@pytest.fixture(params=STORES)
def hosts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Stack]]:
    changes = {}
    if request.param == "s3":
        store = s3_section(request.getfixturevalue("s3_server"))
        changes = {
            "STORE_KIND": "s3", "STORE_ENDPOINT": store.endpoint, "STORE_ACCESS_KEY": store.access_key,
            "STORE_SECRET_KEY": store.secret_key.get_secret_value(), "STORE_BUCKET": store.bucket,
            "STORE_SECURE": "false", "DATABASE_URL": request.getfixturevalue("make_postgres_database")(),
        }  # fmt: skip
    stacks = [make_stack(tmp_path, **changes)]
    platform_of(stacks[0].app).storage.ensure()
    if request.param == "s3":
        (tmp_path / "second").mkdir()
        environ = {**stacks[0].environ, "MEDIA_WORK_PATH": str(tmp_path / "second/work")}
        second = dataclasses.replace(stacks[0], folder=tmp_path / "second", environ=environ, processes={})
        second.port = free_ports()[0]
        second.url = f"http://127.0.0.1:{second.port}"
        stacks.append(second)
    try:
        for stack in stacks:
            stack.start_web()
        yield stacks
    finally:
        for stack in stacks:
            stack.stop()


def test_a_large_upload_survives(hosts: list[Stack], tmp_path: Path) -> None:
    path = tmp_path / "big.bin"
    sha256, copied = make_file(path), 0.0
    copied = copy_mib_s(path)
    sender = Sender(hosts, path)
    started_s = time.monotonic()
    sender.run()
    took_s, account = time.monotonic() - started_s, sender.account

    platform = platform_of(hosts[0].app)
    finish_s = time.monotonic()
    while platform.runner.work_once("default"):
        pass
    finish_s = time.monotonic() - finish_s
    (source,) = sources(hosts[0].app)
    digest = hashlib.sha256()
    with contextlib.closing(platform.storage.open_range(source.storage_key)) as chunks:
        for chunk in chunks:
            digest.update(chunk)
    sweep_at_once(hosts[0].app)

    speed = account.moved / MIB / account.moving_s
    low, high = min(account.memory_mib), max(account.memory_mib)
    print(  # noqa: T201 - figures are what this run is for
        f"\n{len(hosts)} web, {SIZE_BYTES // MIB} MiB, {account.kills} kills, {account.cuts} cuts: {took_s:.0f} s"
        f"\n  acknowledged bytes sent again {account.sent_again_acknowledged}; others sent again"
        f" {(account.sent - SIZE_BYTES) / MIB:.1f} MiB"
        f"\n  memory of the web process {low:.0f} to {high:.0f} MiB; finishing {finish_s:.1f} s"
        f"\n  {speed:.0f} MiB/s while moving, raw copy {copied:.0f} MiB/s: {speed / copied:.2f} of it"
    )
    assert digest.hexdigest() == sha256 == source.sha256
    assert account.sent_again_acknowledged == 0
    assert (account.kills, account.cuts) == (KILLS, CUTS)
    assert high - low <= 2 * MEMORY_BAND_MIB  # plus or minus
    assert scratch_files(hosts[0].app) == []
    assert list(platform.storage.list_keys("incoming")) == []
    if len(hosts) == 1:
        assert speed >= SPEED_OF_COPY * copied
