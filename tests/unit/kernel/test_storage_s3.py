"""What only the S3 store has: a network that hangs or breaks, links anybody may use, connections of one process."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.kernel.storage import S3Storage, open_storage
from app.kernel.storage.s3 import PART_BYTES
from media_pipeline.ports import StorageUnavailable
from tests.fixtures.services import s3_section


class Wire:
    """A relay to a server that is cut for good after so many bytes in either direction."""

    def __init__(self, endpoint: str) -> None:
        host, _, port = endpoint.partition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._left_bytes = 10**12
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self.endpoint = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after(self, size_bytes: int) -> None:
        self._left_bytes = size_bytes

    def close(self) -> None:
        for each in [self._listener, *self._sockets]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                with self._lock:
                    self._sockets += [client, server]
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._relay, args=(source, sink), daemon=True).start()

    def _relay(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                with self._lock:
                    self._left_bytes -= len(data)
                if self._left_bytes < 0:
                    self.close()
                    return
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def section(s3_double):
    return s3_section(s3_double)


@pytest.fixture
def storage(section) -> S3Storage:
    storage = open_storage(section)
    storage.ensure()
    return storage


@pytest.fixture
def wire(section) -> Iterator[Wire]:
    wire = Wire(section.endpoint)
    yield wire
    wire.close()


@pytest.fixture
def by_wire(section, wire, storage) -> S3Storage:
    return open_storage(section.model_copy(update={"endpoint": wire.endpoint}))


def connect(endpoint: str, read_timeout_s: float = 60) -> S3Storage:
    return S3Storage(
        endpoint=endpoint,
        access_key="k",
        secret_key="s",
        bucket="bucket",
        secure=False,
        read_timeout_s=read_timeout_s,
    )


def every_call(storage: S3Storage, path) -> dict[str, object]:
    return {
        "ensure": storage.ensure,
        "put_bytes": lambda: storage.put_bytes("k", b"x", "text/plain"),
        "stat": lambda: storage.stat("k"),
        "open_range": lambda: storage.open_range("k"),
        "fetch": lambda: storage.fetch("k", path),
        "list_keys": lambda: list(storage.list_keys("k")),
        "delete": lambda: storage.delete("k"),
        "delete_prefix": lambda: storage.delete_prefix("k"),
        "sweep_partial": lambda: storage.sweep_partial(timedelta(0)),
    }


@pytest.mark.parametrize("name", every_call(connect("127.0.0.1:1"), None))
def test_a_service_that_is_down_is_unavailable(tmp_path, name):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # held and not listening: connections are refused
        storage = connect(f"127.0.0.1:{unused.getsockname()[1]}")
        started_s = time.monotonic()
        with pytest.raises(StorageUnavailable):
            every_call(storage, tmp_path / "out")[name]()
        assert time.monotonic() - started_s < 15
    assert list(tmp_path.iterdir()) == []


def test_a_service_that_never_answers_is_unavailable_in_bounded_time():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        storage = connect(f"127.0.0.1:{silent.getsockname()[1]}", read_timeout_s=0.2)
        started_s = time.monotonic()
        with pytest.raises(StorageUnavailable):
            storage.stat("k")
        assert time.monotonic() - started_s < 15


def test_nothing_is_asked_of_the_network_before_the_first_call():
    connect("no-such-host.invalid:1")


def test_a_download_cut_in_the_middle_is_told_and_leaves_no_file(storage, by_wire, wire, tmp_path):
    storage.put_bytes("k", bytes(3_000_000), "text/plain")
    wire.cut_after(1_000_000)
    with pytest.raises(StorageUnavailable):
        by_wire.fetch("k", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_an_upload_cut_in_the_middle_is_never_seen_and_is_swept(storage, by_wire, wire, tmp_path):
    (tmp_path / "in").write_bytes(bytes(3 * PART_BYTES))
    wire.cut_after(2 * PART_BYTES)
    with pytest.raises(StorageUnavailable):
        by_wire.put_file("k", tmp_path / "in", "video/mp4")
    assert storage.stat("k") is None
    assert list(storage.list_keys("")) == []
    assert storage.sweep_partial(timedelta(0)) == 1
    assert storage.sweep_partial(timedelta(0)) == 0


def test_a_missing_bucket_is_unavailable_not_an_empty_store(section):
    storage = open_storage(section)
    with pytest.raises(StorageUnavailable, match="NoSuchBucket"):
        list(storage.list_keys(""))
    with pytest.raises(StorageUnavailable, match="NoSuchBucket"):
        storage.put_bytes("k", b"x", "text/plain")


def test_anybody_may_read_by_a_link_until_it_expires(storage):
    storage.put_bytes("媒体/a b+c.mp4", b"0123456789", "video/mp4")
    url = storage.presigned_url("媒体/a b+c.mp4", 60)
    request = urllib.request.Request(url, headers={"Range": "bytes=2-4"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert (answer.status, answer.read(), answer.headers["Content-Type"]) == (206, b"234", "video/mp4")


@pytest.mark.parametrize("expires_s", [0, -1, 7 * 24 * 3600 + 1])
def test_a_link_cannot_last_longer_than_the_protocol_allows(storage, expires_s):
    with pytest.raises(ValueError, match="cannot expire"):
        storage.presigned_url("k", expires_s)


def test_a_forked_process_opens_its_own_connections(storage):
    storage.put_bytes("k", b"x", "text/plain")
    parents = storage._bucket.client
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, b"own" if storage._bucket.client is not parents else b"shared")
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        assert answer.read() == b"own"
    os.waitpid(child, 0)
    assert storage._bucket.client is parents
