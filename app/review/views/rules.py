"""Pages of the operator: how many levels institutions need, and the negative list."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.kernel.errors import InvalidInput
from app.review import rules
from app.review.models import Severity
from app.review.rulebook import rulebook
from app.review.views import words
from app.web import access, edge
from app.web.speech import speak_all


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/rules", endpoint="rules")
    @access.operators
    def show() -> ResponseReturnValue:
        return _show_rules()

    @blueprint.post("/rules/<institution_id>", endpoint="save_rule")
    @access.operators
    def save(institution_id: str) -> ResponseReturnValue:
        form = request.form
        try:
            rules.set_rule(
                edge.session(), edge.current_actor(), institution_id, levels=form.get("levels", -1, type=int),
                reason=form.get("reason", ""),
            )  # fmt: skip
        except InvalidInput as error:
            edge.session().rollback()
            return _show_rules(problems=error.fields, wrong=institution_id), 422
        flash(_("已保存，从现在起送审的按新的级数审。"), "success")
        return redirect(url_for("review.rules"), 303)

    _register_words(blueprint)


def _register_words(blueprint: Blueprint) -> None:
    @blueprint.get("/words", endpoint="words")
    @access.operators
    def show() -> ResponseReturnValue:
        return _show_words()

    @blueprint.post("/words", endpoint="add_word")
    @access.operators
    def add() -> ResponseReturnValue:
        names = ("word", "category", "severity", "why")
        values = {name: request.form.get(name, "") for name in names}
        try:
            rules.add_term(edge.session(), edge.current_actor(), **values)
        except InvalidInput as error:
            edge.session().rollback()
            return _show_words(problems=error.fields), 422
        flash(_("已加入清单。"), "success")
        return redirect(url_for("review.words"), 303)

    @blueprint.post("/words/<int:term_id>/end", endpoint="end_word")
    @access.operators
    def end(term_id: int) -> ResponseReturnValue:
        rules.end_term(edge.session(), edge.current_actor(), term_id)
        flash(_("已停用；需要时再加一次就恢复。"), "success")
        return redirect(url_for("review.words"), 303)


def _show_rules(*, problems: Mapping[str, str] | None = None, wrong: str = "") -> str:
    return render_template(
        "review/rules.html", rows=rules.list_rules(edge.session()), book=rulebook(), words=words,
        problems=speak_all(problems or {}), wrong=wrong, typed=request.form,
    )  # fmt: skip


def _show_words(*, problems: Mapping[str, str] | None = None) -> str:
    severities = [(Severity.SOFT.value, _("要说明")), (Severity.HARD.value, _("不许用"))]
    return render_template(
        "review/words.html", terms=rules.list_terms(edge.session()), severities=severities,
        problems=speak_all(problems or {}), typed=request.form,
    )  # fmt: skip
