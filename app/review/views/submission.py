"""Pages of the people a lecture belongs to: sending in one or many, recalling, giving up changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.kernel.errors import InvalidInput, NotFound, NotPermitted, StaleVersion
from app.library.queries import get_lecture
from app.review import shelving, submission
from app.review.candidates import count_submittable, list_submittable
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
        chosen = list(dict.fromkeys(request.args.getlist("lecture")))
        return _show(chosen) if chosen else _choose()

    @blueprint.post("/submission", endpoint="submit")
    @access.contributors
    def submit() -> ResponseReturnValue:
        sent = request.form
        chosen, shown = list(dict.fromkeys(sent.getlist("lecture"))), list(dict.fromkeys(sent.getlist("shown")))
        if "tick" in sent and (shown or chosen):
            return _show(shown or chosen, ticked=shown if sent["tick"] == "all" else [])
        try:
            made = submission.submit(
                edge.session(), edge.current_actor(), [_wish(each) for each in chosen],
                checks=sent.getlist("check"), is_signed=sent.get("signature") == "y",
            )  # fmt: skip
        except (InvalidInput, StaleVersion) as error:
            if wants_json() or not (shown or chosen):
                raise
            edge.session().rollback()
            problems = error.fields if isinstance(error, InvalidInput) else {}
            return _show(shown or chosen, ticked=chosen, problems=problems), error.status
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


def _choose() -> str:
    """Ask which lectures; `all` ticks every one, also in a browser without scripts."""
    db, actor = edge.session(), edge.current_actor()
    return render_template(
        "review/choose.html", rows=list_submittable(db, actor), total=count_submittable(db, actor),
        most=submission.BATCH_MAX, is_ticked=request.args.get("all") == "1",
    )  # fmt: skip


def _show(
    chosen: Sequence[str], *, ticked: Collection[str] | None = None, problems: Mapping[str, str] | None = None
) -> str:
    """Show lectures to sign for, and apart from them those that cannot go and why; `ticked` is all when None."""
    sent = request.form
    told = speak_all(problems or {})
    shown = chosen[: submission.BATCH_MAX]
    rows = [_row(candidate, told) for candidate in _candidates(shown)]
    for row in rows:
        row["is_ticked"] = ticked is None or row["public_id"] in ticked
    book, english = rulebook(), is_english()
    return render_template(
        "review/submission.html", rows=[row for row in rows if not row["obstacle"]],
        left_out=[row for row in rows if row["obstacle"]], count=len(rows), unknown=len(shown) - len(rows),
        beyond=len(chosen) - len(shown), most=submission.BATCH_MAX, problems=told, words=words,
        checked=sent.getlist("check"), is_signed=sent.get("signature") == "y",
        checks=[(each.key, each.en if english else each.zh) for each in book.checks],
        commitment=book.commitment.en if english else book.commitment.zh, version=book.commitment_version,
    )  # fmt: skip


def _candidates(chosen: Sequence[str]) -> list[Candidate]:
    """Look at lectures; of many, those that are gone or not the actor's to send in do not keep back the others."""
    found: list[Candidate] = []
    refused: NotFound | NotPermitted | None = None
    for public_id in chosen:
        try:
            found.append(get_candidate(edge.session(), edge.current_actor(), public_id))
        except (NotFound, NotPermitted) as error:
            refused = error
    if refused is not None and not found:
        raise refused
    return found


def _row(candidate: Candidate, told: Mapping[str, str]) -> dict[str, Any]:
    """Return one lecture of the form with everything that is asked of it."""
    lecture, public_id = candidate.lecture, candidate.lecture.public_id
    answers = _wish(public_id).answers
    soft = [
        {
            **words.hit_words(hit.to_json()), "key": hit.key, "name": f"answer-{public_id}-{number}",
            "word_name": f"word-{public_id}-{number}", "answer": answers.get(hit.key, ""),
            "error": told.get(f"answer-{public_id}-{number}", ""),
        }
        for number, hit in enumerate(candidate.soft_hits)
    ]  # fmt: skip
    obstacle = submission.find_obstacle(edge.session(), candidate, shelving.find_open(edge.session(), lecture.id))
    read = request.form.get(f"version-{public_id}", lecture.version, type=int)
    return {
        "public_id": public_id, "title": candidate.title, "version": lecture.version,
        "changed": [words.part_words(part) for part in candidate.changed], "is_new": candidate.passed is None,
        "missing": [speak(sentence) for sentence in candidate.missing.values()],
        "hard": [words.hit_words(hit.to_json()) for hit in candidate.hard_hits], "soft": soft,
        "obstacle": speak(obstacle), "is_stale": read != lecture.version,
        "levels": candidate.levels, "rule_note": candidate.rule_note,
    }  # fmt: skip
