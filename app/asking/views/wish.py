"""Making a wish (想学什么); nobody needs an account for it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_limiter import Limiter
from sqlalchemy import select

from app.asking import wishes
from app.asking.models import WISH_MAX, WishState
from app.asking.popular import Screen
from app.asking.rules import rules
from app.asking.views.labels import city_options
from app.kernel.errors import InvalidInput
from app.library.models import Lecture
from app.web import access, edge
from app.web.speech import speak, speak_all


def register(blueprint: Blueprint, limiter: Limiter, screen: Screen) -> None:
    """Add the routes."""

    @blueprint.get("/wish", endpoint="wish")
    @access.public
    def show() -> ResponseReturnValue:
        text = " ".join(request.args.get("text", "").split())[:WISH_MAX]
        return _form(wishes.new_receipt(), {"text": text, "city": request.args.get("city", "")}, {})

    @blueprint.post("/wish", endpoint="make_wish")
    @limiter.limit(rules().wishes_per_address)
    @access.public
    def make() -> ResponseReturnValue:
        typed = {name: request.form.get(name, "") for name in ("text", "city")}
        receipt = request.form.get("receipt", "")
        try:
            wish = wishes.make_wish(edge.session(), receipt, typed["text"], typed["city"], screen=screen)
        except InvalidInput as error:
            edge.session().rollback()
            problems = speak_all(error.fields) or {"text": speak(error.message)}
            fresh = receipt if error.fields else wishes.new_receipt()
            return _form(fresh, typed, problems), 422
        if wish.state is WishState.HAS_LECTURE:
            lecture = edge.session().scalar(select(Lecture.public_id).where(Lecture.id == wish.lecture_id))
            flash(_("已经有这样的课了，就是这一讲。"), "success")
            return redirect(url_for("player.lecture", public_id=lecture), 303)
        thanks = ngettext(
            "记下了，谢谢您。这个想法有人写过 %(num)d 次。", "记下了，谢谢您。这个想法有人写过 %(num)d 次。", wish.count
        )
        flash(thanks, "success")
        return redirect(url_for("asking.wish"), 303)


def _form(receipt: str, typed: dict[str, str], problems: dict[str, str]) -> str:
    return render_template(
        "asking/wish.html", receipt=receipt, typed=typed, problems=problems, cities=city_options(), limit=WISH_MAX
    )
