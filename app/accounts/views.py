"""Pages of signing in and out."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_limiter import Limiter
from flask_login import current_user, logout_user

from app.accounts import account_views, code_views, entering, password_views, services, single_sign_on
from app.accounts.forms import SignInForm
from app.kernel.errors import NotAuthenticated
from app.web import access, edge
from app.web.redirects import local_target
from app.web.speech import speak
from config.settings import Settings


def _who_tries() -> str:
    """Count attempts per account name and address: neither one guesser nor one shared hall address locks others out."""
    name = services.normalise_login(request.form.get("login", ""))
    return f"{request.remote_addr}|{name[:64]}"


def create_blueprint(limiter: Limiter, settings: Settings) -> Blueprint:
    """Build the blueprint; only refused attempts count against the limit.

    Whoever knows the password is never locked out by their own visits.
    """
    blueprint = Blueprint("accounts", __name__, template_folder="templates")
    limit = settings.web.sign_in_limit
    limited = limiter.limit(limit, key_func=_who_tries, deduct_when=lambda answer: answer.status_code == 401)
    blueprint.get("/sign-in", endpoint="sign_in")(show_sign_in)
    blueprint.post("/sign-in", endpoint="sign_in_submit")(limited(sign_in))
    blueprint.post("/sign-out", endpoint="sign_out")(sign_out)
    password_views.register(blueprint, limiter, settings.web.reset_limit)
    account_views.register(blueprint, limiter, limit)
    code_views.register(blueprint, limiter, limit)
    single_sign_on.register(blueprint, settings)
    return blueprint


@access.public
def show_sign_in() -> ResponseReturnValue:
    """Show the form, or go on when somebody is signed in already."""
    if edge.current_actor().is_authenticated:
        return redirect(local_target(request.args.get("next"), default=entering.home_of()))
    form = SignInForm(data={"next": request.args.get("next", "")})
    return _page(form)


@access.public
def sign_in() -> ResponseReturnValue:
    """Check name and password, open a session, go where the person was heading."""
    form = SignInForm()
    if not form.validate():
        return _page(form), 422
    try:
        user = services.check_password(edge.session(), form.login.data or "", form.password.data or "")
    except NotAuthenticated as error:
        form.password.errors = [*form.password.errors, speak(error.message)]
        return _page(form), 401
    return entering.go_on(user, form.next.data or "")


def _page(form: SignInForm) -> str:
    settings = edge.platform().settings
    houses = [
        (url_for(f"accounts.{name}", next=form.next.data or None), words)
        for name, words in single_sign_on.offered(settings.signin)
    ]
    return render_template("accounts/sign_in.html", form=form, houses=houses, can_mail=settings.mail.is_configured)


@access.signed_in
def sign_out() -> ResponseReturnValue:
    """Close the session for good, not only its cookie."""
    services.sign_out(edge.session(), current_user.token)
    logout_user()
    session.clear()
    flash(_("您已退出登录。"), "success")
    return redirect(url_for("catalogue.home"), 303)

