"""The applicant's own page, opened by the receipt: papers, questions and answers, what came of it.

The receipt travels in the query and in forms, never in a path, which logs keep.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.joining import applications, invitations
from app.joining.models import Application, ApplicationState
from app.joining.papers import paper_key, read_paper
from app.joining.rulebook import rulebook
from app.joining.views import words
from app.joining.views.apply import field_options, fields_of, typed_fields
from app.joining.views.sending import send_paper, storing
from app.kernel.db import reading, unit_of_work
from app.kernel.errors import AppError, Conflict, InvalidInput, NotFound, StaleVersion
from app.kernel.ids import new_public_id, new_token
from app.web import access, edge
from app.web.speech import speak, speak_all

_ROOM_FOR_FORM = 64 * 1024


def register(blueprint: Blueprint, guessing: Callable[[Any], Any]) -> None:
    """Add the routes."""

    @blueprint.url_value_preprocessor
    def allow_larger_forms(endpoint: str | None, _values: object) -> None:
        if endpoint == "join.add_paper":
            request.max_content_length = rulebook().paper_max_bytes + _ROOM_FOR_FORM

    @blueprint.after_request
    def keep_to_yourself(response: Any) -> Any:  # noqa: ANN401 - Flask's own
        response.headers["Cache-Control"] = "no-store"
        return response

    @blueprint.get("/join/application", endpoint="application")
    @guessing
    @access.public
    def application() -> ResponseReturnValue:
        typed = request.args.get("code", "")
        if not typed:
            return render_template("joining/receipt.html", problem="", typed="")
        try:
            found = applications.load_by_receipt(edge.session(), typed)
        except NotFound as error:
            return render_template("joining/receipt.html", problem=speak(error.message), typed=typed), 404
        return _show(found, typed)

    _register_papers(blueprint)
    _register_acts(blueprint)


def _code() -> str:
    return request.form.get("code", "")


def _register_papers(blueprint: Blueprint) -> None:
    @blueprint.post("/join/application/papers", endpoint="add_paper")
    @access.manages_transactions
    @access.public
    def add_paper() -> ResponseReturnValue:
        try:
            _keep_paper()
        except (Conflict, InvalidInput) as error:
            with reading() as db:
                return _refuse(applications.load_by_receipt(db, _code()), error)
        flash(_("材料已经附上。"), "success")
        return _back(anchor="papers")

    @blueprint.post("/join/application/papers/remove", endpoint="remove_paper")
    @access.public
    def remove_paper() -> ResponseReturnValue:
        applications.remove_paper(edge.session(), _code(), request.form.get("paper", ""))
        flash(_("材料已经删去。"), "success")
        return _back(anchor="papers")

    @blueprint.get("/join/application/paper", endpoint="own_paper")
    @access.public
    def own_paper() -> ResponseReturnValue:
        found = applications.load_by_receipt(edge.session(), request.args.get("code", ""))
        return send_paper(found, request.args.get("paper", ""))


def _keep_paper() -> None:
    sent = request.files.get("paper")
    if sent is None or not sent.filename:
        raise InvalidInput("请选择文件。", fields={"paper": "请选择文件。"})
    limit = rulebook().paper_max_bytes
    with closing(sent.stream) as stream:
        with reading() as db:
            application = applications.load_by_receipt(db, _code())
        if not application.state.is_open_to_applicant:
            raise Conflict("申请已经送出，审核期间不能改。", code="application_closed")
        checked = read_paper(stream.read(limit + 1), sent.filename, max_bytes=limit)
    paper_id = new_public_id()
    with storing():
        key = paper_key(application.public_id, paper_id, checked.kind)
        edge.platform().storage.put_bytes(key, checked.data, "application/octet-stream")
    with unit_of_work() as db:
        applications.add_paper(db, _code(), checked, paper_id=paper_id)


def _register_acts(blueprint: Blueprint) -> None:
    @blueprint.post("/join/application/details", endpoint="change")
    @access.public
    def change() -> ResponseReturnValue:
        version = request.form.get("version", 0, type=int)
        try:
            applications.change(edge.session(), _code(), typed_fields(), expected_version=version)
        except (InvalidInput, StaleVersion, Conflict) as error:
            return _retry(error, typed={name: request.form.get(name, "") for name in request.form})
        flash(_("已保存。"), "success")
        return _back()

    @blueprint.post("/join/application/submit", endpoint="submit")
    @access.public
    def submit() -> ResponseReturnValue:
        version = request.form.get("version", 0, type=int)
        said = request.form.get("words", "")
        try:
            applications.submit(edge.session(), _code(), words=said, expected_version=version)
        except (InvalidInput, StaleVersion, Conflict) as error:
            return _retry(error, answer=said)
        flash(_("已经送出。有了结果或者问题，都会写在这一页上。"), "success")
        return _back()

    _register_ends(blueprint)


def _register_ends(blueprint: Blueprint) -> None:
    @blueprint.get("/join/application/withdraw", endpoint="confirm_withdraw")
    @access.public
    def confirm_withdraw() -> ResponseReturnValue:
        code = request.args.get("code", "")
        applications.load_by_receipt(edge.session(), code)
        return render_template(
            "web/confirm.html", title=_("撤回申请？"), text=_("撤回以后不再核实，填的内容和材料几天后就会删除。"),
            action=url_for("join.withdraw"), confirm=_("撤回申请"), back=url_for("join.application", code=code),
            fields={"code": code},
        )  # fmt: skip

    @blueprint.post("/join/application/withdraw", endpoint="withdraw")
    @access.public
    def withdraw() -> ResponseReturnValue:
        applications.withdraw(edge.session(), _code())
        flash(_("申请已经撤回。"), "success")
        return _back()

    @blueprint.post("/join/application/claim", endpoint="claim")
    @access.public
    def claim() -> ResponseReturnValue:
        token = request.form.get("token", "")
        invitations.claim(edge.session(), _code(), token=token)
        return redirect(url_for("join.invitation", token=token), 303)


def _back(anchor: str | None = None) -> ResponseReturnValue:
    return redirect(url_for("join.application", code=applications.normalise_receipt(_code()), _anchor=anchor), 303)


def _retry(error: AppError, *, typed: Mapping[str, Any] | None = None, answer: str = "") -> ResponseReturnValue:
    edge.session().rollback()
    return _refuse(applications.load_by_receipt(edge.session(), _code()), error, typed=typed, answer=answer)


def _refuse(
    application: Application, error: AppError, *, typed: Mapping[str, Any] | None = None, answer: str = ""
) -> ResponseReturnValue:
    fields = speak_all(error.fields) if isinstance(error, InvalidInput) else {}
    problem = "" if fields else speak(error.message)
    return _show(application, _code(), problems=fields, problem=problem, typed=typed, answer=answer), error.status


def _show(
    application: Application, code: str, *, problems: Mapping[str, str] | None = None, problem: str = "",
    typed: Mapping[str, Any] | None = None, answer: str = "",
) -> str:
    receipt = applications.normalise_receipt(code)
    is_claimed = application.state is ApplicationState.ACCEPTED and invitations.is_claimed(
        edge.session(), application.id
    )
    return render_template(
        "joining/application.html", application=application, code=receipt, words=words, problems=problems or {},
        problem=problem, typed=typed or fields_of(application), is_typing=typed is not None, answer=answer,
        options=field_options() if application.state.is_open_to_applicant else {}, type_names=words.type_names(),
        papers_max=rulebook().papers_max, promise=words.said(rulebook().promise),
        token=new_token(), is_claimed=is_claimed,
        link=edge.platform().settings.app.base_url + url_for("join.application", code=receipt),
        is_mailed=edge.platform().settings.mail.is_configured and bool(application.person_email),
    )  # fmt: skip
