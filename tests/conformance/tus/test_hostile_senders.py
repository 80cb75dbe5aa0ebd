"""Senders that lie, over a real connection: nothing they do costs memory, bytes of others, or a byte that was kept."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.conformance.tus.conftest import SIZE, Door
from tests.fixtures.stack import OTHER_TEACHER, wait_for
from tests.integration.resilience.teacher import CHUNK_TYPE, TUS, Teacher, Wire


@pytest.fixture
def url(door: Door, lecture: str, clip: Path) -> str:
    return door.teacher.begin(lecture, SIZE, clip.name).headers["Location"]


def raw(door: Door, path: str, headers: Mapping[str, str], body: bytes, *, closes: bool = False) -> int:
    """Send a PATCH as it stands and return the status, 0 when the server just closed."""
    told = {**TUS, "Host": "localhost", "Authorization": f"Bearer {door.token}", "Content-Type": CHUNK_TYPE, **headers}
    head = f"PATCH {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in told.items()) + "\r\n"
    with contextlib.closing(socket.create_connection(("127.0.0.1", door.stack.port), timeout=20)) as line:
        line.sendall(head.encode("latin-1") + body)
        if closes:
            line.shutdown(socket.SHUT_WR)
        found = re.match(rb"HTTP/1\.[01] (\d+)", line.recv(4096))
        return int(found[1]) if found else 0


def offset(door: Door, url: str) -> int:
    return door.teacher.offset(url)


@pytest.mark.parametrize("length", ["-1", "1e3", "9" * 30, "0x10"])
def test_lengths_that_are_none(door: Door, url: str, length: str) -> None:
    assert raw(door, url, {"Upload-Offset": "0", "Content-Length": length}, b"12345") in {0, 400, 413}
    assert offset(door, url) == 0


def test_a_length_larger_than_what_comes(door: Door, url: str, clip: Path, arrived: Callable[[], None]) -> None:
    data = clip.read_bytes()
    raw(door, url, {"Upload-Offset": "0", "Content-Length": "5000"}, data[:1000], closes=True)
    wait_for(lambda: offset(door, url) == 1000, timeout_s=10, what="what came is kept")
    assert door.teacher.patch(url, 1000, data[1000:]).status == 204
    arrived()


def test_a_length_smaller_than_what_comes(door: Door, url: str) -> None:
    raw(door, url, {"Upload-Offset": "0", "Content-Length": "5"}, b"12345GET / HTTP/1.1\r\n\r\n")
    assert offset(door, url) == 5


def test_chunks_beyond_the_end(door: Door, lecture: str) -> None:
    url = door.teacher.begin(lecture, 10).headers["Location"]
    body = b"8\r\n12345678\r\n8\r\nabcdefgh\r\n0\r\n\r\n"
    raw(door, url, {"Upload-Offset": "0", "Transfer-Encoding": "chunked"}, body)
    assert offset(door, url) <= 10


@pytest.mark.parametrize(
    "body", [b"zz\r\n123", b"5\r\n12345\r\nnonsense", b"5\r\n123", b"-5\r\n12345", b"f" * 15 + b"\r\n12345"]
)
def test_chunks_that_break_the_rules(door: Door, url: str, clip: Path, body: bytes) -> None:
    """What came in order may be kept, the rest is not, and the server has no error of its own to tell."""
    status = raw(door, url, {"Upload-Offset": "0", "Transfer-Encoding": "chunked"}, body, closes=True)
    assert status in {0, 204, 400}
    kept = offset(door, url)
    assert kept <= 5
    assert door.teacher.patch(url, kept, clip.read_bytes()[kept:]).status == 204


@pytest.mark.parametrize("told", ["-1", "1", str(SIZE), str(SIZE + 1), "9" * 40, "", "0 0", "１"])
def test_offsets_that_are_not_ours(door: Door, url: str, told: str) -> None:
    headers = {"Upload-Offset": told.encode().decode("latin-1"), "Content-Length": "1"}
    assert raw(door, url, headers, b"x") in {400, 409, 413, 422}
    assert offset(door, url) == 0


def test_overlapping_patches_never_mix(door: Door, url: str, clip: Path, arrived: Callable[[], None]) -> None:
    data, mib = clip.read_bytes(), 1024 * 1024
    headers = {"Authorization": f"Bearer {door.token}", **TUS, "Upload-Offset": "0", "Content-Type": CHUNK_TYPE}
    line = Wire(door.stack.port).half_patch(url, headers, data[: 2 * mib], SIZE)
    with contextlib.closing(line):
        wait_for(lambda: offset(door, url) >= mib, timeout_s=10, what="the first writer is at work")
        assert door.teacher.patch(url, 2 * mib, b"x" * 100).status == 423
        assert door.teacher.patch(url, 0, b"x" * 100).status == 423
    begun = data[2 * mib : 3 * mib]
    wait_for(lambda: door.teacher.patch(url, 2 * mib, begun).status == 204, timeout_s=10, what="the line is cut")
    assert door.teacher.patch(url, 0, data[: 3 * mib]).status == 409
    assert door.teacher.patch(url, 3 * mib, data[3 * mib :]).status == 204
    arrived()


def test_a_damaged_piece_leaves_nothing_even_half_sent(door: Door, url: str) -> None:
    wrong = {"Upload-Checksum": "sha256 " + base64.b64encode(hashlib.sha256(b"other").digest()).decode()}
    assert raw(door, url, {"Upload-Offset": "0", "Content-Length": "100000", **wrong}, b"x" * 100_000) == 460
    raw(door, url, {"Upload-Offset": "0", "Content-Length": "100000", **wrong}, b"x" * 50_000, closes=True)
    time.sleep(0.2)
    assert offset(door, url) == 0


def test_ids_of_others_and_of_nobody(door: Door, url: str) -> None:
    other = Teacher(Wire(door.stack.port), OTHER_TEACHER)
    assert other.patch(url, 0, b"x").status == 404
    assert other.ask("DELETE", url, b"", other.tus()).status == 404
    for name in ("none", "..%2f..%2fapp.db", "%00", "a.b", "%E8%AF%BE"):
        assert door.teacher.patch(f"/studio/uploads/{name}", 0, b"x").status in {404, 405}, name
    assert offset(door, url) == 0


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("../../etc/passwd", "passwd"), ("..\\..\\x.mp4", "x.mp4"), ("/", "video"), ("a\0b\n.mp4", "ab.mp4"),
        ("\u202egpj.mp4", "gpj.mp4"), ("课" * 400 + ".mp4", "课" * 251 + ".mp4"), ("=cmd|' /C calc'!A0", "C calc"),
    ],
)  # fmt: skip
def test_names_with_tricks(door: Door, lecture: str, told: str, shown: str) -> None:
    before = sorted(door.stack.folder.rglob("*.part"))
    url = door.teacher.begin(lecture, 5, told).headers["Location"]
    made = [path for path in sorted(door.stack.folder.rglob("*.part")) if path not in before]
    assert [path.stem for path in made] == [url.rpartition("/")[2]]
    assert shown in door.teacher.page(lecture)


def test_a_sender_who_says_nothing_does_not_keep_others_out(door: Door, lecture: str) -> None:
    """Twelve threads, a dozen silent senders: the door still opens for those who speak."""
    lines = []
    try:
        for _ in range(8):
            url = door.teacher.begin(lecture, 1000).headers["Location"]
            headers = {"Authorization": f"Bearer {door.token}", **TUS, "Upload-Offset": "0", "Content-Type": CHUNK_TYPE}
            lines.append(Wire(door.stack.port).half_patch(url, headers, b"", 1000))
        assert door.teacher.get("/about").status == 200
    finally:
        for line in lines:
            line.close()
