"""Two schools of one city and one of another with all their people, and papers to attach."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flask import Flask

from config.settings import Settings, load
from tests.fixtures.app import make_environ
from tests.fixtures.pages import app, compiled_templates, count_queries, stand_in_assets
from tests.integration.joining.acting import Acting
from tests.integration.review.conftest import school, school_database
from tests.integration.review.school import School

__all__ = ["app", "compiled_templates", "count_queries", "school", "school_database", "stand_in_assets"]


@pytest.fixture
def settings(tmp_path: Path, school_database: tuple[Path, School]) -> Settings:
    shutil.copy(school_database[0], tmp_path / "app.db")
    return load(make_environ(tmp_path, MAIL_KIND="folder", MAIL_PATH=str(tmp_path / "mail")))


@pytest.fixture
def acting(app: Flask, school: School) -> Acting:
    """People to act with, each act a transaction of its own."""
    return Acting(app, school)
