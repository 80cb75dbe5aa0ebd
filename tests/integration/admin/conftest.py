"""The stocked app and its operator."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.integration.curation.shelf import Shelf
from tests.integration.curation.stocked import count_queries, settings, shelf, stocked, work

__all__ = ["count_queries", "settings", "shelf", "stocked", "work"]


@pytest.fixture
def operator(sign_in: Callable[[str], FlaskClient], shelf: Shelf) -> FlaskClient:
    """Whoever runs the site, signed in."""
    return sign_in(shelf.operator_login)
