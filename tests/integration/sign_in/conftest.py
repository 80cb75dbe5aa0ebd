"""People of two institutions, made once; mail goes into a folder."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Role, User
from app.kernel.db import unit_of_work
from config.settings import Settings, load
from tests.fixtures.app import build_app, make_environ, make_institution, make_user, run_jobs, whole_file
from tests.fixtures.pages import compiled_templates, stand_in_assets

__all__ = ["compiled_templates", "stand_in_assets"]

BASE_URL = "https://library.example"


@pytest.fixture(scope="session")
def peopled(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("peopled")
    shutil.copy(migrated_database, folder / "app.db")
    app = build_app(load(make_environ(folder)))
    with app.app_context(), unit_of_work() as db:
        here, there = make_institution(db).id, make_institution(db).id
        make_user(db, Role.CONTRIBUTOR, login="zhou", institution_id=here)
        make_user(db, Role.REVIEWER, login="reviewer", institution_id=here)
        make_user(db, Role.INSTITUTION_ADMIN, login="admin", institution_id=here)
        make_user(db, Role.CONTRIBUTOR, login="abroad", institution_id=there)
        make_user(db, Role.OPERATOR, login="operator")
        zhou = db.scalars(select(User).where(User.login == "zhou")).one()
        zhou.mail_address = "zhou@example.com"
    return whole_file(folder)


@pytest.fixture
def changes() -> dict[str, str]:
    """Settings a test module wants otherwise."""
    return {}


@pytest.fixture
def settings(tmp_path: Path, peopled: Path, changes: dict[str, str]) -> Settings:
    shutil.copy(peopled, tmp_path / "app.db")
    mail = {"MAIL_KIND": "folder", "MAIL_PATH": f"{tmp_path}/mail", "APP_BASE_URL": BASE_URL}
    return load(make_environ(tmp_path, **{**mail, **changes}))


@pytest.fixture
def mails(app: Flask, tmp_path: Path) -> Callable[[str], list[EmailMessage]]:
    """Return a function that reads what an address was sent, the oldest first."""

    def of(address: str) -> list[EmailMessage]:
        run_jobs(app)
        files = sorted((tmp_path / "mail").glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
        read = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
        return [each for each in read if each["To"] == address]  # type: ignore[misc]

    return of


def link_in(mail: EmailMessage) -> str:
    """Return the path of the one link of ours that does something."""
    part = mail.get_body(("plain",))
    assert part is not None
    found = re.search(rf"^{BASE_URL}(/(?:password|account/mail)/\S+)\s*$", part.get_content(), re.MULTILINE)
    assert found, part.get_content()
    return found[1]
