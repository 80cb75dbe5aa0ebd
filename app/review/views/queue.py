"""What waits for reviewers: the queue with its batch, the board of deadlines, the shelf's oldest reviews."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.kernel.errors import InvalidInput
from app.review import recheck, services
from app.review.deadlines import get_board
from app.review.queries import Desk, Queue, list_reviews
from app.review.rulebook import rulebook
from app.review.views import words
from app.web import access, edge
from app.web.speech import speak


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/", endpoint="queue")
    @access.reviewers
    def queue() -> ResponseReturnValue:
        return _show_queue()

    @blueprint.post("/pass", endpoint="pass_many")
    @access.reviewers
    def pass_many() -> ResponseReturnValue:
        score = request.form.get("score", 0, type=int)
        chosen = request.form.getlist("review")
        try:
            passed = services.pass_many(edge.session(), edge.current_actor(), chosen, score=score)
        except InvalidInput as error:
            edge.session().rollback()
            sentence = error.fields.get("scores", "") or error.message
            return _show_queue(problem=speak(sentence), chosen=chosen), 422
        flash(_("已通过 %(count)s 讲。十分钟内可以在各自的页面上撤销。", count=len(passed)), "success")
        return redirect(url_for("review.queue"), 303)

    @blueprint.get("/board", endpoint="board")
    @access.reviewers
    def board() -> ResponseReturnValue:
        db, actor = edge.session(), edge.current_actor()
        board = get_board(db, actor)
        stale, stale_count = recheck.list_stale(db, actor)
        return render_template(
            "review/board.html", board=board, soon_days=rulebook().due_soon_days, stale=stale, stale_count=stale_count,
            words=words,
        )  # fmt: skip

    @blueprint.post("/lectures/<public_id>/recheck", endpoint="recheck")
    @access.reviewers
    def start(public_id: str) -> ResponseReturnValue:
        recheck.start_recheck(edge.session(), edge.current_actor(), public_id)
        flash(_("已经开始复核，会依次送到各级审核人那里。居民照常能看。"), "success")
        return redirect(url_for("review.board"), 303)


def _show_queue(*, problem: str = "", chosen: list[str] | None = None) -> str:
    text = " ".join(request.args.get("q", "")[:100].split())
    wanted = request.args.get("desk", "")
    desk = Desk(wanted) if wanted in set(Desk) else Desk.MINE
    page = request.args.get("page", 1, type=int)
    found = list_reviews(edge.session(), edge.current_actor(), desk=desk, text=text, page=page)
    return render_template(
        "review/queue.html", found=found, desk=desk, text=text, tabs=_tabs(found, desk, text), words=words,
        problem=problem, chosen=chosen or [], page_url=partial(_address, desk, text),
        can_batch=desk is Desk.MINE and any(_fits_batch(row) for row in found.rows), fits_batch=_fits_batch,
    )  # fmt: skip


def _fits_batch(row: object) -> bool:
    kind, hits, opened = (getattr(row, name) for name in ("resource_type", "hit_count", "is_opened"))
    return bool(kind == "micro_course" and not hits and opened)


def _address(desk: Desk, text: str, page: int = 1) -> str:
    return url_for("review.queue", desk=desk.value, q=text or None, page=page if page > 1 else None)


def _tabs(found: Queue, desk: Desk, text: str) -> list[tuple[str, str, bool, int]]:
    labels = {Desk.MINE: _("轮到我审"), Desk.OPEN: _("全部在审"), Desk.DONE: _("我审过的")}
    return [(_address(each, text), labels[each], each is desk, found.counts[each]) for each in Desk]
