"""Loading regions and terms from the policy data; safe to repeat at every release."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.library.models import Term
from app.library.places import Region, RegionLevel
from config.policies import RegionRow, TermRow


def load_regions(db: Session, rows: Iterable[RegionRow]) -> int:
    """Insert or update regions by code; none is ever deleted. Return how many rows were read."""
    known = {region.code: region for region in db.scalars(select(Region))}
    count = 0
    for row in rows:
        region = known.get(row.code)
        if region is None:
            region = Region(code=row.code)
            db.add(region)
        region.name_zh, region.name_en = row.name_zh, row.name_en
        region.level, region.parent_code = RegionLevel(row.level), row.parent_code
        count += 1
    db.flush()
    return count


def load_terms(db: Session, rows: Iterable[TermRow]) -> int:
    """Insert or update terms by scheme and key; none is ever deleted. Return how many rows were read."""
    known = {(term.scheme, term.key): term for term in db.scalars(select(Term))}
    count = 0
    for row in rows:
        term = known.get((row.scheme, row.key))
        if term is None:
            term = Term(scheme=row.scheme, key=row.key)
            db.add(term)
        term.label_zh, term.label_en, term.position = row.label_zh, row.label_en, row.position
        term.valid_from, term.valid_to, term.aliases = row.valid_from, row.valid_to, list(row.aliases)
        count += 1
    db.flush()
    return count
