"""Services that go away and come back: a page that says so, no traceback, and nothing to do by hand afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from flask import Flask
from psycopg import sql
from sqlalchemy.engine import make_url

from config.settings import load
from tests.fixtures.app import build_app, csrf_token, make_environ
from tests.fixtures.stack import TEACHER, Stack, make_stack, wait_for
from tests.integration.resilience.inventory import PATIENCE_S, platform_of
from tests.integration.resilience.teacher import Teacher, Wire
from tests.services.daemon import Daemon, free_ports
from tests.services.redis_server import is_ready

PLEASE_WAIT_S = 10


def assert_is_a_page_of_ours(status: int, headers: dict[str, str], text: str) -> None:
    """503, in words a resident understands, saying when to come back."""
    assert status == 503
    assert int(headers["Retry-After"]) > 0
    assert "<main" in text
    assert "Traceback" not in text
    assert "psycopg" not in text


def test_without_a_database_pages_say_so(tmp_path: Path) -> None:
    [port] = free_ports()
    app = build_app(load(make_environ(tmp_path, DATABASE_URL=f"postgresql+psycopg://app@127.0.0.1:{port}/none")))
    client = app.test_client()
    for path in ("/", "/lectures", "/search?q=养生", "/lectures/abcdefghjkmn", "/media/0123/master.m3u8"):
        response = client.get(path)
        assert_is_a_page_of_ours(response.status_code, dict(response.headers), response.get_data(as_text=True))
    assert client.get("/about").status_code == 200, "what needs no database still works"


class Door:
    """Shuts a running product out of its database, as a stopped server does."""

    def __init__(self, url: str) -> None:
        parts = make_url(url)
        assert parts.database is not None
        self.name = parts.database
        self.server = f"postgresql://{parts.username}@{parts.host}:{parts.port}/postgres"

    def set_open(self, *, is_open: bool) -> None:
        with psycopg.connect(self.server, autocommit=True) as connection:
            statement = sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}")
            connection.execute(statement.format(sql.Identifier(self.name), sql.Literal(is_open)))

    def cut(self) -> None:
        """End every connection, as a restart of the server does."""
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [self.name])


@pytest.mark.parametrize("stack", ["scaled"], indirect=True)
def test_a_database_that_restarts_is_found_again(stack: Stack) -> None:
    door, wire = Door(stack.environ["DATABASE_URL"]), Wire(stack.port)
    assert wire("GET", "/", b"", {}).status == 200
    door.cut()
    assert wire("GET", "/", b"", {}).status == 200, "connections that died are replaced unseen"
    door.set_open(is_open=False)
    try:
        door.cut()
        answer = wire("GET", "/", b"", {"Accept": "text/html"})
        assert_is_a_page_of_ours(answer.status, dict(answer.headers), answer.text)
    finally:
        door.set_open(is_open=True)
    wait_for(lambda: wire("GET", "/", b"", {}).status == 200, timeout_s=PLEASE_WAIT_S, what="web is to come back")
    assert stack.processes["worker"].poll() is None
    teacher = Teacher(wire, TEACHER)
    lecture = teacher.new_lecture()
    teacher.upload(lecture, b"no video at all" * 100)
    wait_for(
        lambda: teacher.phase(lecture) == "failed", timeout_s=PATIENCE_S,
        what=lambda: f"the worker is to work again\n{stack.log_tail('worker')}",
    )  # fmt: skip


class Broker:
    """A Redis that can be stopped and started again under the same address."""

    def __init__(self, folder: Path, binary: str) -> None:
        self.folder, self.binary = folder, binary
        [self.port] = free_ports()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.daemon: Daemon | None = None

    def start(self) -> None:
        options = ("--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--dir", str(self.folder))
        self.daemon = Daemon([self.binary, *options], log=self.folder / "redis.log")
        self.daemon.wait_until(lambda: is_ready(self.url), timeout_s=20)

    def stop(self) -> None:
        if self.daemon is not None:
            self.daemon.stop()
            self.daemon = None


@pytest.fixture
def broker(tmp_path: Path, redis_binary: str) -> Iterator[Broker]:
    made = Broker(tmp_path, redis_binary)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def queued_stack(tmp_path: Path, broker: Broker) -> Iterator[Stack]:
    """A product whose worker is woken by a broker of this test's own."""
    made = make_stack(tmp_path, JOBS_ENGINE="celery", JOBS_BROKER_URL=broker.url)
    try:
        made.start_web()
        made.start_worker()
        yield made
    finally:
        made.stop()


@pytest.fixture
def teacher(queued_stack: Stack, teacher_of: Callable[[Stack], Teacher]) -> Teacher:
    """A teacher whose worker has done the chores of a fresh one: it is at work."""
    log = queued_stack.folder / "worker.log"
    wait_for(
        lambda: "job_finished" in log.read_text(), timeout_s=PATIENCE_S, what=lambda: queued_stack.log_tail("worker")
    )
    return teacher_of(queued_stack)


@pytest.mark.timeout(600)
def test_without_the_broker_the_web_answers_and_work_waits(
    queued_stack: Stack, broker: Broker, teacher: Teacher
) -> None:
    broker.stop()
    lecture = teacher.new_lecture()
    began_at = time.monotonic()
    for number in range(3):
        assert teacher.try_new_lecture(title=f"第{number}讲").status == 303
    assert time.monotonic() - began_at < 3 * 3, "nobody waits for a broker that is away"
    teacher.upload(lecture, b"no video at all" * 100)
    assert teacher.phase(lecture) == "finishing"
    broker.start()
    wait_until_failed(queued_stack, teacher, lecture)


@pytest.mark.timeout(600)
def test_a_worker_whose_celery_gives_up_begins_anew(queued_stack: Stack, broker: Broker, teacher: Teacher) -> None:
    log = queued_stack.folder / "worker.log"
    with redis.Redis.from_url(broker.url) as server:
        # What Celery calls unrecoverable: its queue is no list any more.
        server.set("clock", "no list")
        wait_for(
            lambda: "worker_begins_anew" in log.read_text(), timeout_s=PATIENCE_S,
            what=lambda: queued_stack.log_tail("worker"),
        )  # fmt: skip
        server.delete("clock")
    lecture = teacher.new_lecture()
    teacher.upload(lecture, b"no video at all" * 100)
    wait_until_failed(queued_stack, teacher, lecture)
    assert queued_stack.processes["worker"].poll() is None, "it is the same process"


def wait_until_failed(stack: Stack, teacher: Teacher, lecture: str) -> None:
    """Wait for the end of what is no video: a worker has done it."""
    wait_for(
        lambda: teacher.phase(lecture) == "failed", timeout_s=PATIENCE_S,
        what=lambda: f"work is to go on by itself\n{stack.log_tail('worker')}",
    )  # fmt: skip


@pytest.fixture
def waking_app(tmp_path: Path, app: Flask, redis_url: str) -> Flask:
    """The app of the other fixtures, woken through a broker nobody listens at."""
    return build_app(load(make_environ(tmp_path, JOBS_ENGINE="celery", JOBS_BROKER_URL=redis_url)))


def test_committed_writes_wake_the_workers_and_nothing_else_does(waking_app: Flask, redis_url: str) -> None:
    client = waking_app.test_client()

    def messages() -> int:
        with redis.Redis.from_url(redis_url) as broker:
            return int(broker.llen("clock"))

    token = csrf_token(client)
    assert client.post("/sign-in", data={"login": "x", "password": "y", "csrf_token": token}).status_code == 401
    assert messages() == 0, "a read and a refused write are nobody's business"
    assert client.post("/preferences", data={"mode": "elder", "csrf_token": token}).status_code == 303
    assert messages() == 1
    assert platform_of(waking_app).settings.jobs.engine == "celery"
