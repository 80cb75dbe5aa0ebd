"""Flask-Login's side of sessions: a cookie, or a program's header, carries a token that leads to an actor."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, Request
from flask_login import LoginManager, UserMixin

from app.accounts.models import Purpose
from app.accounts.queries import find_actor
from app.kernel.actor import Actor
from app.kernel.db import db
from app.web import access, edge


@dataclass(frozen=True, slots=True)
class SessionUser(UserMixin):
    """What Flask-Login carries through a request."""

    token: str
    actor: Actor

    def get_id(self) -> str:
        """Return the token: revoking its row signs this browser out, whatever its cookie says."""
        return self.token


def init_app(app: Flask) -> None:
    """Attach Flask-Login."""
    manager = LoginManager(app)
    # "strong" would sign out phones that change networks (the check hashes the address); tokens are revocable instead.
    manager.session_protection = None

    @manager.user_loader
    def load(token: str) -> SessionUser | None:
        required = edge.platform().settings.signin.second_factor_roles
        actor = find_actor(db.session(), token, second_factor_roles=required)
        return SessionUser(token, actor) if actor is not None else None

    @manager.request_loader
    def load_program(_request: Request) -> SessionUser | None:
        token = access.program_token()
        actor = find_actor(db.session(), token, Purpose.UPLOAD) if token else None
        return SessionUser(token, actor) if actor is not None else None
