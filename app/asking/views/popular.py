"""The operator's page of what is offered under an empty search box."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.asking import hidden
from app.kernel.errors import InvalidInput
from app.web import access, edge
from app.web.speech import speak_all


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/admin/popular-queries", endpoint="popular")
    @access.operators
    def show() -> ResponseReturnValue:
        return _page("", {})

    @blueprint.post("/admin/popular-queries", endpoint="hide_query")
    @access.operators
    def hide() -> ResponseReturnValue:
        text = request.form.get("text", "")
        try:
            row = hidden.hide_query(edge.session(), edge.current_actor(), text)
        except InvalidInput as error:
            edge.session().rollback()
            return _page(text, speak_all(error.fields)), 422
        flash(_("“%(text)s”不再出现在大家在搜里。要恢复，请看下面“不出现的”。", text=row.text), "success")
        return redirect(url_for("asking.popular"), 303)

    @blueprint.post("/admin/popular-queries/shown", endpoint="show_query")
    @access.operators
    def show_again() -> ResponseReturnValue:
        hidden.show_query(edge.session(), edge.current_actor(), request.form.get("text", ""))
        flash(_("恢复了，马上起作用。"), "success")
        return redirect(url_for("asking.popular"), 303)


def _page(text: str, problems: dict[str, str]) -> str:
    db, actor = edge.session(), edge.current_actor()
    return render_template(
        "asking/popular.html", offered=hidden.list_offered(db, actor), hidden=hidden.list_hidden(db, actor), text=text,
        problems=problems,
    )  # fmt: skip
