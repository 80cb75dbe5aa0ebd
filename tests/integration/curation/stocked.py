"""Fixtures: an app whose database and index were stocked once; each test gets a copy of both."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from app.kernel.db import unit_of_work
from config.settings import Settings, load
from tests.fixtures.app import build_app, make_environ, run_jobs, whole_file
from tests.integration.curation.shelf import Shelf, stock_shelf

Work = Callable[[], AbstractContextManager[Session]]


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory, migrated_database: Path) -> tuple[Path, Shelf]:
    """Folder of a database with six public lectures, a curator and an operator, and of its search index."""
    folder = tmp_path_factory.mktemp("stocked")
    shutil.copy(migrated_database, folder / "app.db")
    app = build_app(load(make_environ(folder)))
    with app.app_context(), unit_of_work() as session:
        shelf = stock_shelf(session)
    run_jobs(app)
    whole_file(folder)
    return folder, shelf


@pytest.fixture
def settings(tmp_path: Path, stocked: tuple[Path, Shelf]) -> Settings:
    """Settings of this test's own app, over its own copy."""
    folder, _shelf = stocked
    shutil.copy(folder / "app.db", tmp_path / "app.db")
    shutil.copytree(folder / "index", tmp_path / "index")
    return load(make_environ(tmp_path))


@pytest.fixture
def shelf(stocked: tuple[Path, Shelf]) -> Shelf:
    """Names of what is there."""
    return stocked[1]


@pytest.fixture
def work(app: Flask) -> Work:
    """Return a function that opens a unit of work."""

    @contextmanager
    def opened() -> Iterator[Session]:
        with app.app_context(), unit_of_work() as session:
            yield session

    return opened


@pytest.fixture
def count_queries() -> Callable[[], AbstractContextManager[list[str]]]:
    """Return a context manager that collects the statements sent meanwhile."""

    @contextmanager
    def counted() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            if statement.lstrip().upper().startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
                statements.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(Engine, "before_cursor_execute", note)

    return counted
