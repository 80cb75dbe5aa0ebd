"""Chromium and a clip for whole journeys through the running product."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.web import assets
from tests.browser.journey.visitor import Visitor, visitors
from tests.factories.clips import ClipShelf, shared_folder
from tests.fixtures.stack import Stack


@pytest.fixture(scope="session", autouse=True)
def built_front_end() -> None:
    """Pages without scripts and styles are not the product."""
    if not (assets.DIST_FOLDER / "manifest.json").exists():
        pytest.skip("the front end is not built: npm run build")


@pytest.fixture(scope="session")
def lecture_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds of slides with speech, 720p."""
    return ClipShelf(shared_folder(tmp_path_factory)).lecture(10)


@pytest.fixture
def visit(chromium: Any, stack: Stack) -> Iterator[Callable[..., Visitor]]:
    """Return a function that gives somebody a browser of their own."""
    with visitors(chromium, stack.url) as begin:
        yield begin
