"""Pages to browse by: one for each topic, audience, city and institution, and the page that lists them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.catalogue.addresses import Wanted, asked_beside, asked_page, steps
from app.catalogue.browsing import KINDS, Subject, city_region, get_subject, slug_of
from app.catalogue.cards import facet_label, present_cards
from app.catalogue.facets import OTHER_LANGUAGES, FacetValue
from app.catalogue.searching import SearchPage, count_facets, search_lectures
from app.library.models import Lecture
from app.library.places import Region
from app.web import access, edge
from app.web.preferences import is_english
from app.web.speech import speak

#: What a page offers to narrow its lectures by: facets of the same lectures.
NARROWED_BY: Mapping[str, tuple[str, ...]] = {
    "topic": ("audience", "length"),
    "audience": ("topic", "length"),
    "city": ("topic", "county"),
    "institution": ("topic", "audience"),
}
#: Neighbours shown on a page; the index page has them all.
NEIGHBOURS = 14


def add_routes(blueprint: Blueprint, index_path: Path) -> None:
    """Add the pages to the catalogue's blueprint."""

    @blueprint.get("/browse")
    @access.public
    def shelves() -> ResponseReturnValue:
        return _shelves(index_path)

    @blueprint.get("/browse/<kind>/<slug>")
    @access.public
    def shelf(kind: str, slug: str) -> ResponseReturnValue:
        return _shelf(index_path, kind, slug)


def subject_url(kind: str, value: str, name_en: str = "") -> str:
    """Return the address of the page of a topic, audience, city or institution."""
    return url_for("catalogue.shelf", kind=kind, slug=slug_of(kind, value, name_en))


def subjects_of(lecture: Lecture) -> dict[str, Any]:
    """Return where a lecture's page leads: its topics as (words, address), its institution's and its city's page.

    Beside them, in words, how hard it is and what is spoken; empty where nobody said.
    Its terms and its institution with the region and its parent must be loaded.
    """
    place, city_url = _place(lecture.institution.region)
    named = [(term.scheme, term.key, term.label_en if is_english() else term.label_zh) for term in lecture.terms]
    other = OTHER_LANGUAGES.get(lecture.language)
    return {
        "topics": [(words, subject_url("topic", key)) for scheme, key, words in named if scheme == "topic"],
        "level": "".join(words for scheme, _key, words in named if scheme == "difficulty"),
        "spoken": [*(words for scheme, _key, words in named if scheme == "speech"), *([speak(other)] if other else [])],
        "institution_url": subject_url("institution", lecture.institution.public_id),
        "place": place,
        "city_url": city_url,
    }


def _place(region: Region) -> tuple[str, str]:
    """Return what a place is called, a district with its city, and the address of the city's page."""
    city = city_region(region)
    if is_english():
        name = region.name_en if region is city else f"{region.name_en}, {city.name_en}"
    else:
        name = region.name_zh if region is city else city.name_zh + region.name_zh
    return name, subject_url("city", city.code, city.name_en)


def kind_words() -> dict[str, str]:
    """Return the heading over all pages of a kind."""
    return {"topic": _("按主题"), "audience": _("按适合谁"), "city": _("按城市"), "institution": _("按学校")}


def _shelves(index_path: Path) -> ResponseReturnValue:
    total, facets = count_facets(edge.session(), index_path)
    words = kind_words()
    groups = [(kind, words[kind], _chips(kind, facets[kind])) for kind in KINDS if facets[kind]]
    return render_template("catalogue/shelves.html", groups=groups, total=total)


def _shelf(index_path: Path, kind: str, slug: str) -> ResponseReturnValue:
    db = edge.session()
    subject = get_subject(db, kind, slug)
    filters = {kind: frozenset({subject.value})}
    page = search_lectures(db, index_path, "", filters=filters, page=asked_page(), beside=asked_beside())
    own_url = subject_url(kind, subject.value, subject.name_en)

    def page_url(number: int, **parts: Any) -> str:
        return url_for("catalogue.shelf", kind=kind, slug=slug, page=number if number != 1 else None, **parts)

    def step_url(parts: dict[str, Any]) -> str:
        return page_url(parts["page"], after=parts.get("after") or None, before=parts.get("before") or None)

    return render_template(
        "catalogue/shelf.html",
        name=_name(subject),
        sentence=_sentence(subject),
        subject=subject,
        kind_words=kind_words()[kind],
        place=_place(subject.region) if subject.region is not None else None,
        result=page,
        lectures=present_cards(page.lectures),
        narrowed=_narrowed(page, subject),
        neighbours=[chip for chip in _chips(kind, page.facets[kind]) if chip[1] != own_url][:NEIGHBOURS],
        page_url=page_url,
        step_urls={name: step_url(parts) for name, parts in steps(page).items()},
        canonical_url=edge.platform().settings.app.base_url + page_url(page.page),
    )


def _chips(kind: str, values: Sequence[FacetValue]) -> list[tuple[str, str, int]]:
    """Return (words, address, lectures) of the pages of a kind that have lectures."""
    found = [each for each in values if each.count]
    return [(facet_label(each), subject_url(kind, each.value, each.label_en), each.count) for each in found]


def _narrowed(page: SearchPage, subject: Subject) -> list[tuple[str, list[tuple[str, str, int]]]]:
    """Return (heading, chips) that lead into the list of all lectures with one condition more."""
    words = {"topic": _("什么主题"), "audience": _("给谁看"), "length": _("有多长时间"), "county": _("哪个区县")}
    groups = []
    for name in NARROWED_BY[subject.kind]:
        chips = []
        for value in page.facets[name]:
            filters = {subject.kind: frozenset({subject.value}), name: frozenset({value.value})}
            url = Wanted("", filters, "relevance", 1).address("catalogue.browse")
            chips.append((facet_label(value), url, value.count))
        if len(chips) > 1:
            groups.append((words[name], chips))
    return groups


def _name(subject: Subject) -> str:
    return subject.name_en if is_english() else subject.name_zh


def _sentence(subject: Subject) -> str:
    name = _name(subject)
    kind = subject.type_en if is_english() else subject.type_zh
    sentences: dict[str, str] = {
        "topic": _("讲%(name)s的课都在这里，点开就看，不用注册，不收费。", name=name),
        "audience": _("学校为%(name)s准备的课，点开就看，不用注册，不收费。", name=name),
        "city": _("%(name)s各学校公开的课，在哪里都能看，不收费。", name=name),
        "institution": _("%(kind)s。这里是它公开给大家的课。", kind=kind) if kind else _("这里是它公开给大家的课。"),
    }
    return sentences[subject.kind]
