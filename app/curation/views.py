"""Pages of this room."""

from __future__ import annotations

from flask import Blueprint

from app.web import access


def create_blueprint(index_path: object) -> Blueprint:
    """Build the blueprint."""
    blueprint = Blueprint("curation", __name__, template_folder="templates")

    @blueprint.get("/playlists/<public_id>", endpoint="playlist")
    @access.public
    def playlist(**_values: str) -> str:
        return "playlist"

    @blueprint.get("/playlists/<public_id>/play/<int:position>", endpoint="play")
    @access.public
    def play(**_values: str) -> str:
        return "play"

    @blueprint.get("/q/<code>", endpoint="short_link")
    @access.public
    def short_link(**_values: str) -> str:
        return "short_link"

    @blueprint.get("/desk/playlists", endpoint="desk")
    @access.public
    def desk(**_values: str) -> str:
        return "desk"
    return blueprint
