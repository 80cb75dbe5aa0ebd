"""Pages of this room."""

from __future__ import annotations

from flask import Blueprint

from app.web import access


def create_blueprint(index_path: object) -> Blueprint:
    """Build the blueprint."""
    blueprint = Blueprint("catalogue", __name__, template_folder="templates")

    @blueprint.get("/", endpoint="home")
    @access.public
    def home(**_values: str) -> str:
        return "home"

    @blueprint.get("/lectures", endpoint="browse")
    @access.public
    def browse(**_values: str) -> str:
        return "browse"

    @blueprint.get("/search", endpoint="search")
    @access.public
    def search(**_values: str) -> str:
        return "search"
    return blueprint
