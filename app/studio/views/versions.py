"""The page 旧版本 of a lecture: its files one after another, downloads, going back, making room."""

from __future__ import annotations

from functools import partial

import structlog
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.kernel.errors import Conflict
from app.library.models import LectureState
from app.media.versions import Version, VersionState
from app.player.serving import serve_object
from app.studio import versions
from app.web import access, edge
from app.web.badges import Badge
from app.web.http_errors import wants_json
from app.web.speech import speak

log = structlog.get_logger(__name__)

_BASE = "/studio/lectures/<public_id>/versions"


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get(_BASE, endpoint="versions")
    @access.contributors
    def show(public_id: str) -> ResponseReturnValue:
        return _show(public_id)

    @blueprint.get(f"{_BASE}/<int:number>/file", endpoint="version_file")
    @access.contributors
    def download(public_id: str, number: int) -> ResponseReturnValue:
        source = versions.get_master(edge.session(), edge.current_actor(), public_id, number).source
        if not request.range:
            log.info("master_downloaded", lecture_id=source.lecture_id, source_id=source.id)
        storage = edge.platform().storage
        response = serve_object(storage, source.storage_key, is_public=False, download_name=source.filename)
        # Whatever was uploaded, browsers save it and never open it as a page of ours.
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response

    _register_restoring(blueprint)
    _register_dropping(blueprint)


def _register_restoring(blueprint: Blueprint) -> None:
    @blueprint.get(f"{_BASE}/<int:number>/restore", endpoint="confirm_restore")
    @access.contributors
    def ask(public_id: str, number: int) -> ResponseReturnValue:
        return _ask(public_id, number, "restore")

    @blueprint.post(f"{_BASE}/<int:number>/restore", endpoint="restore_version")
    @access.contributors
    def restore(public_id: str, number: int) -> ResponseReturnValue:
        try:
            lecture = versions.restore_version(edge.session(), edge.current_actor(), public_id, number)
        except Conflict as error:
            return _refused(public_id, error)
        words = _("已经换回第 %(number)s 版，正在准备。", number=number)
        if lecture.state is LectureState.PUBLISHED and lecture.is_held:
            words += _("和新文件一样，要送审并通过以后居民才看得到。")
        flash(words, "success")
        return redirect(url_for("studio.lecture", public_id=public_id), 303)


def _register_dropping(blueprint: Blueprint) -> None:
    @blueprint.get(f"{_BASE}/<int:number>/drop", endpoint="confirm_drop")
    @access.contributors
    def ask(public_id: str, number: int) -> ResponseReturnValue:
        return _ask(public_id, number, "drop")

    @blueprint.post(f"{_BASE}/<int:number>/drop", endpoint="drop_version")
    @access.contributors
    def drop(public_id: str, number: int) -> ResponseReturnValue:
        try:
            versions.drop_version(edge.session(), edge.current_actor(), public_id, number)
        except Conflict as error:
            return _refused(public_id, error)
        flash(_("第 %(number)s 版的原文件已经清除。", number=number), "success")
        return redirect(url_for("studio.versions", public_id=public_id), 303)


def _ask(public_id: str, number: int, act: str) -> ResponseReturnValue:
    lecture, version = versions.get_own_version(edge.session(), edge.current_actor(), public_id, number)
    is_possible = version.can_restore if act == "restore" else version.can_drop
    if not is_possible:
        return redirect(url_for("studio.versions", public_id=public_id), 303)
    return render_template("studio/version_confirm.html", lecture=lecture, version=version, act=act)


def _refused(public_id: str, error: Conflict) -> ResponseReturnValue:
    if wants_json():
        raise error
    return _show(public_id, problem=speak(error.message)), error.status


def _show(public_id: str, *, problem: str = "") -> str:
    page_number = request.args.get("page", 1, type=int)
    page = versions.get_versions_page(edge.session(), edge.current_actor(), public_id, page=page_number)
    media = edge.platform().settings.media
    return render_template(
        "studio/versions.html", page=page, lecture=page.lecture, problem=problem,
        state_badge=partial(state_badge, is_published=page.lecture.state is LectureState.PUBLISHED),
        kept_count=media.versions_kept, kept_days=round(media.versions_days),
        page_url=partial(_address, public_id),
    )  # fmt: skip


def _address(public_id: str, page: int) -> str:
    return url_for("studio.versions", public_id=public_id, page=page if page > 1 else None)


def state_badge(version: Version, *, is_published: bool) -> Badge:
    """Say what a version is to the lecture now."""
    return {
        VersionState.CURRENT: Badge(_("居民看的是这一版") if is_published else _("现在用的"), "good", "check"),
        VersionState.WAITING: Badge(_("等审核通过"), "busy", "clock"),
        VersionState.IN_THE_MAKING: Badge(_("正在处理"), "busy", "loader-circle"),
        VersionState.NOT_MADE: Badge(_("没有处理成功"), "bad", "circle-alert"),
        VersionState.OLD: Badge(_("旧版本"), "", "archive"),
    }[version.state]
