"""The schools of the review's tests: their lectures are the ones that can keep every promise."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flask import Flask

from config.settings import load
from tests.fixtures.app import build_app, make_environ, whole_file
from tests.fixtures.pages import app, compiled_templates, count_queries, stand_in_assets
from tests.integration.green_channel.openings import deliver, reviewed
from tests.integration.review.conftest import desk, school, school_database, settings
from tests.integration.review.school import Desk, School

__all__ = ["app", "compiled_templates", "count_queries", "desk", "school", "school_database", "settings",
           "stand_in_assets"]  # fmt: skip


@pytest.fixture(scope="session")
def shelf_database(
    school_database: tuple[Path, School], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """The schools with one lecture that was passed at three levels, made once; and its public id."""
    folder = tmp_path_factory.mktemp("shelf")
    shutil.copy(school_database[0], folder / "app.db")
    app = build_app(load(make_environ(folder)))
    made = Desk(app, school_database[1])
    reviewed(made)
    deliver(app)
    return whole_file(folder), made.public_id


@pytest.fixture
def shelf(app: Flask, school: School, shelf_database: tuple[Path, str]) -> Desk:
    """The lecture of `shelf_database` and the people about it; for modules whose settings copy that database."""
    made = Desk.__new__(Desk)
    made.app, made.school, made.maker, made.public_id = app, school, "teacher", shelf_database[1]
    return made
