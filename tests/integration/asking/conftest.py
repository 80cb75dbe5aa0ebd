"""The catalogue of the resident's pages, and people who look after it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.kernel.db import unit_of_work
from tests.fixtures.app import make_institution, make_unit, make_user
from tests.integration.catalogue.conftest import count_queries, settings, stand_in_assets, stocked

__all__ = ["count_queries", "settings", "stand_in_assets", "stocked"]


@pytest.fixture
def people(app: Flask, sign_in: Callable[[str], FlaskClient]) -> Callable[[str], FlaskClient]:
    """Return a function that signs in as "teacher", "officer" or "operator"."""
    with app.app_context(), unit_of_work() as db:
        make_user(db, Role.CONTRIBUTOR, login="teacher", institution_id=make_institution(db).id)
        make_user(db, Role.OFFICER, login="officer", unit_id=make_unit(db).id)
        make_user(db, Role.OPERATOR, login="operator")
    return sign_in
