"""Schools whose lectures are reviewed; the database with their people is made once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.kernel.db import unit_of_work
from config.settings import Settings, load
from tests.fixtures.app import build_app, make_environ, whole_file
from tests.fixtures.pages import app, compiled_templates, count_queries, stand_in_assets
from tests.integration.review.person import Person
from tests.integration.review.school import Desk, School, found_school

__all__ = ["app", "compiled_templates", "count_queries", "stand_in_assets"]


@pytest.fixture(scope="session")
def school_database(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, School]:
    folder = tmp_path_factory.mktemp("school")
    shutil.copy(migrated_database, folder / "app.db")
    app = build_app(load(make_environ(folder)))
    with app.app_context(), unit_of_work() as db:
        school = found_school(db)
    return whole_file(folder), school


@pytest.fixture
def settings(tmp_path: Path, school_database: tuple[Path, School]) -> Settings:
    shutil.copy(school_database[0], tmp_path / "app.db")
    return load(make_environ(tmp_path))


@pytest.fixture
def school(school_database: tuple[Path, School]) -> School:
    return school_database[1]


@pytest.fixture
def desk(app: Flask, school: School) -> Desk:
    """A complete draft of "teacher", and the people to send it round."""
    return Desk(app, school)


@pytest.fixture
def person(sign_in: Callable[[str], FlaskClient]) -> Callable[[str], Person]:
    return lambda login: Person(sign_in(login))
