"""A running web process, a teacher's token and lecture, and a file worth cutting up."""

from __future__ import annotations

import contextlib
import hashlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.accounts import services as accounts
from app.kernel.db import reading, unit_of_work
from app.media.models import Source
from tests.fixtures.stack import TEACHER, Stack, make_stack
from tests.integration.resilience.inventory import platform_of
from tests.integration.resilience.teacher import Teacher, Wire

SIZE = 9 * 1024 * 1024 + 321


@dataclass(frozen=True)
class Door:
    """Where outside clients send to."""

    stack: Stack
    token: str
    teacher: Teacher

    @property
    def endpoint(self) -> str:
        """The address uploads are created at."""
        return f"{self.stack.url}/studio/uploads"

    @property
    def headers(self) -> dict[str, str]:
        """What a program says of itself."""
        return {"Authorization": f"Bearer {self.token}"}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    stack = make_stack(tmp_path_factory.mktemp("tus"))
    platform_of(stack.app).storage.ensure()
    with stack.app.app_context(), unit_of_work() as db:
        token = accounts.issue_upload_token(db, TEACHER, name="outside client", lasts=timedelta(days=1))
    try:
        stack.start_web()
        yield Door(stack, token, Teacher(Wire(stack.port), TEACHER))
    finally:
        stack.stop()


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "第一讲 太极.mp4"
    path.write_bytes(random.Random(9).randbytes(SIZE))
    return path


@pytest.fixture
def lecture(door: Door) -> str:
    return door.teacher.new_lecture()


@pytest.fixture
def arrived(door: Door, clip: Path, lecture: str) -> Callable[[], None]:
    """Return a function that finishes what was sent and compares it with the file."""

    def check() -> None:
        platform = platform_of(door.stack.app)
        while platform.runner.work_once("default"):
            pass
        with door.stack.app.app_context(), reading() as db:
            source = db.scalars(select(Source).order_by(Source.id.desc()).limit(1)).one()
        assert source.filename == clip.name
        assert source.sha256 == hashlib.sha256(clip.read_bytes()).hexdigest()
        with contextlib.closing(platform.storage.open_range(source.storage_key)) as chunks:
            assert hashlib.sha256(b"".join(chunks)).hexdigest() == source.sha256

    return check
