"""What has a page of its own to browse: topics, audiences, cities, institutions. Names in addresses, and back.

Not here: the lectures on such a page (queries), their addresses (browse_views).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.catalogue.facets import NAME, TERM_FACETS
from app.kernel.errors import NotFound
from app.library.models import Term
from app.library.places import Institution, Region, RegionLevel

#: Facets whose values have pages, in the order the index page shows them.
KINDS: Final = ("topic", "audience", "city", "institution")


@dataclass(frozen=True, slots=True)
class Subject:
    """What one page is about: its facet and value, its names, and of an institution who and where it is."""

    kind: str
    value: str
    slug: str
    name_zh: str
    name_en: str
    type_zh: str = ""
    type_en: str = ""
    region: Region | None = None
    phone: str = ""


def slug_of(kind: str, value: str, name_en: str) -> str:
    """Return how a value is named in an address: terms by their keys, cities by their names, schools by their ids."""
    if kind == "city":
        return re.sub(r"[^a-z0-9]+", "-", name_en.lower()).strip("-")
    return value.replace("_", "-")


def city_region(region: Region) -> Region:
    """Return the city a region lies in, itself for cities and the province; `parent` must be loaded."""
    return region.parent if region.level is RegionLevel.COUNTY and region.parent is not None else region


def get_subject(db: Session, kind: str, slug: str) -> Subject:
    """Return what a page is about, whether it has lectures or not. At most two queries.

    Raises:
        NotFound: nothing of the kind is called so.
    """
    found = None
    if not NAME.fullmatch(slug):
        raise NotFound(kind=kind, slug=slug)
    if kind in {"topic", "audience"}:
        found = _find_term(db, kind, slug)
    elif kind == "city":
        found = next((each for each in _cities(db) if each.slug == slug), None)
    elif kind == "institution":
        found = _find_institution(db, slug)
    if found is None:
        raise NotFound(kind=kind, slug=slug)
    return found


def _find_term(db: Session, kind: str, slug: str) -> Subject | None:
    key = slug.replace("-", "_")
    term = db.scalars(select(Term).where(Term.scheme == TERM_FACETS[kind], Term.key == key)).first()
    if term is None or slug != slug_of(kind, term.key, ""):
        return None
    return Subject(kind, term.key, slug, term.label_zh, term.label_en)


def _cities(db: Session) -> Sequence[Subject]:
    regions = db.scalars(select(Region).where(Region.level != RegionLevel.COUNTY).order_by(Region.code))
    return [
        Subject("city", each.code, slug_of("city", each.code, each.name_en), each.name_zh, each.name_en)
        for each in regions
    ]


def _find_institution(db: Session, public_id: str) -> Subject | None:
    where = joinedload(Institution.region).joinedload(Region.parent)
    found = db.scalars(select(Institution).where(Institution.public_id == public_id).options(where)).first()
    if found is None:
        return None
    scheme = TERM_FACETS["institution_type"]
    term = db.scalars(select(Term).where(Term.scheme == scheme, Term.key == found.type_key)).first()
    return Subject(
        kind="institution",
        value=found.public_id,
        slug=found.public_id,
        name_zh=found.name,
        name_en=found.name_en or found.name,
        type_zh=term.label_zh if term is not None else "",
        type_en=term.label_en if term is not None else "",
        region=found.region,
        phone=found.contact_phone,
    )
