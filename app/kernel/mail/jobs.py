"""The job that sends one mail: at least once, and not at all when its time is over or there is no way out."""

from __future__ import annotations

from functools import partial

import structlog
from sqlalchemy.orm import Session

from app.kernel.clock import utc_now
from app.kernel.db import reading
from app.kernel.jobs import queue
from app.kernel.jobs.engine import JobContext, JobKind, Record
from app.kernel.jobs.model import Job
from app.kernel.mail.message import Sender, make_message
from app.kernel.mail.model import MailState, OutgoingMail
from app.kernel.mail.outgoing import SEND_KIND
from app.kernel.mail.posts import Post

log = structlog.get_logger(__name__)


def job_kind(post: Post | None, sender: Sender) -> JobKind:
    """Return the kind; `post` is None where none is set."""

    def handle(context: JobContext) -> Record | None:
        with reading() as db:
            mail = db.get(OutgoingMail, context.payload["mail_id"])
        if mail is None or mail.state not in {MailState.WAITING, MailState.FAILED}:
            return None
        if post is None:
            return partial(_end, mail_id=mail.id, state=MailState.NOT_CONFIGURED)
        if mail.expires_at is not None and mail.expires_at <= utc_now():
            return partial(_end, mail_id=mail.id, state=MailState.EXPIRED)
        post.send(make_message(mail, sender), to=mail.to, name=f"{mail.created_at:%Y%m%dT%H%M%S}-{mail.public_id}")
        return partial(_end, mail_id=mail.id, state=MailState.SENT)

    return JobKind(SEND_KIND, queue.LANE_MAIL, handle, on_failed=_note_failure)


def _end(db: Session, *, mail_id: int, state: MailState) -> None:
    mail = db.get(OutgoingMail, mail_id)
    if mail is None:
        return
    mail.state, mail.ended_at = state, utc_now()
    # Words of mails may be secrets (links that sign in): kept no longer than sending needs them.
    mail.text = mail.html = mail.unsubscribe_url = ""
    log.info("mail_ended", mail_id=mail_id, state=state)


def _note_failure(db: Session, job: Job) -> None:
    """Say that it did not go out; its words stay a while for a second attempt by a person."""
    mail = db.get(OutgoingMail, job.payload["mail_id"])
    if mail is not None and mail.state is MailState.WAITING:
        mail.state, mail.ended_at = MailState.FAILED, utc_now()
