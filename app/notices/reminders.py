"""Each morning, before it is too late: openings that run out, quotas that fill up, invitations nobody used.

All of it is safe to repeat: the key of each notice names the thing and the step it has reached.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Membership, Role
from app.green_channel.periods import first_day, last_day
from app.joining.models import Invitation
from app.joining.rulebook import GB
from app.library.green_grants import GreenGrant
from app.library.places import Institution
from app.library.quotas import InstitutionQuota
from app.notices.green_facts import grant_facts, last_day_of, makers_of, openers_of
from app.notices.joining_facts import tell_of_invitation
from app.notices.kinds import NoticeKind
from app.notices.letters import Letterhead
from app.notices.services import tell
from app.review.seat_holders import nearest_officers, who
from app.review.working_days import ZONE
from app.studio.allowance import Usage, usage_of
from config.policies import read_notices

FULL: Final = 100
#: The chores come every hour; what a later run of the day finds waits for tomorrow's digest.
FIRST_RUN: Final = timedelta(hours=1)


@cache
def _policy() -> dict[str, Any]:
    return read_notices()


@dataclass(frozen=True, slots=True)
class Morning:
    """What every reminder of one run needs."""

    db: Session
    head: Letterhead
    now: datetime
    #: When its notices happened: what the morning's first run finds is in the digest it goes on to send.
    dated: datetime

    def tell(self, people: Collection[int | None], kind: NoticeKind, facts: Mapping[str, Any], *, key: str) -> None:
        """Tell people of a fact of this morning."""
        tell(self.db, self.head, people, kind, facts, key=key, at=self.dated)


def tell_reminders(db: Session, head: Letterhead, now: datetime, *, began_at: datetime | None = None) -> None:
    """Tell everything that a day of the calendar makes news; `began_at` is when the morning's digests were due."""
    is_first = began_at is not None and now - began_at < FIRST_RUN
    morning = Morning(db, head, now, began_at - timedelta(microseconds=1) if is_first and began_at else now)
    _tell_grants_ending(morning)
    _tell_grants_over(morning)
    _tell_quotas(morning)
    _tell_unused_invitations(morning)


def _tell_grants_ending(morning: Morning) -> None:
    db, now = morning.db, morning.now
    steps = sorted(_policy()["grant_days"])
    until = now + timedelta(days=steps[-1] + 1)
    ending = GreenGrant.ended_at.is_(None), GreenGrant.ends_at > now, GreenGrant.ends_at <= until
    for grant in db.scalars(select(GreenGrant).where(*ending).order_by(GreenGrant.id)):
        days = (last_day(grant.ends_at) - first_day(now)).days
        step = next((each for each in steps if days <= each), None)
        if step is None or last_day(grant.ends_at) - first_day(grant.created_at) < timedelta(days=step):
            continue  # whoever opens something for a week knows
        facts = grant_facts(grant, "soon", days=days, day=last_day_of(grant))
        # A later end is a new one, to be reminded of again.
        key = f"green-soon:{grant.id}:{last_day_of(grant)}:{step}"
        morning.tell(openers_of(db, grant), NoticeKind.GREEN_GRANT, facts, key=key)


def _tell_grants_over(morning: Morning) -> None:
    db, now = morning.db, morning.now
    since = now - timedelta(days=_policy()["look_back_days"])
    over = GreenGrant.ended_at.is_(None), GreenGrant.ends_at <= now, GreenGrant.ends_at > since
    for grant in db.scalars(select(GreenGrant).where(*over).order_by(GreenGrant.id)):
        facts = grant_facts(grant, "over", day=last_day_of(grant))
        people = openers_of(db, grant) | makers_of(db, grant)
        morning.tell(people, NoticeKind.GREEN_GRANT, facts, key=f"green-over:{grant.id}:{last_day_of(grant)}")


def _tell_quotas(morning: Morning) -> None:
    db, now = morning.db, morning.now
    rows = db.execute(
        select(InstitutionQuota, Institution)
        .join(Institution, Institution.id == InstitutionQuota.institution_id)
        .where(InstitutionQuota.valid_to.is_(None), Institution.is_active.is_(True))
        .order_by(Institution.id)
    ).all()
    used = usage_of(db, [institution.id for _, institution in rows]) if rows else {}
    month = f"{now.astimezone(ZONE):%Y-%m}"
    for quota, institution in rows:
        for fill in _fill(quota, used[institution.id]):
            step = max((each for each in _policy()["quota_percent"] if fill.percent >= each), default=None)
            if step is not None:
                _tell_quota(morning, institution, fill, key=f"quota:{fill.what}:{quota.id}:{step}:{month}")


@dataclass(frozen=True, slots=True)
class Fill:
    """How full one of the two quotas of an institution is."""

    what: str
    percent: int
    #: In its unit: GB, or hours.
    limit: int


def _fill(quota: InstitutionQuota, usage: Usage) -> list[Fill]:
    found = []
    if quota.storage_bytes is not None:
        found.append(Fill("storage", 100 * usage.total_bytes // quota.storage_bytes, quota.storage_bytes // GB))
    if quota.monthly_hours is not None:
        found.append(Fill("hours", int(usage.month_s / 36 / quota.monthly_hours), quota.monthly_hours))
    return found


def _tell_quota(morning: Morning, institution: Institution, fill: Fill, *, key: str) -> None:
    db = morning.db
    is_full = fill.percent >= FULL
    facts = {
        "what": f"{fill.what}_full" if is_full else fill.what, "place": institution.name, "percent": fill.percent,
        "limit": fill.limit,
    }  # fmt: skip
    admins = who(db, Membership.role == Role.INSTITUTION_ADMIN, Membership.institution_id == institution.id)
    morning.tell(admins, NoticeKind.QUOTA, facts, key=key)
    if is_full:
        # They can give more room.
        officers = set(nearest_officers(db, institution.region_code)) - set(admins)
        morning.tell(officers, NoticeKind.QUOTA, facts | {"is_officers": True}, key=key)


def _tell_unused_invitations(morning: Morning) -> None:
    db, now = morning.db, morning.now
    since = now - timedelta(days=_policy()["look_back_days"])
    unused = Invitation.used_at.is_(None), Invitation.revoked_at.is_(None)
    over = Invitation.expires_at <= now, Invitation.expires_at > since
    for invitation in db.scalars(select(Invitation).where(*unused, *over).order_by(Invitation.id)):
        facts = {"what": "unused", "person": invitation.person_name}
        tell_of_invitation(db, morning.head, invitation, {invitation.created_by_id}, facts, at=morning.dated)
