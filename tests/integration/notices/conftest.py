"""A school with people who have mail addresses, and a folder their mail is written into."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import User
from app.kernel.db import reading, unit_of_work
from app.notices.models import Notice
from config.settings import Settings, load
from tests.fixtures.app import build_app, make_environ, run_jobs, whole_file
from tests.fixtures.pages import app, compiled_templates, count_queries, stand_in_assets
from tests.integration.review.school import Desk, School, found_school

__all__ = ["app", "compiled_templates", "count_queries", "stand_in_assets"]


@pytest.fixture(scope="session")
def addressed_school(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, School]:
    folder = tmp_path_factory.mktemp("addressed")
    shutil.copy(migrated_database, folder / "app.db")
    app = build_app(load(make_environ(folder)))
    with app.app_context(), unit_of_work() as db:
        school = found_school(db)
        for user in db.scalars(select(User)):
            user.mail_address = f"{user.login}@example.com"
    return whole_file(folder), school


@pytest.fixture
def settings(tmp_path: Path, addressed_school: tuple[Path, School]) -> Settings:
    shutil.copy(addressed_school[0], tmp_path / "app.db")
    return load(
        make_environ(
            tmp_path, MAIL_KIND="folder", MAIL_PATH=f"{tmp_path}/mail", APP_BASE_URL="https://library.example"
        )
    )


@pytest.fixture
def school(addressed_school: tuple[Path, School]) -> School:
    return addressed_school[1]


@pytest.fixture
def desk(app: Flask, school: School) -> Desk:
    return Desk(app, school)


@pytest.fixture
def told(app: Flask) -> Callable[[str], list[Notice]]:
    """Return a function that lists a person's notices, the oldest first, after everything was delivered."""

    def of(login: str) -> list[Notice]:
        run_jobs(app)
        with app.app_context(), reading() as db:
            mine = select(Notice).join(User, User.id == Notice.user_id).where(User.login == login)
            return list(db.scalars(mine.order_by(Notice.id)))

    return of


@pytest.fixture
def mails(app: Flask, tmp_path: Path) -> Callable[[str], list[EmailMessage]]:
    """Return a function that reads the mails a person was sent."""

    def of(login: str) -> list[EmailMessage]:
        run_jobs(app)
        read = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in (tmp_path / "mail").glob("*")]
        return [each for each in read if each["To"] == f"{login}@example.com"]  # type: ignore[misc]

    return of
