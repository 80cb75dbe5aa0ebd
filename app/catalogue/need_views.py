"""Finding a lecture in three taps, without typing: who am I, what about, how much time.

Each step is a page with an address, so the way back always works; each shows only what still leads to lectures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.catalogue.addresses import Wanted
from app.catalogue.browsing import get_subject
from app.catalogue.cards import facet_label
from app.catalogue.facets import LENGTHS, FacetValue
from app.catalogue.searching import count_facets
from app.library.models import Term
from app.web import access, edge
from app.web.preferences import is_english

#: In an address: this question does not matter.
ANY = "any"
STEPS = 3
#: Named first when asking who somebody is, so that most residents find themselves at the top.
NEAREST_AUDIENCES = ("elder", "resident")


@dataclass(frozen=True, slots=True)
class Choice:
    """One big button: its words, where it leads, how many lectures it leaves."""

    words: str
    url: str
    count: int


def add_routes(blueprint: Blueprint, index_path: Path) -> None:
    """Add the three pages to the catalogue's blueprint."""

    @blueprint.get("/find")
    @blueprint.get("/find/<who>")
    @blueprint.get("/find/<who>/<about>")
    @access.public
    def need(who: str = "", about: str = "") -> ResponseReturnValue:
        return _need(index_path, who, about)


def first_choices(audiences: Sequence[Term]) -> list[tuple[str, str]]:
    """Return (words, address of the second step) for pages that ask the first question themselves."""
    ordered = sorted(audiences, key=lambda term: _nearness(term.key))
    return [
        (term.label_en if is_english() else term.label_zh, url_for("catalogue.need", who=term.key.replace("_", "-")))
        for term in ordered
    ]


def _need(index_path: Path, who: str, about: str) -> ResponseReturnValue:
    db = edge.session()
    given = [(kind, slug) for kind, slug in (("audience", who), ("topic", about)) if slug and slug != ANY]
    filters = {kind: frozenset({get_subject(db, kind, slug).value}) for kind, slug in given}
    total, facets = count_facets(db, index_path, filters)
    step = 1 + bool(who) + bool(about)
    if step == 1:
        heading, choices = _("我是……"), _next(sorted(facets["audience"], key=lambda each: _nearness(each.value)), total)
    elif step == 2:
        heading, choices = _("想学什么？"), _next(facets["topic"], total, who=who)
    else:
        heading, choices = _("有多长时间？"), _lengths(facets["length"], total, filters)
    back_url = url_for("catalogue.need", who=who if step == 3 else None) if step > 1 else url_for("catalogue.home")
    chosen = [facet_label(each) for kind in filters for each in facets[kind] if each.is_selected]
    return render_template(
        "catalogue/need.html", heading=heading, step=step, steps=STEPS, choices=choices if total else [],
        chosen=chosen, back_url=back_url,
    )  # fmt: skip


def _next(values: Sequence[FacetValue], total: int, *, who: str = "") -> list[Choice]:
    """Return the choices of the first or the second step; the last one says that it does not matter."""

    def url(slug: str) -> str:
        return url_for("catalogue.need", who=who, about=slug) if who else url_for("catalogue.need", who=slug)

    used = [each for each in values if each.count]
    choices = [Choice(facet_label(each), url(each.value.replace("_", "-")), each.count) for each in used]
    return [*choices, Choice(_("都可以"), url(ANY), total)]


def _nearness(audience: str) -> int:
    return NEAREST_AUDIENCES.index(audience) if audience in NEAREST_AUDIENCES else len(NEAREST_AUDIENCES)


def _lengths(values: Sequence[FacetValue], total: int, filters: Mapping[str, frozenset[str]]) -> list[Choice]:
    """Return how much time one may have: who has half an hour also has five minutes."""
    words = {"5": _("5 分钟以内"), "15": _("15 分钟以内"), "30": _("半小时以内")}
    counts = {each.value: each.count for each in values}
    choices: list[Choice] = []
    keys: frozenset[str] = frozenset()
    for length in LENGTHS[:-1]:
        keys |= {length.key}
        count = sum(counts.get(key, 0) for key in keys)
        if count and (not choices or count > choices[-1].count):
            choices.append(Choice(words[length.key], _list_url({**filters, "length": keys}), count))
    return [*choices, Choice(_("多长都行"), _list_url(filters), total)]


def _list_url(filters: Mapping[str, frozenset[str]]) -> str:
    return Wanted("", filters, "relevance", 1).address("catalogue.browse")
