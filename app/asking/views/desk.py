"""The desk of wishes: what people would like to learn, the most wished first; answering and taking away."""

from __future__ import annotations

from functools import partial
from urllib.parse import quote

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from app.asking import queries, wishes
from app.asking.models import Wish, WishState
from app.asking.views.labels import city_options, state_words
from app.kernel.errors import InvalidInput, NotFound, StaleVersion
from app.kernel.sheets import SHEET_TYPES, Table, write_csv, write_xlsx
from app.library.models import Lecture
from app.web import access, edge
from app.web.formats import local_date
from app.web.speech import speak_all

#: More wishes than anybody reads; a list of all is three queries.
_MOST = 20_000


def register(blueprint: Blueprint) -> None:
    """Add the routes."""
    _register_list(blueprint)
    _register_answer(blueprint)


def _register_list(blueprint: Blueprint) -> None:
    @blueprint.get("/wishes", endpoint="wishes")
    @access.providers
    def show() -> ResponseReturnValue:
        state, city = _state(), _city()
        number = request.args.get("page", 1, type=int)
        page = queries.list_wishes(edge.session(), edge.current_actor(), state, city=city, page=number)
        return render_template(
            "asking/wishes.html", page=page, city=city, cities=city_options(), state=state, words=state_words(),
            tabs=[(_address(each, city), word, each is state, page.counts.get(each, 0))
                  for each, word in state_words().items()],
            page_url=partial(_address, state, city), export_url=partial(_export_url, state, city),
        )  # fmt: skip

    @blueprint.get("/wishes/export.<kind>", endpoint="export_wishes")
    @access.providers
    def export(kind: str) -> ResponseReturnValue:
        if kind not in SHEET_TYPES:
            raise NotFound(kind=kind)
        page = queries.list_wishes(
            edge.session(), edge.current_actor(), _state(), city=_city(), per_page=_MOST
        )
        table: Table = [
            [_("想学什么"), _("多少次"), _("第一次"), _("最近一次"), _("回应"), _("课程")],
            *(_cells(row) for row in page.rows),
        ]
        title = _("想学什么")
        body = write_csv(table) if kind == "csv" else write_xlsx({title: table})
        response = Response(body, content_type=SHEET_TYPES[kind])
        name = quote(f"{title}.{kind}", safe="")
        response.headers["Content-Disposition"] = f"attachment; filename=\"wishes.{kind}\"; filename*=UTF-8''{name}"
        response.headers["Cache-Control"] = "private, no-store"
        return response


def _cells(row: queries.WishRow) -> list[str | int | float]:
    wish = row.wish
    days = local_date(wish.first_at), local_date(wish.last_at)
    return [wish.text, row.count, *days, state_words()[wish.state], row.lecture_title]


def _register_answer(blueprint: Blueprint) -> None:
    @blueprint.get("/wishes/<wish_id>", endpoint="answer")
    @access.providers
    def show(wish_id: str) -> ResponseReturnValue:
        wish = wishes.get_wish(edge.session(), edge.current_actor(), wish_id)
        lecture = edge.session().scalar(select(Lecture.public_id).where(Lecture.id == wish.lecture_id))
        return _form(wish, {"state": wish.state.value, "lecture": lecture or ""}, {})

    @blueprint.post("/wishes/<wish_id>", endpoint="save_answer")
    @access.providers
    def save(wish_id: str) -> ResponseReturnValue:
        db, actor = edge.session(), edge.current_actor()
        typed = {name: request.form.get(name, "") for name in ("state", "lecture")}
        version = request.form.get("version", 0, type=int)
        try:
            wishes.answer_wish(db, actor, wish_id, typed["state"], typed["lecture"], expected_version=version)
        except InvalidInput as error:
            db.rollback()
            return _form(wishes.get_wish(db, actor, wish_id), typed, speak_all(error.fields)), 422
        except StaleVersion:
            db.rollback()
            return _form(wishes.get_wish(db, actor, wish_id), typed, {}, is_clash=True), 412
        flash(_("已经回应。"), "success")
        return redirect(url_for("asking.wishes"), 303)


def _form(wish: Wish, typed: dict[str, str], problems: dict[str, str], *, is_clash: bool = False) -> str:
    words = state_words()
    if not wishes.can_turn_down(edge.current_actor()):
        words.pop(WishState.UNSUITABLE)
    return render_template(
        "asking/answer.html", wish=wish, typed=typed, problems=problems, is_clash=is_clash,
        options=[(state.value, word) for state, word in words.items()], kept=state_words()[wish.state],
    )  # fmt: skip


def _state() -> WishState:
    asked = request.args.get("show", WishState.OPEN.value)
    return WishState(asked) if asked in set(WishState) else WishState.OPEN


def _city() -> str:
    return request.args.get("city", "")[:12]


def _address(state: WishState, city: str, page: int = 1) -> str:
    show = state.value if state is not WishState.OPEN else None
    return url_for("asking.wishes", show=show, city=city or None, page=page if page > 1 else None)


def _export_url(state: WishState, city: str, kind: str) -> str:
    return url_for("asking.export_wishes", kind=kind, show=state.value, city=city or None)
