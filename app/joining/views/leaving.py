"""A member leaves: what there is to take over, by whom, one confirmed step, and back again."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.joining import handover, members
from app.joining.belongings import count_belongings
from app.joining.rulebook import rulebook
from app.joining.views import words
from app.kernel.errors import AppError, Conflict, InvalidInput
from app.web import access, edge
from app.web.speech import speak, speak_all


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/<place_id>/people/<person_id>/leave", endpoint="leaving")
    @access.signed_in
    def leaving(place_id: str, person_id: str) -> ResponseReturnValue:
        return _show(place_id, person_id)

    @blueprint.post("/<place_id>/people/<person_id>/leave", endpoint="leave")
    @access.signed_in
    def leave(place_id: str, person_id: str) -> ResponseReturnValue:
        db, actor = edge.session(), edge.current_actor()
        try:
            if "confirmed" not in request.form:
                raise InvalidInput(fields={"confirmed": "请先勾选确认。"})
            made = handover.hand_over(
                db, actor, place_id, person_id, to_person_id=request.form.get("to", ""),
                gives_roles="gives_roles" in request.form,
            )  # fmt: skip
        except (InvalidInput, Conflict) as error:
            db.rollback()
            return _show(place_id, person_id, error=error), error.status
        days = rulebook().handover_undo.days
        done = _("已经离开，工作已经交接。%(days)s 天内可以撤销。", days=days) if made else _("已经离开。")
        flash(done, "success")
        if person_id == actor.public_id:  # who has just left looks after nobody here any more
            return redirect(url_for("catalogue.home"), 303)
        return redirect(url_for("members.people", place_id=place_id), 303)

    @blueprint.post("/<place_id>/handovers/<handover_id>/undo", endpoint="undo")
    @access.signed_in
    def undo(place_id: str, handover_id: str) -> ResponseReturnValue:
        handover.undo(edge.session(), edge.current_actor(), place_id, handover_id)
        flash(_("交接已经撤销，人和工作都回来了。"), "success")
        return redirect(url_for("members.people", place_id=place_id), 303)


def _show(place_id: str, person_id: str, *, error: AppError | None = None) -> str:
    db = edge.session()
    place = members.manage(db, edge.current_actor(), place_id)
    member = members.get_member(db, place, person_id)
    problems = speak_all(error.fields) if isinstance(error, InvalidInput) else {}
    return render_template(
        "joining/leave.html", place=place, member=member, belongings=count_belongings(db, place, member.user_id),
        colleagues=handover.list_candidates(db, place, member), words=words, problems=problems,
        problem=speak(error.message) if error is not None and not problems else "", typed=request.form,
    )  # fmt: skip
