"""Old versions of a lecture's file for the people of the lecture: looking, going back, making room."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.kernel.errors import Conflict, NotFound, NotPermitted
from app.library import policies as library_policies
from app.library.models import Lecture, LectureState
from app.library.services import get_lecture_for_edit
from app.media import versions
from app.media.queries import current_set
from app.media.versions import Version, VersionList
from app.review import shelving
from app.review.snapshots import sources_under_review
from app.studio.queries import find_own_lecture


@dataclass(frozen=True, slots=True)
class VersionsPage:
    """What the page of a lecture's versions shows."""

    lecture: Lecture
    found: VersionList
    can_edit: bool


def get_versions_page(db: Session, actor: Actor, public_id: str, *, page: int = 1) -> VersionsPage:
    """Return a page of a lecture's versions.

    Raises:
        NotFound: no such lecture, or not of the actor's institutions.
    """
    lecture = find_own_lecture(db, actor, public_id)
    can_edit = library_policies.can_edit_lecture(actor, lecture)
    return VersionsPage(lecture, versions.list_versions(db, lecture, page=page), can_edit)


def get_own_version(db: Session, actor: Actor, public_id: str, number: int) -> tuple[Lecture, Version]:
    """Return a version of a lecture the actor may change.

    Raises:
        NotFound, NotPermitted.
    """
    lecture = find_own_lecture(db, actor, public_id)
    if not library_policies.can_edit_lecture(actor, lecture):
        raise NotPermitted(lecture_id=lecture.id)
    return lecture, versions.get_version(db, lecture, number)


def get_master(db: Session, actor: Actor, public_id: str, number: int) -> Version:
    """Return a version whose master the actor may have.

    Raises:
        NotFound: also when the master was given up, or is another lecture's.
        NotPermitted.
    """
    _, version = get_own_version(db, actor, public_id, number)
    if not version.can_download:
        raise NotFound(public_id=public_id, version=number)
    return version


def restore_version(db: Session, actor: Actor, public_id: str, number: int) -> Lecture:
    """Go back to a version; on the shelf it waits for its review like any new file. Twice changes nothing.

    Raises:
        NotFound, NotPermitted.
        Conflict: when its master is gone, or another file is under review instead of what residents see.
    """
    lecture = get_lecture_for_edit(db, actor, public_id)
    version = versions.get_version(db, lecture, number)
    if _would_end_a_review(db, lecture, version):
        sentence = "新的文件正在审核，有了结论再恢复；十分钟内可以先撤回送审。"
        raise Conflict(sentence, code="under_review", lecture_id=lecture.id)
    versions.restore(db, actor, lecture, number)
    return lecture


def _would_end_a_review(db: Session, lecture: Lecture, version: Version) -> bool:
    """Going back to what residents see gives up the file that waits, which reviewers have before them."""
    shown, review = current_set(db, lecture.id), shelving.find_open(db, lecture.id)
    if shown is None or review is None or lecture.state is not LectureState.PUBLISHED:
        return False
    is_shown = (shown.source.sha256, shown.source.cut) == (version.source.sha256, version.source.cut)
    return is_shown and review.snapshot["source_id"] != shown.source_id


def drop_version(db: Session, actor: Actor, public_id: str, number: int) -> None:
    """Give up the master of an old version, for room; its line stays. Twice is once.

    Raises:
        NotFound, NotPermitted.
        Conflict: when it is in use or under review.
    """
    lecture = get_lecture_for_edit(db, actor, public_id)
    version = versions.get_version(db, lecture, number)
    if version.source.id in sources_under_review(db):
        raise Conflict("这一版正在审核，不能清除原文件。", code="under_review", lecture_id=lecture.id)
    versions.drop_master(db, lecture, number)
