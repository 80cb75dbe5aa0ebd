"""Who may open lectures to communities and see how they stand; pure functions of actor and thing."""

from __future__ import annotations

from app.kernel.actor import Actor


def can_grant_for(actor: Actor, institution_id: int) -> bool:
    """Opening binds the institution: its admins decide."""
    return actor.is_operator or institution_id in actor.institution_ids("institution_admin")


def can_see_desk_of(actor: Actor, institution_id: int) -> bool:
    """Whoever makes the institution's lectures sees which promises they break."""
    return actor.is_operator or institution_id in actor.institution_ids("contributor", "institution_admin")


def can_oversee(actor: Actor) -> bool:
    """Officers see how much is opened within the regions of their units."""
    return actor.is_officer
