"""Pages for people who forgot their password: asking for a link, using one, and handing one over by hand."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter

from app.accounts import links
from app.accounts.services import normalise_login
from app.kernel.errors import Conflict, InvalidInput, NotFound, Withdrawn
from app.web import access, edge
from app.web.speech import speak, speak_all

#: One address asks for so many people at most; a hall of teachers has one address.
PER_ADDRESS = "60 per hour"


def _whom() -> str:
    return f"reset|{request.remote_addr}|{normalise_login(request.form.get('name', ''))[:254]}"


def _where() -> str:
    return f"reset|{request.remote_addr}"


def register(blueprint: Blueprint, limiter: Limiter, limit: str) -> None:
    """Add the routes."""
    limited = limiter.limit(limit, key_func=_whom)(limiter.limit(PER_ADDRESS, key_func=_where)(ask))
    blueprint.get("/password/forgotten", endpoint="forgotten")(show_forgotten)
    blueprint.post("/password/forgotten", endpoint="ask_for_reset")(limited)
    blueprint.get("/password/new/<token>", endpoint="new_password")(show_new)
    blueprint.post("/password/new/<token>", endpoint="set_password")(set_new)
    blueprint.get("/password/give", endpoint="give")(show_give)
    blueprint.post("/password/give", endpoint="give_link")(give)


@access.public
def show_forgotten() -> ResponseReturnValue:
    """Ask for the account's name or address; say whom to ask where no mail can be sent."""
    return _forgotten(state="ask" if edge.platform().settings.mail.is_configured else "off")


@access.public
def ask() -> ResponseReturnValue:
    """Answer the same whoever is asked about."""
    if not edge.platform().settings.mail.is_configured:
        raise Conflict("本站还没有设置发邮件，请找本单位的管理员。", code="mail_not_configured")
    typed = request.form.get("name", "").strip()
    if not typed:
        return _forgotten(state="ask", problems={"name": speak("请填写账号或邮箱。")}), 422
    links.ask_for_reset(edge.session(), typed)
    return _forgotten(state="sent")


def _forgotten(*, state: str, problems: dict[str, str] | None = None) -> str:
    return render_template(
        "accounts/forgotten.html", state=state, problems=problems or {}, typed=request.form.get("name", "")
    )


@access.public
def show_new(token: str) -> ResponseReturnValue:
    """Show the form of a link that is good; looking uses nothing up, as mail scanners look too."""
    try:
        user = links.find_reset(edge.session(), token)
    except Withdrawn as error:
        return _gone(error)
    return _private(render_template("accounts/new_password.html", token=token, login=user.login, problems={}))


@access.public
def set_new(token: str) -> ResponseReturnValue:
    """Set the password; nobody is signed in by it, so that a second factor is still asked for."""
    db = edge.session()
    try:
        user = links.find_reset(db, token)
        new = request.form.get("password", "")
        if new != request.form.get("again", ""):
            raise InvalidInput(fields={"again": "两次输入的不一样。"})
        links.use_reset(db, token, new=new)
    except InvalidInput as error:
        problems, login = speak_all(error.fields), links.find_reset(db, token).login
        return render_template("accounts/new_password.html", token=token, login=login, problems=problems), 422
    except Withdrawn as error:
        return _gone(error)
    session.clear()
    return render_template("accounts/password_set.html", login=user.login)


def _gone(error: Withdrawn) -> ResponseReturnValue:
    return render_template("accounts/link_gone.html", why=speak(error.message)), 410


def _private(page: str) -> ResponseReturnValue:
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


@access.keepers
def show_give() -> ResponseReturnValue:
    """Ask whom the link is for."""
    return render_template("accounts/give_link.html", url="", user=None, problems={}, typed="")


@access.keepers
def give() -> ResponseReturnValue:
    """Show a link once, for an administrator to hand over."""
    typed = request.form.get("login", "")
    try:
        user, token = links.give_reset_link(edge.session(), edge.current_actor(), typed)
    except NotFound as error:
        problems = {"login": speak(error.message)}
        return render_template("accounts/give_link.html", url="", user=None, problems=problems, typed=typed), 422
    url = edge.platform().settings.app.base_url + url_for("accounts.new_password", token=token)
    page = render_template("accounts/give_link.html", url=url, user=user, problems={}, typed=typed)
    return _private(page)


def redirect_home() -> ResponseReturnValue:
    """Return to the account's page."""
    return redirect(url_for("accounts.security"), 303)
