"""The answer for monitors."""

from __future__ import annotations

import json
import shutil

from flask import Flask
from flask.wrappers import Response

from app.kernel.db import reading
from config.settings import Settings
from tests.fixtures.app import build_app


def ask(app: Flask) -> tuple[int, dict[str, str]]:
    with app.test_request_context("/healthz"), reading():
        response = app.make_response(app.view_functions["admin.healthz"]())
    assert isinstance(response, Response)
    return response.status_code, json.loads(response.get_data())


def test_all_is_well(app: Flask):
    assert ask(app) == (200, {"status": "ok", "database": "ok", "store": "ok", "index": "ok"})


def test_a_missing_index_is_named(app: Flask, settings: Settings):
    shutil.rmtree(settings.search.index_path)
    assert ask(app) == (503, {"status": "failing", "database": "ok", "store": "ok", "index": "failing"})


def test_a_missing_database_is_named(settings: Settings):
    broken = settings.model_copy(
        update={"database": settings.database.model_copy(update={"url": "sqlite:////nonexistent/app.db"})}
    )
    status, answer = ask(build_app(broken))
    assert (status, answer["database"], answer["store"]) == (503, "failing", "ok")


def test_a_store_that_is_away_is_named(app: Flask, settings: Settings):
    settings.store.path.rename(settings.store.path.with_name("away"))
    settings.store.path.write_text("not a folder")
    status, answer = ask(app)
    assert (status, answer["store"]) == (503, "failing")
