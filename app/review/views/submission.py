"""Pages of the people a lecture belongs to: sending in one or many, recalling, giving up changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.kernel.errors import InvalidInput
from app.library.queries import get_lecture
from app.review import submission
from app.review.candidates import list_submittable
from app.review.readiness import Candidate, get_candidate
from app.review.rulebook import rulebook
from app.review.submission import Wish
from app.review.views import words
from app.web import access, edge
from app.web.http_errors import wants_json
from app.web.preferences import is_english
from app.web.speech import speak, speak_all


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/submission", endpoint="submission")
    @access.contributors
    def form() -> ResponseReturnValue:
        chosen = list(dict.fromkeys(request.args.getlist("lecture")))[: submission.BATCH_MAX]
        if not chosen:
            rows = list_submittable(edge.session(), edge.current_actor())
            return render_template("review/choose.html", rows=rows, words=words)
        return _show(chosen)

    @blueprint.post("/submission", endpoint="submit")
    @access.contributors
    def submit() -> ResponseReturnValue:
        sent = request.form
        chosen = list(dict.fromkeys(sent.getlist("lecture")))
        try:
            made = submission.submit(
                edge.session(), edge.current_actor(), [_wish(each) for each in chosen],
                checks=sent.getlist("check"), is_signed=sent.get("signature") == "y",
            )  # fmt: skip
        except InvalidInput as error:
            if wants_json() or not chosen:
                raise
            edge.session().rollback()
            return _show(chosen, problems=error.fields), 422
        flash(_("已送审 %(count)s 讲。十分钟内可以撤回。", count=len(made)), "success")
        if len(chosen) == 1:
            return redirect(url_for("studio.lecture", public_id=chosen[0]), 303)
        return redirect(url_for("studio.lectures"), 303)

    _register_second_thoughts(blueprint)


def _register_second_thoughts(blueprint: Blueprint) -> None:
    @blueprint.post("/lectures/<public_id>/recall", endpoint="recall")
    @access.contributors
    def recall(public_id: str) -> ResponseReturnValue:
        submission.recall(edge.session(), edge.current_actor(), public_id)
        flash(_("已撤回，改好以后可以再送审。"), "success")
        return redirect(url_for("studio.lecture", public_id=public_id), 303)

    @blueprint.get("/lectures/<public_id>/discard", endpoint="confirm_discard")
    @access.contributors
    def ask(public_id: str) -> ResponseReturnValue:
        get_candidate(edge.session(), edge.current_actor(), public_id)
        lecture = get_lecture(edge.session(), edge.current_actor(), public_id)
        return render_template("review/discard.html", lecture=lecture)

    @blueprint.post("/lectures/<public_id>/discard", endpoint="discard")
    @access.contributors
    def discard(public_id: str) -> ResponseReturnValue:
        version = request.form.get("version", 0, type=int)
        submission.discard_changes(edge.session(), edge.current_actor(), public_id, expected_version=version)
        flash(_("改动已放弃，居民看到的没有变。"), "success")
        return redirect(url_for("studio.lecture", public_id=public_id), 303)


def _wish(public_id: str) -> Wish:
    """Read one lecture of the form: its version, and each answer beside the word it answers."""
    prefix = f"answer-{public_id}-"
    names = [name for name in request.form if name.startswith(prefix)]
    answers = {request.form.get(f"word-{name.removeprefix('answer-')}", ""): request.form[name] for name in names}
    return Wish(public_id, request.form.get(f"version-{public_id}", 0, type=int), answers)


def _show(chosen: Sequence[str], *, problems: Mapping[str, str] | None = None) -> str:
    db, actor, sent = edge.session(), edge.current_actor(), request.form
    candidates = [get_candidate(db, actor, public_id) for public_id in chosen]
    book, english = rulebook(), is_english()
    told = speak_all(problems or {})
    rows = [_row(candidate, told) for candidate in candidates]
    return render_template(
        "review/submission.html", rows=rows, problems=told, words=words, checked=sent.getlist("check"),
        is_signed=sent.get("signature") == "y",
        checks=[(each.key, each.en if english else each.zh) for each in book.checks],
        commitment=book.commitment.en if english else book.commitment.zh, version=book.commitment_version,
        is_blocked=any(row["blocked"] for row in rows),
    )  # fmt: skip


def _row(candidate: Candidate, told: Mapping[str, str]) -> dict[str, Any]:
    """Return one lecture of the form with everything that is asked of it."""
    public_id = candidate.lecture.public_id
    answers = _wish(public_id).answers
    soft = [
        {
            **words.hit_words(hit.to_json()), "key": hit.key, "name": f"answer-{public_id}-{number}",
            "word_name": f"word-{public_id}-{number}", "answer": answers.get(hit.key, ""),
            "error": told.get(f"answer-{public_id}-{number}", ""),
        }
        for number, hit in enumerate(candidate.soft_hits)
    ]  # fmt: skip
    return {
        "public_id": public_id, "title": candidate.title, "version": candidate.lecture.version,
        "changed": [words.part_words(part) for part in candidate.changed], "is_new": candidate.passed is None,
        "missing": [speak(sentence) for sentence in candidate.missing.values()],
        "hard": [words.hit_words(hit.to_json()) for hit in candidate.hard_hits], "soft": soft,
        "problem": told.get(f"lecture-{public_id}", ""), "levels": candidate.levels, "rule_note": candidate.rule_note,
        "blocked": bool(candidate.missing or candidate.hard_hits or not candidate.changed),
    }  # fmt: skip
