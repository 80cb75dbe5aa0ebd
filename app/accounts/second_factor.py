"""Codes from a phone (TOTP, RFC 6238) and codes on paper: enrolling, checking, switching off.

A code is taken once: its time step and older ones are refused afterwards (RFC 6238, 5.2). How often somebody may try
is the route's limit.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Final

import pyotp
import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.accounts.credentials import RecoveryCode, SecondFactor
from app.accounts.events import AccountChanged
from app.accounts.links import end_sessions
from app.accounts.models import Membership, User
from app.accounts.seals import Seals
from app.kernel import outbox
from app.kernel.clock import utc_now
from app.kernel.errors import Conflict, InvalidInput, NotFound
from app.kernel.ids import new_public_id

log = structlog.get_logger(__name__)

STEP_S: Final = 30
#: Steps a phone's clock may be off, to either side.
DRIFT: Final = 1
RECOVERY_COUNT: Final = 10
RECOVERY_LETTERS: Final = 12


class Need(StrEnum):
    """What somebody whose password was right has to do next."""

    NOTHING = "nothing"
    CODE = "code"
    ENROL = "enrol"


def need_of(db: Session, user_id: int, required_roles: Collection[str]) -> Need:
    """Return whether a person must give a code, or set up a phone first because one of their roles asks for it."""
    if is_on(db, user_id):
        return Need.CODE
    return Need.ENROL if is_required(db, user_id, required_roles) else Need.NOTHING


def is_on(db: Session, user_id: int) -> bool:
    """Tell whether a person has confirmed a phone."""
    confirmed = select(SecondFactor.user_id).where(
        SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None)
    )
    return db.scalar(confirmed) is not None


def is_required(db: Session, user_id: int, required_roles: Collection[str]) -> bool:
    """Tell whether one of a person's roles asks for a second factor."""
    held = db.scalars(select(Membership.role).where(Membership.user_id == user_id, Membership.ended_at.is_(None)))
    return any(role.value in required_roles for role in held)


def begin(db: Session, seals: Seals, user_id: int) -> str:
    """Return the secret to put into a phone; the same one until it is confirmed.

    Raises:
        Conflict: when a phone is confirmed already.
    """
    factor = db.get(SecondFactor, user_id)
    if factor is not None and factor.confirmed_at is not None:
        raise Conflict("动态验证码已经开启。", code="second_factor_on")
    if factor is not None:
        return seals.open(factor.sealed_secret)
    secret = pyotp.random_base32()
    db.add(SecondFactor(user_id=user_id, sealed_secret=seals.seal(secret), created_at=utc_now(), last_step=0))
    db.flush()
    return secret


def address_for_phone(secret: str, *, login: str, site_name: str) -> str:
    """Return the otpauth address that a QR code carries."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=site_name)


def confirm(db: Session, seals: Seals, user_id: int, code: str, *, keep_token: str = "") -> Sequence[str]:
    """Switch codes on by the first right one; other sessions end. Return the recovery codes, shown once.

    Raises:
        InvalidInput: `code`.
        Conflict: when it is on already, or nothing was begun.
    """
    factor = db.get(SecondFactor, user_id, with_for_update=True)
    if factor is None or factor.confirmed_at is not None:
        raise Conflict("请从头再开启一次。", code="second_factor_not_begun")
    _take(factor, seals, code)
    factor.confirmed_at = utc_now()
    codes = _new_codes(db, seals, user_id)
    end_sessions(db, user_id, but_token=keep_token)
    outbox.emit(db, AccountChanged(user_id, "totp_on"))
    log.info("second_factor_on", user_id=user_id)
    return codes


def check(db: Session, seals: Seals, user_id: int, code: str) -> None:
    """Take a code of the phone, or one of the recovery codes, each at most once.

    Raises:
        InvalidInput: `code`, one sentence for every cause.
    """
    factor = db.get(SecondFactor, user_id, with_for_update=True)
    if factor is None or factor.confirmed_at is None:
        raise _wrong()
    typed = _plain(code)
    if len(typed) == RECOVERY_LETTERS:
        used = db.scalars(
            update(RecoveryCode)
            .where(RecoveryCode.user_id == user_id, RecoveryCode.code_hash == seals.digest(user_id, typed),
                   RecoveryCode.used_at.is_(None))
            .values(used_at=utc_now())
            .returning(RecoveryCode.id)
        ).first()  # fmt: skip
        if used is None:
            raise _wrong()
        outbox.emit(db, AccountChanged(user_id, "recovery"))
        log.info("recovery_code_used", user_id=user_id)
        return
    _take(factor, seals, typed)


def _take(factor: SecondFactor, seals: Seals, code: str) -> None:
    """Take a code whose step is newer than the last one taken."""
    typed, totp = _plain(code), pyotp.TOTP(seals.open(factor.sealed_secret))
    now = int(utc_now().timestamp())
    for step in range(now // STEP_S - DRIFT, now // STEP_S + DRIFT + 1):
        if step > factor.last_step and hmac.compare_digest(totp.at(step * STEP_S).encode(), typed.encode()):
            factor.last_step = step
            return
    raise _wrong()


def _plain(code: str) -> str:
    """Drop what people put between groups of letters."""
    return "".join(letter for letter in code.casefold() if letter.isalnum())


def _wrong() -> InvalidInput:
    sentence = "验证码不对或者已经用过。请看手机上最新的一个，等它换了再输入。"
    return InvalidInput(sentence, code="wrong_code", fields={"code": sentence})


def renew_codes(db: Session, seals: Seals, user_id: int, code: str) -> Sequence[str]:
    """Make ten new recovery codes; the old ones are void.

    Raises:
        InvalidInput: `code`.
    """
    check(db, seals, user_id, code)
    return _new_codes(db, seals, user_id)


def _new_codes(db: Session, seals: Seals, user_id: int) -> Sequence[str]:
    db.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = [new_public_id(RECOVERY_LETTERS) for _ in range(RECOVERY_COUNT)]
    db.add_all(RecoveryCode(user_id=user_id, code_hash=seals.digest(user_id, code)) for code in codes)
    return codes


def codes_left(db: Session, user_id: int) -> int:
    """Count the recovery codes that were not used."""
    unused = select(RecoveryCode.id).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return len(db.scalars(unused).all())


def switch_off(db: Session, seals: Seals, user_id: int, code: str, required_roles: Collection[str]) -> None:
    """Do without codes again.

    Raises:
        InvalidInput: `code`.
        Conflict: when a role asks for them.
    """
    if is_required(db, user_id, required_roles):
        raise Conflict("您的角色要求动态验证码，不能关闭。", code="second_factor_required")
    check(db, seals, user_id, code)
    forget(db, user_id)


def forget(db: Session, user_id: int) -> None:
    """Take a person's phone and codes away, as the operator does when a phone is lost; all sessions of it go on."""
    if db.get(User, user_id) is None:
        raise NotFound(user_id=user_id)
    db.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    db.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id))
    outbox.emit(db, AccountChanged(user_id, "totp_off"))
    log.info("second_factor_off", user_id=user_id)
