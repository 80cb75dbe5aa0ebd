"""Certificates: issuing one with its figures frozen, revoking, finding one by its code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import Conflict, InvalidInput, NotFound, NotPermitted
from app.kernel.ids import ALPHABET, new_public_id
from app.kernel.sentences import too_long
from app.library.places import Institution
from app.watching import policies
from app.watching.contributions import year_figures
from app.watching.models import REASON_MAX, Certificate

log = structlog.get_logger(__name__)

#: 12 letters are 59 bits: nobody finds a certificate by trying.
CODE_LENGTH: Final = 12
KEY_MAX: Final = 48


def issue(db: Session, actor: Actor, institution_public_id: str, year: int, *, key: str) -> Certificate:
    """Issue the certificate of a year; one issued earlier for it stays true and says that there is a newer one.

    Args:
        db: session.
        actor: whoever made the lectures; nobody gets a certificate for another.
        institution_public_id: whose lectures are counted.
        year: of Asia/Shanghai.
        key: names the wish: the same one again gives the same certificate.

    Raises:
        NotFound: no such institution, or none of the actor's.
        Conflict: when the actor has no lecture on the shelf there.
    """
    if not key or len(key) > KEY_MAX:
        raise InvalidInput(code="bad_key")
    institution = db.scalars(select(Institution).where(Institution.public_id == institution_public_id)).first()
    if institution is None or institution.id not in actor.institution_ids() or actor.user_id is None:
        raise NotFound(institution=institution_public_id)
    known = db.scalars(select(Certificate).where(Certificate.key == key)).first()
    if known is not None and known.user_id == actor.user_id:
        return known
    figures = year_figures(db, actor.user_id, institution.id, year)
    if known is not None or not figures["lectures"]:
        raise Conflict("这一年还没有公开的讲座，不能开证书。", code="no_contribution", year=year)
    now = utc_now()
    older = select(Certificate).where(
        Certificate.user_id == actor.user_id, Certificate.institution_id == institution.id, Certificate.year == year,
        Certificate.replaced_at.is_(None), Certificate.revoked_at.is_(None),
    )  # fmt: skip
    for row in db.scalars(older.with_for_update()):
        row.replaced_at = now
    certificate = Certificate(
        code=new_public_id(CODE_LENGTH), key=key, user_id=actor.user_id, institution_id=institution.id, year=year,
        holder_name=actor.display_name, institution_name=institution.name, figures=figures, issued_at=now,
    )  # fmt: skip
    db.add(certificate)
    db.flush()
    log.info("certificate_issued", certificate_id=certificate.id, year=year, institution_id=institution.id)
    return certificate


def revoke(db: Session, actor: Actor, code: str, *, reason: str) -> Certificate:
    """Declare a certificate void; whoever asks for it is told so and why. Twice is fine.

    Raises:
        NotPermitted: when the actor is no admin of the institution.
        InvalidInput: without a reason.
    """
    certificate = get_certificate(db, actor, code)
    if not policies.can_revoke_certificate(actor, certificate):
        raise NotPermitted(certificate_id=certificate.id)
    if certificate.revoked_at is not None:
        return certificate
    cleaned = " ".join("".join(letter if letter.isprintable() else " " for letter in reason).split())
    if not cleaned:
        raise InvalidInput(fields={"reason": "请写明作废的原因，查验的人会看到。"})
    if len(cleaned) > REASON_MAX:
        raise InvalidInput(fields={"reason": too_long("原因", REASON_MAX, cleaned)})
    certificate.revoked_at, certificate.revoked_by_id, certificate.revoked_reason = utc_now(), actor.user_id, cleaned
    db.flush()
    log.info("certificate_revoked", certificate_id=certificate.id)
    return certificate


def get_certificate(db: Session, actor: Actor, code: str) -> Certificate:
    """Load a certificate for its holder or for who may revoke it; NotFound for everybody else."""
    certificate = find_certificate(db, code)
    if certificate is None or not policies.can_open_certificate(actor, certificate):
        raise NotFound(code=code)
    return certificate


def find_certificate(db: Session, typed: str) -> Certificate | None:
    """Return the certificate of a code as people type it: with blanks, dashes and capitals."""
    code = "".join(letter for letter in typed.lower() if letter in ALPHABET)
    if len(code) != CODE_LENGTH:
        return None
    return db.scalars(select(Certificate).where(Certificate.code == code)).first()


def list_certificates(db: Session, actor: Actor) -> Sequence[Certificate]:
    """Return the certificates somebody holds or may revoke, newest first."""
    runs = actor.institution_ids("institution_admin")
    conditions = [Certificate.user_id == actor.user_id]
    if runs:
        conditions.append(Certificate.institution_id.in_(runs))
    return db.scalars(select(Certificate).where(or_(*conditions)).order_by(Certificate.id.desc()).limit(200)).all()


def spaced(code: str) -> str:
    """Write a code as it is printed: in groups of four."""
    return " ".join(code[at : at + 4] for at in range(0, len(code), 4)).upper()
