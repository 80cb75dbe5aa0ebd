"""Who may do what with lectures and institutions; pure functions of actor and thing."""

from __future__ import annotations

from app.kernel.actor import Actor
from app.library.models import Course, Lecture, LectureState


def can_contribute_to(actor: Actor, institution_id: int) -> bool:
    """May add lectures for the institution."""
    return actor.is_operator or institution_id in actor.institution_ids("contributor", "institution_admin")


def can_set_defaults(actor: Actor, institution_id: int) -> bool:
    """Admins decide what new drafts of their institution say."""
    return actor.is_operator or institution_id in actor.institution_ids("institution_admin")


def can_edit_lecture(actor: Actor, lecture: Lecture) -> bool:
    """Admins edit all lectures their institution owns or made with others, contributors what they made."""
    return lecture.deleted_at is None and _is_in_charge(actor, lecture)


def _is_in_charge(actor: Actor, lecture: Lecture) -> bool:
    owners = lecture.co_owner_ids | {lecture.institution_id}
    if actor.is_operator or owners & actor.institution_ids("institution_admin"):
        return True
    return lecture.created_by_id == actor.user_id and lecture.institution_id in actor.institution_ids("contributor")


def can_delete_draft(actor: Actor, lecture: Lecture) -> bool:
    """Whoever may edit a lecture that was never public; what residents have seen is withdrawn instead."""
    return can_edit_lecture(actor, lecture) and is_unseen_draft(lecture)


def is_unseen_draft(lecture: Lecture) -> bool:
    """Residents have never seen it."""
    return lecture.state is LectureState.DRAFT and lecture.published_at is None


def can_restore_draft(actor: Actor, lecture: Lecture) -> bool:
    """Those who could have deleted it bring it back."""
    return lecture.deleted_at is not None and _is_in_charge(actor, lecture)


def can_arrange_course(actor: Actor, course: Course) -> bool:
    """The institution's people name a course and put its lectures in order."""
    return can_contribute_to(actor, course.institution_id)


def can_dissolve_course(actor: Actor, course: Course, *, is_empty: bool) -> bool:
    """An empty course is deleted by whoever may arrange it; one with lectures by an admin."""
    if is_empty:
        return can_arrange_course(actor, course)
    return actor.is_operator or course.institution_id in actor.institution_ids("institution_admin")


def can_publish_lecture(actor: Actor, lecture: Lecture) -> bool:
    """Until the review workflow takes over: whoever may edit may publish."""
    return can_edit_lecture(actor, lecture)


def can_view_lecture(actor: Actor, lecture: Lecture) -> bool:
    """Published is for everybody; drafts for those who work on them."""
    return lecture.state is LectureState.PUBLISHED or can_view_work_on(actor, lecture)


def can_view_work_on(actor: Actor, lecture: Lecture) -> bool:
    """What residents do not see yet is for the institution's people and the admins of co-owners."""
    if lecture.deleted_at is not None:
        return False
    if actor.is_operator or lecture.institution_id in actor.institution_ids():
        return True
    return bool(lecture.co_owner_ids & actor.institution_ids("institution_admin"))
