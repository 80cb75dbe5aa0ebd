"""What new drafts of an institution say before anybody typed: one page for its admins."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.kernel.errors import InvalidInput, NotPermitted, StaleVersion
from app.library import policies as library_policies
from app.library.models import CAPTION_LANGUAGES
from app.library.places import Institution
from app.library.queries import list_current_terms
from app.library.services import LECTURE_SCHEMES
from app.library.sharing import Defaults, get_institution, read_defaults, set_defaults
from app.studio.forms import DefaultsForm
from app.web import access, edge
from app.web.preferences import is_english
from app.web.speech import speak


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/studio/institutions/<public_id>/defaults", endpoint="defaults")
    @access.contributors
    def show(public_id: str) -> ResponseReturnValue:
        institution = _own(public_id)
        kept = read_defaults(edge.session(), institution.id)
        form = DefaultsForm(formdata=None, data=values(kept) | {"version": str(kept.version)})
        return _page(institution, form)

    @blueprint.post("/studio/institutions/<public_id>/defaults", endpoint="save_defaults")
    @access.contributors
    def save(public_id: str) -> ResponseReturnValue:
        institution = _own(public_id)
        form = DefaultsForm()
        if not form.validate():
            return _page(institution, form), 422
        try:
            set_defaults(
                edge.session(), edge.current_actor(), institution.id, form.fields(),
                expected_version=form.version_read(),
            )
        except InvalidInput as error:
            form.blame(error.fields)
            return _page(institution, form), 422
        except StaleVersion:
            # What was typed stays; what is kept now stands beside it, and sending again is a decision.
            kept = read_defaults(edge.session(), institution.id)
            form.version.data = str(kept.version)
            return _page(institution, form, kept=kept), 412
        flash(_("默认值已保存，以后新建的讲座会用它们。"), "success")
        return redirect(url_for("studio.defaults", public_id=public_id), 303)


def _own(public_id: str) -> Institution:
    institution = get_institution(edge.session(), public_id)
    if not library_policies.can_set_defaults(edge.current_actor(), institution.id):
        raise NotPermitted(institution=public_id)
    return institution


def values(kept: Defaults) -> dict[str, Any]:
    """Return defaults as form values; also what the form for a new lecture begins with."""
    fields = kept.fields
    chosen = {scheme: [key for each, key in fields.terms if each == scheme] for scheme in LECTURE_SCHEMES}
    return {
        "teacher": fields.teacher, "tags": "、".join(fields.tags), "language": fields.language or "zh-CN",
        "resource_type": fields.resource_type, "licence": fields.licence, **chosen,
    }


def _page(institution: Institution, form: DefaultsForm, *, kept: Defaults | None = None) -> str:
    form.offer(list_current_terms(edge.session()), is_english=is_english())
    form.language.choices = [(key, speak(name)) for key, name in CAPTION_LANGUAGES.items()]
    theirs = []
    if kept is not None:
        labels = {(field.name, key): label for field in form if getattr(field, "choices", None)
                  for key, label in field.choices}  # fmt: skip
        for name, value in values(kept).items():
            keys = value if isinstance(value, list) else [value]
            theirs.append((form[name].label.text, "、".join(str(labels.get((name, key), key)) for key in keys) or "—"))
    return render_template("studio/defaults.html", institution=institution, form=form, theirs=theirs)
