"""Public JSON reads."""

from __future__ import annotations

from flask import Blueprint


def create_blueprint() -> Blueprint:
    """Build the blueprint."""
    return Blueprint("api", __name__, url_prefix="/api/v1")
