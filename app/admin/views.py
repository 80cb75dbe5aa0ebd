"""The operator's first page with its button, and the health answer for monitors; the queue is in `queue_views`."""

from __future__ import annotations

from flask import Blueprint, flash, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.admin import queue_views, services, words
from app.admin.health import check_health
from app.admin.queries import get_overview
from app.kernel.errors import Conflict
from app.kernel.jobs.model import JobState
from app.kernel.jobs.queue import LANES
from app.web import access, edge
from app.web.speech import speak


def create_blueprint() -> Blueprint:
    """Build the blueprint."""
    blueprint = Blueprint("admin", __name__, template_folder="templates")

    @blueprint.get("/admin/")
    @access.operators
    def overview() -> ResponseReturnValue:
        overview = get_overview(edge.session(), edge.platform().settings)
        return render_template(
            "admin/overview.html", overview=overview, lanes=LANES, states=list(JobState),
            lane_words=words.lane_words(), state_words=words.state_words(), kind_words=words.kind_words(),
            step_words=words.step_words(), outdated_words=words.extent_words(overview.outdated),
            renewal_question=words.renewal_words(overview.outdated),
        )

    @blueprint.post("/admin/jobs/<int:job_id>/retry")
    @access.operators
    def retry_job(job_id: int) -> ResponseReturnValue:
        try:
            services.retry_job(edge.session(), edge.current_actor(), job_id)
        except Conflict as error:
            flash(speak(error.message), "warning")  # another click came first; nothing was changed
        else:
            flash(_("已经重新排队，一会儿刷新看看。"), "success")
        return redirect(url_for("admin.overview"), 303)

    @blueprint.post("/admin/index/compare")
    @access.operators
    def compare_index() -> ResponseReturnValue:
        services.compare_index(edge.session(), edge.current_actor())
        flash(_("正在比对，一会儿刷新看看。"), "success")
        return redirect(url_for("admin.overview", _anchor="index"), 303)

    queue_views.register(blueprint)
    _register_health(blueprint)
    return blueprint


def _register_health(blueprint: Blueprint) -> None:
    @blueprint.get("/healthz")
    @access.public
    def healthz() -> ResponseReturnValue:
        health = check_health(edge.session(), edge.platform())
        parts = {"database": health.database, "store": health.store, "index": health.index}
        answer = {"status": "ok" if health.is_well else "failing"}
        answer.update({name: "ok" if is_well else "failing" for name, is_well in parts.items()})
        response = jsonify(answer)
        response.status_code = 200 if health.is_well else 503
        response.headers["Cache-Control"] = "no-store"
        return response
