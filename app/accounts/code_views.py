"""Pages of the second factor: giving a code while signing in, setting a phone up, codes on paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import segno
from flask import Blueprint, flash, make_response, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_limiter import Limiter
from flask_login import current_user

from app.accounts import entering, second_factor, services
from app.accounts.models import User
from app.accounts.password_views import redirect_home
from app.kernel.errors import InvalidInput, NotFound
from app.web import access, edge
from app.web.redirects import local_target
from app.web.speech import speak_all


def _whose() -> str:
    """Count wrong codes per person, from wherever they come and however often sign-in is begun anew."""
    waiting = (session.get(entering.PENDING) or {}).get("user", "")
    return f"code|{waiting or edge.current_actor().public_id}"


def register(blueprint: Blueprint, limiter: Limiter, limit: str) -> None:
    """Add the routes; wrong codes count against one limit together."""
    limited = limiter.shared_limit(
        limit, scope="code", key_func=_whose, deduct_when=lambda answer: answer.status_code in {401, 422}
    )
    blueprint.get("/sign-in/code", endpoint="code")(show_code)
    blueprint.post("/sign-in/code", endpoint="give_code")(limited(give_code))
    blueprint.get("/sign-in/phone", endpoint="enrol_first")(show_enrol_first)
    blueprint.post("/sign-in/phone", endpoint="enrol_first_submit")(limited(enrol_first))
    blueprint.get("/account/phone", endpoint="enrol")(show_enrol)
    blueprint.post("/account/phone", endpoint="enrol_submit")(limited(enrol))
    blueprint.post("/account/phone/codes", endpoint="renew_codes")(limited(renew_codes))
    blueprint.post("/account/phone/off", endpoint="switch_off")(limited(switch_off))


@access.public
def show_code() -> ResponseReturnValue:
    """Ask for the code of whoever gave a right password a moment ago."""
    entering.pending_user()
    return render_template("accounts/code.html", problems={})


@access.public
def give_code() -> ResponseReturnValue:
    """Take the code and sign in."""
    user, next_address = entering.pending_user()
    try:
        second_factor.check(edge.session(), entering.seals(), user.id, request.form.get("code", ""))
    except InvalidInput as error:
        return render_template("accounts/code.html", problems=speak_all(error.fields)), 401
    return entering.enter(user, next_address, has_second_factor=True)


@access.public
@access.manages_transactions
def show_enrol_first() -> ResponseReturnValue:
    """Have somebody whose role asks for a code set a phone up before being let in."""
    user, _next = entering.pending_user()
    return _enrol_page(user, is_first=True)


@access.public
def enrol_first() -> ResponseReturnValue:
    """Take the first code, sign in, show the codes for paper once."""
    user, next_address = entering.pending_user()
    try:
        codes = second_factor.confirm(edge.session(), entering.seals(), user.id, request.form.get("code", ""))
    except InvalidInput as error:
        return _enrol_page(user, is_first=True, problems=speak_all(error.fields))
    entering.open_browser(user, has_second_factor=True)
    return _codes_page(codes, local_target(next_address, default=entering.home_of()))


@access.signed_in
@access.manages_transactions
def show_enrol() -> ResponseReturnValue:
    """Show the code to scan, or, with a phone set up, what can be done about it."""
    user = _me()
    if second_factor.is_on(edge.session(), user.id):
        return _phone_page(user)
    return _enrol_page(user, is_first=False)


@access.signed_in
def enrol() -> ResponseReturnValue:
    """Take the first code of one's own accord."""
    user, db = _me(), edge.session()
    try:
        codes = second_factor.confirm(
            db, entering.seals(), user.id, request.form.get("code", ""), keep_token=current_user.token
        )
    except InvalidInput as error:
        return _enrol_page(user, is_first=False, problems=speak_all(error.fields))
    services.note_second_factor(db, current_user.token)
    return _codes_page(codes, url_for("accounts.security"))


@access.signed_in
def renew_codes() -> ResponseReturnValue:
    """Show ten new codes for paper, once."""
    user = _me()
    try:
        codes = second_factor.renew_codes(edge.session(), entering.seals(), user.id, request.form.get("code", ""))
    except InvalidInput as error:
        return _phone_page(user, problems=speak_all(error.fields)), 422
    return _codes_page(codes, url_for("accounts.security"))


@access.signed_in
def switch_off() -> ResponseReturnValue:
    """Do without codes again, where no role asks for them."""
    user, required = _me(), edge.platform().settings.signin.second_factor_roles
    try:
        second_factor.switch_off(edge.session(), entering.seals(), user.id, request.form.get("code", ""), required)
    except InvalidInput as error:
        return _phone_page(user, problems=speak_all(error.fields)), 422
    flash(_("动态验证码已关闭。"), "success")
    return redirect_home()


def _me() -> User:
    user = edge.session().get(User, edge.current_actor().user_id)
    if user is None:
        raise NotFound
    return user


def _enrol_page(user: User, *, is_first: bool, problems: Mapping[str, str] | None = None) -> ResponseReturnValue:
    site_name, login = edge.platform().settings.site.name, user.login
    secret = entering.begin_enrolment(user.id)  # on a session of its own: the row is not to be asked afterwards
    address = second_factor.address_for_phone(secret, login=login, site_name=site_name)
    picture = segno.make(address, error="m").svg_data_uri(scale=5, border=2, light="#ffffff")
    key = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    page = render_template(
        "accounts/enrol.html", picture=picture, key=key, is_first=is_first, problems=problems or {}, login=login
    )
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    response.status_code = 422 if problems else 200
    return response


def _phone_page(user: User, problems: Mapping[str, str] | None = None) -> str:
    db, required = edge.session(), edge.platform().settings.signin.second_factor_roles
    return render_template(
        "accounts/phone.html", problems=problems or {}, codes_left=second_factor.codes_left(db, user.id),
        is_required=second_factor.is_required(db, user.id, required),
    )  # fmt: skip


def _codes_page(codes: Sequence[str], next_address: str) -> ResponseReturnValue:
    shown = ["-".join(code[start : start + 4] for start in range(0, len(code), 4)) for code in codes]
    response = make_response(render_template("accounts/recovery_codes.html", codes=shown, next_address=next_address))
    response.headers["Cache-Control"] = "no-store"
    return response
