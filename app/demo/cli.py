"""Commands of the demo."""

from __future__ import annotations

from flask.cli import AppGroup


def groups() -> list[AppGroup]:
    """Return the command groups of the demo."""
    return []
