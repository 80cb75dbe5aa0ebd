"""By what lectures can be narrowed down: the facets, their values, what people read of them.

Which value a lecture carries is in documents.py; how a page shows them, in cards.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.library.places import Institution, Region, RegionLevel
from app.library.queries import list_terms

#: In the order pages show them; the same order in every address.
FACETS: Final = (
    *("audience", "topic", "level", "length", "category", "city", "county", "institution_type", "institution"),
    *("type", "language", "captions", "green_channel", "kind"),
)
#: Facets whose values are vocabulary terms, and the scheme each comes from.
TERM_FACETS: Final = {
    "audience": "audience",
    "topic": "topic",
    "level": "difficulty",
    "category": "education_category",
    "type": "resource_type",
    "institution_type": "institution_type",
    #: What Chinese is spoken, and after it the other languages.
    "language": "speech",
}
#: Languages besides Chinese, which says more by its terms: "it is in Chinese" narrows nothing.
OTHER_LANGUAGES: Final = {"en": "英语", "mn": "蒙古语", "ko": "朝鲜语", "mnc": "满语"}
#: What is found, as residents call it; offered where a text is searched for, because lists are of lectures.
KINDS: Final = {"lecture": "课", "playlist": "播单"}
#: The one value of a facet that says that a lecture has something.
YES: Final = "yes"
#: Facets that only say so, and how.
SIGNS: Final = {"captions": "有字幕", "green_channel": "绿色通道"}


#: What a value of a facet, a name in an address and a public id look like; a database is asked for nothing else.
NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True)
class Length:
    """A band of lengths, as people have time; `below_s` is its end, not in it."""

    key: str
    label: str
    below_s: float


LENGTHS: Final = (
    Length("5", "5 分钟以内", 5 * 60 + 30),
    Length("15", "5 到 15 分钟", 15 * 60 + 30),
    Length("30", "15 到 30 分钟", 30 * 60 + 30),
    Length("long", "半小时以上", float("inf")),
)


def length_of(duration_s: float) -> str:
    """Return the band a length lies in; half a minute more still counts as the round number."""
    return next(length.key for length in LENGTHS if duration_s < length.below_s)


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One choice of a facet: what stands in the address, what people read, how many lectures it leads to.

    Without an English label the Chinese one is a text of ours, translated where it is shown.
    """

    value: str
    label_zh: str
    label_en: str
    count: int
    is_selected: bool


def label_facets(
    db: Session, counts: Mapping[str, Mapping[str, int]], chosen: Mapping[str, frozenset[str]]
) -> Mapping[str, tuple[FacetValue, ...]]:
    """Give the counted facets their labels, at most three queries.

    Vocabularies and places keep their own order, institutions go by how much they have. A value nobody carries is left
    out unless it is chosen; one that means nothing is left out always.
    """
    wanted = {name: {*counts.get(name, ()), *chosen.get(name, ())} for name in FACETS}
    terms = _term_labels(db)
    labels: dict[str, Sequence[tuple[str, str, str]]] = {
        **terms,
        "language": [*terms["language"], *((key, name, "") for key, name in OTHER_LANGUAGES.items())],
        **_region_labels(db, wanted["city"], wanted["county"]),
        "institution": _institution_labels(db, wanted["institution"]),
        "length": [(length.key, length.label, "") for length in LENGTHS],
        "kind": [(key, name, "") for key, name in KINDS.items()],
        **{name: [(YES, label, "")] for name, label in SIGNS.items()},
    }
    facets: dict[str, tuple[FacetValue, ...]] = {}
    for name in (name for name in FACETS if name in counts):
        selected, tally = chosen.get(name, frozenset()), counts[name]
        values = [
            FacetValue(value, zh, en, tally.get(value, 0), value in selected)
            for value, zh, en in labels[name]
            if tally.get(value, 0) or value in selected
        ]
        if name == "institution":
            values.sort(key=lambda item: (-item.count, item.label_zh))
        facets[name] = tuple(values)
    return facets


def _term_labels(db: Session) -> dict[str, list[tuple[str, str, str]]]:
    terms = list_terms(db)
    return {
        name: [(term.key, term.label_zh, term.label_en) for term in terms if term.scheme == scheme]
        for name, scheme in TERM_FACETS.items()
    }


def _region_labels(db: Session, cities: set[str], counties: set[str]) -> dict[str, list[tuple[str, str, str]]]:
    """Label places; an institution of the whole province counts as one of the city named like the province."""
    statement = select(Region).where(Region.code.in_(cities | counties)).order_by(Region.code)
    labels: dict[str, list[tuple[str, str, str]]] = {"city": [], "county": []}
    for region in db.scalars(statement.options(joinedload(Region.parent))):
        if region.level is RegionLevel.COUNTY:
            assert region.parent is not None, "a county lies in a city"
            # Two cities have a district of the same name, so a county is named with its city.
            zh, en = f"{region.parent.name_zh}{region.name_zh}", f"{region.name_en}, {region.parent.name_en}"
            labels["county"].append((region.code, zh, en))
        else:
            labels["city"].append((region.code, region.name_zh, region.name_en))
    return labels


def _institution_labels(db: Session, public_ids: set[str]) -> list[tuple[str, str, str]]:
    if not public_ids:
        return []
    found = db.scalars(select(Institution).where(Institution.public_id.in_(public_ids)))
    return [(each.public_id, each.name, each.name_en or each.name) for each in found]
