"""The pages of splitting a lecture into micro-courses: the choice, and what comes of it before it is done."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from app.kernel.errors import AppError, Conflict, InvalidInput, NotPermitted
from app.library import policies as library_policies
from app.studio import micro_courses
from app.studio.micro_courses import Choice, Split, choose_parts, get_split, grid_s, proposed
from app.studio.queries import find_own_lecture
from app.web import access, edge
from app.web.http_errors import wants_json
from app.web.speech import speak, speak_all


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/studio/lectures/<public_id>/split", endpoint="split")
    @access.contributors
    def show(public_id: str) -> ResponseReturnValue:
        split = _split(public_id)
        return _show_choice(split, proposed(split))

    @blueprint.post("/studio/lectures/<public_id>/split", endpoint="split_lecture")
    @access.contributors
    def choose(public_id: str) -> ResponseReturnValue:
        split, choice = _split(public_id), _choice()
        try:
            if "confirmed" not in request.form:
                _check(split)
                if "change" in request.form:
                    return _show_choice(split, choice)
                parts = choose_parts(split, choice)
                return render_template("studio/split_confirm.html", split=split, choice=choice, parts=parts)
            drafts = micro_courses.split_lecture(
                edge.session(), edge.current_actor(), public_id, choice, shape=request.form.get("shape", "")
            )
        except Conflict as error:
            return _refused(error, split, proposed(split))
        except InvalidInput as error:
            return _refused(error, split, choice)
        flash(
            ngettext(
                "已建立 %(num)s 个微课草稿，视频正在准备。", "已建立 %(num)s 个微课草稿，视频正在准备。", len(drafts)
            ),
            "success",
        )
        return redirect(url_for("studio.split", public_id=public_id), 303)


def _split(public_id: str) -> Split:
    lecture = find_own_lecture(edge.session(), edge.current_actor(), public_id)
    if not library_policies.can_edit_lecture(edge.current_actor(), lecture):
        raise NotPermitted(public_id=public_id)
    return get_split(edge.session(), lecture)


def _check(split: Split) -> None:
    """Refuse a choice that was made from other chapters; the service does so again when it is confirmed."""
    if request.form.get("shape", "") != split.shape:
        raise Conflict("章节或视频刚才改过了，请重新选一遍。", code="chapters_changed", lecture_id=split.lecture.id)


def _choice() -> Choice:
    titles = {
        int(number): value
        for name, value in request.form.items()
        if name.startswith("title-") and (number := name.removeprefix("title-")).isdecimal()
    }
    taken, joined = (set(request.form.getlist(name, type=int)) for name in ("take", "join"))
    return Choice(taken, joined, titles)


def _refused(error: AppError, split: Split, choice: Choice) -> ResponseReturnValue:
    if wants_json():
        raise error
    fields = error.fields if isinstance(error, InvalidInput) else {}
    problems = speak_all(fields) or {"": speak(error.message)}
    return _show_choice(split, choice, problems), error.status


def _show_choice(split: Split, choice: Choice, problems: dict[str, str] | None = None) -> str:
    return render_template("studio/split.html", split=split, choice=choice, problems=problems or {}, grid_s=grid_s())
