"""The form with which an institution or a centre begins to join; nobody needs an account for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.joining import applications
from app.joining.fields import ApplicationFields
from app.joining.models import ApplicantKind, Application
from app.joining.rulebook import rulebook
from app.joining.views import words
from app.kernel.errors import InvalidInput
from app.web import access, edge
from app.web.speech import speak, speak_all

TEXTS = (
    "kind", "name", "type_key", "region_code", "credit_code", "public_phone", "person_name", "person_post",
    "person_phone", "person_email", "statement",
)  # fmt: skip


def register(blueprint: Blueprint, limited: Callable[[Any], Any]) -> None:
    """Add the routes."""

    @blueprint.get("/join", endpoint="apply")
    @access.public
    def show() -> ResponseReturnValue:
        return _show(applications.new_receipt(), {})

    @blueprint.post("/join", endpoint="begin")
    @limited
    @access.public
    def begin() -> ResponseReturnValue:
        receipt = request.form.get("receipt", "")
        try:
            applications.begin(edge.session(), receipt, typed_fields())
        except InvalidInput as error:
            edge.session().rollback()
            fresh = applications.normalise_receipt(receipt) or applications.new_receipt()
            problem = "" if error.fields else speak(error.message)
            return _show(fresh, error.fields, typed=asdict(typed_fields()), problem=problem), 422
        return redirect(url_for("join.application", code=receipt), 303)


def typed_fields() -> ApplicationFields:
    """Return what the form holds."""
    texts = {name: request.form.get(name, "") for name in TEXTS}
    return ApplicationFields(**texts, has_consented="consent" in request.form, has_promised="promise" in request.form)


def fields_of(application: Application) -> dict[str, Any]:
    """Return what was typed, for the form that changes it."""
    return {name: getattr(application, name) for name in TEXTS}


def field_options() -> dict[str, Any]:
    """Return what the form's lists offer."""
    hints = {
        ApplicantKind.INSTITUTION: _("学校、老年大学、图书馆、企业等，把课程放上来"),
        ApplicantKind.CENTRE: _("把课程编成播单，组织居民学习"),
    }
    kinds = [(kind.value, words.kind_words(kind), hints[kind]) for kind in ApplicantKind]
    return {"kinds": kinds, "types": words.type_options(), "regions": words.region_options()}


def _show(
    receipt: str, problems: Mapping[str, str], *, typed: Mapping[str, Any] | None = None, problem: str = ""
) -> str:
    book = rulebook()
    return render_template(
        "joining/apply.html", receipt=receipt, problems=speak_all(problems), problem=problem, typed=typed or {},
        options=field_options(), consent=words.said(book.consent), promise=words.said(book.promise),
    )  # fmt: skip
