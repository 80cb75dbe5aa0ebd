"""The sheet of a batch: out as `.xlsx`, in again with what is wrong row by row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.kernel.errors import AppError, InvalidInput
from app.studio.desk import queries, services, sheet_in, sheet_out
from app.studio.desk import rows as desk_rows
from app.studio.desk.cells import COLUMNS, write_cells
from app.studio.desk.models import Batch
from app.studio.desk.rows import CellProblem, RowChange, RowsRefused
from app.studio.views.desk import vocabulary
from app.web import access, edge
from app.web.speech import speak

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: More lines than these help nobody; the first ones are mended first.
_PROBLEMS_SHOWN = 100


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/studio/desk/<batch_id>/sheet.xlsx", endpoint="batch_sheet")
    @access.contributors
    def download(batch_id: str) -> ResponseReturnValue:
        db, actor = edge.session(), edge.current_actor()
        batch = queries.get_batch(db, actor, batch_id)
        words = vocabulary()
        rows = [
            sheet_out.SheetRow(row.lecture.public_id, row.lecture.version, row.path, write_cells(row.said, words))
            for row in queries.list_rows(db, actor, batch)
        ]
        response = Response(sheet_out.write_sheet(rows, words, speak), mimetype=_XLSX)
        name = quote(f"{batch.title}.xlsx", safe="")
        response.headers["Content-Disposition"] = f"attachment; filename=\"lectures.xlsx\"; filename*=UTF-8''{name}"
        response.headers["Cache-Control"] = "private, no-store"
        return response

    @blueprint.post("/studio/desk/<batch_id>/sheet", endpoint="import_sheet")
    @access.contributors
    def bring_in(batch_id: str) -> ResponseReturnValue:
        batch = queries.get_batch(edge.session(), edge.current_actor(), batch_id)
        sent = request.files.get("sheet")
        try:
            if sent is None or not sent.filename:
                raise InvalidInput("请先选择表格文件。", code="no_sheet")
            with closing(sent.stream) as stream:
                read = sheet_in.read_sheet(stream.read(sheet_in.FILE_MAX_BYTES + 1), speak)
        except AppError as error:
            return _show(batch, sentence=speak(error.message)), error.status
        return _take(batch, read.rows, read.problems, good_only=False)

    @blueprint.post("/studio/desk/<batch_id>/sheet/rows", endpoint="import_good_rows")
    @access.contributors
    def bring_in_good(batch_id: str) -> ResponseReturnValue:
        batch = queries.get_batch(edge.session(), edge.current_actor(), batch_id)
        return _take(batch, _kept_rows(request.form.get("rows", "")), (), good_only=True)


def _take(
    batch: Batch, rows: Sequence[RowChange], problems: Sequence[CellProblem], *, good_only: bool
) -> ResponseReturnValue:
    db, actor = edge.session(), edge.current_actor()
    try:
        with db.begin_nested():
            outcome = desk_rows.take_rows(
                db, actor, batch, rows, vocabulary(), before=problems, good_only=good_only
            )
    except RowsRefused as refused:
        return _show(batch, refused=refused), 422
    count = len(outcome.changed)
    if count:
        flash(ngettext("从表格改了 %(num)d 讲。", "从表格改了 %(num)d 讲。", count), "success")
    else:
        flash(_("表格里的内容和现在一样，没有改动。"), "info")
    return redirect(url_for("studio.batch", batch_id=batch.public_id), 303)


def _show(batch: Batch, *, sentence: str = "", refused: RowsRefused | None = None) -> str:
    labels = {column.name: speak(column.label) for column in COLUMNS}
    problems = refused.outcome.problems if refused else ()
    told = [
        (problem.line, labels.get(problem.column, ""), speak(problem.sentence))
        for problem in problems[:_PROBLEMS_SHOWN]
    ]
    good = refused.outcome.changed if refused else ()
    return render_template(
        "studio/batch_sheet.html", batch=batch, sentence=sentence, problems=told, problem_count=len(problems),
        wrong_rows=len({problem.line for problem in problems}), good_count=len(good), good_rows=_keep(good),
    )


def _keep(rows: Sequence[RowChange]) -> str:
    """Put rows into a form field; they are judged again when they come back."""
    return json.dumps([[row.line, row.lecture_id, row.version, dict(row.cells)] for row in rows], ensure_ascii=False)


def _kept_rows(text: str) -> list[RowChange]:
    try:
        kept: Any = json.loads(text)
        rows = [
            RowChange(int(line), str(lecture_id), int(version), {str(name): str(cells[name]) for name in cells})
            for line, lecture_id, version, cells in kept
        ]
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidInput(code="bad_rows") from error
    longest = max((len(text) for row in rows for text in row.cells.values()), default=0)
    if len(rows) > services.FILES_MAX or longest > sheet_in.CELL_MAX:
        raise InvalidInput(code="bad_rows")
    return rows
