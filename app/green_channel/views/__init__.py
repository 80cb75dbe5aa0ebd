"""Pages of the green channel: `public` for everybody, `desk` for institutions, `officers` for the overview."""

from __future__ import annotations

from flask import Blueprint

from app.green_channel.views import desk, officers, public, words


def create_blueprint() -> Blueprint:
    """Build the blueprint."""
    blueprint = Blueprint("green_channel", __name__, url_prefix="/green-channel", template_folder="../templates")
    blueprint.app_template_global("green_words")(lambda: words)  # the studio's page names promises as well
    public.register(blueprint)
    desk.register(blueprint)
    officers.register(blueprint)
    return blueprint
