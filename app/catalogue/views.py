"""Pages for residents: home, the whole catalogue, search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.catalogue.cards import facet_groups, facet_label, is_english, present_cards, present_playlist
from app.catalogue.documents import FACETS
from app.catalogue.home import list_first_words, list_used_terms
from app.catalogue.playlists import list_newest_playlists
from app.catalogue.queries import MAX_QUERY_LETTERS, list_newest, search_lectures
from app.library.models import Term
from app.web import access, edge, preferences

#: Whom the audience picker of the home page names first.
NEAREST_AUDIENCES = ("elder", "resident")
SORTS = ("relevance", "newest")
MAX_PAGE = 400


@dataclass(frozen=True, slots=True)
class HomeSize:
    """How much of each the home page shows."""

    words: int
    playlists: int
    lectures: int


NORMAL_HOME, ELDER_HOME = HomeSize(words=8, playlists=2, lectures=8), HomeSize(words=6, playlists=1, lectures=3)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for; everything in it can be bookmarked and shared."""

    text: str
    filters: Mapping[str, frozenset[str]]
    sort: str
    page: int

    @classmethod
    def from_request(cls) -> Wanted:
        """Read the address; anything unknown is ignored, pages are kept in bounds."""
        filters = {name: frozenset(value for value in request.args.getlist(name) if value) for name in FACETS}
        sort = request.args.get("sort", "relevance")
        page = request.args.get("page", 1, type=int)
        return cls(
            text=" ".join(request.args.get("q", "").split())[:MAX_QUERY_LETTERS],
            filters={name: values for name, values in filters.items() if values},
            sort=sort if sort in SORTS else "relevance",
            page=min(max(1, page), MAX_PAGE),
        )

    def address(self, endpoint: str, **changes: object) -> str:
        """Return the address of the same question with some parts changed; page goes back to 1 unless given."""
        filters = dict(changes.get("filters", self.filters))  # type: ignore[call-overload]
        pairs: list[tuple[str, object]] = []
        if self.text:
            pairs.append(("q", self.text))
        for name in FACETS:
            pairs.extend((name, value) for value in sorted(filters.get(name, ())))
        sort = changes.get("sort", self.sort)
        if sort != "relevance":
            pairs.append(("sort", sort))
        if changes.get("page", 1) != 1:
            pairs.append(("page", changes["page"]))
        query = urlencode(pairs)
        return url_for(endpoint) + (f"?{query}" if query else "")

    def toggled(self, name: str, value: str) -> dict[str, frozenset[str]]:
        """Return the filters with one value switched."""
        values = self.filters.get(name, frozenset()) ^ {value}
        return {**self.filters, name: values}


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

    return blueprint


def _home() -> ResponseReturnValue:
    db, is_elder = edge.session(), preferences.current().is_elder
    shown = ELDER_HOME if is_elder else NORMAL_HOME
    audiences = sorted(list_used_terms(db, "audience"), key=lambda term: term.key not in NEAREST_AUDIENCES)
    return render_template(
        "catalogue/home.html",
        words=list_first_words(db, limit=shown.words),
        audiences=_options(audiences),
        topics=_options(list_used_terms(db, "topic")),
        playlists=[present_playlist(playlist) for playlist in list_newest_playlists(db, limit=shown.playlists)],
        lectures=present_cards(list_newest(db, limit=shown.lectures)),
    )


def _options(terms: Sequence[Term]) -> list[tuple[str, str]]:
    return [(term.key, term.label_en if is_english() else term.label_zh) for term in terms]


def _results(endpoint: str, index_path: Path) -> ResponseReturnValue:
    wanted = Wanted.from_request()
    page = search_lectures(
        edge.session(), index_path, wanted.text, filters=wanted.filters, page=wanted.page, sort=wanted.sort
    )
    labels = {
        "city": _("城市"),
        "audience": _("适合谁"),
        "topic": _("主题"),
        "type": _("形式"),
        "institution": _("学校"),
    }
    chosen = [
        (facet_label(value), wanted.address(endpoint, filters=wanted.toggled(name, value.value)))
        for name, values in page.facets.items()
        for value in values
        if value.is_selected
    ]
    return render_template(
        "catalogue/results.html",
        wanted=wanted,
        search_text=wanted.text,
        result=page,
        lectures=present_cards(page.cards),
        words=[] if page.cards else list_first_words(edge.session(), limit=NORMAL_HOME.words),
        groups=facet_groups(
            page.facets, labels, lambda name, value: wanted.address(endpoint, filters=wanted.toggled(name, value))
        ),
        chosen=chosen,
        clear_url=wanted.address(endpoint, filters={}),
        page_url=lambda number: wanted.address(endpoint, page=number),
        sort_url=partial(_sort_url, wanted, endpoint),
    )


def _sort_url(wanted: Wanted, endpoint: str, sort: str) -> str:
    return wanted.address(endpoint, sort=sort)
