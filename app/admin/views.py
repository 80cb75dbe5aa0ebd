"""The operator's page, its one button, and the health answer for monitors."""

from __future__ import annotations

from flask import Blueprint, flash, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.admin import services
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
        return render_template(
            "admin/overview.html", overview=get_overview(edge.session(), edge.platform().settings),
            lanes=LANES, states=list(JobState), lane_words=_lane_words(), state_words=_state_words(),
            kind_words=_kind_words(), step_words=_step_words(),
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

    return blueprint


def _lane_words() -> dict[str, str]:
    return {"media": _("转码"), "index": _("搜索目录"), "default": _("杂务")}


def _state_words() -> dict[str, str]:
    return {
        "queued": _("排队"), "running": _("进行中"), "succeeded": _("完成"), "failed": _("没有成功"),
        "cancelled": _("取消"),
    }


def _kind_words() -> dict[str, str]:
    return {
        "encode_lecture": _("给课程转码"), "update_index": _("更新搜索目录"), "sweep_store": _("清理存储"),
        "finish_upload": _("收下上传的文件"), "sweep_uploads": _("清理没传完的文件"),
    }


def _step_words() -> dict[str, str]:
    return {
        "probe": _("检查文件"), "encode": _("转码"), "package": _("打包"),
        "publish": _("存放"), "sweep": _("清理"),
    }
