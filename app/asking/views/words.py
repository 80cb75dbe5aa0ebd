"""The operator's page of words for the search."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.asking import words
from app.asking.models import SearchWord
from app.kernel.errors import InvalidInput, StaleVersion
from app.kernel.ids import new_public_id
from app.web import access, edge
from app.web.speech import speak, speak_all

MAX_QUERY = 40


def register(blueprint: Blueprint, index_path: Path) -> None:
    """Add the routes."""
    _register_list(blueprint, index_path)
    _register_one(blueprint, index_path)
    _register_deleting(blueprint)


def _register_list(blueprint: Blueprint, index_path: Path) -> None:
    @blueprint.get("/admin/search-words", endpoint="words")
    @access.operators
    def show() -> ResponseReturnValue:
        return _list({"lines": "", "query": "", "key": new_public_id()}, {})

    @blueprint.post("/admin/search-words", endpoint="add_words")
    @access.operators
    def add() -> ResponseReturnValue:
        db, actor = edge.session(), edge.current_actor()
        typed = {name: request.form.get(name, "") for name in ("lines", "query", "key")}
        try:
            if "look" in request.form:
                return _list(typed, {}, trial=_trial(index_path, typed))
            count = words.add_words(db, actor, typed["lines"], key=typed["key"])
        except InvalidInput as error:
            db.rollback()
            return _list(typed, speak_all(error.fields) or {"lines-0": speak(error.message)}), 422
        flash(ngettext("加了 %(num)d 行，马上起作用。", "加了 %(num)d 行，马上起作用。", count), "success")
        return redirect(url_for("asking.words"), 303)


def _register_one(blueprint: Blueprint, index_path: Path) -> None:
    @blueprint.get("/admin/search-words/<int:word_id>", endpoint="word")
    @access.operators
    def show(word_id: int) -> ResponseReturnValue:
        row = words.get_word(edge.session(), edge.current_actor(), word_id)
        return _one(row, {"lines": str(words.line_of(row)), "query": ""}, {})

    @blueprint.post("/admin/search-words/<int:word_id>", endpoint="save_word")
    @access.operators
    def save(word_id: int) -> ResponseReturnValue:
        db, actor = edge.session(), edge.current_actor()
        typed = {name: request.form.get(name, "") for name in ("lines", "query")}
        version = request.form.get("version", 0, type=int)
        try:
            row = words.get_word(db, actor, word_id)
            if "look" in request.form:
                return _one(row, typed, {}, version=version, trial=_trial(index_path, typed, without=word_id))
            words.change_word(db, actor, word_id, typed["lines"], expected_version=version)
        except InvalidInput as error:
            db.rollback()
            return _one(words.get_word(db, actor, word_id), typed, speak_all(error.fields), version=version), 422
        except StaleVersion:
            db.rollback()
            # What was typed stays; what is kept now stands beside it, and sending again is a decision.
            return _one(words.get_word(db, actor, word_id), typed, {}, is_clash=True), 412
        flash(_("改好了，马上起作用。"), "success")
        return redirect(url_for("asking.words"), 303)


def _register_deleting(blueprint: Blueprint) -> None:
    @blueprint.post("/admin/search-words/<int:word_id>/delete", endpoint="delete_word")
    @access.operators
    def remove(word_id: int) -> ResponseReturnValue:
        words.set_deleted(edge.session(), edge.current_actor(), word_id, is_deleted=True)
        flash(_("删掉了。要恢复，请看下面“删掉的”。"), "success")
        return redirect(url_for("asking.words"), 303)

    @blueprint.post("/admin/search-words/<int:word_id>/restore", endpoint="restore_word")
    @access.operators
    def restore(word_id: int) -> ResponseReturnValue:
        words.set_deleted(edge.session(), edge.current_actor(), word_id, is_deleted=False)
        flash(_("恢复了，马上起作用。"), "success")
        return redirect(url_for("asking.words"), 303)


def _trial(index_path: Path, typed: dict[str, str], *, without: int | None = None) -> words.Trial:
    lines = words.checked_lines(typed["lines"])
    query = " ".join(typed["query"].split())[:MAX_QUERY] or lines[0].said[0]
    return words.try_out(edge.session(), index_path, query, lines, without=without)


def _list(typed: dict[str, str], problems: dict[str, str], *, trial: words.Trial | None = None) -> str:
    db = edge.session()
    return render_template(
        "asking/words.html", rows=[(row, str(words.line_of(row))) for row in words.list_words(db)],
        gone=[(row, str(words.line_of(row))) for row in words.list_words(db, deleted=True)],
        typed=typed, problems=list(problems.values()), trial=trial,
    )  # fmt: skip


def _one(
    row: SearchWord, typed: dict[str, str], problems: dict[str, str], *, version: int | None = None,
    trial: words.Trial | None = None, is_clash: bool = False,
) -> str:  # fmt: skip
    return render_template(
        "asking/word.html", row=row, kept=str(words.line_of(row)), typed=typed, problems=list(problems.values()),
        version=row.version if version is None else version, trial=trial, is_clash=is_clash,
    )  # fmt: skip
