"""PostgreSQL of the machine's own packages on a private port, thrown away afterwards; fast rather than durable."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from tests.services.daemon import Daemon, free_ports, private_folder, run_tool

_USER = "app"
_START_TIMEOUT_S = 60.0


def find_binaries() -> Path | None:
    """Return the folder of `initdb` and `postgres`: PATH first, then the newest of Debian's versioned folders."""
    on_path = shutil.which("initdb")
    if on_path and shutil.which("postgres"):
        return Path(on_path).parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    return max((path.parent for path in versions), key=lambda folder: int(folder.parent.name), default=None)


@dataclass(frozen=True)
class PostgresServer:
    """A running server; every database is its caller's own."""

    port: int

    def create_database(self, template: str | None = None) -> str:
        """Make a database, a copy of the one at URL `template` when given, and return its SQLAlchemy URL."""
        name = f"test_{uuid.uuid4().hex}"
        source = template.rpartition("/")[2] if template else "template0"
        self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(source)))
        return f"postgresql+psycopg://{_USER}@127.0.0.1:{self.port}/{name}"

    def drop_database(self, url: str) -> None:
        """Remove a database, even under connections still open to it."""
        name = sql.Identifier(url.rpartition("/")[2])
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(f"postgresql://{_USER}@127.0.0.1:{self.port}/postgres", autocommit=True) as connection:
            connection.execute(statement)

    def is_ready(self) -> bool:
        try:
            with psycopg.connect(
                f"postgresql://{_USER}@127.0.0.1:{self.port}/postgres", connect_timeout=2, autocommit=True
            ) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False


@contextlib.contextmanager
def running_postgres(binaries: Path) -> Iterator[PostgresServer]:
    """Run a fresh server until the block ends; as root it runs as `postgres`, which initdb insists on."""
    user = "postgres" if os.geteuid() == 0 else None
    with private_folder("postgres", user) as folder:
        data = folder / "data"
        run_tool(
            [
                *(str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", _USER),
                *("-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"),
            ],
            timeout_s=_START_TIMEOUT_S,
            user=user,
        )
        [port] = free_ports()
        options = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "shared_buffers": "64MB",
            "max_connections": 100,
            "timezone": "UTC",
        }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        daemon = Daemon(
            [str(binaries / "postgres"), "-D", str(data), *settings],
            log=folder / "postgres.log",
            user=user,
            stop_signal=signal.SIGQUIT,  # "immediate": nothing is worth a checkpoint
        )
        try:
            server = PostgresServer(port)
            daemon.wait_until(server.is_ready, timeout_s=_START_TIMEOUT_S)
            yield server
        finally:
            daemon.stop()
