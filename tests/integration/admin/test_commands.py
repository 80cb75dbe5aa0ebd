"""Commands of the operator."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import User
from app.kernel.jobs.model import Job
from tests.fixtures.app import PASSWORD
from tests.integration.curation.shelf import Shelf

Work = Callable[[], AbstractContextManager[Session]]


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=list(arguments))
    return result.exit_code, result.output


def test_a_curator_made_by_command_can_sign_in(app: Flask, shelf: Shelf, sign_in: Callable[[str], FlaskClient]):
    status, output = run(
        app,
        "users",
        "create",
        "Desk-1",
        "--name",
        "张三",
        "--role",
        "curator",
        "--unit",
        shelf.unit_name,
        "--password",
        PASSWORD,
    )
    assert (status, output) == (0, "created: desk-1 (curator)\n")
    assert sign_in("desk-1").get("/desk/playlists").status_code == 200


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--role", "curator", "--unit", "没有这个中心"], "没有找到"),
        (["--role", "contributor"], "没有找到"),
        (["--role", "operator", "--name", " "], "不能为空"),
    ],
)
def test_a_bad_user_leaves_nothing_behind(app: Flask, work: Work, arguments: list[str], sentence: str):
    status, output = run(app, "users", "create", "desk-2", "--name", "李四", "--password", PASSWORD, *arguments)
    assert status == 1
    assert sentence in output
    with work() as db:
        assert db.scalar(select(User.id).where(User.login == "desk-2")) is None


def test_a_login_is_taken_once(app: Flask, shelf: Shelf):
    status, output = run(
        app, "users", "create", shelf.curator_login, "--name", "重名", "--role", "operator", "--password", PASSWORD
    )
    assert status == 1
    assert "已经存在" in output


def test_sweeping_leaves_the_work_to_the_worker_or_does_it_now(app: Flask, work: Work):
    assert run(app, "store", "sweep") == (0, "partial writes removed: 0\nthe worker does the rest\n")
    with work() as db:
        waiting = set(db.scalars(select(Job.kind).where(Job.state == "queued")))
    assert waiting == {"sweep_store", "sweep_uploads"}
    assert run(app, "store", "sweep", "--now") == (0, "partial writes removed: 0\njobs done: 2\n")
