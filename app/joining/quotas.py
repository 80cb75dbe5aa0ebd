"""What institutions may use, as officers set it; every change keeps who made it and why. What they use: app.studio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from app.curation.typed_text import clean
from app.joining import policies
from app.joining.rulebook import GB
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import InvalidInput, NotFound, StaleVersion
from app.kernel.sentences import Sentence, too_long
from app.library.places import Institution
from app.library.quotas import QUOTA_REASON_MAX, InstitutionQuota, find_quota
from app.review.policies import Reach
from app.review.reach import get_reach
from app.studio.allowance import Allowance, Usage, usage_of

log = structlog.get_logger(__name__)

STORAGE_GB_MAX: Final = 1_000_000
HOURS_MAX: Final = 10_000
PAGE_SIZE: Final = 20


@dataclass(frozen=True, slots=True)
class QuotaFields:
    """What an officer types; empty or 0 is without limit."""

    storage_gb: str = ""
    monthly_hours: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class InstitutionLine:
    """An institution with its quota, as the officer's list shows it."""

    public_id: str
    region_code: str
    allowance: Allowance
    quota: InstitutionQuota | None


@dataclass(frozen=True, slots=True)
class Institutions:
    """One page of the list."""

    rows: list[InstitutionLine]
    page: int
    page_count: int


def load_institution(db: Session, actor: Actor, public_id: str) -> Institution:
    """Load an institution whose quota the actor may set.

    Raises:
        NotFound: when there is none, or in no region of the actor's.
    """
    institution = db.scalars(select(Institution).where(Institution.public_id == public_id)).first()
    if institution is None or not policies.can_oversee(get_reach(db, actor), institution.region_code):
        raise NotFound(institution=public_id)
    return institution


def set_quota(
    db: Session, actor: Actor, public_id: str, fields: QuotaFields, *, expected_id: int
) -> InstitutionQuota | None:
    """Say what an institution may use from now on; the same again changes nothing.

    Args:
        db: session.
        actor: an officer of the institution's region, or an operator.
        public_id: of the institution.
        fields: as typed.
        expected_id: id of the quota the page showed, 0 for none.

    Raises:
        NotFound, InvalidInput.
        StaleVersion: when somebody set another one since.
    """
    institution = load_institution(db, actor, public_id)
    current = find_quota(db, institution.id, lock=True)
    storage_bytes, monthly_hours = _checked(fields)
    before = (current.storage_bytes, current.monthly_hours) if current is not None else (None, None)
    if before == (storage_bytes, monthly_hours):
        return current
    if (current.id if current is not None else 0) != expected_id:
        raise StaleVersion(institution_id=institution.id, expected=expected_id)
    return put_quota(db, actor, institution.id, fields)


def put_quota(db: Session, actor: Actor, institution_id: int, fields: QuotaFields) -> InstitutionQuota | None:
    """End what is in force and begin anew; the caller has asked the policies."""
    storage_bytes, monthly_hours = _checked(fields)
    now, current = utc_now(), find_quota(db, institution_id, lock=True)
    if current is not None:
        current.valid_to = now
        db.flush()
    if storage_bytes is None and monthly_hours is None:
        return None
    quota = InstitutionQuota(
        institution_id=institution_id, storage_bytes=storage_bytes, monthly_hours=monthly_hours,
        reason=clean(fields.reason), set_by_id=actor.user_id, set_by_name=actor.display_name, valid_from=now,
    )  # fmt: skip
    db.add(quota)
    db.flush()
    log.info("quota_set", institution_id=institution_id, storage_bytes=storage_bytes, monthly_hours=monthly_hours)
    return quota


def _checked(fields: QuotaFields) -> tuple[int | None, int | None]:
    problems: dict[str, str] = {}
    storage = _number(fields.storage_gb, "storage_gb", STORAGE_GB_MAX, problems)
    hours = _number(fields.monthly_hours, "monthly_hours", HOURS_MAX, problems)
    reason = clean(fields.reason)
    if len(reason) > QUOTA_REASON_MAX:
        problems["quota_reason"] = too_long("说明", QUOTA_REASON_MAX, reason)
    if problems:
        raise InvalidInput(fields=problems)
    return storage * GB or None, hours or None


def _number(typed: str, name: str, limit: int, problems: dict[str, str]) -> int:
    text = "".join(typed.split()) or "0"
    if not (text.isascii() and text.isdigit()) or int(text[:12]) > limit:
        problems[name] = Sentence("请填 0 到 %(limit)d 的整数，0 是不限。", limit=limit)
        return 0
    return int(text)


def _within(reach: Reach) -> ColumnElement[bool]:
    return true() if reach.actor.is_operator else Institution.region_code.in_(reach.region_codes)


def list_institutions(db: Session, actor: Actor, *, text: str = "", page: int = 1) -> Institutions:
    """Return the institutions the actor oversees with what they may use and what they do. At most eight queries."""
    wanted = [_within(get_reach(db, actor)), Institution.is_active.is_(True)]
    if text:
        wanted.append(Institution.name.contains(text, autoescape=True))
    count = db.scalar(select(func.count()).select_from(Institution).where(*wanted)) or 0
    page_count = max(1, -(-count // PAGE_SIZE))
    page = min(max(1, page), page_count)
    on_now = (InstitutionQuota.institution_id == Institution.id) & InstitutionQuota.valid_to.is_(None)
    statement = select(Institution, InstitutionQuota).outerjoin(InstitutionQuota, on_now).where(*wanted)
    statement = statement.order_by(Institution.name, Institution.id).offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE)
    found = [(row[0], row[1]) for row in db.execute(statement)]
    used = usage_of(db, [institution.id for institution, _ in found])
    rows = [
        InstitutionLine(institution.public_id, institution.region_code, _allowance(institution, quota, used), quota)
        for institution, quota in found
    ]
    return Institutions(rows, page, page_count)


def get_allowance(db: Session, institution_id: int) -> Allowance:
    """Return quota and use of one institution. Six queries."""
    institution = db.get_one(Institution, institution_id)
    return _allowance(institution, find_quota(db, institution_id), usage_of(db, [institution_id]))


def _allowance(institution: Institution, quota: InstitutionQuota | None, used: Mapping[int, Usage]) -> Allowance:
    usage = used[institution.id]
    return Allowance(
        institution.id, institution.name, usage, quota.storage_bytes if quota else None,
        quota.monthly_hours if quota else None,
    )  # fmt: skip
