"""Clips, teachers and waiting for tests in which things die."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from app.accounts.models import Role
from app.kernel.db import unit_of_work
from tests.factories.clips import ClipShelf, shared_folder
from tests.fixtures.app import make_institution, make_user
from tests.fixtures.stack import TEACHER, Stack
from tests.integration.resilience.teacher import Teacher, Wire, in_process


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> ClipShelf:
    return ClipShelf(shared_folder(tmp_path_factory))


@pytest.fixture(scope="session")
def short_clip(shelf: ClipShelf) -> bytes:
    """Six seconds of restless picture, 360p, with sound."""
    return shelf.moving().read_bytes()


@pytest.fixture(scope="session")
def heavy_clip(short_clip: bytes) -> bytes:
    """The short clip with six megabytes nobody plays behind it: large enough to be cut off in the middle."""
    padding = random.Random(3).randbytes(6 * 1024 * 1024)
    return short_clip + struct.pack(">I4s", 8 + len(padding), b"free") + padding


@pytest.fixture(scope="session")
def long_clip(shelf: ClipShelf) -> Path:
    """Long enough to die in the middle of its encode."""
    return shelf.lecture(40)


@pytest.fixture
def teacher_of() -> Callable[[Stack], Teacher]:
    """Return a function that signs a teacher in over the network."""
    return lambda stack: Teacher(Wire(stack.port), TEACHER)


@pytest.fixture
def teacher(app: Flask) -> Teacher:
    """A teacher of an app in this process."""
    with app.app_context(), unit_of_work() as db:
        make_user(db, Role.INSTITUTION_ADMIN, login=TEACHER, institution_id=make_institution(db).id)
    return Teacher(in_process(app.test_client()), TEACHER)
