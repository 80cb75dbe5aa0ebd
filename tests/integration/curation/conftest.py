"""Playlists and the browsers of the people who work with them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.integration.curation.browser import Desk
from tests.integration.curation.shelf import Shelf, make_playlist
from tests.integration.curation.stocked import Work, count_queries, settings, shelf, stocked, work

__all__ = ["count_queries", "settings", "shelf", "stocked", "work"]


@pytest.fixture
def playlist(work: Work, shelf: Shelf) -> str:
    """Public id of a draft with three lectures."""
    with work() as session:
        return make_playlist(session, shelf).public_id


@pytest.fixture
def published(work: Work, shelf: Shelf) -> str:
    """Public id of a published playlist with three lectures."""
    with work() as session:
        return make_playlist(session, shelf, is_published=True).public_id


@pytest.fixture
def curator(sign_in: Callable[[str], FlaskClient], shelf: Shelf) -> FlaskClient:
    """The centre's curator, signed in."""
    return sign_in(shelf.curator_login)


@pytest.fixture
def desk(curator: FlaskClient, playlist: str) -> Desk:
    """The curator's desk with the draft on it."""
    return Desk(curator, playlist)
