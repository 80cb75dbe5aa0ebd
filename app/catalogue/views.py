"""Pages for residents: home, the whole catalogue, search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.asking.views.counting import count_search, recover
from app.catalogue import browse_views, need_views
from app.catalogue.addresses import Wanted, steps
from app.catalogue.browse_views import subject_url
from app.catalogue.cards import (
    facet_groups,
    facet_label,
    present_card,
    present_cards,
    present_playlist,
    said_in,
)
from app.catalogue.documents import KIND, PLAYLIST
from app.catalogue.home import list_first_words, list_used_terms
from app.catalogue.playlists import PlaylistCard, list_newest_playlists
from app.catalogue.queries import LectureCard, list_newest
from app.catalogue.searching import SearchPage, search
from app.library.models import Term
from app.web import access, edge, preferences
from app.web.preferences import is_english


@dataclass(frozen=True, slots=True)
class HomeSize:
    """How much of each the home page shows."""

    words: int
    playlists: int
    lectures: int
    audiences: int


NORMAL_HOME, ELDER_HOME = HomeSize(8, 2, 8, 4), HomeSize(6, 1, 3, 1)


def create_blueprint(index_path: Path) -> Blueprint:
    """Build the blueprint over the index at `index_path`."""
    blueprint = Blueprint("catalogue", __name__, template_folder="templates")

    @blueprint.get("/")
    @access.public
    def home() -> ResponseReturnValue:
        return _home()

    @blueprint.get("/lectures")
    @access.public
    def browse() -> ResponseReturnValue:
        return _results("catalogue.browse", index_path)

    @blueprint.get("/search")
    @access.public
    def search() -> ResponseReturnValue:
        if preferences.is_elder_mode_query(request.args.get("q", "")):
            return redirect(url_for("web.preferences"))
        return _results("catalogue.search", index_path)

    browse_views.add_routes(blueprint, index_path)
    need_views.add_routes(blueprint, index_path)
    return blueprint


def _home() -> ResponseReturnValue:
    db, is_elder = edge.session(), preferences.current().is_elder
    shown = ELDER_HOME if is_elder else NORMAL_HOME
    return render_template(
        "catalogue/home.html",
        words=list_first_words(db, limit=shown.words),
        topics=_subjects(list_used_terms(db, "topic")),
        audiences=need_views.first_choices(list_used_terms(db, "audience"))[: shown.audiences],
        playlists=[present_playlist(playlist) for playlist in list_newest_playlists(db, limit=shown.playlists)],
        lectures=present_cards(list_newest(db, limit=shown.lectures)),
    )


def _subjects(terms: Sequence[Term]) -> list[tuple[str, str]]:
    """Return (words, address of its page) of each term."""
    return [(term.label_en if is_english() else term.label_zh, subject_url(term.scheme, term.key)) for term in terms]


def _found(wanted: Wanted, index_path: Path) -> tuple[Wanted, SearchPage]:
    """Search; values of facets that turn out to be none of ours are told, and do not narrow anything."""
    page = search(
        edge.session(), index_path, wanted.text, filters=wanted.filters, page=wanted.page, sort=wanted.sort,
        beside=wanted.beside,
    )  # fmt: skip
    known = wanted.without_unknown(page.facets)
    return (wanted, page) if known is wanted else _found(known, index_path)


def _present(card: LectureCard | PlaylistCard, page: SearchPage) -> dict[str, Any]:
    """Return what the macros of cards read; a playlist says that it is one."""
    if isinstance(card, PlaylistCard):
        return present_playlist(card, badges=[{"label": _("播单"), "kind": "accent", "sign": "list-video"}])
    return present_card(card, **said_in(card, page.passages.get(card.id)))


def _sorts(wanted: Wanted, endpoint: str) -> list[tuple[str, str, bool]]:
    """Return (address, words, whether it is the one) of each order; without a text nothing is more relevant."""
    words = {"relevance": _("最相关"), "newest": _("最新"), "popular": _("最多人看")}
    current = wanted.sort if wanted.text or wanted.sort != "relevance" else "newest"
    offered = [sort for sort in words if wanted.text or sort != "relevance"]
    return [(wanted.address(endpoint, sort=sort), words[sort], sort == current) for sort in offered]


def _found_words(page: SearchPage) -> str:
    """Say how much was found, lectures and playlists apart."""
    lectures, playlists = page.totals.get(KIND, 0), page.totals.get(PLAYLIST, 0)
    if not playlists:
        return ngettext("找到 %(num)s 讲", "找到 %(num)s 讲", lectures)
    if not lectures:
        return ngettext("找到 %(num)s 个播单", "找到 %(num)s 个播单", playlists)
    return _("找到 %(lectures)s 讲、%(playlists)s 个播单", lectures=lectures, playlists=playlists)


def _results(endpoint: str, index_path: Path) -> ResponseReturnValue:
    wanted, page = _found(Wanted.from_request(), index_path)
    if page.exact_total and page.cards and wanted.text and wanted.page == 1:
        count_search(page.corrected or page.text)

    def toggle_url(name: str, value: str) -> str:
        return wanted.address(endpoint, filters=wanted.toggled(name, value))

    chosen = [
        (facet_label(value), toggle_url(name, value.value))
        for name, values in page.facets.items()
        for value in values
        if value.is_selected
    ]
    return render_template(
        "catalogue/results.html",
        wanted=wanted,
        search_text=wanted.text,
        result=page,
        cards=[_present(card, page) for card in page.cards],
        corrected_url=wanted.address(endpoint, text=page.corrected) if page.corrected else None,
        recovery=None if page.cards else recover(index_path, wanted.text, wanted.filters.get("city", ())),
        words=[] if page.cards else list_first_words(edge.session(), limit=NORMAL_HOME.words),
        topics=[] if page.cards else _subjects(list_used_terms(edge.session(), "topic")),
        groups=facet_groups(page.facets, page.total, toggle_url),
        chosen=chosen,
        clear_url=wanted.address(endpoint, filters={}),
        known_url=wanted.address(endpoint),
        page_url=lambda number: wanted.address(endpoint, page=number),
        step_urls={name: wanted.address(endpoint, **parts) for name, parts in steps(page).items()},
        sorts=_sorts(wanted, endpoint),
        kind_is_chosen="kind" in wanted.filters,
        found_words=_found_words(page),
        canonical_url=edge.platform().settings.app.base_url + wanted.address(endpoint, page=page.page),
    )
