"""The course of one lecture: which it is in, and choosing another."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.kernel.errors import InvalidInput, StaleVersion
from app.library.courses import set_course
from app.library.models import Lecture
from app.studio.courses import find_course_of, list_courses_for
from app.studio.queries import find_editable_lecture
from app.web import access, edge
from app.web.http_errors import wants_json
from app.web.speech import speak, speak_all


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/studio/lectures/<public_id>/course", endpoint="lecture_course")
    @access.contributors
    def choose(public_id: str) -> ResponseReturnValue:
        return _show(_editable(public_id))

    @blueprint.post("/studio/lectures/<public_id>/course", endpoint="set_lecture_course")
    @access.contributors
    def put(public_id: str) -> ResponseReturnValue:
        chosen = request.form.get("course", "")
        version = request.form.get("version", 0, type=int)
        try:
            set_course(edge.session(), edge.current_actor(), public_id, chosen, expected_version=version)
        except InvalidInput as error:
            if wants_json():
                raise
            problems = speak_all(error.fields) or {"course": speak(error.message)}
            return _show(_editable(public_id), chosen=chosen, problems=problems), 422
        except StaleVersion:
            if wants_json():
                raise
            return _show(_editable(public_id), chosen=chosen, is_stale=True), 412
        flash(_("已经加入课程，排在最后。") if chosen else _("已经移出课程。"), "success")
        return redirect(url_for("studio.lecture", public_id=public_id), 303)


def _editable(public_id: str) -> Lecture:
    return find_editable_lecture(edge.session(), edge.current_actor(), public_id)


def _show(
    lecture: Lecture, *, chosen: str | None = None, problems: Mapping[str, str] | None = None, is_stale: bool = False
) -> str:
    current = find_course_of(edge.session(), lecture)
    options = list_courses_for(edge.session(), lecture)
    typed = next((each.title for each in options if each.public_id == chosen), _("不属于任何课程"))
    return render_template(
        "studio/lecture_course.html", lecture=lecture, current=current, options=options, problems=problems or {},
        chosen=chosen if chosen is not None else current.public_id if current is not None else "",
        is_stale=is_stale, typed=typed,
    )  # fmt: skip
