"""Redis of the machine's own packages on a private port, without persistence: the broker of the scale-out mode."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import redis

from tests.services.daemon import Daemon, free_ports, private_folder

_START_TIMEOUT_S = 20.0


@contextlib.contextmanager
def running_redis(binary: Path) -> Iterator[str]:
    """Run a fresh server until the block ends and give the URL of its database 0."""
    with private_folder("redis") as folder:
        [port] = free_ports()
        daemon = start_redis(binary, folder, port)
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            daemon.stop()


def start_redis(binary: Path, folder: Path, port: int) -> Daemon:
    """Start a server that remembers nothing, and wait until it answers."""
    daemon = Daemon(
        [
            *(str(binary), "--bind", "127.0.0.1", "--port", str(port)),
            *("--save", "", "--appendonly", "no", "--dir", str(folder), "--daemonize", "no"),
        ],
        log=folder / "redis.log",
    )
    daemon.wait_until(lambda: is_ready(f"redis://127.0.0.1:{port}/0"), timeout_s=_START_TIMEOUT_S)
    return daemon


def is_ready(url: str) -> bool:
    with contextlib.closing(redis.Redis.from_url(url)) as client:
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False


def empty(url: str) -> None:
    """Forget every key of this database, so that a test begins with a fresh broker."""
    with contextlib.closing(redis.Redis.from_url(url)) as client:
        client.flushdb()
