"""Who acts: plain values every policy can ask, with no database behind them.

It lives here, below accounts, because the page shell (web) and every capability's policies speak of the actor.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Grant:
    """A role held at an institution, at a unit, or (operator) everywhere."""

    role: str
    institution_id: int | None = None
    unit_id: int | None = None
    #: Answers for the place by name (负责人); at a unit that is who looks after its members.
    is_responsible: bool = False


@dataclass(frozen=True, slots=True)
class Actor:
    """The person of one request or command; `user_id` is None for the public."""

    user_id: int | None = None
    public_id: str = ""
    display_name: str = ""
    grants: tuple[Grant, ...] = field(default=())

    @property
    def is_authenticated(self) -> bool:
        """Signed in or not."""
        return self.user_id is not None

    @property
    def is_operator(self) -> bool:
        """Runs the whole site."""
        return any(grant.role == "operator" for grant in self.grants)

    def institution_ids(self, *roles: str) -> frozenset[int]:
        """Institutions where the actor holds one of the roles (any role when none is named)."""
        return frozenset(
            grant.institution_id
            for grant in self.grants
            if grant.institution_id is not None and (not roles or grant.role in roles)
        )

    def unit_ids(self, *roles: str) -> frozenset[int]:
        """Units where the actor holds one of the roles (any role when none is named)."""
        return frozenset(
            grant.unit_id for grant in self.grants if grant.unit_id is not None and (not roles or grant.role in roles)
        )

    @property
    def can_contribute(self) -> bool:
        """May open the studio."""
        return self.is_operator or bool(self.institution_ids("contributor", "institution_admin"))

    @property
    def can_review(self) -> bool:
        """May open the review desk; at which level of what is the review's question."""
        return self.is_operator or any(
            grant.role in {"reviewer", "institution_admin", "officer"} for grant in self.grants
        )

    @property
    def is_officer(self) -> bool:
        """Looks after institutions; of which regions is each room's question."""
        return self.is_operator or bool(self.unit_ids("officer"))

    @property
    def manages_members(self) -> bool:
        """Looks after the members of some place."""
        return any(grant.role == "institution_admin" or grant.is_responsible for grant in self.grants)

    @property
    def can_curate(self) -> bool:
        """May open the curation desk."""
        return self.is_operator or bool(self.unit_ids("curator"))


#: The public: everybody who watches.
NOBODY = Actor()
