"""How much institutions use of what they may, and the check before a file is sent. What they may: library.quotas.

Equal files and sets of one institution are stored once and counted once, kept old versions like all others. An hour
counts for the month its file came first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import ColumnElement, func, null, select
from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import AppError
from app.kernel.sentences import Sentence
from app.library.models import Lecture
from app.library.places import Institution
from app.library.quotas import InstitutionQuota, find_quota
from app.media.models import MediaSet, Source
from app.studio.models import Upload, UploadKind, UploadState

log = structlog.get_logger(__name__)

_LOCAL_ZONE: Final = ZoneInfo("Asia/Shanghai")
_LIVE: Final = (UploadState.RECEIVING, UploadState.FINISHING)
_KIB: Final = 1024


class QuotaReached(AppError):
    """The institution has used what it may; nothing that was typed or sent is lost."""

    status = 413
    default_code = "quota_reached"
    default_message = "本单位的额度已经用完。"


@dataclass(frozen=True, slots=True)
class Usage:
    """What an institution uses."""

    stored_bytes: int = 0
    #: Files on their way, as large as they will be.
    promised_bytes: int = 0
    #: Of lectures whose file came this month.
    month_s: float = 0.0

    @property
    def total_bytes(self) -> int:
        """What counts against the quota."""
        return self.stored_bytes + self.promised_bytes


@dataclass(frozen=True, slots=True)
class Allowance:
    """One institution's quota beside its use."""

    institution_id: int
    name: str
    usage: Usage
    storage_bytes: int | None
    monthly_hours: int | None

    @property
    def storage_percent(self) -> int | None:
        """How full the storage is; None without limit."""
        return None if self.storage_bytes is None else min(100, 100 * self.usage.total_bytes // self.storage_bytes)

    @property
    def hours_percent(self) -> int | None:
        """How much of this month's hours is used; None without limit."""
        return None if self.monthly_hours is None else min(100, int(self.usage.month_s / 36 / self.monthly_hours))


def list_allowances(db: Session, actor: Actor) -> list[Allowance]:
    """Return quota and use of the actor's institutions, of those that have a quota. At most five queries."""
    mine = actor.institution_ids("contributor", "institution_admin")
    if not mine:
        return []
    rows = db.execute(
        select(InstitutionQuota, Institution.name)
        .join(Institution, Institution.id == InstitutionQuota.institution_id)
        .where(InstitutionQuota.institution_id.in_(mine), InstitutionQuota.valid_to.is_(None))
        .order_by(Institution.name)
    ).all()
    used = usage_of(db, [quota.institution_id for quota, _ in rows]) if rows else {}
    return [
        Allowance(quota.institution_id, name, used[quota.institution_id], quota.storage_bytes, quota.monthly_hours)
        for quota, name in rows
    ]


def usage_of(db: Session, institution_ids: Collection[int]) -> Mapping[int, Usage]:
    """Return what institutions use. Four queries, however many there are."""
    wanted = Lecture.institution_id.in_(institution_ids)
    # What deleted drafts take is free at once; the hours of their files came, and stay counted.
    there = wanted & Lecture.deleted_at.is_(None)
    kept = there & Source.master_dropped_at.is_(None)
    sources = _sums(db, kept, Source.lecture_id, Source.storage_key, Source.size_bytes)
    sets = _sums(db, there, MediaSet.lecture_id, MediaSet.digest, MediaSet.size_bytes)
    live = Upload.state.in_(_LIVE), Upload.kind != UploadKind.PARTIAL
    uploads = db.execute(
        select(Lecture.institution_id, func.sum(Upload.size_bytes))
        .join(Lecture, Lecture.id == Upload.lecture_id)
        .where(wanted, *live)
        .group_by(Lecture.institution_id)
    )
    promised = {each: int(size or 0) for each, size in uploads}
    hours = _seconds_this_month(db, wanted)
    return {
        each: Usage(sources.get(each, 0) + sets.get(each, 0), promised.get(each, 0), hours.get(each, 0.0))
        for each in institution_ids
    }


def _sums(
    db: Session, wanted: ColumnElement[bool], lecture_id: ColumnElement[int] | object, name: object, size: object
) -> dict[int, int]:
    """Add up the sizes of things of one name, once for each institution that has them."""
    once = (
        select(Lecture.institution_id.label("place"), func.max(size).label("size"))
        .join(Lecture, Lecture.id == lecture_id)
        .where(wanted)
        .group_by(Lecture.institution_id, name)  # type: ignore[arg-type]
        .subquery()
    )
    rows = db.execute(select(once.c.place, func.sum(once.c.size)).group_by(once.c.place))
    return {place: int(total or 0) for place, total in rows}


def _seconds_this_month(db: Session, wanted: ColumnElement[bool]) -> dict[int, float]:
    length = func.max(Source.media_info["duration_s"].as_float()).label("seconds")
    once = (
        select(Lecture.institution_id.label("place"), length)
        .join(Lecture, Lecture.id == Source.lecture_id)
        # Excerpts share their original's file, and going back to an old one sends nothing: what counts is what came.
        .where(wanted, Source.cut.is_(null()))
        .group_by(Lecture.institution_id, Source.sha256)
        .having(func.min(Source.created_at) >= month_began(utc_now()))
        .subquery()
    )
    rows = db.execute(select(once.c.place, func.sum(once.c.seconds)).group_by(once.c.place))
    return {place: float(total or 0) for place, total in rows}


def month_began(now: datetime) -> datetime:
    """Return when the calendar month of Asia/Shanghai began."""
    return now.astimezone(_LOCAL_ZONE).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def check_allowance(db: Session, institution_id: int, size_bytes: int) -> None:
    """Ask before a file is sent whether its institution may keep it.

    Raises:
        QuotaReached: with a sentence that says what is used, what is missing and what to do.
    """
    quota = find_quota(db, institution_id, lock=True)
    if quota is None:
        return
    used = usage_of(db, [institution_id])[institution_id]
    _check_storage(quota, used, size_bytes)
    if quota.monthly_hours is not None and used.month_s >= quota.monthly_hours * 3600:
        log.info("quota_reached", institution_id=institution_id, month_s=used.month_s)
        sentence = Sentence(
            "本单位每月可以上传 %(hours)d 小时的讲座，这个月已经用完。讲座的介绍已经存好，不会丢；"
            "下月 1 日起可以接着传，着急的话请主管部门增加额度。",
            hours=quota.monthly_hours,
        )  # fmt: skip
        raise QuotaReached(sentence, code="quota_hours")


def check_storage(db: Session, institution_id: int) -> None:
    """Ask whether what an institution has now is within its quota, where something came back.

    Raises:
        QuotaReached: when it is not.
    """
    quota = find_quota(db, institution_id, lock=True)
    if quota is None or quota.storage_bytes is None:
        return
    used = usage_of(db, [institution_id])[institution_id]
    if used.total_bytes > quota.storage_bytes:
        sentence = Sentence(
            "这些草稿删除以后，空出来的地方已经用掉了：本单位的存储额度是 %(quota)s，取回来就要用 %(used)s。",
            quota=_size(quota.storage_bytes), used=_size(used.total_bytes),
        )  # fmt: skip
        raise QuotaReached(sentence, code="quota_storage")


def _check_storage(quota: InstitutionQuota, used: Usage, size_bytes: int) -> None:
    institution_id = quota.institution_id
    if quota.storage_bytes is not None and used.total_bytes + size_bytes > quota.storage_bytes:
        log.info("quota_reached", institution_id=institution_id, used_bytes=used.total_bytes, size_bytes=size_bytes)
        sentence = Sentence(
            "本单位的存储额度是 %(quota)s，已用 %(used)s，这个文件要 %(size)s，放不下了。讲座的介绍已经存好，不会丢；"
            "请删去不用的草稿，或者请主管部门增加额度，再回来上传。",
            quota=_size(quota.storage_bytes), used=_size(used.total_bytes), size=_size(size_bytes),
        )  # fmt: skip
        raise QuotaReached(sentence, code="quota_storage")


def check_any_allowance(db: Session, actor: Actor, size_bytes: int) -> None:
    """Ask before a piece of a file is sent, when nobody has said yet whose file it is: some institution must have room.

    Raises:
        QuotaReached: of the last institution asked, when none has.
    """
    refusal: QuotaReached | None = None
    for institution_id in sorted(actor.institution_ids("contributor", "institution_admin")):
        try:
            check_allowance(db, institution_id, size_bytes)
        except QuotaReached as error:
            refusal = error
        else:
            return
    if refusal is not None:
        raise refusal


def _size(size_bytes: int) -> str:
    """Write a size in a sentence: 196.4 GB."""
    value, unit = float(size_bytes), "B"
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= _KIB
    return f"{value:.1f}".removesuffix(".0") + f" {unit}"
