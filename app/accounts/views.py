"""Pages of signing in and out."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_limiter import Limiter
from flask_login import current_user, login_user, logout_user

from app.accounts import services
from app.accounts.forms import SignInForm
from app.accounts.login import SessionUser
from app.accounts.queries import find_actor
from app.kernel.errors import NotAuthenticated, NotFound
from app.web import access, edge
from app.web.redirects import local_target
from app.web.speech import speak


def _who_tries() -> str:
    """Count attempts per account name and address: neither one guesser nor one shared hall address locks others out."""
    name = services.normalise_login(request.form.get("login", ""))
    return f"{request.remote_addr}|{name[:64]}"


def create_blueprint(limiter: Limiter, *, sign_in_limit: str) -> Blueprint:
    """Build the blueprint; only refused attempts count against the limit.

    Whoever knows the password is never locked out by their own visits.
    """
    blueprint = Blueprint("accounts", __name__, template_folder="templates")
    limited = limiter.limit(sign_in_limit, key_func=_who_tries, deduct_when=lambda answer: answer.status_code == 401)
    blueprint.get("/sign-in", endpoint="sign_in")(show_sign_in)
    blueprint.post("/sign-in", endpoint="sign_in_submit")(limited(sign_in))
    blueprint.post("/sign-out", endpoint="sign_out")(sign_out)
    return blueprint


@access.public
def show_sign_in() -> ResponseReturnValue:
    """Show the form, or go on when somebody is signed in already."""
    if edge.current_actor().is_authenticated:
        return redirect(local_target(request.args.get("next"), default=_home_of()))
    form = SignInForm(data={"next": request.args.get("next", "")})
    return render_template("accounts/sign_in.html", form=form)


@access.public
def sign_in() -> ResponseReturnValue:
    """Check name and password, open a session, go where the person was heading."""
    form = SignInForm()
    if not form.validate():
        return render_template("accounts/sign_in.html", form=form), 422
    db = edge.session()
    lasts = timedelta(days=edge.platform().settings.web.session_days)
    name, password, browser = form.login.data or "", form.password.data or "", request.user_agent.string
    try:
        signed_in = services.sign_in(db, name, password, user_agent=browser, lasts=lasts)
    except NotAuthenticated as error:
        form.password.errors = [*form.password.errors, speak(error.message)]
        return render_template("accounts/sign_in.html", form=form), 401
    db.flush()
    actor = find_actor(db, signed_in.token)
    if actor is None:
        raise NotFound
    session.clear()  # nothing set before signing in survives it
    session.permanent = True
    login_user(SessionUser(signed_in.token, actor))
    return redirect(local_target(form.next.data, default=_home_of()), 303)


@access.signed_in
def sign_out() -> ResponseReturnValue:
    """Close the session for good, not only its cookie."""
    services.sign_out(edge.session(), current_user.token)
    logout_user()
    session.clear()
    flash(_("您已退出登录。"), "success")
    return redirect(url_for("catalogue.home"), 303)


def _home_of() -> str:
    """Where an actor works: the studio, the curation desk, or the home page."""
    actor = current_user.actor if current_user.is_authenticated else edge.current_actor()
    if actor.is_operator:
        return url_for("admin.overview")
    if actor.can_contribute:
        return url_for("studio.lectures")
    if actor.can_curate:
        return url_for("curation.desk")
    return url_for("catalogue.home")
