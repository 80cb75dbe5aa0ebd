"""Writes to grants: open, change, end. Each checks the lectures it concerns in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy import Select, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from app.green_channel import policies
from app.green_channel.events import GreenGrantChanged, GreenGrantEnded, GreenGrantOpened
from app.green_channel.fields import CheckedGrant, GrantFields, check, cleaned_line, said_by
from app.green_channel.models import GrantAction, GreenGrantEvent
from app.green_channel.standing import lectures_of, recheck
from app.kernel import outbox
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import Conflict, InvalidInput, NotFound, NotPermitted, StaleVersion
from app.kernel.ids import new_public_id
from app.kernel.sentences import too_long
from app.library.green_grants import (
    END_REASON_MAX,
    GreenGrant,
    GreenGrantAudience,
    GreenGrantItem,
    GreenGrantRegion,
)
from app.library.models import Lecture
from app.library.sharing import get_institution
from app.media.services import hurry_encodes

log = structlog.get_logger(__name__)


def open_channel(db: Session, actor: Actor, institution_id: str, fields: GrantFields, *, key: str) -> GreenGrant:
    """Open courses and lectures of an institution to communities; the same key again is the same grant.

    Raises:
        NotPermitted: when the actor does not decide for the institution.
        InvalidInput: with a sentence per wrong field.
    """
    institution = get_institution(db, institution_id)
    if not policies.can_grant_for(actor, institution.id):
        raise NotPermitted("只有本机构的管理员能开放课程。", code="not_an_admin", institution_id=institution.id)
    if not key or len(key) > 40:
        raise InvalidInput("页面停留太久，请刷新后重新填写。", code="bad_grant_key")
    known = _find_by_key(db, key, institution.id)
    if known is not None:
        return known
    checked = check(db, institution.id, fields)
    now = utc_now()
    grant = GreenGrant(
        public_id=new_public_id(), key=key, institution_id=institution.id, created_by_id=actor.user_id, created_at=now,
        updated_at=now, version=1, **checked.columns(),
    )  # fmt: skip
    try:
        with db.begin_nested():
            db.add(grant)
    except IntegrityError:  # the same form sent twice at once: the other one opened
        known = _find_by_key(db, key, institution.id)
        if known is None:
            raise
        return known
    _put_parts(db, grant, checked)
    _note(db, actor, grant, GrantAction.OPENED)
    outbox.emit(db, GreenGrantOpened(grant.id))
    _apply(db, grant)
    log.info("green_grant_opened", grant_id=grant.id, institution_id=institution.id)
    return grant


def change_channel(
    db: Session, actor: Actor, public_id: str, fields: GrantFields, *, expected_version: int
) -> GreenGrant:
    """Change what a grant says and opens; what was said before stays in its history.

    Raises:
        StaleVersion: when somebody saved since the actor read it.
        Conflict: when it was ended or has run out: that is history.
    """
    grant = get_grant_for_change(db, actor, public_id)
    if grant.last_moment <= utc_now():
        raise Conflict("这次开放已经结束，不能再改；请新建一次开放。", code="grant_is_over", grant_id=grant.id)
    if grant.version != expected_version:
        raise StaleVersion(grant_id=grant.id, version=grant.version, expected=expected_version)
    checked = check(db, grant.institution_id, fields, began_at=grant.starts_at)
    before, opened_before = said_by(grant), lectures_of(db, grant)
    for name, value in checked.columns().items():
        setattr(grant, name, value)
    _put_parts(db, grant, checked)
    db.scalars(_whole(public_id).execution_options(populate_existing=True)).one()
    after = said_by(grant)
    changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if not changed:
        return grant
    grant.version, grant.updated_at = grant.version + 1, utc_now()
    _note(db, actor, grant, GrantAction.CHANGED, details=changed)
    outbox.emit(db, GreenGrantChanged(grant.id))
    _apply(db, grant, also=opened_before)
    log.info("green_grant_changed", grant_id=grant.id, fields=sorted(changed))
    return grant


def end_channel(db: Session, actor: Actor, public_id: str, *, reason: str) -> GreenGrant:
    """End a grant before its time; ending it twice is fine.

    Raises:
        InvalidInput: without a reason.
        Conflict: when its period is over by itself.
    """
    grant = get_grant_for_change(db, actor, public_id)
    if grant.ended_at is not None:
        return grant
    if grant.ends_at <= utc_now():
        raise Conflict("这次开放已经到期，不用再结束。", code="grant_is_over", grant_id=grant.id)
    cleaned = cleaned_line(reason)
    if not cleaned:
        raise InvalidInput(fields={"reason": "请写明结束的原因，开放目录里会看到。"})
    if len(cleaned) > END_REASON_MAX:
        raise InvalidInput(fields={"reason": too_long("原因", END_REASON_MAX, cleaned)})
    now = utc_now()
    grant.ended_at, grant.ended_reason, grant.updated_at = now, cleaned, now
    grant.version += 1
    _note(db, actor, grant, GrantAction.ENDED, why=cleaned)
    outbox.emit(db, GreenGrantEnded(grant.id, cleaned))
    db.flush()
    recheck(db, lectures_of(db, grant))
    log.info("green_grant_ended", grant_id=grant.id)
    return grant


def recheck_lecture(db: Session, actor: Actor, public_id: str) -> None:
    """Check a lecture again because its people ask.

    Raises:
        NotFound: none, or of an institution whose desk the actor does not see.
    """
    lecture = db.scalars(select(Lecture).where(Lecture.public_id == public_id)).first()
    if lecture is None or not policies.can_see_desk_of(actor, lecture.institution_id):
        raise NotFound(public_id=public_id)
    recheck(db, [lecture.id])


def get_grant_for_change(db: Session, actor: Actor, public_id: str) -> GreenGrant:
    """Load a grant the actor may change, its row locked where the database can.

    Raises:
        NotFound: none; NotPermitted: grants are public, changing them is for admins of the institution.
    """
    grant = db.scalars(_whole(public_id).with_for_update(of=GreenGrant)).first()
    if grant is None:
        raise NotFound("没有这次开放。", code="no_such_grant", public_id=public_id)
    if not policies.can_grant_for(actor, grant.institution_id):
        raise NotPermitted("只有本机构的管理员能修改开放。", code="not_an_admin", grant_id=grant.id)
    return grant


def _whole(public_id: str) -> Select[GreenGrant]:
    return select(GreenGrant).where(GreenGrant.public_id == public_id).options(
        selectinload(GreenGrant.items).selectinload(GreenGrantItem.course),
        selectinload(GreenGrant.items).selectinload(GreenGrantItem.lecture),
        selectinload(GreenGrant.regions), selectinload(GreenGrant.audiences),
    )  # fmt: skip


def _find_by_key(db: Session, key: str, institution_id: int) -> GreenGrant | None:
    wanted = select(GreenGrant).where(GreenGrant.key == key, GreenGrant.institution_id == institution_id)
    return db.scalars(wanted).first()


def _put_parts(db: Session, grant: GreenGrant, checked: CheckedGrant) -> None:
    """Make a grant open exactly these things, for exactly these regions and audiences."""
    wanted = [(course_id, None) for course_id in checked.course_ids] + [(None, each) for each in checked.lecture_ids]
    kept = {(item.course_id, item.lecture_id): item
            for item in db.scalars(select(GreenGrantItem).where(GreenGrantItem.grant_id == grant.id))}  # fmt: skip
    for place, item in kept.items():
        if place not in wanted:
            db.delete(item)
    db.add_all(GreenGrantItem(grant_id=grant.id, course_id=course_id, lecture_id=lecture_id)
               for course_id, lecture_id in wanted if (course_id, lecture_id) not in kept)  # fmt: skip
    for table in (GreenGrantRegion, GreenGrantAudience):
        db.execute(delete(table).where(table.grant_id == grant.id))
    db.add_all(GreenGrantRegion(grant_id=grant.id, region_code=code) for code in checked.region_codes)
    db.add_all(GreenGrantAudience(grant_id=grant.id, term_id=term_id) for term_id in checked.term_ids)
    db.flush()


def _note(
    db: Session, actor: Actor, grant: GreenGrant, action: GrantAction, *, why: str = "",
    details: dict[str, list[object]] | None = None,
) -> None:  # fmt: skip
    event = GreenGrantEvent(
        grant_id=grant.id, at=utc_now(), actor_id=actor.user_id, actor_name=actor.display_name or "—", action=action,
        why=why, details=details or {},
    )  # fmt: skip
    db.add(event)


def _apply(db: Session, grant: GreenGrant, *, also: Sequence[int] = ()) -> None:
    """Check what a grant opens (and `also`, what it opened before), and move its waiting encodes up."""
    opened = lectures_of(db, grant)
    recheck(db, {*opened, *also})
    hurry_encodes(db, opened)
