"""Figures to take away: CSV of the lectures (or days), and a workbook with everything the page shows."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.kernel.errors import NotFound
from app.kernel.sheets import SHEET_TYPES, Table, write_csv, write_xlsx
from app.watching import queries
from app.watching.counting import Sums
from app.watching.queries import Figures
from app.watching.views import figures as pages
from app.watching.views.figures import Scope
from app.watching.views.words import place_words, told_words
from app.web import access, edge

#: More lectures than any institution has; a list of all is one query.
_MOST = 10_000


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/watching/export.<kind>", endpoint="export_mine")
    @access.contributors
    def export_mine(kind: str) -> ResponseReturnValue:
        return _export(pages.mine(), kind)

    @blueprint.get("/watching/institutions/<public_id>/export.<kind>", endpoint="export_institution")
    @access.contributors
    def export_institution(public_id: str, kind: str) -> ResponseReturnValue:
        return _export(pages.institution(public_id), kind)

    @blueprint.get("/watching/lectures/<public_id>/export.<kind>", endpoint="export_lecture")
    @access.contributors
    def export_lecture(public_id: str, kind: str) -> ResponseReturnValue:
        return _export(pages.lecture(public_id), kind)


def _export(scope: Scope, kind: str) -> ResponseReturnValue:
    if kind not in SHEET_TYPES:
        raise NotFound(kind=kind)
    figures = pages.read_figures(scope)
    lectures, days = _lectures(scope, figures), _days(figures)
    if kind == "csv":
        body = write_csv(days if scope.endpoint == "watching.lecture" else lectures)
    else:
        places: Table = [
            [_("地方"), _("播放次数")],
            *([place_words(each), told_words(each.plays)] for each in figures.places),
        ]
        playlists: Table = [
            [_("播单"), _("中心"), _("播放次数")],
            *([each.title, each.unit_name, told_words(each.plays)] for each in figures.playlists),
        ]
        body = write_xlsx({_("讲座"): lectures, _("日期"): days, _("地方"): places, _("播单"): playlists})
    response = Response(body, content_type=SHEET_TYPES[kind])
    name = quote(f"{_('谁在看')}-{scope.title}-{figures.start}-{figures.today}.{kind}", safe="")
    response.headers["Content-Disposition"] = f"attachment; filename=\"watching.{kind}\"; filename*=UTF-8''{name}"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _lectures(scope: Scope, figures: Figures) -> Table:
    rows = queries.list_lectures(edge.session(), scope.chosen, figures.start, limit=_MOST)
    return [[_("讲座"), *_heads()], *([each.title, *_cells(each.sums)] for each in rows)]


def _days(figures: Figures) -> Table:
    return [[_("日期"), *_heads()], *([each.start.isoformat(), *_cells(each.sums)] for each in figures.bars)]


def _heads() -> list[str]:
    return [_("播放次数"), _("只听声音"), _("分钟"), _("看到结尾"), _("看完的占比")]


def _cells(sums: Sums) -> list[str | int | float]:
    share = round(sums.completions / sums.plays, 3) if sums.plays else ""
    return [sums.plays, sums.listens, round(sums.watched_s / 60), sums.completions, share]
