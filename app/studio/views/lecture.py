"""The page of one lecture: how far it is, what may be done with it, its technical facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.green_channel.queries import find_standing
from app.kernel.errors import AppError, InvalidInput
from app.library.models import CAPTION_LANGUAGES, Lecture, LectureState
from app.library.pending import working_captions
from app.media.queries import media_prefix, poster_path
from app.review.standing import get_standing
from app.review.views import words as review_words
from app.studio import caption_drafts, machine_captions, services
from app.studio.caption_desk.queries import newest_proofs
from app.studio.chapters import ChapterDraft, count_from_file, stored_draft
from app.studio.forms import VersionForm, WithdrawForm
from app.studio.listing import StudioState
from app.studio.progress import Phase
from app.studio.queries import LecturePage, find_editable_lecture, get_lecture_page
from app.studio.services import missing_for_publication
from app.studio.views.preflight_words import report_words, state_sentence
from app.studio.views.uploader import uploader_data
from app.studio.views.words import media_facts, progress_words, remaining_words, state_words, step_words
from app.web import access, edge
from app.web.formats import file_size
from app.web.http_errors import wants_json
from app.web.speech import speak, speak_all

#: Fields of the edit page; anything else that is missing is the video itself.
_EDITED_FIELDS = frozenset({"title", "teacher", "description", "audience", "topic"})


def register(blueprint: Blueprint, *, max_upload_bytes: int) -> None:
    """Add the routes."""

    @blueprint.get("/studio/lectures/<public_id>", endpoint="lecture")
    @access.contributors
    def lecture(public_id: str) -> ResponseReturnValue:
        return show_lecture(public_id, max_upload_bytes)

    @blueprint.get("/studio/lectures/<public_id>/status", endpoint="lecture_status")
    @access.contributors
    def status(public_id: str) -> ResponseReturnValue:
        page = get_lecture_page(edge.session(), edge.current_actor(), public_id)
        body = render_template("studio/_status.html", page=page, **_status_words(page))
        return body, 200, {"Cache-Control": "no-store"}

    @blueprint.post("/studio/lectures/<public_id>/publish", endpoint="publish_lecture")
    @access.contributors
    def publish(public_id: str) -> ResponseReturnValue:
        try:
            services.publish_lecture(
                edge.session(), edge.current_actor(), public_id, expected_version=_expected_version()
            )
        except AppError as error:
            if wants_json() or error.status in {403, 404}:
                raise
            return show_lecture(public_id, max_upload_bytes, problem=error), error.status
        flash(_("已经发布，居民现在就能看到。"), "success")
        return redirect(url_for("studio.lecture", public_id=public_id), 303)

    _register_processing(blueprint)
    _register_withdrawal(blueprint)


def _register_processing(blueprint: Blueprint) -> None:
    @blueprint.post("/studio/lectures/<public_id>/retry", endpoint="retry_processing")
    @access.contributors
    def retry(public_id: str) -> ResponseReturnValue:
        services.retry_processing(edge.session(), edge.current_actor(), public_id)
        flash(_("已经重新排队。"), "success")
        return redirect(url_for("studio.lecture", public_id=public_id), 303)

    @blueprint.get("/studio/lectures/<public_id>/cancel", endpoint="confirm_cancel")
    @access.contributors
    def ask(public_id: str) -> ResponseReturnValue:
        find_editable_lecture(edge.session(), edge.current_actor(), public_id)
        page = get_lecture_page(edge.session(), edge.current_actor(), public_id)
        if not page.progress.can_cancel:
            return redirect(url_for("studio.lecture", public_id=public_id), 303)
        return render_template(
            "web/confirm.html", **_cancel_words(page), action=url_for("studio.cancel_processing", public_id=public_id),
            back=url_for("studio.lecture", public_id=public_id),
        )

    @blueprint.post("/studio/lectures/<public_id>/cancel", endpoint="cancel_processing")
    @access.contributors
    def cancel(public_id: str) -> ResponseReturnValue:
        services.cancel_processing(edge.session(), edge.current_actor(), public_id)
        flash(_("正在取消。"), "info")
        return redirect(url_for("studio.lecture", public_id=public_id), 303)


def _cancel_words(page: LecturePage) -> dict[str, str]:
    """Return title, text and button of the question before what is under way is given up."""
    if page.progress.phase is Phase.UPLOADING and page.unfinished is not None:
        sent = file_size(page.unfinished.offset_bytes, about=False)
        return {
            "title": _("放弃这次上传？"),
            "text": _(
                "“%(name)s”已经传了 %(sent)s。放弃以后再传要从头开始；不放弃的话，选同一个文件就能接着传。",
                name=page.unfinished.filename, sent=sent,
            ),
            "confirm": _("是的，放弃"),
        }  # fmt: skip
    return {
        "title": _("取消处理？"),
        "text": _("做了一半的会丢掉。上传的文件还在，以后点“重试”就重新处理；已经公开的视频不受影响。")
        if page.source is not None else _("刚传完的文件也不要了，再传要从头开始。"),
        "confirm": _("是的，取消处理"),
    }


def _register_withdrawal(blueprint: Blueprint) -> None:
    @blueprint.get("/studio/lectures/<public_id>/withdraw", endpoint="withdrawal")
    @access.contributors
    def ask(public_id: str) -> ResponseReturnValue:
        page = get_lecture_page(edge.session(), edge.current_actor(), public_id)
        form = WithdrawForm(formdata=None, data={"version": page.lecture.version})
        return render_template("studio/withdraw.html", lecture=page.lecture, form=form)

    @blueprint.post("/studio/lectures/<public_id>/withdraw", endpoint="withdraw_lecture")
    @access.contributors
    def withdraw(public_id: str) -> ResponseReturnValue:
        form = WithdrawForm()
        try:
            services.withdraw_lecture(
                edge.session(), edge.current_actor(), public_id, reason=form.reason.data or "",
                expected_version=_expected_version(),
            )
        except InvalidInput as error:
            if wants_json():
                raise
            page = get_lecture_page(edge.session(), edge.current_actor(), public_id)
            form.reason.errors = list(speak_all(error.fields).values())
            return render_template("studio/withdraw.html", lecture=page.lecture, form=form), 422
        flash(_("已经下架，居民看不到了。"), "success")
        return redirect(url_for("studio.lecture", public_id=public_id), 303)


def _expected_version() -> int:
    """Return the version the button was made for; 0, which never is one, when it is missing."""
    form = VersionForm()
    return form.version.data or 0


def show_lecture(
    public_id: str,
    max_upload_bytes: int,
    *,
    problem: AppError | None = None,
    caption_problems: Mapping[str, str] | None = None,
    draft_problems: Mapping[int, str] | None = None,
    chapters: ChapterDraft | None = None,
) -> str:
    """Return the page of a lecture, with what went wrong with a form of it."""
    page = get_lecture_page(edge.session(), edge.current_actor(), public_id)
    missing = missing_for_publication(page.lecture, has_media=bool(page.media_set or page.growing))
    uploader = uploader_data(
        max_upload_bytes, lecture_id=page.lecture.public_id, unfinished=page.unfinished
    ) if page.can_edit else None
    return render_template(
        "studio/lecture.html",
        page=page,
        problem=problem,
        caption_problems=caption_problems or {},
        caption_language=request.form.get("language", "") if caption_problems else "",
        chapters=chapters or stored_draft(edge.session(), page.lecture),
        chapters_from_file=count_from_file(page.lecture, page.source),
        missing=missing,
        edited_fields=_EDITED_FIELDS,
        state=_state(page),
        state_words=state_words,
        facts=media_facts(page.source.media_info) if page.source and page.source.media_info else [],
        poster_url=_poster_url(page),
        uploader=uploader,
        max_upload_bytes=max_upload_bytes,
        LectureState=LectureState,
        standing=get_standing(edge.session(), edge.current_actor(), page.lecture),
        review_words=review_words,
        green=find_standing(edge.session(), page.lecture),
        preflight_groups=report_words(page.preflight, _playable_address(page)) if page.preflight else [],
        preflight_sentence=state_sentence(page.preflight) if page.preflight else "",
        **_status_words(page),
        **caption_words(page, draft_problems),
    )


def caption_words(page: LecturePage, draft_problems: Mapping[int, str] | None = None) -> dict[str, Any]:
    """Return what the list of captions shows; problems by the draft they are about."""
    return {
        "machine": machine_captions.describe(edge.session(), page.lecture, edge.platform().settings.speech),
        "drafts": caption_drafts.describe(edge.session(), page.lecture),
        "draft_problems": draft_problems or {},
        "proofs": newest_proofs(edge.session(), page.lecture.id),
        "caption_bases": _caption_bases(page.lecture),
        "caption_languages": [(key, speak(name)) for key, name in CAPTION_LANGUAGES.items()],
    }


def _caption_bases(lecture: Lecture) -> dict[str, str]:
    """Return what names the captions of now, by language: a form that changes one says which it was made for."""
    if lecture.is_held:
        return {language: each.sha256 for language, each in working_captions(edge.session(), lecture).items()}
    return {each.language: each.sha256 for each in lecture.captions}


def _status_words(page: LecturePage) -> dict[str, Any]:
    names, states = step_words(), page.progress.step_states()
    return {
        "sentence": progress_words(page.progress),
        "remaining": remaining_words(page.progress),
        "steps": [{"label": names[name], "state": state} for name, state in states.items()],
        "may_act": page.can_edit,
    }


def _state(page: LecturePage) -> StudioState:
    if page.lecture.state is not LectureState.DRAFT:
        return StudioState(page.lecture.state.value)
    if page.progress.is_live and page.progress.phase.value != "uploading":
        return StudioState.PROCESSING
    if page.progress.phase.value == "failed":
        return StudioState.FAILED
    return StudioState.READY if page.media_set is not None else StudioState.DRAFT


def _poster_url(page: LecturePage) -> str | None:
    path = poster_path(page.lecture, page.media_set)
    return f"/{path}" if path else None


def _playable_address(page: LecturePage) -> str:
    """Return the plain file of the source the report is about, which browsers open at any moment; empty before it."""
    media_set = page.media_set
    if media_set is None or page.source is None or media_set.source_id != page.source.id:
        return ""
    name = media_set.mp4_name or media_set.m4a_name
    return f"/{media_prefix(media_set.digest)}/{name}" if name else ""
