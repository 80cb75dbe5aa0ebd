"""The officer's list of units below, and inviting the person who answers for one."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.joining import appointing
from app.joining.places import place_of_unit
from app.joining.views import words
from app.joining.views.inviting import tell, typed_invitation
from app.kernel.errors import InvalidInput
from app.kernel.ids import new_token
from app.library.places import Unit
from app.web import access, edge
from app.web.speech import speak_all


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/units", endpoint="units")
    @access.officers
    def units() -> ResponseReturnValue:
        return _show()

    @blueprint.post("/units/<unit_id>/invitations", endpoint="appoint")
    @access.officers
    def appoint(unit_id: str) -> ResponseReturnValue:
        db, typed = edge.session(), typed_invitation()
        try:
            invitation = appointing.appoint(
                db, edge.current_actor(), unit_id, person_name=typed.person_name, email=typed.email, token=typed.token
            )
        except InvalidInput as error:
            db.rollback()
            return _show(wrong=unit_id, error=error), 422
        link = tell(invitation, place_of_unit(db.get_one(Unit, invitation.unit_id)), typed.token)
        return _show(wrong=unit_id, link=link)


def _show(*, wrong: str = "", error: InvalidInput | None = None, link: str = "") -> str:
    text = " ".join(request.args.get("q", "")[:100].split())
    page = request.args.get("page", 1, type=int)
    found = appointing.list_units(edge.session(), edge.current_actor(), text=text, page=page)
    return render_template(
        "joining/units.html", found=found, text=text, words=words, wrong=wrong, typed=request.form, link=link,
        problems=speak_all(error.fields) if error is not None else {}, token=new_token(),
        page_url=partial(_address, text),
    )  # fmt: skip


def _address(text: str, page: int = 1) -> str:
    return url_for("joining.units", q=text or None, page=page if page > 1 else None)
