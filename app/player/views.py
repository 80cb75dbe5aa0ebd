"""Pages of this room."""

from __future__ import annotations

from flask import Blueprint

from app.web import access


def create_blueprint() -> Blueprint:
    """Build the blueprint."""
    blueprint = Blueprint("player", __name__, template_folder="templates")

    @blueprint.get("/lectures/<public_id>", endpoint="lecture")
    @access.public
    def lecture(**_values: str) -> str:
        return "lecture"

    @blueprint.get("/media/<digest>/<path:name>", endpoint="media")
    @access.public
    def media(**_values: str) -> str:
        return "media"
    return blueprint
