"""The overview of officers: which institutions opened how much, and what keeps badges away."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.green_channel.overview import get_overview
from app.green_channel.views import words
from app.web import access, edge


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/overview", endpoint="overview")
    @access.officers
    def overview() -> ResponseReturnValue:
        found = get_overview(edge.session(), edge.current_actor())
        return render_template("green_channel/overview.html", found=found, words=words, names=words.promise_names())
