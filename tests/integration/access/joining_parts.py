"""What the matrix of routes needs of joining: an application, an invitation, a hand-over in each world."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.accounts.models import Role
from app.joining.applications import new_receipt, normalise_receipt, receipt_hash
from app.joining.invitations import NewInvitation, put
from app.joining.models import ApplicantKind, Application, ApplicationState, Handover, Paper
from app.joining.places import place_of_institution
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.ids import new_public_id, new_token
from app.library.places import Institution, UnitKind
from tests.fixtures.app import make_unit


def joining_parts(db: Session, place_id: int, maker: Actor, other: Actor) -> dict[str, object]:
    """Return values of address parts, and what opens the application and the invitation.

    The applicant lies in the region of the place.
    """
    institution, now = db.get_one(Institution, place_id), utc_now()
    receipt, token = normalise_receipt(new_receipt()), new_token()
    application = Application(
        public_id=new_public_id(), receipt_hash=receipt_hash(receipt), kind=ApplicantKind.INSTITUTION,
        name=f"申请单位{place_id}", type_key="elder_university", region_code=institution.region_code,
        person_name="负责人", person_post="校长", person_phone="024-0000-0000", consent_version="1", consented_at=now,
        state=ApplicationState.SUBMITTED, created_at=now, updated_at=now, submitted_at=now,
    )  # fmt: skip
    db.add(application)
    db.flush()
    paper = Paper(
        public_id=new_public_id(), application_id=application.id, filename="a.png", kind="png", size_bytes=1,
        sha256="0" * 64, created_at=now,
    )  # fmt: skip
    handover = Handover(
        public_id=new_public_id(), institution_id=place_id, from_user_id=maker.user_id or 0,
        to_user_id=other.user_id or 0, moved={"keys": ["contributor"], "given": [], "responsibility": False},
        by_name="", made_at=now,
    )  # fmt: skip
    db.add_all([paper, handover])
    new = NewInvitation(Role.CONTRIBUTOR, "受邀人")
    invitation = put(db, place_of_institution(institution), new, token=token, by=other)
    unit = make_unit(db, region_code=institution.region_code, kind=UnitKind.COMMUNITY)
    return {
        "application_id": application.public_id, "paper_id": paper.public_id, "invitation_id": invitation.public_id,
        "handover_id": handover.public_id, "person_id": maker.public_id, "unit_id": unit.public_id,
        "receipt": receipt, "invitation_token": token,
    }  # fmt: skip
