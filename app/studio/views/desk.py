"""The batch desk: choosing files, the table of a batch, and what its script asks for."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.kernel.errors import InvalidInput, StaleVersion
from app.kernel.ids import new_token
from app.library import policies
from app.library.models import CAPTION_LANGUAGES
from app.library.pending import working_text
from app.library.places import Institution
from app.library.queries import list_current_terms, list_institutions_of
from app.review.rules import required_levels
from app.studio.desk import queries, services
from app.studio.desk import rows as desk_rows
from app.studio.desk.cells import COLUMN_NAMES, Vocabulary, write_cells
from app.studio.desk.models import Batch
from app.studio.desk.services import ChosenFile, CourseChoice, NewBatch
from app.studio.views.desk_words import batch_data, desk_words, row_data, state_data
from app.studio.views.uploader import uploader_data
from app.web import access, edge
from app.web.preferences import is_english
from app.web.speech import speak

#: Longer texts are no cell anybody typed.
_CELL_MAX = 8000


def vocabulary() -> Vocabulary:
    """Return this year's words in the reader's language."""
    names = {key: speak(name) for key, name in CAPTION_LANGUAGES.items()}
    return Vocabulary(list_current_terms(edge.session()), is_english=is_english(), language_names=names)


def register(blueprint: Blueprint, *, max_upload_bytes: int) -> None:
    """Add the routes."""

    @blueprint.get("/studio/desk", endpoint="desk")
    @access.contributors
    def choose() -> ResponseReturnValue:
        db, actor = edge.session(), edge.current_actor()
        institutions = list_institutions_of(db, actor)
        courses = queries.list_courses(db, [each.id for each in institutions])
        names = {each.id: each.public_id for each in institutions}
        return render_template(
            "studio/desk.html",
            institutions=[(each.public_id, _name(each)) for each in institutions],
            courses=[(course.public_id, course.title, names[course.institution_id]) for course in courses],
            batches=queries.list_batches(db, actor),
            with_defaults=[
                (each.public_id, _name(each)) for each in institutions if policies.can_set_defaults(actor, each.id)
            ],
            uploader=uploader_data(max_upload_bytes),
            desk={"create_url": url_for("studio.create_batch"), "key": new_token(), "words": desk_words()},
            max_upload_bytes=max_upload_bytes,
            files_max=services.FILES_MAX,
        )

    @blueprint.post("/studio/desk", endpoint="create_batch")
    @access.contributors
    def create() -> ResponseReturnValue:
        batch = services.create_batch(edge.session(), edge.current_actor(), _new_batch())
        return jsonify(public_id=batch.public_id, page_url=url_for("studio.batch", batch_id=batch.public_id)), 201

    @blueprint.get("/studio/desk/<batch_id>", endpoint="batch")
    @access.contributors
    def batch(batch_id: str) -> ResponseReturnValue:
        return show_batch(batch_id, max_upload_bytes)

    _register_rows(blueprint)


def show_batch(batch_id: str, max_upload_bytes: int) -> str:
    """Return the page of a batch."""
    db, actor = edge.session(), edge.current_actor()
    found = queries.get_batch(db, actor, batch_id)
    rows = queries.list_rows(db, actor, found)
    words = vocabulary()
    return render_template(
        "studio/batch.html", batch=found, needs_review=required_levels(db, found.institution_id) > 0,
        uploader=uploader_data(max_upload_bytes), desk=batch_data(found, rows, words),
    )


def _name(institution: Institution) -> str:
    return (institution.name_en or institution.name) if is_english() else institution.name


def _register_rows(blueprint: Blueprint) -> None:
    @blueprint.get("/studio/desk/<batch_id>/state", endpoint="batch_state")
    @access.contributors
    def state(batch_id: str) -> ResponseReturnValue:
        found = _batch(batch_id)
        rows = queries.list_rows(edge.session(), edge.current_actor(), found)
        response = jsonify(rows={row.lecture.public_id: state_data(row) for row in rows})
        response.headers["Cache-Control"] = "no-store"
        return response

    @blueprint.post("/studio/desk/<batch_id>/rows/<lecture_id>", endpoint="save_batch_row")
    @access.contributors
    def save(batch_id: str, lecture_id: str) -> ResponseReturnValue:
        db, actor = edge.session(), edge.current_actor()
        found = _batch(batch_id)
        desk_rows.row_of(db, found, lecture_id)
        version, cells = _row_cells()
        words = vocabulary()
        try:
            lecture = desk_rows.save_row(db, actor, lecture_id, cells, words, expected_version=version)
        except StaleVersion as error:
            db.rollback()
            lecture = queries.load_lecture(db, lecture_id)
            theirs = {"version": lecture.version, "cells": write_cells(working_text(db, lecture), words)}
            return jsonify(code=error.code, detail=_("别人刚刚改过这一行。"), **theirs), 412
        row = queries.list_rows(db, actor, found, lecture_id=lecture.public_id)[0]
        return jsonify(row_data(row, words))


def _batch(batch_id: str) -> Batch:
    return queries.get_batch(edge.session(), edge.current_actor(), batch_id)


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise InvalidInput(code="not_json")
    return body


def _row_cells() -> tuple[int, dict[str, str]]:
    body = _body()
    version, cells = body.get("version"), body.get("cells")
    if not isinstance(version, int) or not isinstance(cells, dict):
        raise InvalidInput(code="bad_row")
    if not all(isinstance(name, str) and isinstance(text, str) for name, text in cells.items()):
        raise InvalidInput(code="bad_row")
    sentence = _("这一格太长，最多 %(limit)d 个字。", limit=_CELL_MAX)
    too_long = {name: sentence for name, text in cells.items() if len(text) > _CELL_MAX}
    if too_long:
        raise InvalidInput(fields=too_long)
    return version, {name: text for name, text in cells.items() if name in COLUMN_NAMES}


def _new_batch() -> NewBatch:
    body = _body()
    institutions = {each.public_id: each.id for each in list_institutions_of(edge.session(), edge.current_actor())}
    institution = body.get("institution")
    if institution not in institutions:
        raise InvalidInput(fields={"institution": "请选择机构。"})
    files = body.get("files")
    if not isinstance(files, list):
        raise InvalidInput(code="bad_files")
    choice = body.get("choice", "none")
    if choice not in set(CourseChoice):
        raise InvalidInput(code="bad_choice")
    return NewBatch(
        key=str(body.get("key", "")), institution_id=institutions[institution], choice=CourseChoice(choice),
        course=str(body.get("course", "")), files=[_file(each) for each in files],
    )


def _file(told: object) -> ChosenFile:
    if not isinstance(told, dict) or not isinstance(told.get("path"), str):
        raise InvalidInput(code="bad_files")
    size = told.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size < 2**53:
        raise InvalidInput(code="bad_files")
    return ChosenFile(told["path"], size)
