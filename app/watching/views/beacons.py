"""Where players send their beacons: no form, no cookie, an empty answer."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter

from app.kernel.db import unit_of_work
from app.kernel.errors import NotPermitted
from app.watching.beacons import read_beacons
from app.watching.rules import is_bot, rules
from app.watching.services import take_beacons
from app.web import access, edge

_EMPTY: ResponseReturnValue = ("", 204, {"Cache-Control": "no-store"})


def register(blueprint: Blueprint, limiter: Limiter) -> None:
    """Add the route."""

    @blueprint.post("/plays", endpoint="take_beacons")
    @limiter.limit(rules().per_address)
    @access.without_form_token
    @access.manages_transactions
    @access.public
    def take() -> ResponseReturnValue:
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
            raise NotPermitted(code="foreign_page")
        request.max_content_length = rules().max_body_bytes
        beacons = read_beacons(request.get_data(cache=False))
        if is_bot(request.headers.get("User-Agent", "")):
            return _EMPTY
        actor = edge.current_actor()
        edge.session().rollback()  # looking up the actor may have begun a reading transaction
        with unit_of_work() as db:
            take_beacons(db, actor, beacons)
        return _EMPTY
