"""Who may do what with lectures and institutions; pure functions of actor and thing."""

from __future__ import annotations

from app.kernel.actor import Actor
from app.library.models import Lecture, LectureState


def can_contribute_to(actor: Actor, institution_id: int) -> bool:
    """May add lectures for the institution."""
    return actor.is_operator or institution_id in actor.institution_ids("contributor", "institution_admin")


def can_set_defaults(actor: Actor, institution_id: int) -> bool:
    """Admins decide what new drafts of their institution say."""
    return actor.is_operator or institution_id in actor.institution_ids("institution_admin")


def can_edit_lecture(actor: Actor, lecture: Lecture) -> bool:
    """Admins edit all lectures their institution owns or made with others, contributors what they made."""
    owners = lecture.co_owner_ids | {lecture.institution_id}
    if actor.is_operator or owners & actor.institution_ids("institution_admin"):
        return True
    return lecture.created_by_id == actor.user_id and lecture.institution_id in actor.institution_ids("contributor")


def can_publish_lecture(actor: Actor, lecture: Lecture) -> bool:
    """Until the review workflow takes over: whoever may edit may publish."""
    return can_edit_lecture(actor, lecture)


def can_view_lecture(actor: Actor, lecture: Lecture) -> bool:
    """Published is for everybody; drafts for those who work on them."""
    return lecture.state is LectureState.PUBLISHED or can_view_work_on(actor, lecture)


def can_view_work_on(actor: Actor, lecture: Lecture) -> bool:
    """What residents do not see yet is for the institution's people and the admins of co-owners."""
    if actor.is_operator or lecture.institution_id in actor.institution_ids():
        return True
    return bool(lecture.co_owner_ids & actor.institution_ids("institution_admin"))
