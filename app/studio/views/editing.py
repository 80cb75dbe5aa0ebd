"""Saying something about a lecture: the form for a new one, the form for an old one, and the page of a clash."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, flash, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.kernel.errors import InvalidInput, StaleVersion
from app.library import services as library
from app.library.models import CAPTION_LANGUAGES, Lecture
from app.library.pending import working_text
from app.library.queries import list_current_terms, list_institutions_of, list_terms
from app.library.services import LECTURE_SCHEMES
from app.library.sharing import get_institution, read_defaults
from app.studio import services
from app.studio.forms import LectureForm, NewLectureForm, lecture_values, split_tags
from app.studio.queries import find_editable_lecture
from app.studio.views.uploader import uploader_data
from app.web import access, edge
from app.web.http_errors import wants_json
from app.web.preferences import is_english

DEFAULT_CAPTION_LANGUAGE = "zh-CN"


def register(blueprint: Blueprint, *, max_upload_bytes: int) -> None:
    """Add the routes."""

    @blueprint.get("/studio/lectures/new", endpoint="new_lecture")
    @access.contributors
    def new() -> ResponseReturnValue:
        form = _new_form()
        if len(form.institution.choices) == 1:
            form.institution.data = form.institution.choices[0][0]
            _fill_in_defaults(form)
        form.resource_type.data = form.resource_type.data or "micro_course"
        return _show_new(form, max_upload_bytes)

    @blueprint.post("/studio/lectures/new", endpoint="create_lecture")
    @access.contributors
    def create() -> ResponseReturnValue:
        form = _new_form()
        try:
            if not form.validate():
                raise InvalidInput(fields={name: sentences[0] for name, sentences in form.errors.items() if name})
            lecture = _create(form)
        except InvalidInput as error:
            if wants_json():
                raise
            form.blame(error.fields)
            return _show_new(form, max_upload_bytes), 422
        address = url_for("studio.lecture", public_id=lecture.public_id)
        if wants_json():
            return jsonify(public_id=lecture.public_id, page_url=address), 201
        flash(_("草稿已保存。"), "success")
        return redirect(address, 303)

    _register_edit(blueprint)


def _register_edit(blueprint: Blueprint) -> None:
    @blueprint.get("/studio/lectures/<public_id>/edit", endpoint="edit_lecture")
    @access.contributors
    def edit(public_id: str) -> ResponseReturnValue:
        lecture = _editable(public_id)
        form = LectureForm(formdata=None, data=lecture_values(working_text(edge.session(), lecture), lecture.version))
        form.offer(list_current_terms(edge.session()), is_english=is_english())
        return render_template("studio/edit.html", form=form, lecture=lecture)

    @blueprint.post("/studio/lectures/<public_id>/edit", endpoint="save_lecture")
    @access.contributors
    def save(public_id: str) -> ResponseReturnValue:
        lecture = _editable(public_id)
        form = LectureForm()
        form.offer(list_current_terms(edge.session()), is_english=is_english())
        is_valid = form.validate()
        try:
            if is_valid:
                library.edit_lecture(
                    edge.session(), edge.current_actor(), public_id, form.fields(),
                    expected_version=form.expected_version(),
                )
        except InvalidInput as error:
            form.blame(error.fields)
            is_valid = False
            edge.session().rollback()  # what was tried must not reach the database with the next query
            lecture = _editable(public_id)
        except StaleVersion:
            return _show_clash(form, lecture), 412
        if not is_valid:
            return render_template("studio/edit.html", form=form, lecture=lecture), 422
        is_held = lecture.is_held
        flash(_("修改已保存，送审通过以后居民才看到。") if is_held else _("修改已保存。"), "success")
        return redirect(url_for("studio.lecture", public_id=public_id), 303)


def _new_form() -> NewLectureForm:
    form = NewLectureForm()
    form.offer(list_current_terms(edge.session()), is_english=is_english())
    institutions = list_institutions_of(edge.session(), edge.current_actor())
    form.institution.choices = [
        (each.public_id, (each.name_en or each.name) if is_english() else each.name) for each in institutions
    ]
    return form


def _fill_in_defaults(form: NewLectureForm) -> None:
    """Begin with what the institution's lectures usually say."""
    institution = get_institution(edge.session(), form.institution.data)
    fields = read_defaults(edge.session(), institution.id).fields
    form.teacher.data, form.tags.data = fields.teacher, "、".join(fields.tags)
    form.resource_type.data, form.licence.data = fields.resource_type, fields.licence
    for scheme in LECTURE_SCHEMES:
        form[scheme].data = [key for each, key in fields.terms if each == scheme]


def _show_new(form: NewLectureForm, max_upload_bytes: int) -> str:
    return render_template(
        "studio/new.html", form=form, max_upload_bytes=max_upload_bytes,
        uploader=uploader_data(max_upload_bytes, lecture_url=url_for("studio.create_lecture")),
    )


def _create(form: NewLectureForm) -> Lecture:
    institutions = {
        each.public_id: each.id for each in list_institutions_of(edge.session(), edge.current_actor())
    }
    if form.institution.data not in institutions:
        raise InvalidInput(fields={"institution": "请选择机构。"})
    language = read_defaults(edge.session(), institutions[form.institution.data]).fields.language
    fields = replace(form.fields(), language=language)
    # Read before anything is written, so that both kinds of mistakes are told at once where possible.
    caption = form.caption.data.read() if form.caption.data else b""
    webvtt = services.read_caption(caption, form.caption.data.filename or "") if caption else ""
    lecture = library.create_lecture(
        edge.session(), edge.current_actor(), institutions[form.institution.data], fields
    )
    if webvtt:
        library.set_caption(
            edge.session(), lecture, language=DEFAULT_CAPTION_LANGUAGE,
            label=CAPTION_LANGUAGES[DEFAULT_CAPTION_LANGUAGE], webvtt=webvtt,
        )
    return lecture


def _editable(public_id: str) -> Lecture:
    return find_editable_lecture(edge.session(), edge.current_actor(), public_id)


def _show_clash(form: LectureForm, lecture: Lecture) -> str:
    """Show both texts side by side; sending the form again with the new version is a decision, not an accident."""
    theirs = lecture_values(working_text(edge.session(), lecture), lecture.version)
    labels = {
        (term.scheme, term.key): term.label_en if is_english() else term.label_zh for term in list_terms(edge.session())
    }

    def words(name: str, value: object) -> str:
        if isinstance(value, list):
            chosen = [label for (scheme, key), label in labels.items() if scheme == name and key in value]
            return (", " if is_english() else "、").join(chosen)
        typed = str(value or "").replace("\r\n", "\n").strip()  # as browsers send it, as we keep it
        if name == "tags":
            typed = "、".join(dict.fromkeys(split_tags(typed)))
        return labels.get((name, typed), typed)

    differences = [
        (field.label.text, words(field.name, field.data), words(field.name, theirs[field.name]))
        for field in form
        if field.name in theirs.keys() - {"version"}
        and words(field.name, field.data) != words(field.name, theirs[field.name])
    ]
    mine = [
        (field.name, value)
        for field in form
        if field.name not in {"version", "csrf_token"}
        for value in (field.data if isinstance(field.data, list) else [field.data or ""])
    ]
    return render_template(
        "studio/clash.html", lecture=lecture, differences=differences, mine=[*mine, ("version", lecture.version)],
        action=url_for("studio.save_lecture", public_id=lecture.public_id),
    )
