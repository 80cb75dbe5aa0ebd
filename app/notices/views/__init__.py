"""Pages of notices: the bell and its list, what is sent how, and stopping mail without signing in."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, g
from flask.blueprints import BlueprintSetupState

from app.notices.letters import Letterhead
from app.notices.queries import count_unread
from app.notices.views import inbox, settings, stop
from app.web import edge


def create_blueprint(head: Letterhead) -> Blueprint:
    """Build the blueprint; it also gives the shell's bell its number."""
    blueprint = Blueprint("notices", __name__, template_folder="../templates", url_prefix="/notices")
    blueprint.record(_give_templates_the_bell)
    inbox.register(blueprint)
    settings.register(blueprint)
    stop.register(blueprint, head)
    return blueprint


def _give_templates_the_bell(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals["unread_notices"] = unread_notices


def unread_notices() -> int:
    """Return how many unread notices the actor of this request has; asked for once a request."""
    if g.get("database_failed", False):
        return 0  # the page that says so must not ask again
    if "unread_notices" not in g:
        g.unread_notices = count_unread(edge.session(), edge.current_actor())
    return cast("int", g.unread_notices)
