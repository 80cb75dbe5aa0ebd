"""Pages of courses: all of them, one with its lectures in order, and the course of one lecture."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.kernel.errors import Conflict, InvalidInput, NotFound, StaleVersion
from app.library import courses
from app.library.queries import list_institutions_of
from app.library.services import find_or_create_course
from app.studio.courses import CoursePage, get_course_page, list_courses
from app.studio.listing import StudioState
from app.studio.views.words import state_words
from app.web import access, edge
from app.web.http_errors import wants_json
from app.web.preferences import is_english
from app.web.speech import speak_all
from app.web.trouble import Trouble

_ONE = "/studio/courses/<course_id>"
#: What the page of a course explains beside what it concerns, instead of on an error page.
_EXPLAINED = (InvalidInput, StaleVersion, Conflict)


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/studio/courses", endpoint="courses")
    @access.contributors
    def show_all() -> ResponseReturnValue:
        return _show_all()

    @blueprint.post("/studio/courses", endpoint="create_course")
    @access.contributors
    def create() -> ResponseReturnValue:
        places = {each.public_id: each for each in list_institutions_of(edge.session(), edge.current_actor())}
        chosen, title = request.form.get("institution", ""), request.form.get("title", "")
        try:
            if chosen not in places:
                raise InvalidInput(fields={"institution": "请选择机构。"})
            course = find_or_create_course(edge.session(), edge.current_actor(), places[chosen].id, title)
        except InvalidInput as error:
            if wants_json():
                raise
            return _show_all({"title": title, "institution": chosen}, speak_all(error.fields)), 422
        return redirect(url_for("studio.course", course_id=course.public_id), 303)

    _register_one(blueprint)
    _register_lectures(blueprint)
    _register_end(blueprint)


def _show_all(typed: Mapping[str, str] | None = None, problems: Mapping[str, str] | None = None) -> str:
    text = " ".join(request.args.get("q", "")[:100].split())
    found = list_courses(edge.session(), edge.current_actor(), text=text, page=request.args.get("page", 1, type=int))
    return render_template(
        "studio/courses.html", found=found, text=text, typed=typed or {}, problems=problems or {},
        institutions=[
            (each.public_id, (each.name_en or each.name) if is_english() else each.name)
            for each in list_institutions_of(edge.session(), edge.current_actor())
        ],
        page_url=partial(_list_address, text),
    )


def _list_address(text: str, page: int) -> str:
    return url_for("studio.courses", q=text or None, page=page if page > 1 else None)


def _register_one(blueprint: Blueprint) -> None:
    @blueprint.get(_ONE, endpoint="course")
    @access.contributors
    def show(course_id: str) -> ResponseReturnValue:
        return _show(course_id)

    @blueprint.post(_ONE, endpoint="save_course")
    @access.contributors
    def save(course_id: str) -> ResponseReturnValue:
        typed = {name: request.form.get(name, "") for name in ("title", "description")}
        try:
            courses.edit_course(
                edge.session(), edge.current_actor(), course_id, **typed, expected_version=_version()
            )
        except _EXPLAINED as error:
            return _refused(course_id, Trouble(error, "words", typed))
        flash(_("课程已保存。"), "success")
        return _back(course_id)


def _register_lectures(blueprint: Blueprint) -> None:
    @blueprint.post(f"{_ONE}/move", endpoint="move_in_course")
    @access.contributors
    def move(course_id: str) -> ResponseReturnValue:
        lecture_id, to = request.form.get("lecture", ""), request.form.get("to", "")
        try:
            courses.move_lecture(
                edge.session(), edge.current_actor(), course_id, lecture_id, to=int(to) if to.isdecimal() else to,
                expected_version=_version(),
            )
        except (*_EXPLAINED, NotFound) as error:
            return _refused(course_id, Trouble(error))
        return _back(course_id, f"lecture-{lecture_id}")

    @blueprint.post(f"{_ONE}/take-out", endpoint="take_out_of_course")
    @access.contributors
    def take_out(course_id: str) -> ResponseReturnValue:
        lecture_id = request.form.get("lecture", "")
        try:
            courses.take_out(
                edge.session(), edge.current_actor(), course_id, lecture_id, expected_version=_version()
            )
        except _EXPLAINED as error:
            return _refused(course_id, Trouble(error))
        flash(_("已经移出这门课程，讲座本身没有变。"), "success")
        return _back(course_id, "lectures")

    @blueprint.post(f"{_ONE}/add", endpoint="add_to_course")
    @access.contributors
    def add(course_id: str) -> ResponseReturnValue:
        chosen = request.form.getlist("lecture")
        try:
            courses.add_lectures(
                edge.session(), edge.current_actor(), course_id, chosen, expected_version=_version()
            )
        except _EXPLAINED as error:
            return _refused(course_id, Trouble(error))
        words = ngettext("已经加入 %(num)s 讲，排在最后。", "已经加入 %(num)s 讲，排在最后。", len(set(chosen)))
        flash(words, "success")
        return _back(course_id, "lectures")


def _register_end(blueprint: Blueprint) -> None:
    @blueprint.get(f"{_ONE}/dissolve", endpoint="confirm_dissolve")
    @access.contributors
    def ask(course_id: str) -> ResponseReturnValue:
        page = get_course_page(edge.session(), edge.current_actor(), course_id)
        return render_template(
            "web/confirm.html", **dissolve_words(page), action=url_for("studio.dissolve_course", course_id=course_id),
            back=url_for("studio.course", course_id=course_id), fields={"version": page.course.version},
        )  # fmt: skip

    @blueprint.post(f"{_ONE}/dissolve", endpoint="dissolve_course")
    @access.contributors
    def dissolve(course_id: str) -> ResponseReturnValue:
        try:
            courses.dissolve_course(edge.session(), edge.current_actor(), course_id, expected_version=_version())
        except _EXPLAINED as error:
            return _refused(course_id, Trouble(error))
        flash(_("课程已经解散，讲座都还在“我的讲座”里。"), "success")
        return redirect(url_for("studio.courses"), 303)


def dissolve_words(page: CoursePage) -> dict[str, str]:
    """Return title, text and button of the question before a course ends; dialog and plain page ask the same."""
    stays = _("这门课程里有 %(count)s 讲。讲座都还在，网址不变，只是不再有“下一讲”。", count=len(page.lectures))
    return {
        "title": _("解散课程“%(title)s”？", title=page.course.title),
        "text": stays if page.lectures else _("这门课程里还没有讲座。"),
        "confirm": _("是的，解散"),
    }


def _version() -> int:
    """Return the version the person saw; 0, which never is one, when it is missing."""
    return request.form.get("version", 0, type=int)


def _back(course_id: str, anchor: str | None = None) -> ResponseReturnValue:
    kept: dict[str, Any] = {name: request.args[name] for name in ("q", "page") if request.args.get(name)}
    return redirect(url_for("studio.course", course_id=course_id, _anchor=anchor, **kept), 303)


def _refused(course_id: str, trouble: Trouble) -> ResponseReturnValue:
    if wants_json():
        raise trouble.error
    return _show(course_id, trouble), trouble.error.status


def _show(course_id: str, trouble: Trouble | None = None) -> str:
    text = " ".join(request.args.get("q", "")[:100].split())
    number = request.args.get("page", 1, type=int)
    page = get_course_page(edge.session(), edge.current_actor(), course_id, text=text, page=number)
    kept = {name: value for name, value in (("q", text), ("page", page.page)) if value not in {"", 1}}
    return render_template(
        "studio/course.html", page=page, course=page.course, text=text, trouble=trouble, kept=kept,
        state_badge=lambda lecture: state_words(StudioState(lecture.state.value)),
        page_url=partial(_find_address, course_id, text), dissolve_words=dissolve_words(page),
    )  # fmt: skip


def _find_address(course_id: str, text: str, page: int) -> str:
    return url_for(
        "studio.course", course_id=course_id, q=text or None, page=page if page > 1 else None, _anchor="add"
    )  # fmt: skip
