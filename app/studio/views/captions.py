"""The captions of a lecture: uploaded, made by a machine, found inside its file; and how far the making is."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

import media_pipeline
from app.kernel.errors import InvalidInput, NotFound, StaleVersion
from app.library.models import CAPTION_LANGUAGES
from app.library.pending import working_captions
from app.studio import caption_drafts, machine_captions, services
from app.studio.forms import CaptionForm, DraftForm
from app.studio.queries import find_editable_lecture, find_own_lecture, get_lecture_page
from app.studio.views.lecture import caption_words, show_lecture
from app.web import access, edge
from app.web.http_errors import wants_json
from app.web.speech import speak, speak_all

#: So much of a caption tells it from another.
_SAMPLE_CHARACTERS: Final = 40


def register(blueprint: Blueprint, *, max_upload_bytes: int) -> None:
    """Add the routes."""

    @blueprint.post("/studio/lectures/<public_id>/captions", endpoint="add_caption")
    @access.contributors
    def add(public_id: str) -> ResponseReturnValue:
        form, data = CaptionForm(), b""
        language = form.language.data or ""
        try:
            if not form.validate() or not form.caption.data:
                raise InvalidInput(fields={"caption": "请选择字幕文件。"})
            data = form.caption.data.read()
            services.add_caption(
                edge.session(), edge.current_actor(), public_id, language=language, data=data,
                filename=form.caption.data.filename or "", base_sha256=request.form.get(f"base-{language}", ""),
            )
        except InvalidInput as error:
            if wants_json():
                raise
            return show_lecture(public_id, max_upload_bytes, caption_problems=speak_all(error.fields)), 422
        except StaleVersion:
            if wants_json():
                raise
            told = _both_captions(public_id, language, services.read_caption(data, form.caption.data.filename or ""))
            return show_lecture(public_id, max_upload_bytes, caption_problems={"caption": told}), 412
        flash(_("字幕已保存。"), "success")
        return _back(public_id)

    _register_removing(blueprint, max_upload_bytes)
    _register_making(blueprint)
    _register_drafts(blueprint, max_upload_bytes)


def _register_removing(blueprint: Blueprint, max_upload_bytes: int) -> None:
    @blueprint.get("/studio/lectures/<public_id>/captions/<language>/remove", endpoint="confirm_remove_caption")
    @access.contributors
    def ask(public_id: str, language: str) -> ResponseReturnValue:
        lecture = find_editable_lecture(edge.session(), edge.current_actor(), public_id)
        if language not in CAPTION_LANGUAGES:
            raise NotFound(public_id=public_id, language=language)
        text = _("删除以后找不回来，除非再传一次或者重新写。想留一份，请先在“逐句改”里下载。")
        if lecture.is_held:
            text += _("居民现在看到的不变，送审通过以后才去掉。")
        title = _("删除%(language)s字幕？", language=speak(CAPTION_LANGUAGES[language]))
        return render_template(
            "web/confirm.html", title=title, text=text,
            confirm=_("是的，删除"), back=url_for("studio.lecture", public_id=public_id, _anchor="captions"),
            action=url_for("studio.remove_caption", public_id=public_id, language=language),
            # An address without it goes by what is there now.
            fields={"base": request.args["base"]} if "base" in request.args else {},
        )  # fmt: skip

    @blueprint.post("/studio/lectures/<public_id>/captions/<language>/remove", endpoint="remove_caption")
    @access.contributors
    def remove(public_id: str, language: str) -> ResponseReturnValue:
        try:
            services.remove_caption(
                edge.session(), edge.current_actor(), public_id, language=language,
                base_sha256=request.form.get("base"),
            )
        except StaleVersion as error:
            if wants_json():
                raise
            return show_lecture(public_id, max_upload_bytes, problem=error), 412
        flash(_("字幕已删除。"), "success")
        return _back(public_id)


def _both_captions(public_id: str, language: str, webvtt: str) -> str:
    """Say how the caption that is there and the one that was sent begin: a file has to be chosen again anyhow."""
    lecture = find_own_lecture(edge.session(), edge.current_actor(), public_id)
    theirs = working_captions(edge.session(), lecture)[language].webvtt
    return _(
        "%(language)s字幕刚刚有人换过。现在的有 %(theirs)s 句：“%(theirs_words)s”；"
        "您选的有 %(mine)s 句：“%(mine_words)s”。要换成您的，请再选一次文件。",
        language=speak(CAPTION_LANGUAGES[language]), theirs=theirs.count(" --> "), theirs_words=_beginning(theirs),
        mine=webvtt.count(" --> "), mine_words=_beginning(webvtt),
    )


def _beginning(webvtt: str) -> str:
    words = media_pipeline.transcript_text(webvtt)
    return words[:_SAMPLE_CHARACTERS] + ("…" if len(words) > _SAMPLE_CHARACTERS else "")


def _register_making(blueprint: Blueprint) -> None:
    @blueprint.get("/studio/lectures/<public_id>/captions/status", endpoint="captions_status")
    @access.contributors
    def status(public_id: str) -> ResponseReturnValue:
        page = get_lecture_page(edge.session(), edge.current_actor(), public_id)
        body = render_template("studio/_captions.html", page=page, **caption_words(page))
        return body, 200, {"Cache-Control": "no-store"}

    @blueprint.post("/studio/lectures/<public_id>/captions/machine", endpoint="request_captions")
    @access.contributors
    def request_captions(public_id: str) -> ResponseReturnValue:
        speech = edge.platform().settings.speech
        machine_captions.request_captions(edge.session(), edge.current_actor(), public_id, speech)
        flash(_("已经开始听写，做好以后字幕会出现在这里。"), "success")
        return _back(public_id)


def _register_drafts(blueprint: Blueprint, max_upload_bytes: int) -> None:
    @blueprint.post("/studio/lectures/<public_id>/captions/drafts/<int:draft_id>/keep", endpoint="keep_draft")
    @access.contributors
    def keep(public_id: str, draft_id: int) -> ResponseReturnValue:
        language = DraftForm().language.data or ""
        try:
            caption_drafts.keep_draft(edge.session(), edge.current_actor(), public_id, draft_id, language=language)
        except InvalidInput as error:
            if wants_json():
                raise
            problems = {draft_id: speak_all(error.fields)["language"]}
            return show_lecture(public_id, max_upload_bytes, draft_problems=problems), 422
        flash(_("字幕已保存。"), "success")
        return _back(public_id)

    address = "/studio/lectures/<public_id>/captions/drafts/<int:draft_id>/delete"

    @blueprint.get(address, endpoint="confirm_delete_draft")
    @access.contributors
    def ask(public_id: str, draft_id: int) -> ResponseReturnValue:
        draft = caption_drafts.get_draft(edge.session(), edge.current_actor(), public_id, draft_id)
        text = _("一共 %(count)s 句：%(sample)s。删除以后不会再出来。", count=draft.cues, sample=draft.sample)
        return render_template(
            "web/confirm.html", title=_("删除文件里带的字幕？"), text=text,
            confirm=_("是的，删除"), back=url_for("studio.lecture", public_id=public_id, _anchor="captions"),
            action=url_for("studio.delete_draft", public_id=public_id, draft_id=draft_id),
        )  # fmt: skip

    @blueprint.post(address, endpoint="delete_draft")
    @access.contributors
    def delete(public_id: str, draft_id: int) -> ResponseReturnValue:
        caption_drafts.delete_draft(edge.session(), edge.current_actor(), public_id, draft_id)
        flash(_("字幕已删除。"), "success")
        return _back(public_id)


def _back(public_id: str) -> ResponseReturnValue:
    return redirect(url_for("studio.lecture", public_id=public_id, _anchor="captions"), 303)
