"""The operator's page of the encode queue, with its two buttons, and the button that encodes anew."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.admin import services, words
from app.admin.encode_queue import QueueView, get_title, list_queue
from app.kernel.errors import Conflict
from app.media.renewal import measure_outdated
from app.web import access, edge
from app.web.speech import speak


def register(blueprint: Blueprint) -> None:
    """Add the routes."""
    _register_page(blueprint)
    _register_cancel(blueprint)
    _register_retry(blueprint)
    _register_renewal(blueprint)


def _register_page(blueprint: Blueprint) -> None:
    @blueprint.get("/admin/queue", endpoint="queue")
    @access.operators
    def show_queue() -> ResponseReturnValue:
        is_stopped = request.args.get("show") == QueueView.STOPPED
        view = QueueView.STOPPED if is_stopped else QueueView.OPEN
        page = request.args.get("page", 1, type=int)
        queue = list_queue(edge.session(), view, page=page)
        halves = words.view_words().items()
        return render_template(
            "admin/queue.html", queue=queue, lines=[words.shown(line) for line in queue.lines],
            tabs=[(_address(each, 1), word, each is view, queue.counts[each]) for each, word in halves],
            page_url=partial(_address, view), speed=words.speed_words(queue), is_stopped=is_stopped,
        )


def _address(view: QueueView, page: int) -> str:
    show = view.value if view is QueueView.STOPPED else None
    return url_for("admin.queue", show=show, page=page if page > 1 else None)


def _register_cancel(blueprint: Blueprint) -> None:
    @blueprint.get("/admin/queue/<int:job_id>/cancel")
    @access.operators
    def confirm_cancel(job_id: int) -> ResponseReturnValue:
        question = words.cancel_words(get_title(edge.session(), job_id))
        return render_template(
            "web/confirm.html", action=url_for("admin.cancel_encode", job_id=job_id), back=url_for("admin.queue"),
            **question,
        )

    @blueprint.post("/admin/queue/<int:job_id>/cancel")
    @access.operators
    def cancel_encode(job_id: int) -> ResponseReturnValue:
        services.cancel_encode(edge.session(), edge.current_actor(), job_id)
        flash(_("已经取消。"), "success")
        return redirect(url_for("admin.queue"), 303)


def _register_retry(blueprint: Blueprint) -> None:
    @blueprint.get("/admin/queue/<int:job_id>/retry")
    @access.operators
    def confirm_retry(job_id: int) -> ResponseReturnValue:
        question = words.retry_words(get_title(edge.session(), job_id))
        return render_template(
            "web/confirm.html", action=url_for("admin.retry_encode", job_id=job_id), kind="primary",
            back=url_for("admin.queue", show=QueueView.STOPPED.value), **question,
        )

    @blueprint.post("/admin/queue/<int:job_id>/retry")
    @access.operators
    def retry_encode(job_id: int) -> ResponseReturnValue:
        try:
            services.retry_job(edge.session(), edge.current_actor(), job_id)
        except Conflict as error:
            flash(speak(error.message), "warning")  # another click came first; nothing was changed
        else:
            edge.platform().wake()
            flash(_("已经重新排队，一会儿刷新看看。"), "success")
        return redirect(url_for("admin.queue"), 303)


def _register_renewal(blueprint: Blueprint) -> None:
    @blueprint.get("/admin/renewal")
    @access.operators
    def confirm_renewal() -> ResponseReturnValue:
        question = words.renewal_words(measure_outdated(edge.session()))
        return render_template(
            "web/confirm.html", action=url_for("admin.renew"), kind="primary", back=url_for("admin.overview"),
            **question,
        )

    @blueprint.post("/admin/renewal")
    @access.operators
    def renew() -> ResponseReturnValue:
        services.renew_media(edge.session(), edge.current_actor())
        flash(_("正在把要重新转码的课排进队列，一会儿刷新看看。"), "success")
        return redirect(url_for("admin.queue"), 303)
