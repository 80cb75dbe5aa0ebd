"""Access rules of routes: every view carries one, the edge asks it, the factory refuses views without.

A rule answers only "may this kind of actor call the route at all"; whether they may touch the thing behind it is the
service's question, with the policy functions of the capability.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, current_app, request
from flask_wtf import CSRFProtect

from app.kernel.actor import Actor
from app.kernel.errors import NotAuthenticated, NotPermitted

ViewT = TypeVar("ViewT", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class AccessRule:
    """A named question about the actor."""

    name: str
    allows: Callable[[Actor], bool]

    def __call__(self, view: ViewT) -> ViewT:
        """Attach the rule to a view (use as the innermost decorator)."""
        view.access_rule = self  # type: ignore[attr-defined]
        return view

    def check(self, actor: Actor) -> None:
        """Raise NotAuthenticated or NotPermitted when the actor does not pass."""
        if self.allows(actor):
            return
        if not actor.is_authenticated:
            raise NotAuthenticated(rule=self.name)
        raise NotPermitted(rule=self.name)


public = AccessRule("public", lambda _actor: True)
signed_in = AccessRule("signed_in", lambda actor: actor.is_authenticated)
contributors = AccessRule("contributors", lambda actor: actor.can_contribute)
reviewers = AccessRule("reviewers", lambda actor: actor.can_review)
curators = AccessRule("curators", lambda actor: actor.can_curate)
officers = AccessRule("officers", lambda actor: actor.is_officer)
#: Who makes lectures, or looks after those who do.
providers = AccessRule("providers", lambda actor: actor.can_contribute or actor.is_officer)
#: Who helps the people of an institution with their accounts.
keepers = AccessRule("keepers", lambda actor: actor.is_operator or bool(actor.institution_ids("institution_admin")))
operators = AccessRule("operators", lambda actor: actor.is_operator)


def manages_transactions(view: ViewT) -> ViewT:
    """Mark a view that opens its own units of work, because it streams or waits in between."""
    view.manages_transactions = True  # type: ignore[attr-defined]
    return view


def accepts_programs(view: ViewT) -> ViewT:
    """Mark a view that a program may call with a token of its own in the header Authorization."""
    view.accepts_programs = True  # type: ignore[attr-defined]
    return view


def without_form_token(view: ViewT) -> ViewT:
    """Mark a view a foreign page gains nothing by making a browser send: there is no token to ask for.

    Either its address is the permission, as a signed link in a mail, or nothing is done in the sender's name, as when a
    resident without a session watches.
    """
    view.needs_no_form_token = True  # type: ignore[attr-defined]
    return view


def program_token() -> str:
    """Return the token of a program that calls a view open to programs; empty for everybody else."""
    view = current_app.view_functions.get(request.endpoint or "")
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and hasattr(view, "accepts_programs") else ""


class ProgramAwareCsrf(CSRFProtect):
    """Asks browsers for the form's token, and not programs: no foreign page can make a browser send their header."""

    def protect(self, *, apply_exemptions: bool = False) -> None:
        """Check the request, unless a program makes it or its view needs no token."""
        view = current_app.view_functions.get(request.endpoint or "")
        if not program_token() and not hasattr(view, "needs_no_form_token"):
            super().protect(apply_exemptions=apply_exemptions)


def require_rules(app: Flask) -> None:
    """Refuse to start with a route nobody thought about.

    Raises:
        RuntimeError: naming every view without an access rule.
    """
    bare = sorted(name for name, view in app.view_functions.items() if not hasattr(view, "access_rule"))
    if bare:
        message = f"views without an access rule: {', '.join(bare)}"
        raise RuntimeError(message)
