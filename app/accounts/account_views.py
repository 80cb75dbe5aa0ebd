"""One's own account: password, mail address, ways to sign in."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_limiter import Limiter
from flask_login import current_user

from app.accounts import identities, links, second_factor, services, single_sign_on
from app.accounts.letters import House
from app.accounts.models import User
from app.accounts.password_views import redirect_home
from app.kernel.errors import InvalidInput, NotFound, Withdrawn
from app.web import access, edge
from app.web.speech import speak, speak_all


def _whose() -> str:
    return f"account|{edge.current_actor().user_id}"


def register(blueprint: Blueprint, limiter: Limiter, limit: str) -> None:
    """Add the routes; wrong passwords count against one limit together."""
    limited = limiter.shared_limit(
        limit, scope="account", key_func=_whose, deduct_when=lambda answer: answer.status_code == 422
    )
    blueprint.get("/account/", endpoint="security")(show)
    blueprint.post("/account/password", endpoint="change_password")(limited(change_password))
    blueprint.post("/account/mail", endpoint="change_mail")(limited(change_mail))
    blueprint.get("/account/mail/<token>", endpoint="mail_link")(show_mail_link)
    blueprint.post("/account/mail/<token>", endpoint="confirm_mail")(confirm_mail)
    blueprint.post("/account/others", endpoint="end_others")(end_others)


def house() -> House:
    """Return what mails about accounts are made with."""
    settings = edge.platform().settings
    return House(settings.app.base_url, settings.site.name)


@access.signed_in
def show() -> ResponseReturnValue:
    """Show the account."""
    return account_page()


def account_page(problems: Mapping[str, str] | None = None, *, about: str = "") -> str:
    """Draw the page; `problems` are those of the form named by `about`."""
    db, actor, settings = edge.session(), edge.current_actor(), edge.platform().settings
    user = db.get(User, actor.user_id)
    if user is None:
        raise NotFound(user_id=actor.user_id)
    required = settings.signin.second_factor_roles
    return render_template(
        "accounts/security.html", user=user, problems=problems or {}, about=about,
        can_mail=settings.mail.is_configured, typed_address=request.form.get("mail_address", user.mail_address or ""),
        is_code_on=second_factor.is_on(db, user.id), is_code_required=second_factor.is_required(db, user.id, required),
        codes_left=second_factor.codes_left(db, user.id), houses=single_sign_on.offered(settings.signin),
        linked=identities.linked_providers(db, user.id),
    )  # fmt: skip


def _refused(error: InvalidInput, about: str) -> ResponseReturnValue:
    edge.session().rollback()
    return account_page(speak_all(error.fields), about=about), 422


@access.signed_in
def change_password() -> ResponseReturnValue:
    """Set a new password; other browsers are signed out."""
    db, form = edge.session(), request.form
    try:
        if form.get("password", "") != form.get("again", ""):
            raise InvalidInput(fields={"again": "两次输入的不一样。"})
        services.change_password(
            db, edge.current_actor().user_id or 0, old=form.get("old_password", ""), new=form.get("password", ""),
            keep_token=current_user.token,
        )  # fmt: skip
    except InvalidInput as error:
        return _refused(error, "password")
    flash(_("密码改好了，其他地方的登录都已退出。"), "success")
    return redirect_home()


@access.signed_in
def change_mail() -> ResponseReturnValue:
    """Send a link to the new address, or do without one."""
    db, actor, form = edge.session(), edge.current_actor(), request.form
    try:
        if form.get("remove") == "y":
            links.remove_address(db, house(), actor, password=form.get("password", ""))
            flash(_("不再给您发邮件。"), "success")
            return redirect_home()
        address = links.ask_to_confirm(
            db, house(), actor, address=form.get("mail_address", ""), password=form.get("password", "")
        )
    except InvalidInput as error:
        return _refused(error, "mail")
    flash(_("确认邮件发到了 %(address)s，打开里面的链接就生效。", address=address), "success")
    return redirect_home()


@access.public
def show_mail_link(token: str) -> ResponseReturnValue:
    """Ask for one more click: programs that scan mails follow links, they press no buttons."""
    try:
        address = links.find_confirmation(edge.session(), token)
    except Withdrawn as error:
        return render_template("accounts/link_gone.html", why=speak(error.message)), 410
    return render_template("accounts/confirm_mail.html", token=token, address=address, is_done=False)


@access.public
def confirm_mail(token: str) -> ResponseReturnValue:
    """Take the address."""
    try:
        user = links.confirm_address(edge.session(), house(), token)
    except Withdrawn as error:
        return render_template("accounts/link_gone.html", why=speak(error.message)), 410
    return render_template("accounts/confirm_mail.html", token=token, address=user.mail_address, is_done=True)


@access.signed_in
def end_others() -> ResponseReturnValue:
    """Sign out everywhere but here."""
    links.end_sessions(edge.session(), edge.current_actor().user_id or 0, but_token=current_user.token)
    flash(_("其他地方的登录都已退出。"), "success")
    return redirect_home()
