"""The answer for monitors."""

from __future__ import annotations

import shutil

from flask import Flask

from config.settings import Settings
from tests.fixtures.app import build_app


def ask(app: Flask) -> tuple[int, dict[str, str]]:
    response = app.test_client().get("/healthz")
    assert response.headers["Cache-Control"] == "no-store"
    return response.status_code, response.get_json()


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
