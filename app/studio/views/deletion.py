"""Deleting drafts: which ones, what goes with them, and bringing them back for ten minutes."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.kernel.errors import Conflict, InvalidInput
from app.studio import deletion
from app.studio.allowance import QuotaReached
from app.studio.deletion import Draft
from app.studio.desk.queries import get_batch
from app.studio.queries import find_editable_lecture
from app.web import access, edge
from app.web.http_errors import wants_json
from app.web.speech import speak

#: Lectures one address may name.
_NAMED_MAX = 60


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/studio/deletion", endpoint="deletion")
    @access.contributors
    def ask() -> ResponseReturnValue:
        return _ask()

    @blueprint.post("/studio/deletion", endpoint="delete_drafts")
    @access.contributors
    def delete() -> ResponseReturnValue:
        chosen = request.form.getlist("lecture")
        try:
            deleted = deletion.delete_drafts(edge.session(), edge.current_actor(), chosen)
        except (InvalidInput, Conflict) as error:
            if wants_json():
                raise
            edge.session().rollback()  # all or none: the first ones of the list are as they were
            return _ask(speak(error.message)), error.status
        words = ngettext("已删除 %(num)s 讲，十分钟内可以取回。", "已删除 %(num)s 讲，十分钟内可以取回。", len(deleted))
        flash(words, "success")
        return redirect(url_for("studio.deleted_drafts"), 303)

    _register_deleted(blueprint)


def _register_deleted(blueprint: Blueprint) -> None:
    @blueprint.get("/studio/deleted", endpoint="deleted_drafts")
    @access.contributors
    def deleted() -> ResponseReturnValue:
        return _show_deleted()

    @blueprint.post("/studio/deleted", endpoint="restore_drafts")
    @access.contributors
    def restore() -> ResponseReturnValue:
        chosen = request.form.getlist("lecture")
        try:
            back = deletion.restore_drafts(edge.session(), edge.current_actor(), chosen)
        except (InvalidInput, Conflict, QuotaReached) as error:
            if wants_json():
                raise
            edge.session().rollback()
            return _show_deleted(speak(error.message)), error.status
        flash(ngettext("取回了 %(num)s 讲草稿。", "取回了 %(num)s 讲草稿。", len(back)), "success")
        if len(back) == 1:
            return redirect(url_for("studio.lecture", public_id=back[0].public_id), 303)
        return redirect(url_for("studio.lectures"), 303)


def _ask(problem: str = "") -> str:
    db, actor = edge.session(), edge.current_actor()
    named, batch_id = request.args.getlist("lecture")[:_NAMED_MAX], request.args.get("batch", "")
    for each in named:
        find_editable_lecture(db, actor, each)
    batch = get_batch(db, actor, batch_id) if batch_id else None
    drafts = deletion.list_drafts(db, actor, batch=batch, public_ids=named)
    ticked = set(request.form.getlist("lecture")) or set(named)
    if request.args.get("all") == "1":
        ticked = {draft.lecture.public_id for draft in drafts}
    return render_template(
        "studio/deletion.html", drafts=drafts, batch=batch, named=named, ticked=ticked, what_goes=what_goes,
        problem=problem, shows_institution=len({draft.lecture.institution_id for draft in drafts}) > 1,
    )  # fmt: skip


def what_goes(draft: Draft) -> list[str]:
    """Say what would go with a draft, beside its title and introduction."""
    return [
        words
        for is_there, words in (
            (draft.captions, ngettext("%(num)s 种语言的字幕", "%(num)s 种语言的字幕", draft.captions)),
            (draft.chapters, ngettext("%(num)s 个章节", "%(num)s 个章节", draft.chapters)),
            (draft.handouts, ngettext("%(num)s 个讲义", "%(num)s 个讲义", draft.handouts)),
            (draft.is_on_its_way, _("正在上传的文件")),
        )
        if is_there
    ]


def _show_deleted(problem: str = "") -> str:
    lectures = deletion.list_deleted(edge.session(), edge.current_actor())
    return render_template(
        "studio/deleted.html", lectures=lectures, problem=problem, until=_until,
    )


def _until(deleted_at: datetime) -> datetime:
    return deleted_at + deletion.undo_lasts()
