"""The members of a place: who is one, invitations, roles, resting; and how much of the quota is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.joining import handover, invitations, members
from app.joining.places import Place, list_managed
from app.joining.quotas import get_allowance
from app.joining.views import words
from app.joining.views.inviting import invite_and_tell, typed_invitation
from app.kernel.errors import AppError, Conflict, InvalidInput, StaleVersion
from app.kernel.ids import new_token
from app.web import access, edge
from app.web.speech import speak, speak_all


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/", endpoint="places")
    @access.signed_in
    def places() -> ResponseReturnValue:
        found = list_managed(edge.session(), edge.current_actor())
        if len(found) == 1:
            return redirect(url_for("members.people", place_id=found[0].public_id), 303)
        return render_template("joining/places.html", places=found)

    @blueprint.get("/<place_id>", endpoint="people")
    @access.signed_in
    def people(place_id: str) -> ResponseReturnValue:
        return _show(_place(place_id))

    _register_invitations(blueprint)
    _register_members(blueprint)


def _place(place_id: str) -> Place:
    return members.manage(edge.session(), edge.current_actor(), place_id)


def _register_invitations(blueprint: Blueprint) -> None:
    @blueprint.post("/<place_id>/invitations", endpoint="invite")
    @access.signed_in
    def invite(place_id: str) -> ResponseReturnValue:
        place = _place(place_id)
        try:
            link = invite_and_tell(place_id, typed_invitation())
        except InvalidInput as error:
            edge.session().rollback()
            return _show(place, error=error, typed=request.form), 422
        return _show(place, link=link)

    @blueprint.get("/<place_id>/invitations/<invitation_id>/revoke", endpoint="confirm_revoke")
    @access.signed_in
    def ask(place_id: str, invitation_id: str) -> ResponseReturnValue:
        invitation = invitations.get_revocable(edge.session(), edge.current_actor(), place_id, invitation_id)
        return render_template(
            "web/confirm.html", **revoke_words(invitation.person_name),
            back=url_for("members.people", place_id=place_id),
            action=url_for("members.revoke", place_id=place_id, invitation_id=invitation_id),
        )

    @blueprint.post("/<place_id>/invitations/<invitation_id>/revoke", endpoint="revoke")
    @access.signed_in
    def revoke(place_id: str, invitation_id: str) -> ResponseReturnValue:
        invitations.revoke(edge.session(), edge.current_actor(), place_id, invitation_id)
        return _back(place_id, _("邀请已经撤销，链接不能再用了。"))


def revoke_words(person_name: str) -> dict[str, str]:
    """Return title, text and button of the question before an invitation is revoked; dialog and page ask the same."""
    return {
        "title": _("撤销给%(name)s的邀请？", name=person_name),
        "text": _("发出去的链接马上打不开，要请这个人得重新做一个。"),
        "confirm": _("是的，撤销"),
    }


def _register_members(blueprint: Blueprint) -> None:
    @blueprint.post("/<place_id>/people/<person_id>", endpoint="set_roles")
    @access.signed_in
    def set_roles(place_id: str, person_id: str) -> ResponseReturnValue:
        keys, seen = request.form.getlist("keys"), request.form.get("seen", "").split()
        try:
            members.set_keys(edge.session(), edge.current_actor(), place_id, person_id, keys, seen=seen)
        except (InvalidInput, StaleVersion, Conflict) as error:
            edge.session().rollback()
            return _show(_place(place_id), error=error, wrong=person_id, keys=keys), error.status
        return _back(place_id, _("角色已经改好，马上生效。"))

    @blueprint.post("/<place_id>/people/<person_id>/suspend", endpoint="suspend")
    @access.signed_in
    def suspend(place_id: str, person_id: str) -> ResponseReturnValue:
        try:
            members.suspend(edge.session(), edge.current_actor(), place_id, person_id)
        except Conflict as error:
            edge.session().rollback()
            return _show(_place(place_id), error=error, wrong=person_id), error.status
        return _back(place_id, _("已经停用，马上生效；课程都还在，随时可以恢复。"))

    @blueprint.post("/<place_id>/people/<person_id>/resume", endpoint="resume")
    @access.signed_in
    def resume(place_id: str, person_id: str) -> ResponseReturnValue:
        members.resume(edge.session(), edge.current_actor(), place_id, person_id)
        return _back(place_id, _("已经恢复。"))


def _back(place_id: str, sentence: str) -> ResponseReturnValue:
    flash(sentence, "success")
    return redirect(url_for("members.people", place_id=place_id), 303)


def _show(
    place: Place, *, error: AppError | None = None, typed: Mapping[str, Any] | None = None, link: str = "",
    wrong: str = "", keys: list[str] | None = None,
) -> str:
    db = edge.session()
    problems = speak_all(error.fields) if isinstance(error, InvalidInput) else {}
    return render_template(
        "joining/members.html", place=place, members=members.list_members(db, place), words=words,
        invitations=invitations.list_open(db, place), history=members.list_history(db, place),
        handovers=handover.list_handovers(db, place), typed=typed or {}, link=link, token=new_token(),
        allowance=get_allowance(db, place.institution_id) if place.institution_id is not None else None,
        problems=problems, problem=speak(error.message) if error is not None and not problems else "", wrong=wrong,
        chosen=keys, is_mailed=edge.platform().settings.mail.is_configured, revoke_words=revoke_words,
    )  # fmt: skip
