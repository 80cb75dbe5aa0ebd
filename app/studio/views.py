"""Pages of this room."""

from __future__ import annotations

from flask import Blueprint

from app.web import access


def create_blueprint() -> Blueprint:
    """Build the blueprint."""
    blueprint = Blueprint("studio", __name__, template_folder="templates")

    @blueprint.get("/studio/", endpoint="lectures")
    @access.public
    def lectures(**_values: str) -> str:
        return "lectures"

    @blueprint.get("/studio/lectures/new", endpoint="new_lecture")
    @access.public
    def new_lecture(**_values: str) -> str:
        return "new_lecture"

    @blueprint.get("/studio/lectures/<public_id>", endpoint="lecture")
    @access.public
    def lecture(**_values: str) -> str:
        return "lecture"
    return blueprint
