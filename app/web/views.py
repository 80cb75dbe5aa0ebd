"""Pages of the shell itself: reader preferences, about, accessibility statement, and the style guide in development."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from app.web import access, preferences
from app.web.navigation import link_if
from app.web.redirects import local_target
from app.web.styleguide import samples


def create_blueprint() -> Blueprint:
    """Build the blueprint `web`; it also brings the templates and macros every room uses."""
    blueprint = Blueprint("web", __name__, template_folder="templates")
    blueprint.record(_give_templates_links)
    blueprint.get("/preferences", endpoint="preferences")(show_preferences)
    blueprint.post("/preferences", endpoint="save_preferences")(save_preferences)
    blueprint.get("/about", endpoint="about")(about)
    blueprint.get("/accessibility", endpoint="accessibility")(accessibility)
    blueprint.get("/styleguide", endpoint="styleguide")(styleguide)
    blueprint.get("/livez", endpoint="livez")(livez)
    return blueprint


def _give_templates_links(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals.update(link_if=link_if)


@access.public
def show_preferences() -> ResponseReturnValue:
    """Offer mode, size of text, colours and language in big words."""
    return render_template(
        "web/preferences.html",
        next_address=local_target(request.args.get("next"), default="/"),
        sample=lambda kind, value, words: Markup('<span class="{}-sample is-{}">{}</span>').format(kind, value, words),
    )


@access.public
def save_preferences() -> ResponseReturnValue:
    """Keep the choices in the cookie and go back to where the reader came from."""
    chosen = preferences.current().changed(request.form.to_dict())
    response = redirect(local_target(request.form.get("next"), default="/"), 303)
    preferences.remember(response, chosen)
    flash(_("已经按您选的显示。"), "success")
    return response


@access.public
def about() -> ResponseReturnValue:
    """Say what this site is, who runs it and how to use it."""
    return render_template("web/about.html")


@access.public
def accessibility() -> ResponseReturnValue:
    """Say what works for whom, what does not yet, and whom to tell."""
    return render_template("web/accessibility.html")


@access.public
def styleguide() -> ResponseReturnValue:
    """Show every token and component with realistic content; only where the settings allow it."""
    if not current_app.config["STYLEGUIDE"]:
        abort(404)
    page = "web/styleguide_home.html" if request.args.get("page") == "home" else "web/styleguide.html"
    return render_template(page, **samples())


@access.public
def livez() -> ResponseReturnValue:
    """Answer that this process serves requests; asks nothing behind it."""
    return "ok\n", 200, {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
