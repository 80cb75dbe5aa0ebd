"""Who may see figures, issue and revoke certificates; pure functions of actor and thing."""

from __future__ import annotations

from app.kernel.actor import Actor
from app.library.models import Lecture
from app.library.policies import can_view_work_on
from app.watching.models import Certificate


def can_see_figures(actor: Actor, lecture: Lecture) -> bool:
    """The people of the institutions that made it; who only works in a centre or watches does not."""
    return actor.can_contribute and can_view_work_on(actor, lecture)


def can_see_figures_of(actor: Actor, institution_id: int) -> bool:
    """Figures over a whole institution are for its admins."""
    return actor.is_operator or institution_id in actor.institution_ids("institution_admin")


def can_open_certificate(actor: Actor, certificate: Certificate) -> bool:
    """Whoever holds it, and who may revoke it."""
    return certificate.user_id == actor.user_id or can_revoke_certificate(actor, certificate)


def can_revoke_certificate(actor: Actor, certificate: Certificate) -> bool:
    """Admins of the institution it names."""
    return can_see_figures_of(actor, certificate.institution_id)
