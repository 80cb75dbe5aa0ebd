"""A sender for `soak_upload`: one that is cut off and whose servers are killed, and one that nothing disturbs."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from http.cookies import SimpleCookie
from pathlib import Path
from typing import BinaryIO

from tests.fixtures.stack import TEACHER, Stack
from tests.integration.resilience.inventory import kept_bytes
from tests.integration.resilience.teacher import Teacher, Wire
from tests.soak.web_memory import WebMemory

MIB = 1024 * 1024
#: One request carries this much, as the studio's page sends it.
CHUNK_BYTES = 64 * MIB
#: With a checksum it carries less, since a broken one counts for nothing.
CHECKED_BYTES = 8 * MIB
BLOCK_BYTES = 256 * 1024
#: Beside other work on the same machine even a start may take minutes.
PATIENCE_S = 600


@dataclass
class Account:
    """What happened to the bytes."""

    acknowledged: int = 0
    sent: int = 0
    #: Of those sent, ones below what the server had acknowledged before.
    sent_again: int = 0
    #: How often and how far the server went back behind its own word.
    taken_back: int = 0
    kills: int = 0
    cuts: int = 0
    #: Time in which bytes were moving, without starts of killed processes and waiting for them.
    moving_s: float = 0.0
    moved: int = 0

    def acknowledge(self, offset: int) -> None:
        """Take the server's word for how much it has; it may never take it back."""
        self.taken_back += max(0, self.acknowledged - offset)
        self.acknowledged = max(self.acknowledged, offset)

    def send(self, offset: int, size: int) -> None:
        """Note bytes that went out."""
        self.sent += size
        self.sent_again += max(0, min(self.acknowledged, offset + size) - offset)


class Person:
    """A teacher with one lecture, who can speak to each of the hosts."""

    def __init__(self, hosts: list[Stack]) -> None:
        self.hosts = hosts
        wire = Wire(hosts[0].port)
        self.teacher, self._cookies = Teacher(wire, TEACHER), wire.cookies
        self.lecture = self.teacher.new_lecture()

    @property
    def cookies(self) -> SimpleCookie:
        return self._cookies

    def speak_to(self, host: Stack) -> Teacher:
        """Turn to one of the hosts."""
        self.teacher.ask = wire = Wire(host.port)
        wire.cookies = self._cookies
        return self.teacher

    @contextlib.contextmanager
    def patch(
        self, host: Stack, url: str, offset: int, length: int, checksum: str = ""
    ) -> Iterator[HTTPConnection]:
        """Send the head of a request whose body the caller sends."""
        connection = HTTPConnection("127.0.0.1", host.port, timeout=PATIENCE_S)
        with contextlib.closing(connection):
            connection.putrequest("PATCH", url)
            cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in self._cookies.items())
            told = {**self.teacher.piece(offset), "Content-Length": str(length), "Cookie": cookie}
            if checksum:
                told["Upload-Checksum"] = checksum
            for name, value in told.items():
                connection.putheader(name, value)
            connection.endheaders()
            yield connection


def send_undisturbed(person: Person, path: Path, size: int) -> float:
    """Send the first bytes of a file, a request for each chunk, hosts in turn; give the upload up; return the speed.

    Seconds count from the creation to the last acknowledgement; MiB/s.
    """
    started_s = time.monotonic()
    url = person.speak_to(person.hosts[0]).begin(person.lecture, size, "speed.bin").headers["Location"]
    with path.open("rb") as file:
        for turn, offset in enumerate(range(0, size, CHUNK_BYTES)):
            length = min(CHUNK_BYTES, size - offset)
            with person.patch(person.hosts[turn % len(person.hosts)], url, offset, length) as connection:
                connection.sock.sendfile(file, offset, length)
                answer = connection.getresponse()
                assert answer.status == 204, answer.read()
    took_s = time.monotonic() - started_s
    assert person.teacher.ask("DELETE", url, b"", person.teacher.tus()).status == 204
    return size / MIB / took_s


class Sender:
    """Sends the file, with a plan of moments at which something breaks."""

    def __init__(
        self, person: Person, path: Path, breaks: list[tuple[int, str]], memory: WebMemory, *, is_checked: bool
    ) -> None:
        self.is_checked = is_checked
        self.person, self.hosts, self.path, self.memory = person, person.hosts, path, memory
        self.size = path.stat().st_size
        self.account, self.breaks, self.turn = Account(), sorted(breaks), 0
        self.url = person.speak_to(self.hosts[0]).begin(person.lecture, self.size, "soak.bin").headers["Location"]

    @property
    def host(self) -> Stack:
        """The one whose turn it is."""
        return self.hosts[self.turn % len(self.hosts)]

    def run(self) -> None:
        """Send until the server has it all."""
        with self.path.open("rb") as file:
            while self.account.acknowledged < self.size:
                offset = self._where()
                self.account.acknowledge(offset)
                if offset < self.size:
                    file.seek(offset)
                    self._patch(file, offset)
                self.turn += 1

    def _where(self) -> int:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with contextlib.suppress(OSError, HTTPException, KeyError):
                return self.person.speak_to(self.host).offset(self.url)
            assert time.monotonic() < deadline, self.host.log_tail("web")
            time.sleep(0.2)

    def _patch(self, file: BinaryIO, offset: int) -> None:
        length = min(CHECKED_BYTES if self.is_checked else CHUNK_BYTES, self.size - offset)
        checksum = self._checksum(file, length) if self.is_checked else ""
        started_s = time.monotonic()
        try:
            with self.person.patch(self.host, self.url, offset, length, checksum) as connection:
                if self._body(connection, file, offset, length):
                    answer = connection.getresponse()
                    answer.read()
                    if answer.status == 204:
                        self.account.acknowledge(int(answer.headers["Upload-Offset"]))
                    else:  # the request before has not been given up yet, or went on after we had asked
                        assert answer.status in {409, 423}, answer.status
                        time.sleep(0.5)
        except (OSError, HTTPException):
            pass  # what was kept, HEAD tells
        now = kept_bytes(self.hosts[0].app, self.url.rpartition("/")[2])
        self.account.moved += max(0, now - offset)
        self.account.moving_s += time.monotonic() - started_s
        self.memory.look()
        self._revive()

    @staticmethod
    def _checksum(file: BinaryIO, length: int) -> str:
        at = file.tell()
        digest = hashlib.sha256(file.read(length)).digest()
        file.seek(at)
        return f"sha256 {base64.b64encode(digest).decode()}"

    def _body(self, connection: HTTPConnection, file: BinaryIO, offset: int, length: int) -> bool:
        """Send the body; False when a cut ended it."""
        end = offset + length
        while offset < end:
            block = file.read(min(BLOCK_BYTES, end - offset))
            connection.send(block)
            self.account.send(offset, len(block))
            offset += len(block)
            if self.breaks and self.breaks[0][0] < offset:
                return self._break(self.breaks.pop(0)[1])
        return True

    def _break(self, what: str) -> bool:
        self.memory.look()
        if what == "kill":
            self.host.kill("web")
            self.account.kills += 1
        else:
            self.account.cuts += 1
        return False

    def _revive(self) -> None:
        for host in self.hosts:
            if "web" not in host.processes:
                host.start_web(patience_s=PATIENCE_S)
                self.memory.born(host)


def breaks_at_random(size: int, *, kills: int, cuts: int, seed: int) -> list[tuple[int, str]]:
    """Return moments, in bytes, at which the web process is killed or the line is cut."""
    moments = random.Random(seed)
    return [(moments.randrange(size), what) for what in kills * ["kill"] + cuts * ["cut"]]
