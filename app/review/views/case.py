"""One review: the player with remarks, what changed, the decision; its media as they were sent in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.kernel.db import db as database
from app.kernel.db import unit_of_work
from app.kernel.errors import InvalidInput, NotFound
from app.library.models import CAPTION_LANGUAGES
from app.library.queries import list_terms
from app.media.files_beside import cover_key
from app.media.queries import media_prefix
from app.player.presenters import Surroundings, present_media
from app.player.serving import PRIVATE, serve_handout, serve_object
from app.review import services
from app.review.queries import CasePage, get_case
from app.review.rulebook import rulebook
from app.review.services import Verdict
from app.review.states import VERDICTS, Action, ReviewState
from app.review.views import words
from app.web import access, edge
from app.web.preferences import is_english
from app.web.speech import speak, speak_all

_TIME = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):(\d{1,2})")


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/cases/<public_id>", endpoint="case")
    @access.reviewers
    def case(public_id: str) -> ResponseReturnValue:
        # That the level has begun is a fact of its own, kept whatever becomes of this page.
        actor = edge.current_actor()
        database.session.rollback()
        with unit_of_work() as db:
            services.note_opening(db, actor, public_id)
        return _show(public_id)

    @blueprint.post("/cases/<public_id>/decision", endpoint="decide")
    @access.reviewers
    def decide(public_id: str) -> ResponseReturnValue:
        form = request.form
        action = form.get("verdict", "")
        keys = [aspect.key for aspect in rulebook().aspects]
        scores = {key: form.get(f"score-{key}", 0, type=int) for key in keys if form.get(f"score-{key}")}
        try:
            if action not in VERDICTS:
                raise InvalidInput(fields={"verdict": "请选择结论。"})
            verdict = Verdict(Action(action), form.get("reason", ""), scores)
            level = form.get("level", 0, type=int)
            review = services.decide(edge.session(), edge.current_actor(), public_id, verdict, at_level=level)
        except InvalidInput as error:
            edge.session().rollback()
            return _show(public_id, problems=error.fields, typed=form), 422
        flash(_done_words(review.state), "success")
        return redirect(url_for("review.case", public_id=public_id), 303)

    _register_undo(blueprint)
    _register_comments(blueprint)
    _register_media(blueprint)


def _register_undo(blueprint: Blueprint) -> None:
    @blueprint.post("/cases/<public_id>/undo", endpoint="undo")
    @access.reviewers
    def undo(public_id: str) -> ResponseReturnValue:
        services.undo(edge.session(), edge.current_actor(), public_id)
        flash(_("已撤销，可以重新给出结论。"), "success")
        return redirect(url_for("review.case", public_id=public_id), 303)


def _done_words(state: ReviewState) -> str:
    if state.level:
        return _("已记下，送到%(level)s。十分钟内可以撤销。", level=words.level_name(state.level))
    return _("已记下：%(state)s。十分钟内可以撤销。", state=words.state_badge(state).label)


def _register_comments(blueprint: Blueprint) -> None:
    @blueprint.post("/cases/<public_id>/comments", endpoint="add_comment")
    @access.reviewers
    def add(public_id: str) -> ResponseReturnValue:
        form = request.form
        try:
            at_s = read_time(form.get("at", ""))
            comment = services.add_comment(
                edge.session(), edge.current_actor(), public_id, words=form.get("words", ""), at_s=at_s
            )
        except InvalidInput as error:
            edge.session().rollback()
            return _show(public_id, problems=error.fields, typed=form), 422
        at = int(comment.at_s) if comment.at_s else None
        return redirect(url_for("review.case", public_id=public_id, t=at, _anchor="comments"), 303)

    @blueprint.post("/cases/<public_id>/comments/<int:comment_id>/delete", endpoint="remove_comment")
    @access.reviewers
    def remove(public_id: str, comment_id: int) -> ResponseReturnValue:
        services.remove_comment(edge.session(), edge.current_actor(), public_id, comment_id)
        return redirect(url_for("review.case", public_id=public_id, _anchor="comments"), 303)


def _register_media(blueprint: Blueprint) -> None:
    @blueprint.get("/cases/<public_id>/captions/<language>.vtt", endpoint="caption")
    @access.reviewers
    def caption(public_id: str, language: str) -> ResponseReturnValue:
        found = get_case(edge.session(), edge.current_actor(), public_id).review.snapshot["captions"].get(language)
        if found is None:
            raise NotFound(public_id=public_id, language=language)
        response = Response(found["webvtt"], mimetype="text/vtt")
        response.headers["Cache-Control"] = PRIVATE
        return response

    @blueprint.get("/cases/<public_id>/media/<digest>/<path:name>", endpoint="media")
    @access.reviewers
    def media(public_id: str, digest: str, name: str) -> ResponseReturnValue:
        found = get_case(edge.session(), edge.current_actor(), public_id).media
        if found is None or found.digest != digest or ".." in name.split("/"):
            raise NotFound(public_id=public_id, digest=digest)
        return serve_object(edge.platform().storage, f"{media_prefix(digest)}/{name}", is_public=False)

    _register_beside(blueprint)


def _register_beside(blueprint: Blueprint) -> None:
    @blueprint.get("/cases/<public_id>/cover", endpoint="cover")
    @access.reviewers
    def cover(public_id: str) -> ResponseReturnValue:
        beside = get_case(edge.session(), edge.current_actor(), public_id).beside
        if not beside.cover_sha256:
            raise NotFound(public_id=public_id)
        return serve_object(edge.platform().storage, cover_key(beside.cover_sha256), is_public=False)

    @blueprint.get("/cases/<public_id>/handouts/<handout_id>", endpoint="handout")
    @access.reviewers
    def handout(public_id: str, handout_id: str) -> ResponseReturnValue:
        found = get_case(edge.session(), edge.current_actor(), public_id).beside.handout(handout_id)
        if found is None:
            raise NotFound(public_id=public_id, handout=handout_id)
        return serve_handout(edge.platform().storage, found)


def read_time(text: str) -> float | None:
    """Read 0:03 or 1:02:33 as seconds; nothing is the whole lecture.

    Raises:
        InvalidInput: `at`, for anything else.
    """
    typed = text.strip().replace("：", ":")
    if not typed:
        return None
    found = _TIME.fullmatch(typed)
    if found is None or int(found[3]) > 59:
        raise InvalidInput(fields={"at": "时间请写成“3:20”或“1:02:33”，不写就是对整讲的意见。"})
    return int(found[1] or 0) * 3600 + int(found[2]) * 60 + float(found[3])


def _show(public_id: str, *, problems: Mapping[str, str] | None = None, typed: Mapping[str, str] | None = None) -> str:
    case = get_case(edge.session(), edge.current_actor(), public_id)
    labels = {(term.scheme, term.key): term.label_en if is_english() else term.label_zh
              for term in list_terms(edge.session())}  # fmt: skip
    return render_template(
        "review/case.html", case=case, words=words, problems=speak_all(problems or {}), typed=typed or {},
        media=_player_of(case), aspects=words.aspects(), labels=labels, actor_id=edge.current_actor().user_id,
        differences=[_difference(each, labels) for each in case.differences],
        hits=[words.hit_words(hit) for hit in case.review.hits],
    )  # fmt: skip


def _difference(each: Any, labels: Mapping[tuple[str, str], str]) -> dict[str, str]:  # noqa: ANN401 - a Difference
    def say(value: Any) -> str:  # noqa: ANN401 - any JSON value
        if each.name == "terms":
            return "、".join(labels.get((scheme, key), key) for scheme, key in value or [])
        if each.name == "cover":
            return _("上传的图片") if value else _("自动截取的画面")
        if each.name == "chapters":
            return "\n".join(title for _start, title in value or [])
        if isinstance(value, list):
            return "、".join(value)
        return labels.get((each.name, value or ""), str(value or ""))

    return {"name": words.part_words(each.name), "before": say(each.before) or "—", "after": say(each.after) or "—"}


def _player_of(case: CasePage) -> dict[str, Any] | None:
    """Return the player's value with the set and the captions that were sent in."""
    if case.media is None:
        return None
    public_id, digest = case.review.public_id, case.media.digest
    shown = present_media(
        case.lecture, case.media, Surroundings("", None, ""),
        address_of=lambda name: url_for("review.media", public_id=public_id, digest=digest, name=name),
    )  # fmt: skip
    captions = [
        {
            "url": url_for("review.caption", public_id=public_id, language=language),
            "lang": language,
            "label": speak(CAPTION_LANGUAGES.get(language, language)),
            "is_machine": value["is_machine"],
        }
        for language, value in case.review.snapshot["captions"].items()
    ]
    title = case.review.snapshot["text"]["title"]
    return {**shown, "title": title, "captions": captions, "chapters_url": None, "position_key": f"review-{public_id}"}


