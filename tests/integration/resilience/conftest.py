"""Clips, teachers and waiting for tests in which things die."""

from __future__ import annotations

import random
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from app.accounts.models import Role
from app.kernel.db import unit_of_work
from config.settings import Settings, load
from tests.factories.clips import ClipShelf, shared_folder
from tests.fixtures.app import build_app, make_environ, make_institution, make_user, whole_file
from tests.fixtures.stack import TEACHER, Stack
from tests.integration.resilience.teacher import Teacher, Wire, in_process


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> ClipShelf:
    return ClipShelf(shared_folder(tmp_path_factory))


@pytest.fixture(scope="session")
def short_clip(shelf: ClipShelf) -> bytes:
    """Eight seconds of speech in MP4: quickly encoded, where the picture does not matter."""
    return shelf.audio_with_cover().read_bytes()


@pytest.fixture(scope="session")
def heavy_clip(short_clip: bytes) -> bytes:
    """The short clip with sixty megabytes nobody hears behind it: a third is more than two of a store's pieces."""
    padding = random.Random(3).randbytes(60 * 1024 * 1024)
    return short_clip + struct.pack(">I4s", 8 + len(padding), b"free") + padding


@pytest.fixture(scope="session")
def long_clip(shelf: ClipShelf) -> Path:
    """Long enough to die in the middle of its encode."""
    return shelf.lecture(24)


@pytest.fixture
def teacher_of() -> Callable[[Stack], Teacher]:
    """Return a function that signs a teacher in over the network."""
    return lambda stack: Teacher(Wire(stack.port), TEACHER)


@pytest.fixture(scope="session")
def taught_database(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a teacher in it; hashing the password for every test would take longer than the test."""
    folder = tmp_path_factory.mktemp("taught")
    shutil.copy(migrated_database, folder / "app.db")
    app = build_app(load(make_environ(folder)))
    with app.app_context(), unit_of_work() as db:
        make_user(db, Role.INSTITUTION_ADMIN, login=TEACHER, institution_id=make_institution(db).id)
    return whole_file(folder)


@pytest.fixture
def settings(tmp_path: Path, taught_database: Path) -> Settings:
    shutil.copy(taught_database, tmp_path / "app.db")
    return load(make_environ(tmp_path))


@pytest.fixture
def teacher(app: Flask) -> Teacher:
    """The teacher, signed in to the app of this test."""
    return Teacher(in_process(app.test_client()), TEACHER)


@pytest.fixture(scope="session")
def redis_binary() -> str:
    found = shutil.which("redis-server")
    if found is None:
        pytest.skip("Redis is not installed: apt-get install --no-install-recommends redis-server")
    return found
