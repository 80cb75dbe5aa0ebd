"""How many uploads may be open at once and begun in an hour, so that no program fills the disk or the table with them.

Checked beside the bytes (`allowance`, `uploads.check_room`): ten thousand tiny files are small, and far too many.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import case, delete, func, or_, select
from sqlalchemy.orm import Session

from app.kernel.clock import utc_now
from app.kernel.errors import TooMany
from app.kernel.sentences import Sentence
from app.library.models import Lecture
from app.studio.models import Upload, UploadKind, UploadState

log = structlog.get_logger(__name__)

LIVE: Final = (UploadState.RECEIVING, UploadState.FINISHING)
_AN_HOUR: Final = timedelta(hours=1)
_FORGOTTEN_AT_ONCE: Final = 5000


class TooManyUploads(TooMany):
    """More files on their way than one person or institution may have."""

    default_code = "too_many_uploads"
    retry_after_s = 60


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What one person, and one institution, may have on its way."""

    open_per_user: int
    open_per_institution: int
    begun_per_hour: int


def check_count(db: Session, limits: UploadLimits, *, user_id: int, institution_id: int | None = None) -> None:
    """Ask before an upload is opened; a piece has no institution yet and counts for its sender alone. Two queries.

    Raises:
        TooManyUploads: with a sentence that says what to do.
    """
    since = utc_now() - _AN_HOUR
    # A file in pieces is counted piece by piece.
    mine = Upload.user_id == user_id, Upload.kind != UploadKind.FINAL
    is_live, is_new = Upload.state.in_(LIVE), Upload.created_at >= since
    counting = select(func.sum(case((is_live, 1), else_=0)), func.sum(case((is_new, 1), else_=0)))
    live, begun = db.execute(counting.where(*mine, or_(is_live, is_new))).one()
    if (live or 0) >= limits.open_per_user:
        sentence = "您有 %(count)d 个文件还没有传完，请先传完或者取消一些，再传新的。"
        raise _refusal(Sentence(sentence, count=limits.open_per_user), "too_many_open", user_id=user_id)
    if (begun or 0) >= limits.begun_per_hour:
        sentence = "一小时里最多开始传 %(count)d 个文件，请过一会儿再接着传。"
        raise _refusal(Sentence(sentence, count=limits.begun_per_hour), "too_many_begun", user_id=user_id)
    if institution_id is not None and _open_of(db, institution_id) >= limits.open_per_institution:
        sentence = "本单位有 %(count)d 个文件还没有传完，请等一些传完以后再传新的。"
        raise _refusal(
            Sentence(sentence, count=limits.open_per_institution), "too_many_open_here", institution_id=institution_id
        )


def _open_of(db: Session, institution_id: int) -> int:
    live = select(func.count()).select_from(Upload).join(Lecture, Lecture.id == Upload.lecture_id)
    return db.scalar(live.where(Lecture.institution_id == institution_id, Upload.state.in_(LIVE))) or 0


def _refusal(sentence: str, code: str, **context: int) -> TooManyUploads:
    log.info("upload_refused", code=code, **context)
    return TooManyUploads(sentence, code=code, **context)


def forget_given_up(db: Session, lengths: Mapping[str, int], *, expires_after: timedelta) -> int:
    """Forget rows of uploads given up long ago, whose bytes are gone; return how many.

    Until then their senders are told that they were given up; somebody who goes on beginning and giving up would fill
    the table otherwise.
    """
    old = Upload.state == UploadState.ABORTED, Upload.updated_at < utc_now() - expires_after
    ids = [each.id for each in db.execute(select(Upload.id, Upload.public_id).where(*old).limit(_FORGOTTEN_AT_ONCE))
           if each.public_id not in lengths]  # fmt: skip
    db.execute(delete(Upload).where(Upload.id.in_(ids)).execution_options(synchronize_session=False))
    if ids:
        log.info("uploads_forgotten", count=len(ids))
    return len(ids)
