"""The page an invitation opens: a new account, or the one somebody has already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.passwords import MIN_LENGTH
from app.joining import invitations
from app.joining.places import place_by_id
from app.joining.views import words
from app.kernel.errors import Conflict, InvalidInput, NotFound
from app.web import access, edge
from app.web.speech import speak, speak_all


def register(blueprint: Blueprint, guessing: Callable[[Any], Any]) -> None:
    """Add the routes."""

    @blueprint.get("/invitation", endpoint="invitation")
    @guessing
    @access.public
    def show() -> ResponseReturnValue:
        return _show(request.args.get("token", ""))

    @blueprint.post("/invitation", endpoint="accept_new")
    @guessing
    @access.public
    def accept_new() -> ResponseReturnValue:
        form, token = request.form, request.form.get("token", "")
        password = form.get("password", "")
        try:
            if password != form.get("again", ""):
                raise InvalidInput(fields={"again": "两次输入的密码不一样。"})
            user = invitations.accept_as_new(
                edge.session(), token, login=form.get("login", ""), display_name=form.get("display_name", ""),
                password=password,
            )  # fmt: skip
        except InvalidInput as error:
            edge.session().rollback()
            problems = error.fields or {"login": error.message}
            return _show(token, problems=problems, typed=form, status=422)
        except (NotFound, Conflict) as error:
            return _closed(error)
        flash(_("账号已经建好，请用账号 %(login)s 登录。", login=user.login), "success")
        return redirect(url_for("accounts.sign_in"), 303)

    @blueprint.post("/invitation/mine", endpoint="accept_mine")
    @access.signed_in
    def accept_mine() -> ResponseReturnValue:
        try:
            invitations.accept_as_myself(edge.session(), edge.current_actor(), request.form.get("token", ""))
        except (NotFound, Conflict) as error:
            return _closed(error)
        flash(_("已经加入。"), "success")
        return redirect(url_for("catalogue.home"), 303)


def _closed(error: NotFound | Conflict) -> ResponseReturnValue:
    return render_template("joining/invitation_closed.html", sentence=speak(error.message)), error.status


def _show(
    token: str, *, problems: Mapping[str, str] | None = None, typed: Mapping[str, Any] | None = None, status: int = 200
) -> ResponseReturnValue:
    db = edge.session()
    try:
        invitation = invitations.load_usable(db, token)
    except (NotFound, Conflict) as error:
        return _closed(error)
    place = place_by_id(db, invitation.institution_id, invitation.unit_id)
    key = "lead" if invitation.is_responsible and not place.is_institution else invitation.role.value
    return render_template(
        "joining/invitation.html", invitation=invitation, place=place, role=words.key_words(key), token=token,
        problems=speak_all(problems or {}), typed=typed or {}, password_least=MIN_LENGTH,
        sign_in_url=url_for("accounts.sign_in", next=url_for("join.invitation", token=token)),
    ), status  # fmt: skip
