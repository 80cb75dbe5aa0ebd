"""Pages of asking: suggestions, wishes and their desk; the operator's words and popular queries."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint
from flask_limiter import Limiter

from app.asking.popular import Screen
from app.asking.views import desk, popular, suggest, wish, words


def create_blueprint(limiter: Limiter, index_path: Path, screen: Screen) -> Blueprint:
    """Build the blueprint.

    Args:
        limiter: counts by address.
        index_path: of the search index.
        screen: which texts must not be kept or offered.
    """
    blueprint = Blueprint("asking", __name__, template_folder="../templates")
    suggest.register(blueprint, limiter, index_path)
    wish.register(blueprint, limiter, screen)
    desk.register(blueprint)
    words.register(blueprint, index_path)
    popular.register(blueprint)
    return blueprint
