"""Pages of this room."""

from __future__ import annotations

from flask import Blueprint

from app.web import access


def create_blueprint() -> Blueprint:
    """Build the blueprint."""
    blueprint = Blueprint("admin", __name__, template_folder="templates")

    @blueprint.get("/admin/", endpoint="overview")
    @access.public
    def overview(**_values: str) -> str:
        return "overview"
    return blueprint
