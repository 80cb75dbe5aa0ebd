"""A college with a teacher, a colleague and an admin, and a stranger from another college."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Role
from app.kernel.actor import Actor, Grant
from app.kernel.db import unit_of_work
from app.library.models import Lecture
from app.library.services import create_lecture
from app.media.services import StoredSource, attach_source, source_key
from app.studio.parts import PartFolder
from config.settings import Settings, load
from tests.fixtures.app import build_app, make_environ, make_institution, make_user, whole_file
from tests.fixtures.pages import app, compiled_templates, count_queries, stand_in_assets
from tests.integration.studio.college import FULL, Browser, College, in_work
from tests.integration.studio.splitting import clapper_set, whole

__all__ = ["app", "clapper_set", "compiled_templates", "count_queries", "stand_in_assets", "whole"]


@pytest.fixture(scope="session")
def college_database(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, College]:
    """A database with the college in it; hashing passwords for every test would take longer than the tests."""
    folder = tmp_path_factory.mktemp("college")
    shutil.copy(migrated_database, folder / "app.db")
    app = build_app(load(make_environ(folder)))
    with app.app_context(), unit_of_work() as db:
        found = _found_college(db)
    return whole_file(folder), found


def _found_college(db: Session) -> College:
    here, there = make_institution(db), make_institution(db)
    make_user(db, Role.CONTRIBUTOR, login="colleague", institution_id=here.id)
    people = []
    for login, role, place in (
        ("teacher", Role.CONTRIBUTOR, here),
        ("admin", Role.INSTITUTION_ADMIN, here),
        ("stranger", Role.CONTRIBUTOR, there),
    ):
        user = make_user(db, role, login=login, institution_id=place.id)
        people.append(Actor(user.id, user.public_id, user.display_name, (Grant(role.value, place.id),)))
    return College(here.id, here.public_id, *people)


@pytest.fixture
def settings(tmp_path: Path, college_database: tuple[Path, College]) -> Settings:
    shutil.copy(college_database[0], tmp_path / "app.db")
    return load(make_environ(tmp_path))


@pytest.fixture
def college(college_database: tuple[Path, College]) -> College:
    return college_database[1]


@pytest.fixture
def lecture_id(app: Flask, college: College) -> str:
    """Public id of a draft that lacks nothing but its video."""
    with app.app_context(), unit_of_work() as db:
        return create_lecture(db, college.teacher, college.id, FULL).public_id


@pytest.fixture
def teacher(college: College, sign_in: Callable[[str], FlaskClient]) -> Browser:
    return Browser(sign_in("teacher"))


@pytest.fixture
def browser_of(college: College, sign_in: Callable[[str], FlaskClient]) -> Callable[[str], Browser]:
    return lambda login: Browser(sign_in(login))


@pytest.fixture
def parts(settings: Settings) -> PartFolder:
    return PartFolder(settings.media.work_path)


@pytest.fixture
def part_files(parts: PartFolder) -> Callable[[], list[Path]]:
    return lambda: sorted(parts.folder.glob("*")) if parts.folder.exists() else []


@pytest.fixture
def attach(app: Flask, college: College, lecture_id: str) -> Callable[[Path], int]:
    """Return a function that gives the lecture a stored file and returns the source's id."""

    def do(path: Path) -> int:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        app.extensions["platform"].storage.put_file(source_key(sha256), path, "application/octet-stream")
        stored = StoredSource(path.name, sha256, path.stat().st_size, source_key(sha256))

        def attach_it(db: Session) -> int:
            lecture = db.scalars(select(Lecture).where(Lecture.public_id == lecture_id)).one()
            return attach_source(db, college.teacher, lecture, stored).id

        return in_work(app, attach_it)

    return do
