"""Pages of who is watching: `beacons` come in, `figures` are shown and exported, `certificates` issued and verified."""

from __future__ import annotations

from flask import Blueprint
from flask_limiter import Limiter

from app.watching.views import beacons, certificates, exports, figures, verifying


def create_blueprint(limiter: Limiter) -> Blueprint:
    """Build the blueprint."""
    blueprint = Blueprint("watching", __name__, template_folder="../templates")
    beacons.register(blueprint, limiter)
    figures.register(blueprint)
    exports.register(blueprint)
    certificates.register(blueprint)
    verifying.register(blueprint, limiter)
    return blueprint
