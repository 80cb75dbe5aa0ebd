"""What officers do with applications: ask, accept, refuse, take a refusal back. Works in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.accounts.models import Role
from app.joining import invitations, policies, quotas
from app.joining.applications import add_message
from app.joining.events import ApplicationMoved
from app.joining.fields import checked_words
from app.joining.invitations import NewInvitation
from app.joining.models import REASON_MAX, ApplicantKind, Application, ApplicationState, Invitation, MessageKind
from app.joining.places import Place, place_of_institution, place_of_unit
from app.joining.quotas import QuotaFields
from app.joining.rulebook import rulebook
from app.kernel import outbox
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import Conflict, InvalidInput, NotFound, StaleVersion
from app.kernel.ids import new_public_id
from app.library.places import Institution, RegionDuty, Unit, UnitKind, UnitRegion
from app.review.reach import get_reach

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What an acceptance made."""

    application: Application
    place: Place
    invitation: Invitation


def load_application(db: Session, actor: Actor, public_id: str, *, lock: bool = False) -> Application:
    """Load an application the actor may verify; drafts are nobody's business yet.

    Raises:
        NotFound: when there is none, or not in a region of the actor's.
    """
    statement = (
        select(Application)
        .where(Application.public_id == public_id, Application.state != ApplicationState.DRAFT)
        .options(joinedload(Application.region), selectinload(Application.papers), selectinload(Application.messages))
    )
    application = db.scalars(statement.with_for_update(of=Application) if lock else statement).first()
    if application is None or not policies.can_verify(get_reach(db, actor), application):
        raise NotFound(application=public_id)
    return application


def ask(db: Session, actor: Actor, public_id: str, words: str, *, expected_version: int) -> Application:
    """Put a question to the applicant; the same question again changes nothing.

    Raises:
        NotFound, Conflict, StaleVersion, InvalidInput.
    """
    application = load_application(db, actor, public_id, lock=True)
    question = checked_words(words, "问题", "words")
    last = application.messages[-1] if application.messages else None
    if application.state is ApplicationState.QUESTIONED and last is not None and last.words == question:
        return application
    _require_in_hand(application, expected_version)
    _move(db, actor, application, ApplicationState.QUESTIONED, kind=MessageKind.QUESTION, words=question)
    return application


def refuse(db: Session, actor: Actor, public_id: str, reason: str, *, expected_version: int) -> Application:
    """Refuse with a reason the applicant reads; a second click changes nothing.

    Raises:
        NotFound, Conflict, StaleVersion, InvalidInput.
    """
    application = load_application(db, actor, public_id, lock=True)
    if application.state is ApplicationState.REFUSED:
        return application
    why = checked_words(reason, "理由", "reason", REASON_MAX)
    _require_in_hand(application, expected_version)
    application.reason, application.closed_at = why, utc_now()
    _move(db, actor, application, ApplicationState.REFUSED, kind=MessageKind.REFUSED, words=why)
    return application


def reopen(db: Session, actor: Actor, public_id: str) -> Application:
    """Take a refusal back, shortly after it was made.

    Raises:
        Conflict: when it is too late, or was no refusal.
    """
    application = load_application(db, actor, public_id, lock=True)
    if not can_reopen(application):
        raise Conflict("现在不能再撤销了。单位可以重新申请。", code="too_late", application_id=application.id)
    application.reason, application.closed_at = "", None
    _move(db, actor, application, ApplicationState.SUBMITTED, kind=MessageKind.REOPENED, words="")
    return application


def can_reopen(application: Application) -> bool:
    """Tell whether a refusal may still be taken back."""
    is_refused = application.state is ApplicationState.REFUSED and application.closed_at is not None
    return is_refused and application.closed_at + rulebook().second_thoughts > utc_now()  # type: ignore[operator]


def accept(
    db: Session, actor: Actor, public_id: str, *, quota: QuotaFields, token: str, expected_version: int
) -> Accepted:
    """Take the applicant in: make the institution or the unit, and an invitation for its responsible person.

    The same token again is the same acceptance, so that a lost answer may be asked for again.

    Raises:
        NotFound, Conflict, StaleVersion: as for the other decisions.
        InvalidInput: when the name is taken, or the quota is no number.
    """
    application = load_application(db, actor, public_id, lock=True)
    if application.state is ApplicationState.ACCEPTED:
        known = invitations.find_by_token(db, token)
        if known is None or known.application_id != application.id:
            raise Conflict("这份申请已经通过了。", code="application_closed", application_id=application.id)
        return Accepted(application, place_of(db, application), known)
    _require_in_hand(application, expected_version)
    _make_place(db, application)
    if application.kind is ApplicantKind.INSTITUTION:
        quotas.put_quota(db, actor, application.institution_id or 0, quota)
    place = place_of(db, application)
    application.closed_at = utc_now()
    _move(db, actor, application, ApplicationState.ACCEPTED, kind=MessageKind.ACCEPTED, words="")
    invitation = invitations.put(db, place, invitation_for(application), token=token, by=actor)
    log.info("application_accepted", application_id=application.id, actor_id=actor.user_id)
    return Accepted(application, place, invitation)


def invitation_for(application: Application) -> NewInvitation:
    """Return the invitation that an accepted applicant's responsible person gets."""
    role = Role.INSTITUTION_ADMIN if application.kind is ApplicantKind.INSTITUTION else Role.CURATOR
    return NewInvitation(
        role, application.person_name, application.person_email, is_responsible=True, application_id=application.id
    )


def place_of(db: Session, application: Application) -> Place:
    """Return what an accepted applicant has become."""
    if application.institution_id is not None:
        return place_of_institution(db.get_one(Institution, application.institution_id))
    return place_of_unit(db.get_one(Unit, application.unit_id))


def _make_place(db: Session, application: Application) -> None:
    model = Institution if application.kind is ApplicantKind.INSTITUTION else Unit
    if db.scalar(select(model.id).where(model.name == application.name)) is not None:
        sentence = "库里已经有同名的单位。是同一个单位就请拒绝并告诉它找管理员要邀请；不是，请让它把名称写完整。"
        raise InvalidInput(sentence, code="name_taken", fields={"name": sentence})
    if application.kind is ApplicantKind.INSTITUTION:
        institution = Institution(
            public_id=new_public_id(), name=application.name, type_key=application.type_key,
            region_code=application.region_code, contact_phone=application.public_phone, created_at=utc_now(),
        )  # fmt: skip
        db.add(institution)
        db.flush()
        application.institution_id = institution.id
        return
    unit = Unit(
        public_id=new_public_id(), kind=rulebook().unit_kinds.get(application.type_key, UnitKind.OTHER),
        name=application.name, aliases=[], region_code=application.region_code,
        contact_phone=application.public_phone, valid_from=utc_now().date(),
    )  # fmt: skip
    db.add(unit)
    db.flush()
    db.add(UnitRegion(unit_id=unit.id, region_code=application.region_code, duty=RegionDuty.SERVES))
    application.unit_id = unit.id


def _require_in_hand(application: Application, expected_version: int) -> None:
    if not application.state.is_in_hand:
        raise Conflict("这份申请已经有了结论。", code="application_closed", application_id=application.id)
    if application.version != expected_version:
        raise StaleVersion(application_id=application.id, version=application.version, expected=expected_version)


def _move(
    db: Session, actor: Actor, application: Application, state: ApplicationState, *, kind: MessageKind, words: str
) -> None:
    now = utc_now()
    application.state, application.updated_at = state, now
    application.version += 1
    if state is not ApplicationState.QUESTIONED:
        application.decided_by_id, application.decided_by_name = actor.user_id, actor.display_name
    add_message(db, application, kind, words, at=now, author=(actor.user_id, actor.display_name))
    outbox.emit(db, ApplicationMoved(application.id))
    log.info("application_moved", application_id=application.id, state=state.value, actor_id=actor.user_id)
