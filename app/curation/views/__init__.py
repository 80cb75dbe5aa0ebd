"""Pages of the curation room: `desk` for the staff, `residents` for everybody, `paper` for printing."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint

from app.curation.views import desk, items, paper, residents


def create_blueprint(index_path: Path) -> Blueprint:
    """Build the blueprint over the index at `index_path`."""
    blueprint = Blueprint("curation", __name__, template_folder="../templates")
    residents.register(blueprint)
    paper.register(blueprint)
    desk.register(blueprint, index_path)
    items.register(blueprint)
    return blueprint
