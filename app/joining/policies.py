"""Who may verify applicants, look after members, set quotas; pure functions of actor (with reach) and thing."""

from __future__ import annotations

from app.joining.models import Application
from app.joining.places import Place
from app.kernel.actor import Actor
from app.review.policies import Reach


def can_verify(reach: Reach, application: Application) -> bool:
    """Officers of the applicant's region, those of the regions around it up to the province, operators."""
    return reach.actor.is_operator or application.region_code in reach.region_codes


def can_oversee(reach: Reach, region_code: str) -> bool:
    """May set quotas of the institutions of a region, and invite an administrator where one is missing."""
    return reach.actor.is_operator or region_code in reach.region_codes


def can_manage(actor: Actor, place: Place) -> bool:
    """May invite members of a place, change what they are and hand their work over."""
    if actor.is_operator:
        return True
    if place.is_institution:
        return place.institution_id in actor.institution_ids("institution_admin")
    return any(grant.is_responsible and grant.unit_id == place.unit_id for grant in actor.grants)
