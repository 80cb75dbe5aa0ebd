"""One application at the officer's desk: papers, history, questions, the decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.joining import invitations, verification
from app.joining.models import ApplicantKind, Application, ApplicationState
from app.joining.queries import list_look_alikes
from app.joining.rulebook import rulebook
from app.joining.verification import load_application
from app.joining.views import letters, words
from app.joining.views.desk import typed_quota
from app.joining.views.inviting import tell
from app.joining.views.sending import send_paper
from app.kernel.errors import AppError, Conflict, InvalidInput, StaleVersion
from app.kernel.ids import new_token
from app.web import access, edge
from app.web.speech import speak, speak_all


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/applications/<application_id>", endpoint="case")
    @access.officers
    def case(application_id: str) -> ResponseReturnValue:
        return _show(_load(application_id))

    @blueprint.get("/applications/<application_id>/papers/<paper_id>", endpoint="paper")
    @access.officers
    def paper(application_id: str, paper_id: str) -> ResponseReturnValue:
        return send_paper(_load(application_id), paper_id)

    _register_words(blueprint)
    _register_acceptance(blueprint)


def _register_words(blueprint: Blueprint) -> None:
    @blueprint.post("/applications/<application_id>/ask", endpoint="ask")
    @access.officers
    def ask(application_id: str) -> ResponseReturnValue:
        asked = request.form.get("words", "")
        try:
            found = verification.ask(
                edge.session(), edge.current_actor(), application_id, asked, expected_version=_version()
            )
        except (InvalidInput, StaleVersion) as error:
            return _retry(application_id, error)
        return _done(found, _("问题已经发给申请人。"))

    @blueprint.post("/applications/<application_id>/refuse", endpoint="refuse")
    @access.officers
    def refuse(application_id: str) -> ResponseReturnValue:
        reason = request.form.get("reason", "")
        try:
            found = verification.refuse(
                edge.session(), edge.current_actor(), application_id, reason, expected_version=_version()
            )
        except (InvalidInput, StaleVersion) as error:
            return _retry(application_id, error)
        return _done(found, _("已记下：不通过。一小时内可以撤销。"))

    @blueprint.post("/applications/<application_id>/reopen", endpoint="reopen")
    @access.officers
    def reopen(application_id: str) -> ResponseReturnValue:
        verification.reopen(edge.session(), edge.current_actor(), application_id)
        flash(_("已经撤销，申请又在等待核实。"), "success")
        return redirect(url_for("joining.case", application_id=application_id), 303)


def _register_acceptance(blueprint: Blueprint) -> None:
    @blueprint.post("/applications/<application_id>/accept", endpoint="accept")
    @access.officers
    def accept(application_id: str) -> ResponseReturnValue:
        token = request.form.get("token", "")
        try:
            accepted = verification.accept(
                edge.session(), edge.current_actor(), application_id, quota=typed_quota(), token=token,
                expected_version=_version(),
            )  # fmt: skip
        except (InvalidInput, StaleVersion) as error:
            return _retry(application_id, error)
        link = tell(accepted.invitation, accepted.place, token)
        _write(accepted.application)
        # The link is shown here and nowhere else; a reload sends the same form and shows it again.
        return _show(_load(application_id), link=link)

    @blueprint.post("/applications/<application_id>/invitations", endpoint="invite_again")
    @access.officers
    def invite_again(application_id: str) -> ResponseReturnValue:
        db, token = edge.session(), request.form.get("token", "")
        application = _load(application_id)
        if application.state is not ApplicationState.ACCEPTED or invitations.is_claimed(db, application.id):
            raise Conflict("管理员账号已经建好，不用再发邀请。", code="already_claimed")
        new, place = verification.invitation_for(application), verification.place_of(db, application)
        invitation = invitations.put(db, place, new, token=token, by=edge.current_actor())
        return _show(application, link=tell(invitation, place, token))


def _load(application_id: str) -> Application:
    return load_application(edge.session(), edge.current_actor(), application_id)


def _version() -> int:
    return request.form.get("version", 0, type=int)


def _write(application: Application) -> None:
    settings = edge.platform().settings
    if settings.mail.is_configured:
        page = settings.app.base_url + url_for("join.application")
        letters.send_news(edge.session(), application, page=page, site_name=settings.site.name)


def _done(application: Application, sentence: str) -> ResponseReturnValue:
    _write(application)
    flash(sentence, "success")
    return redirect(url_for("joining.case", application_id=application.public_id), 303)


def _retry(application_id: str, error: AppError) -> ResponseReturnValue:
    edge.session().rollback()
    fields = speak_all(error.fields) if isinstance(error, InvalidInput) else {}
    problem = "" if fields else speak(error.message)
    return _show(_load(application_id), problems=fields, problem=problem, typed=request.form), error.status


def _show(
    application: Application, *, problems: Mapping[str, str] | None = None, problem: str = "",
    typed: Mapping[str, Any] | None = None, link: str = "",
) -> str:
    book, db = rulebook(), edge.session()
    is_accepted = application.state is ApplicationState.ACCEPTED
    return render_template(
        "joining/case.html", application=application, words=words, type_names=words.type_names(),
        look_alikes=list_look_alikes(db, application), problems=problems or {}, problem=problem,
        typed=typed or {"storage_gb": book.storage_gb, "monthly_hours": book.monthly_hours}, link=link,
        token=new_token() if not link else "", can_reopen=verification.can_reopen(application),
        is_institution=application.kind is ApplicantKind.INSTITUTION,
        is_claimed=is_accepted and invitations.is_claimed(db, application.id),
    )  # fmt: skip
