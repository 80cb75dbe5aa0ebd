"""The service fixtures keep their word: real services, fresh for each test, and no process left behind."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
import sqlalchemy as sa

from tests.services.daemon import Daemon, ServiceFailed

pytestmark = pytest.mark.services

_PROJECT = Path(__file__).parents[2]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int) -> None:
    deadline_s = time.monotonic() + 10
    while is_alive(pid):
        assert time.monotonic() < deadline_s, f"process {pid} outlived its test process"
        time.sleep(0.05)


@contextlib.contextmanager
def connected(url: str):
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_gets_an_empty_postgres_database(postgres_url, turn):
    with connected(postgres_url) as connection:
        assert connection.scalar(sa.text("SHOW server_encoding")) == "UTF8"
        assert sa.inspect(connection).get_table_names() == []
        connection.execute(sa.text("CREATE TABLE lecture (title text)"))
        connection.execute(sa.text("INSERT INTO lecture VALUES ('太极拳')"))
        connection.commit()


def test_a_prepared_postgres_database_can_be_copied(make_postgres_database):
    prepared = make_postgres_database()
    with connected(prepared) as connection:
        connection.execute(sa.text("CREATE TABLE lecture (title text)"))
        connection.commit()
    copies = [make_postgres_database(prepared) for _ in range(2)]
    assert len({prepared, *copies}) == 3
    for copy in copies:
        with connected(copy) as connection:
            assert sa.inspect(connection).get_table_names() == ["lecture"]


def test_a_postgres_database_goes_away_under_open_connections(postgres_server_of_session):
    url = postgres_server_of_session.create_database()
    with connected(url) as connection:
        postgres_server_of_session.drop_database(url)
        with pytest.raises(sa.exc.OperationalError):
            connection.execute(sa.text("SELECT 1"))
    with pytest.raises(sa.exc.OperationalError, match="does not exist"), connected(url):
        pass


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_gets_an_empty_redis(redis_url, turn):
    with contextlib.closing(redis.Redis.from_url(redis_url)) as client:
        assert client.dbsize() == 0
        client.lpush("queue", "look")
        assert client.brpop("queue", timeout=1) == (b"queue", b"look")
        client.set("left", "over")


def test_a_daemon_dies_with_a_killed_test_process(tmp_path):
    program = (
        "import pathlib, signal, sys, time\n"
        "from tests.services.daemon import Daemon\n"
        "log = pathlib.Path(sys.argv[1])\n"
        "daemon = Daemon(['sleep', '600'], log=log)\n"
        "print(daemon.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "sleep.log")],
        cwd=_PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        pid = int(parent.stdout.readline())
        while b"sleep" not in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]:
            time.sleep(0.05)  # still the leash
        parent.send_signal(signal.SIGKILL)
    wait_until_gone(pid)


def test_stopping_a_daemon_takes_its_children_along(tmp_path):
    stubborn = "trap '' TERM; sleep 600 & echo $!; wait"
    daemon = Daemon(["sh", "-c", stubborn], log=tmp_path / "shell.log", stop_timeout_s=0.5)
    daemon.wait_until(lambda: (tmp_path / "shell.log").read_text().endswith("\n"), timeout_s=30)
    child = int((tmp_path / "shell.log").read_text())
    daemon.stop()
    daemon.stop()
    wait_until_gone(daemon.pid)
    wait_until_gone(child)


def test_a_daemon_that_fails_shows_its_log(tmp_path):
    daemon = Daemon(["sh", "-c", "echo the port is taken; exit 3"], log=tmp_path / "shell.log")
    with pytest.raises(ServiceFailed, match=r"(?s)status 3.*the port is taken"):
        daemon.wait_until(lambda: False, timeout_s=30)


def test_a_daemon_that_never_gets_ready_is_told(tmp_path):
    daemon = Daemon(["sleep", "600"], log=tmp_path / "sleep.log")
    try:
        with pytest.raises(ServiceFailed, match="not ready after"):
            daemon.wait_until(lambda: False, timeout_s=0.2)
    finally:
        daemon.stop()
    wait_until_gone(daemon.pid)
