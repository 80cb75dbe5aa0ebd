"""What applicants do: begin, change, attach, send in, answer, withdraw. They act by their receipt, without an account.

Each function works in the caller's transaction. What officers do is in `verification`.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.joining.events import ApplicationArrived
from app.joining.fields import ApplicationFields, checked_fields, checked_words
from app.joining.models import ApplicantKind, Application, ApplicationState, Message, MessageKind, Paper
from app.joining.papers import CheckedPaper
from app.joining.rulebook import rulebook
from app.kernel import outbox
from app.kernel.clock import utc_now
from app.kernel.errors import Conflict, InvalidInput, NotFound, StaleVersion, TooMany
from app.kernel.ids import ALPHABET, new_public_id
from app.kernel.sentences import Sentence

log = structlog.get_logger(__name__)

#: Letters of a receipt: 99 bits, written down in four groups.
RECEIPT_LETTERS: Final = 20


def new_receipt() -> str:
    """Return a fresh receipt."""
    return new_public_id(RECEIPT_LETTERS)


def normalise_receipt(typed: str) -> str:
    """Return the receipt that was meant, copied from paper with or without hyphens; "" when it cannot be one."""
    text = "".join(letter for letter in typed.lower() if letter.isalnum())
    return text if len(text) == RECEIPT_LETTERS and all(letter in ALPHABET for letter in text) else ""


def receipt_hash(receipt: str) -> str:
    """Return what is kept of a receipt."""
    return hashlib.sha256(f"receipt:{receipt}".encode()).hexdigest()


def begin(db: Session, receipt: str, fields: ApplicationFields) -> Application:
    """Keep what was typed under a receipt; the same receipt again is the same application.

    Raises:
        InvalidInput: with a sentence per wrong field.
        TooMany: when the forms begun and not sent in are too many already.
    """
    secret = normalise_receipt(receipt)
    if not secret:
        raise InvalidInput("页面已经过期，请重新打开申请页再填。", code="bad_receipt")
    known = db.scalars(select(Application).where(Application.receipt_hash == receipt_hash(secret))).first()
    if known is not None:
        return known
    checked = checked_fields(db, fields)
    drafts = select(func.count()).select_from(Application).where(Application.state == ApplicationState.DRAFT)
    if (db.scalar(drafts) or 0) >= rulebook().drafts_max:
        raise TooMany("现在申请的单位太多，请明天再来，或者打电话联系我们。", code="too_many_drafts")
    now = utc_now()
    application = Application(
        public_id=new_public_id(), receipt_hash=receipt_hash(secret), consented_at=now, created_at=now, updated_at=now,
        consent_version=rulebook().consent_version,
    )  # fmt: skip
    _put(application, checked)
    db.add(application)
    db.flush()
    log.info("application_begun", application_id=application.id, region=application.region_code)
    return application


def load_by_receipt(db: Session, receipt: str, *, lock: bool = False) -> Application:
    """Load the application of a receipt with its papers and messages.

    Raises:
        NotFound: when there is none, or it is forgotten already.
    """
    secret = normalise_receipt(receipt)
    statement = (
        select(Application)
        .where(Application.receipt_hash == receipt_hash(secret))
        .options(joinedload(Application.region), selectinload(Application.papers), selectinload(Application.messages))
    )
    if lock:
        statement = statement.with_for_update(of=Application)
    application = db.scalars(statement).first() if secret else None
    if application is None:
        sentence = "没有找到这个受理码的申请。请看看有没有抄错；没有通过的申请到期以后会删除。"
        raise NotFound(sentence, code="no_application")
    return application


def change(db: Session, receipt: str, fields: ApplicationFields, *, expected_version: int) -> Application:
    """Change what was typed, before it is sent in or while a question is open.

    Raises:
        Conflict, StaleVersion, InvalidInput.
    """
    application = _open(db, receipt, expected_version)
    _put(application, checked_fields(db, fields, application))
    _touch(application)
    return application


def add_paper(db: Session, receipt: str, checked: CheckedPaper, *, paper_id: str) -> Paper:
    """Note a stored file as a paper; the same content again is the same paper.

    Raises:
        Conflict: when the application is not open to its applicant.
        InvalidInput: when there are too many.
    """
    application = _open(db, receipt, None)
    same = next((each for each in application.papers if each.sha256 == checked.sha256), None)
    if same is not None:
        return same
    if len(application.papers) >= rulebook().papers_max:
        sentence = Sentence("最多 %(count)d 份材料，请先删去不用的。", count=rulebook().papers_max)
        raise InvalidInput(sentence, code="too_many_papers", fields={"paper": sentence})
    paper = Paper(
        public_id=paper_id, application_id=application.id, filename=checked.filename, kind=checked.kind,
        size_bytes=len(checked.data), sha256=checked.sha256, created_at=utc_now(),
    )  # fmt: skip
    db.add(paper)
    _touch(application)
    db.flush()
    log.info("paper_added", application_id=application.id, kind=paper.kind, size_bytes=paper.size_bytes)
    return paper


def remove_paper(db: Session, receipt: str, paper_id: str) -> None:
    """Take a paper away; one that is not there is fine. Its object goes with the next sweep."""
    application = _open(db, receipt, None)
    for paper in application.papers:
        if paper.public_id == paper_id:
            db.delete(paper)
            _touch(application)


def submit(db: Session, receipt: str, *, words: str = "", expected_version: int) -> Application:
    """Send the application in, or back in with an answer to what was asked; a second click changes nothing.

    Raises:
        InvalidInput: when a paper or the answer is missing.
        Conflict: when it is decided already.
        StaleVersion: when it changed since the page was shown.
    """
    application = load_by_receipt(db, receipt, lock=True)
    if application.state is ApplicationState.SUBMITTED:
        return application
    _require_open(application, expected_version)
    if not application.papers:
        sentence = "请至少附上一份材料：法人证书、营业执照，或者盖章的申请表。"
        raise InvalidInput(sentence, code="no_paper", fields={"paper": sentence})
    is_answer = application.state is ApplicationState.QUESTIONED
    said = checked_words(words, "回答", "words") if is_answer else ""
    now = utc_now()
    application.state, application.submitted_at = ApplicationState.SUBMITTED, now
    _touch(application)
    kind = MessageKind.ANSWER if is_answer else MessageKind.SUBMITTED
    add_message(db, application, kind, said, at=now)
    outbox.emit(db, ApplicationArrived(application.id))
    log.info("application_submitted", application_id=application.id, is_answer=is_answer)
    return application


def withdraw(db: Session, receipt: str) -> Application:
    """Take the application back; it is forgotten soon after. Twice is fine."""
    application = load_by_receipt(db, receipt, lock=True)
    if application.state is ApplicationState.WITHDRAWN:
        return application
    if application.state in {ApplicationState.ACCEPTED, ApplicationState.REFUSED}:
        raise Conflict("申请已经有了结论，不能再撤回。", code="application_closed", application_id=application.id)
    now = utc_now()
    application.state, application.closed_at = ApplicationState.WITHDRAWN, now
    _touch(application)
    add_message(db, application, MessageKind.WITHDRAWN, "", at=now)
    return application


def add_message(
    db: Session, application: Application, kind: MessageKind, words: str, *, at: datetime,
    author: tuple[int | None, str] | None = None,
) -> None:
    """Write a line of the history; without an author it is the applicant's."""
    author_id, name = author or (None, application.person_name)
    application.messages.append(
        Message(application_id=application.id, kind=kind, author_id=author_id, author_name=name, words=words, at=at)
    )
    db.flush()


def _open(db: Session, receipt: str, expected_version: int | None) -> Application:
    application = load_by_receipt(db, receipt, lock=True)
    _require_open(application, expected_version)
    return application


def _require_open(application: Application, expected_version: int | None) -> None:
    if not application.state.is_open_to_applicant:
        sentence = "申请已经送出，审核期间不能改。审核人有问题会在这里问您。"
        raise Conflict(sentence, code="application_closed", application_id=application.id)
    if expected_version is not None and application.version != expected_version:
        raise StaleVersion(application_id=application.id, version=application.version, expected=expected_version)


def _touch(application: Application) -> None:
    application.version += 1
    application.updated_at = utc_now()


def _put(application: Application, fields: ApplicationFields) -> None:
    application.kind = ApplicantKind(fields.kind)
    for name in (
        "name", "type_key", "region_code", "credit_code", "public_phone", "person_name", "person_post", "person_phone",
        "person_email", "statement",
    ):  # fmt: skip
        setattr(application, name, getattr(fields, name))
