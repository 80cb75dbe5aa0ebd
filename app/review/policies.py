"""Who may look at, remark on and decide a review; pure functions of reach and thing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from app.kernel.actor import Actor
from app.library.places import Institution
from app.review.rulebook import Level, rulebook


@dataclass(frozen=True, slots=True)
class Reach:
    """An actor with the regions that the units they are officers of administer or guide."""

    actor: Actor
    region_codes: frozenset[str] = frozenset()

    @property
    def desk_institutions(self) -> frozenset[int]:
        """Institutions whose reviews the actor sees by membership."""
        return self.actor.institution_ids("reviewer", "institution_admin")


def can_see_reviews_of(reach: Reach, institution: Institution) -> bool:
    """May read every review of the institution's lectures."""
    actor = reach.actor
    return (
        actor.is_operator or institution.id in reach.desk_institutions or institution.region_code in reach.region_codes
    )


def holds_seat(reach: Reach, level: Level, institution: Institution) -> bool:
    """Has a role that decides at the level, whoever made the lecture."""
    if "operator" in level.who and reach.actor.is_operator:
        return True
    if "officer" in level.who and institution.region_code in reach.region_codes:
        return True
    roles = level.who & {"reviewer", "institution_admin"}
    return bool(roles) and institution.id in reach.actor.institution_ids(*roles)


def seats(reach: Reach, institution: Institution) -> list[int]:
    """Return the levels the actor may decide at."""
    return [level.number for level in rulebook().levels if holds_seat(reach, level, institution)]


def is_own_work(actor: Actor, people: Collection[int | None]) -> bool:
    """Made, sent in or already decided by the actor: another person must look."""
    return actor.user_id is None or actor.user_id in people


def can_set_rules(actor: Actor) -> bool:
    """May change how many levels institutions need, and the negative list."""
    return actor.is_operator
