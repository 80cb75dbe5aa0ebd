"""From a proof of who somebody is to a signed-in browser, with the second factor between where one is needed.

What was proved so far waits in the signed session cookie for ten minutes; nobody is signed in by it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from flask import g, redirect, request, session, url_for
from flask_login import current_user, login_user
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select
from werkzeug import Response

from app.accounts import second_factor, services
from app.accounts.login import SessionUser
from app.accounts.models import User
from app.accounts.queries import find_actor
from app.accounts.seals import Seals
from app.accounts.second_factor import Need
from app.kernel.clock import utc_now
from app.kernel.db import db, unit_of_work
from app.kernel.errors import Conflict, NotFound
from app.web import edge
from app.web.redirects import local_target

PENDING: Final = "pending_sign_in"
PENDING_LASTS_S: Final = 600


def seals() -> Seals:
    """Return the seals of this installation."""
    return Seals(edge.platform().settings.app.secret_key.get_secret_value())


def go_on(user: User, next_address: str) -> Response:
    """Sign somebody in who proved one thing, or ask for the code first."""
    need = second_factor.need_of(edge.session(), user.id, edge.platform().settings.signin.second_factor_roles)
    if need is Need.NOTHING:
        return enter(user, next_address, has_second_factor=False)
    session.clear()  # nothing set before signing in survives it
    session[PENDING] = {"user": user.public_id, "next": next_address[:500], "at": utc_now().timestamp()}
    return redirect(url_for("accounts.code" if need is Need.CODE else "accounts.enrol_first"), 303)


def pending_user() -> tuple[User, str]:
    """Return who waits for a second factor in this browser, and where they were heading.

    Raises:
        Conflict: nobody does, or for too long.
    """
    waiting: dict[str, Any] = session.get(PENDING) or {}
    is_fresh = utc_now().timestamp() - float(waiting.get("at", 0)) < PENDING_LASTS_S
    found = select(User).where(User.public_id == waiting.get("user", ""), User.is_active.is_(True))
    user = edge.session().scalars(found).first() if is_fresh else None
    if user is None:
        raise Conflict("登录等得太久，请重新输入账号和密码。", code="sign_in_timed_out")
    return user, str(waiting.get("next", ""))


def enter(user: User, next_address: str, *, has_second_factor: bool) -> Response:
    """Open a session in this browser and go where the person was heading."""
    open_browser(user, has_second_factor=has_second_factor)
    return redirect(local_target(next_address, default=home_of()), 303)


def open_browser(user: User, *, has_second_factor: bool) -> None:
    """Open a session in this browser."""
    settings = edge.platform().settings
    lasts, browser = timedelta(days=settings.web.session_days), request.user_agent.string
    token = services.open_session(
        edge.session(), user, user_agent=browser, lasts=lasts, has_second_factor=has_second_factor
    )
    edge.session().flush()
    actor = find_actor(edge.session(), token, second_factor_roles=settings.signin.second_factor_roles)
    if actor is None:
        raise NotFound
    session.clear()  # nothing set before signing in survives it
    session.permanent = True
    login_user(SessionUser(token, actor))
    # Now, so that pages opened beside each other do not each make their own; `g` remembers the one before signing in.
    g.pop("csrf_token", None)
    generate_csrf()


def begin_enrolment(user_id: int) -> str:
    """Return the secret to scan, also while a page is only read: it counts for nothing before a code confirms it."""
    if request.method == "POST":  # a wrong code is shown again: the secret is there already
        return second_factor.begin(edge.session(), seals(), user_id)
    db.session.rollback()  # looking up the actor may have begun a reading transaction
    with unit_of_work() as session_:
        return second_factor.begin(session_, seals(), user_id)


def home_of() -> str:
    """Return where an actor works: the studio, the curation desk, or the home page."""
    actor = current_user.actor if current_user.is_authenticated else edge.current_actor()
    if actor.is_operator:
        return url_for("admin.overview")
    if actor.can_contribute:
        return url_for("studio.lectures")
    if actor.can_curate:
        return url_for("curation.desk")
    return url_for("catalogue.home")
