"""The chapters of a lecture: typed or uploaded lines, looked at before they are kept."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.kernel.errors import InvalidInput, StaleVersion
from app.studio import chapters
from app.studio.chapters import ChapterDraft
from app.studio.forms import ChapterForm
from app.studio.queries import find_own_lecture
from app.studio.views.lecture import show_lecture
from app.web import access, edge
from app.web.formats import clock
from app.web.http_errors import wants_json


def register(blueprint: Blueprint, *, max_upload_bytes: int) -> None:
    """Add the routes."""

    @blueprint.post("/studio/lectures/<public_id>/chapters", endpoint="save_chapters")
    @access.contributors
    def save(public_id: str) -> ResponseReturnValue:
        db, actor = edge.session(), edge.current_actor()
        text, base = "", request.form.get("base", "")
        try:
            text = _typed_or_uploaded(ChapterForm())
            if "preview" in request.form:
                draft = replace(chapters.try_chapters(db, actor, public_id, text), base=base)
                return show_lecture(public_id, max_upload_bytes, chapters=draft), 422 if draft.problems else 200
            chapters.save_chapters(db, actor, public_id, text, base=base)
        except InvalidInput as error:
            if wants_json():
                raise
            draft = ChapterDraft(text or request.form.get("chapters", ""), list(error.fields.values()), base=base)
            return show_lecture(public_id, max_upload_bytes, chapters=draft), 422
        except StaleVersion:
            if wants_json():
                raise
            return _show_clash(public_id, text), 412
        flash(_("章节已保存。"), "success")
        return redirect(url_for("studio.lecture", public_id=public_id, _anchor="chapters"), 303)


def _show_clash(public_id: str, text: str) -> str:
    """Show both, chapter by chapter; sending the lines again over the chapters of now is a decision."""
    db, actor = edge.session(), edge.current_actor()
    clash = chapters.compare_chapters(db, actor, public_id, text)
    return render_template(
        "studio/clash.html", lecture=find_own_lecture(db, actor, public_id),
        differences=[(clock(start_s), mine, theirs) for start_s, mine, theirs in clash.differences],
        mine=[("chapters", text), ("base", clash.base)],
        action=url_for("studio.save_chapters", public_id=public_id),
    )


def _typed_or_uploaded(form: ChapterForm) -> str:
    """Return the lines to read: a chosen file goes before what stands in the form."""
    form.validate()
    if form.chapters_file.data:
        return chapters.read_chapter_file(form.chapters_file.data.read())
    return (form.chapters.data or "").replace("\r\n", "\n")
