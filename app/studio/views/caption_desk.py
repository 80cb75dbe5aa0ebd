"""The captions desk: its page, the draft its script keeps, putting it on the lecture, files and transcript of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.kernel.errors import AppError, InvalidInput, NotFound, StaleVersion
from app.library.models import CAPTION_LANGUAGES, LectureState
from app.media.queries import current_set, media_prefix, waiting_set
from app.studio.caption_desk import queries, services
from app.studio.caption_desk.queries import CaptionDesk
from app.studio.caption_desk.services import Splice
from app.studio.views.caption_words import desk_data, find_all, line_rows, shortcuts
from app.web import access, edge
from app.web.speech import speak, speak_all
from media_pipeline import transcript_text
from media_pipeline.caption_lines import Line, make_line, write_lines, write_srt

_ADDRESS = "/studio/lectures/<public_id>/captions/<language>/desk"
_TYPES = {"srt": "application/x-subrip", "vtt": "text/vtt"}


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get(_ADDRESS, endpoint="caption_desk")
    @access.contributors
    def desk(public_id: str, language: str) -> ResponseReturnValue:
        return _show(_desk(public_id, language))

    @blueprint.post(_ADDRESS, endpoint="save_caption_draft")
    @access.contributors
    def save(public_id: str, language: str) -> ResponseReturnValue:
        desk = _desk(public_id, language)
        splice, version, key = _sent_change()
        db, actor = edge.session(), edge.current_actor()
        try:
            saved = services.save_draft(db, actor, public_id, language, splice, expected_version=version, key=key)
        except StaleVersion as error:
            db.rollback()
            desk = _desk(public_id, language)
            theirs = {"version": desk.version, "lines": line_rows(desk.lines), "name": desk.edited_name}
            return jsonify(code=error.code, findings=find_all(language, desk.lines), **theirs), 412
        return jsonify(version=saved, findings=find_all(language, splice.lines, splice.at))

    _register_ends(blueprint)
    _register_reading(blueprint)


def _register_ends(blueprint: Blueprint) -> None:
    @blueprint.post(f"{_ADDRESS}/put-on", endpoint="put_on_captions")
    @access.contributors
    def put_on(public_id: str, language: str) -> ResponseReturnValue:
        db, actor = edge.session(), edge.current_actor()
        try:
            desk = services.put_on(
                db, actor, public_id, language, expected_version=request.form.get("version", -1, type=int),
                base_sha256=request.form.get("base", ""), is_proofread="proofread" in request.form,
            )
        except (InvalidInput, StaleVersion) as error:
            db.rollback()
            return _show(_desk(public_id, language), problem=error), error.status
        flash(_saved_words(desk), "success")
        return redirect(url_for("studio.caption_desk", public_id=public_id, language=language), 303)

    @blueprint.post(f"{_ADDRESS}/discard", endpoint="discard_caption_draft")
    @access.contributors
    def discard(public_id: str, language: str) -> ResponseReturnValue:
        services.discard_draft(
            edge.session(), edge.current_actor(), public_id, language,
            expected_version=request.form.get("version", -1, type=int),
        )
        flash(_("草稿已放弃，下面是这一讲现在的字幕。"), "success")
        return redirect(url_for("studio.caption_desk", public_id=public_id, language=language), 303)

    @blueprint.get(f"{_ADDRESS}/discard", endpoint="confirm_discard_captions")
    @access.contributors
    def ask(public_id: str, language: str) -> ResponseReturnValue:
        desk = _desk(public_id, language)
        values: dict[str, Any] = {"public_id": public_id, "language": language}
        return render_template(
            "web/confirm.html", title=_("放弃这份字幕草稿？"),
            text=_("草稿里改过的都不要了，这一讲的字幕不变。要留一份，请先下载。"), confirm=_("是的，放弃"),
            action=url_for("studio.discard_caption_draft", **values), back=url_for("studio.caption_desk", **values),
            fields={"version": desk.version},
        )


def _register_reading(blueprint: Blueprint) -> None:
    @blueprint.get(f"{_ADDRESS}/file.<kind>", endpoint="caption_file")
    @access.contributors
    def download(public_id: str, language: str, kind: str) -> ResponseReturnValue:
        desk = _desk(public_id, language)
        if kind not in _TYPES:
            raise NotFound(kind=kind)
        text = write_srt(desk.lines) if kind == "srt" else write_lines(desk.lines, is_machine=desk.is_machine)
        response = Response(text, mimetype=_TYPES[kind])
        name = quote(f"{desk.lecture.title}.{language}.{kind}", safe="")
        response.headers["Content-Disposition"] = f"attachment; filename=\"captions.{kind}\"; filename*=UTF-8''{name}"
        response.headers["Cache-Control"] = "private, no-store"
        return response

    @blueprint.get(f"{_ADDRESS}/transcript", endpoint="caption_transcript")
    @access.contributors
    def transcript(public_id: str, language: str) -> ResponseReturnValue:
        desk = _desk(public_id, language)
        paragraphs = transcript_text(write_lines(desk.lines)).split("\n") if desk.lines else []
        return render_template("studio/captions_transcript.html", desk=desk, paragraphs=paragraphs)


def _desk(public_id: str, language: str) -> CaptionDesk:
    return queries.get_desk(edge.session(), edge.current_actor(), public_id, language)


def _saved_words(desk: CaptionDesk) -> str:
    if desk.lecture.is_held:
        return _("字幕已保存，送审通过以后居民才看到。")
    if desk.lecture.state is LectureState.PUBLISHED:
        return _("字幕已保存，居民现在看到的就是它。")
    return _("字幕已保存。")


def _show(desk: CaptionDesk, problem: AppError | None = None) -> str:
    fields = speak_all(problem.fields) if isinstance(problem, InvalidInput) else {}
    is_stale = isinstance(problem, StaleVersion) and problem.code != "caption_replaced"
    return render_template(
        "studio/captions.html", desk=desk, data=desk_data(desk), media=_media(desk), shortcuts=shortcuts(),
        label=speak(CAPTION_LANGUAGES[desk.language]), problems=fields, is_stale=is_stale,
        others=[(key, speak(name)) for key, name in CAPTION_LANGUAGES.items() if key != desk.language],
    )


def _media(desk: CaptionDesk) -> dict[str, Any] | None:
    """Return the plain files of what the lecture is now: exact seeking matters more here than a saving stream."""
    media = waiting_set(edge.session(), desk.lecture.id) or current_set(edge.session(), desk.lecture.id)
    if media is None or not (media.mp4_name or media.m4a_name):
        return None
    prefix = media_prefix(media.digest)
    return {
        "picture_url": f"/{prefix}/{media.mp4_name}" if media.mp4_name else "",
        "sound_url": f"/{prefix}/{media.m4a_name}" if media.m4a_name else "",
        "poster_url": f"/{prefix}/{media.poster_name}" if media.poster_name else "",
        "duration_s": media.duration_s,
    }


def _sent_change() -> tuple[Splice, int, str]:
    """Read the body of a change: {version, key, at, remove, lines: [[start, end, text, settings], …]}."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise InvalidInput(code="not_json")
    version, at, remove = (_number(body.get(name)) for name in ("version", "at", "remove"))
    lines, key = body.get("lines"), body.get("key")
    if not isinstance(lines, list) or not isinstance(key, str):
        raise InvalidInput(code="bad_change")
    return Splice(at, remove, [_line(each) for each in lines]), version, key


def _line(sent: object) -> Line:
    if not isinstance(sent, list) or len(sent) != 4:
        raise InvalidInput(code="bad_change")
    start_ms, end_ms, text, settings = sent
    if not (isinstance(text, str) and isinstance(settings, str)):
        raise InvalidInput(code="bad_change")
    return make_line(_number(start_ms), _number(end_ms), text, settings)


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidInput(code="bad_change")
    return value
