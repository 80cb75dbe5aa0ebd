"""Writes of outgoing mail: handing a letter in, and forgetting old ones. Sending is `jobs`."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.kernel.clock import utc_now
from app.kernel.ids import new_public_id
from app.kernel.jobs import queue
from app.kernel.mail.address import clean_address
from app.kernel.mail.model import SUBJECT_MAX, Letter, MailState, OutgoingMail

log = structlog.get_logger(__name__)

SEND_KIND: Final = "send_mail"
#: With the job table's back-off (ten minutes at last) a mail server may be away for a night.
MAX_ATTEMPTS: Final = 60


def hand_in(db: Session, letter: Letter, *, key: str) -> OutgoingMail:
    """Write a letter in the caller's transaction; it is sent after that has been committed.

    Args:
        db: the caller's session.
        letter: to one address; line ends and control characters in its subject become blanks.
        key: what it is for; a second letter of the same key is not sent.

    Returns:
        The row, or the earlier one of that key.

    Raises:
        InvalidInput: `mail_address`.
    """
    known = _find(db, key)
    if known is not None:
        return known
    mail = OutgoingMail(
        public_id=new_public_id(20), key=key, to=clean_address(letter.to), subject=one_line(letter.subject),
        text=letter.text, html=letter.html, unsubscribe_url=letter.unsubscribe_url, state=MailState.WAITING,
        created_at=utc_now(), expires_at=letter.expires_at,
    )  # fmt: skip
    try:
        with db.begin_nested():
            db.add(mail)
    except IntegrityError:
        # Another transaction handed in the same between our look and our insert: that one serves us too.
        other = _find(db, key)
        assert other is not None
        return other
    sending, payload = f"{SEND_KIND}:{mail.id}", {"mail_id": mail.id}
    job = queue.NewJob(SEND_KIND, lane=queue.LANE_MAIL, key=sending, payload=payload, max_attempts=MAX_ATTEMPTS)
    queue.enqueue(db, job)
    log.info("mail_handed_in", mail_id=mail.id, purpose=key.partition(":")[0])
    return mail


def _find(db: Session, key: str) -> OutgoingMail | None:
    return db.scalars(select(OutgoingMail).where(OutgoingMail.key == key)).first()


def is_handed_in(db: Session, key: str) -> bool:
    """Tell whether there was a letter of this key (for as long as rows are kept)."""
    return _find(db, key) is not None


def one_line(text: str) -> str:
    """Make a subject of one line out of any text."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    words = " ".join(printable.split())
    return words if len(words) <= SUBJECT_MAX else words[: SUBJECT_MAX - 1] + "…"


def forget_mail(db: Session, *, before: datetime) -> int:
    """Delete mails that came to their end, and keys with them, before a moment. Return how many."""
    result = db.execute(delete(OutgoingMail).where(OutgoingMail.ended_at < before))
    return int(getattr(result, "rowcount", 0))
