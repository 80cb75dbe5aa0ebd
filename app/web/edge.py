"""Where requests meet the application: actor, access rule, the one transaction, request id and log line.

Reading requests get a session that is rolled back; writing ones a unit of work that commits only when the view
answered below 400. Views marked `manages_transactions` open their own.
"""

from __future__ import annotations

import time
from typing import cast

import structlog
from flask import Flask, Response, current_app, g, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from app.kernel.actor import NOBODY, Actor
from app.kernel.db import db, unit_of_work
from app.kernel.ids import new_public_id
from app.kernel.platform import Platform
from app.web.access import AccessRule

log = structlog.get_logger(__name__)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: Asked so often, and saying so little, that lines of them would hide the others.
_NOT_LOGGED = frozenset(
    {"static", "player.media", "watching.take_beacons", "web.livez", "admin.healthz", "asking.suggest"}
)


class Refused(Exception):
    """Carries an error response out of the unit of work, so that it rolls back."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class LearningLibrary(Flask):
    """Flask whose dispatch wraps each view in access check and transaction."""

    def dispatch_request(self) -> ResponseReturnValue:
        """Check the route's access rule, then run the view inside its transaction."""
        rule = request.url_rule
        if request.routing_exception is not None or rule is None:
            return super().dispatch_request()
        view = self.view_functions[rule.endpoint]
        rule_of_view: AccessRule = view.access_rule  # type: ignore[union-attr]  # set by its rule
        rule_of_view.check(current_actor())
        if request.method in SAFE_METHODS or hasattr(view, "manages_transactions"):
            return super().dispatch_request()
        db.session.rollback()  # looking up the actor may have begun a reading transaction
        try:
            with unit_of_work():
                response = self.make_response(super().dispatch_request())
                if response.status_code >= 400:
                    raise Refused(response)
        except Refused as refused:
            return refused.response
        platform().wake()  # after the commit: whoever comes to look finds the row
        return response


def session() -> Session:
    """Return the session of this request."""
    return db.session()


def platform() -> Platform:
    """Return what the factory built."""
    return cast("Platform", current_app.extensions["platform"])


def current_actor() -> Actor:
    """Return who acts in this request; the public when nobody is signed in."""
    if "actor" not in g:
        g.actor = current_user.actor if current_user.is_authenticated else NOBODY
        structlog.contextvars.bind_contextvars(actor_id=g.actor.user_id)
    return cast("Actor", g.actor)


def request_id() -> str:
    """Return the id that error pages show and every log line of the request carries."""
    return cast("str", g.get("request_id", ""))


def _begin_request() -> None:
    g.request_id, g.began_at = new_public_id(16), time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end_request(response: Response) -> Response:
    response.headers["X-Request-ID"] = request_id()
    if request.endpoint not in _NOT_LOGGED:
        log.info(
            "request_finished",
            method=request.method,
            path=request.path,
            status=response.status_code,
            took_ms=round((time.perf_counter() - g.get("began_at", time.perf_counter())) * 1000, 1),
        )
    return response


def init_app(app: Flask) -> None:
    """Hook the edge into an app."""
    app.before_request(_begin_request)
    app.after_request(_end_request)
    app.context_processor(lambda: {"actor": current_actor() if _can_know_actor() else NOBODY})


def _can_know_actor() -> bool:
    """Return False on error pages shown because the database is away: they must not ask it again."""
    return "actor" in g or not g.get("database_failed", False)
