"""The officer's desk: who wants to join, and what institutions may use."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.joining import quotas
from app.joining.queries import Desk, Tray, list_applications
from app.joining.quotas import QuotaFields
from app.joining.views import words
from app.joining.views.inviting import invite_and_tell, typed_invitation
from app.kernel.errors import AppError, InvalidInput, StaleVersion
from app.kernel.ids import new_token
from app.web import access, edge
from app.web.speech import speak, speak_all


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/", endpoint="desk")
    @access.officers
    def desk() -> ResponseReturnValue:
        wanted = request.args.get("tray", "")
        tray = Tray(wanted) if wanted in set(Tray) else Tray.WAITING
        page = request.args.get("page", 1, type=int)
        found = list_applications(edge.session(), edge.current_actor(), tray=tray, page=page)
        return render_template(
            "joining/desk.html", found=found, tray=tray, tabs=_tabs(found, tray), words=words,
            type_names=words.type_names(), page_url=partial(_address, tray),
        )  # fmt: skip

    _register_institutions(blueprint)


def _register_institutions(blueprint: Blueprint) -> None:
    @blueprint.get("/institutions", endpoint="institutions")
    @access.officers
    def institutions() -> ResponseReturnValue:
        return _show_institutions()

    @blueprint.post("/institutions/<institution_id>/quota", endpoint="set_quota")
    @access.officers
    def set_quota(institution_id: str) -> ResponseReturnValue:
        expected = request.form.get("quota", 0, type=int)
        try:
            quotas.set_quota(
                edge.session(), edge.current_actor(), institution_id, typed_quota(), expected_id=expected
            )
        except (InvalidInput, StaleVersion) as error:
            edge.session().rollback()
            return _show_institutions(wrong=institution_id, error=error), error.status
        flash(_("额度已经改好，从现在起按新的额度算。"), "success")
        return redirect(url_for("joining.institutions", q=request.args.get("q") or None), 303)

    @blueprint.post("/institutions/<institution_id>/invitations", endpoint="invite_admin")
    @access.officers
    def invite_admin(institution_id: str) -> ResponseReturnValue:
        quotas.load_institution(edge.session(), edge.current_actor(), institution_id)
        try:
            link = invite_and_tell(institution_id, typed_invitation(key="institution_admin"))
        except InvalidInput as error:
            edge.session().rollback()
            return _show_institutions(wrong=institution_id, error=error), 422
        return _show_institutions(wrong=institution_id, link=link)


def typed_quota() -> QuotaFields:
    """Return what the form says of a quota."""
    form = request.form
    return QuotaFields(form.get("storage_gb", ""), form.get("monthly_hours", ""), form.get("quota_reason", ""))


def _address(tray: Tray, page: int = 1) -> str:
    return url_for("joining.desk", tray=tray.value, page=page if page > 1 else None)


def _tabs(found: Desk, tray: Tray) -> list[tuple[str, str, bool, int]]:
    labels = {Tray.WAITING: _("等我核实"), Tray.ASKED: _("等申请人补充"), Tray.DONE: _("已办结")}
    return [(_address(each), labels[each], each is tray, found.counts[each]) for each in Tray]


def _show_institutions(*, wrong: str = "", error: AppError | None = None, link: str = "") -> str:
    text = " ".join(request.args.get("q", "")[:100].split())
    page = request.args.get("page", 1, type=int)
    found = quotas.list_institutions(edge.session(), edge.current_actor(), text=text, page=page)
    problems: Mapping[str, str] = speak_all(error.fields) if isinstance(error, InvalidInput) else {}
    return render_template(
        "joining/institutions.html", found=found, text=text, words=words, wrong=wrong, problems=problems,
        problem=speak(error.message) if error is not None and not problems else "", typed=request.form, link=link,
        token=new_token(), page_url=partial(_list_address, text),
    )  # fmt: skip


def _list_address(text: str, page: int = 1) -> str:
    return url_for("joining.institutions", q=text or None, page=page if page > 1 else None)
