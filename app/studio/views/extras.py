"""What stands beside a lecture: its own cover, handouts, the institutions it was made with."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from app.kernel.db import reading, unit_of_work
from app.kernel.errors import AppError, InvalidInput, NotPermitted, StaleVersion, Unavailable
from app.library import pending
from app.library import policies as library_policies
from app.library.beside import beside_of
from app.library.sharing import CO_OWNERS_MAX, list_co_owners, set_co_owners
from app.media import files_beside
from app.media.queries import current_set, poster_path
from app.studio.desk.cells import LIST_MARK, split_list
from app.studio.queries import find_own_lecture
from app.web import access, edge
from app.web.speech import speak, speak_all
from media_pipeline.ports import StorageFull, StorageUnavailable

_ROOM_FOR_FORM = 64 * 1024
#: What the form beside may hold, by endpoint: larger than the application's limit for forms.
_LIMITS = {
    "studio.set_cover": files_beside.COVER_MAX_BYTES + _ROOM_FOR_FORM,
    "studio.add_attachment": files_beside.ATTACHMENT_MAX_BYTES + _ROOM_FOR_FORM,
}


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.url_value_preprocessor
    def allow_larger_forms(endpoint: str | None, _values: object) -> None:
        if endpoint in _LIMITS and request.method == "POST":
            request.max_content_length = _LIMITS[endpoint]

    @blueprint.get("/studio/lectures/<public_id>/extras", endpoint="extras")
    @access.contributors
    def extras(public_id: str) -> ResponseReturnValue:
        return show_extras(public_id)

    _register_cover(blueprint)
    _register_attachments(blueprint)

    @blueprint.post("/studio/lectures/<public_id>/co-owners", endpoint="set_co_owners")
    @access.contributors
    def co_owners(public_id: str) -> ResponseReturnValue:
        typed = request.form.get("co_owners", "")
        try:
            set_co_owners(
                edge.session(), edge.current_actor(), public_id, split_list(typed),
                expected_version=request.form.get("version", 0, type=int),
            )
        except (InvalidInput, StaleVersion) as error:
            edge.session().rollback()
            return show_extras(public_id, error=error, typed_co_owners=typed), error.status
        return _back(public_id, _("共建机构已保存。"))


def show_extras(public_id: str, *, error: AppError | None = None, typed_co_owners: str | None = None) -> str:
    """Return the page, with what went wrong beside its field."""
    db = edge.session()
    lecture = find_own_lecture(db, edge.current_actor(), public_id)
    if not library_policies.can_edit_lecture(edge.current_actor(), lecture):
        raise NotPermitted(public_id=public_id)
    fields: Mapping[str, str] = speak_all(error.fields) if isinstance(error, InvalidInput) else {}
    beside = pending.working_beside(db, lecture)
    path = poster_path(lecture, current_set(db, lecture.id), cover_sha256=beside.cover_sha256)
    names = LIST_MARK.join(each.name for each in list_co_owners(db, lecture))
    is_clash = isinstance(error, StaleVersion)
    return render_template(
        "studio/extras.html", lecture=lecture, problems=fields, is_clash=is_clash, kept_co_owners=names,
        problem=speak(error.message) if error and not fields and not is_clash else "",
        poster_url=f"/{path}" if path else None,
        has_own_cover=bool(beside.cover_sha256), is_waiting=beside != beside_of(db, lecture),
        attachments=beside.handouts, attachments_max=files_beside.ATTACHMENTS_MAX,
        co_owners=names if typed_co_owners is None else typed_co_owners, co_owners_max=CO_OWNERS_MAX,
    )


def _register_cover(blueprint: Blueprint) -> None:
    @blueprint.post("/studio/lectures/<public_id>/cover", endpoint="set_cover")
    @access.manages_transactions
    @access.contributors
    def set_cover(public_id: str) -> ResponseReturnValue:
        try:
            _check_may_edit(public_id)
            with closing(_sent("cover").stream) as stream:
                sha256, picture = files_beside.read_cover(stream.read(files_beside.COVER_MAX_BYTES + 1))
            with _storing():
                edge.platform().storage.put_bytes(files_beside.cover_key(sha256), picture, "image/webp")
            with unit_of_work() as db:
                files_beside.set_cover(db, edge.current_actor(), public_id, sha256)
        except AppError as error:
            return _refuse(public_id, error)
        return _back(public_id, _("封面已经换好。"))

    @blueprint.post("/studio/lectures/<public_id>/cover/remove", endpoint="remove_cover")
    @access.contributors
    def remove_cover(public_id: str) -> ResponseReturnValue:
        files_beside.set_cover(edge.session(), edge.current_actor(), public_id, "")
        return _back(public_id, _("已经换回自动截取的封面。"))


def _register_attachments(blueprint: Blueprint) -> None:
    @blueprint.post("/studio/lectures/<public_id>/attachments", endpoint="add_attachment")
    @access.manages_transactions
    @access.contributors
    def add(public_id: str) -> ResponseReturnValue:
        try:
            _check_may_edit(public_id)
            sent = _sent("attachment")
            with closing(sent.stream) as stream:
                checked = files_beside.read_attachment(stream, sent.filename or "")
                with _storing():
                    _store(sent, checked)
            with unit_of_work() as db:
                files_beside.add_attachment(db, edge.current_actor(), public_id, checked)
        except AppError as error:
            return _refuse(public_id, error)
        return _back(public_id, _("讲义已经添加。"))

    @blueprint.post(
        "/studio/lectures/<public_id>/attachments/<attachment_id>/remove", endpoint="remove_attachment"
    )
    @access.contributors
    def remove(public_id: str, attachment_id: str) -> ResponseReturnValue:
        files_beside.remove_attachment(edge.session(), edge.current_actor(), public_id, attachment_id)
        return _back(public_id, _("讲义已经删除。"))


def _check_may_edit(public_id: str) -> None:
    """Ask before anything is kept: nobody fills the store for a lecture that is not theirs."""
    with reading() as db:
        lecture = find_own_lecture(db, edge.current_actor(), public_id)
        if not library_policies.can_edit_lecture(edge.current_actor(), lecture):
            raise NotPermitted(public_id=public_id)


def _sent(name: str) -> FileStorage:
    sent = request.files.get(name)
    if sent is None or not sent.filename:
        raise InvalidInput(fields={name: "请选择文件。"})
    return sent


class _storing:  # noqa: N801 - reads as a verb where it is used
    """Turn what a store may raise into what a person can be told."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, StorageFull):
            raise Unavailable("存储空间不足，请联系管理员。", code="store_full") from error
        if isinstance(error, StorageUnavailable):
            raise Unavailable("存储服务暂时没有响应，请稍后再试。", code="store_unavailable") from error


def _store(sent: FileStorage, checked: files_beside.CheckedFile) -> None:
    """Store by way of a scratch file: the store reads files, and a large body is one already, without a name."""
    folder = edge.platform().settings.media.work_path / "attachments"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{checked.sha256}-{edge.request_id()}"
    try:
        sent.save(path)
        key, content_type = files_beside.attachment_key(checked.sha256), files_beside.CONTENT_TYPES[checked.kind]
        edge.platform().storage.put_file(key, path, content_type)
    finally:
        path.unlink(missing_ok=True)


def _refuse(public_id: str, error: AppError) -> ResponseReturnValue:
    if error.status in {403, 404}:
        raise error
    with reading():
        return show_extras(public_id, error=error), error.status


def _back(public_id: str, words: str) -> ResponseReturnValue:
    flash(words, "success")
    return redirect(url_for("studio.extras", public_id=public_id), 303)
