"""Pages of figures: over all of mine, over an institution, of one lecture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import ColumnElement

from app.kernel.errors import NotFound
from app.library.models import Lecture
from app.watching import queries
from app.watching.periods import Bucket, Period
from app.watching.queries import Figures
from app.watching.rules import rules
from app.watching.views.words import bar_label, chart_bars, minutes_words, place_words, share_words, told_words
from app.web import access, edge


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose lectures a page is about: its name, how lectures are chosen, and its addresses."""

    title: str
    chosen: ColumnElement[bool]
    endpoint: str
    export_endpoint: str
    values: dict[str, Any]


def mine() -> Scope:
    """Return the scope of what the actor made."""
    return Scope(_("我的讲座"), queries.of_mine(edge.current_actor()), "watching.mine", "watching.export_mine", {})


def institution(public_id: str) -> Scope:
    """Return the scope of an institution the actor runs."""
    found = queries.get_institution(edge.session(), edge.current_actor(), public_id)
    return Scope(
        found.name, queries.of_institution(found.id), "watching.institution", "watching.export_institution",
        {"public_id": public_id},
    )


def lecture(public_id: str) -> Scope:
    """Return the scope of one lecture."""
    found = queries.get_lecture(edge.session(), edge.current_actor(), public_id)
    return Scope(
        found.title, Lecture.id == found.id, "watching.lecture", "watching.export_lecture", {"public_id": public_id}
    )


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/watching", endpoint="mine")
    @access.contributors
    def show_mine() -> ResponseReturnValue:
        return _show(mine())

    @blueprint.get("/watching/institutions/<public_id>", endpoint="institution")
    @access.contributors
    def show_institution(public_id: str) -> ResponseReturnValue:
        return _show(institution(public_id))

    @blueprint.get("/watching/lectures/<public_id>", endpoint="lecture")
    @access.contributors
    def show_lecture(public_id: str) -> ResponseReturnValue:
        return _show(lecture(public_id))


def read_figures(scope: Scope) -> Figures:
    """Return the figures of the period and page the address asks for."""
    page = request.args.get("page", 1, type=int)
    if not 0 < page < 10**6:
        raise NotFound(page=page)
    return queries.get_figures(edge.session(), scope.chosen, Period.read(request.args.get("period", "")), page=page)


def _show(scope: Scope) -> str:
    db, actor = edge.session(), edge.current_actor()
    figures = read_figures(scope)
    mark = queries.counted_until(db)
    links = {each: url_for(scope.endpoint, **scope.values, period=each.value) for each in Period}
    return render_template(
        "watching/figures.html", scope=scope, figures=figures, links=links, Period=Period,
        institutions=queries.list_institutions(db, actor), counted_at=mark.counted_until if mark else None,
        bars=chart_bars(figures), top=max((each.sums.plays for each in figures.bars), default=0),
        day_rows=[_bar_row(figures.period, each) for each in reversed(figures.bars) if each.sums.plays],
        page_url=lambda number: url_for(scope.endpoint, **scope.values, period=figures.period.value, page=number),
        export_url=lambda kind: url_for(scope.export_endpoint, **scope.values, kind=kind, period=figures.period.value),
        minutes=minutes_words, share=share_words, told=told_words, place=place_words, below=rules().withheld_below,
    )  # fmt: skip


def _bar_row(period: Period, bucket: Bucket) -> dict[str, Any]:
    sums = bucket.sums
    return {
        "day": bar_label(period, bucket.start), "plays": sums.plays, "minutes": minutes_words(sums.watched_s),
        "completions": sums.completions,
    }
