"""Suggestions while somebody types, as JSON for the search box; the box works without it."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter

from app.asking.rules import rules
from app.asking.suggesting import suggest
from app.asking.views.counting import asked
from app.web import access, edge

MAX_TYPED = 40
KEPT_S = 120


def register(blueprint: Blueprint, limiter: Limiter, index_path: Path) -> None:
    """Add the route."""

    @blueprint.get("/suggest", endpoint="suggest")
    @limiter.limit(rules().suggest_per_address)
    @access.public
    def show() -> ResponseReturnValue:
        db, typed = edge.session(), request.args.get("q", "").strip()[:MAX_TYPED]
        popular, other_titles = asked().popular.texts(db), asked().other_titles
        if typed:
            every = suggest(db, index_path, typed, popular, other_titles, limit=rules().shown)
            found = [(each.text, each.kind) for each in every]
        else:
            found = [(text, "popular") for text in popular[: rules().popular_shown]]
        response = jsonify([{"text": text, "kind": kind} for text, kind in found])
        response.cache_control.public, response.cache_control.max_age = True, KEPT_S
        return response
