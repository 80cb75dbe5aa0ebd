"""What a grant says, as it is typed and as it is kept: checking, and reading back for the form and the history."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.green_channel.periods import begin_of, end_of, first_day, last_day, read_day
from app.green_channel.promises import channel_policy
from app.kernel.clock import utc_now
from app.kernel.errors import InvalidInput
from app.kernel.sentences import Sentence, too_long
from app.library.green_grants import (
    CONTACT_NAME_MAX,
    CONTACT_PHONE_MAX,
    GRANT_NOTE_MAX,
    GRANT_TITLE_MAX,
    GreenGrant,
)
from app.library.models import Course, Lecture
from app.library.places import Region, RegionLevel
from app.library.queries import list_current_terms

#: Things one grant may name; a course counts as one.
ITEMS_MAX: Final = 500
#: Digits and the marks between them, full-width ones too, and an extension after the character for it.
_PHONE: Final = re.compile(r"[0-9\uff10-\uff19+()\uff08\uff09\- ]{5,40}(?:\u8f6c ?[0-9]{1,6})?")
_CHOOSE: Final = "请从列表中选择。"


@dataclass(frozen=True, slots=True)
class GrantFields:
    """What a person types: public ids of things, codes of regions, keys of audiences, days as written."""

    title: str
    courses: Sequence[str]
    lectures: Sequence[str]
    regions: Sequence[str]
    audiences: Sequence[str]
    licence: str
    starts_on: str
    ends_on: str
    contact_name: str
    contact_phone: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class CheckedGrant:
    """The same, checked and resolved to rows."""

    title: str
    note: str
    licence: str
    contact_name: str
    contact_phone: str
    starts_at: datetime
    ends_at: datetime
    course_ids: Sequence[int]
    lecture_ids: Sequence[int]
    region_codes: Sequence[str]
    term_ids: Sequence[int]

    def columns(self) -> dict[str, Any]:
        """Return what stands on the grant's own row."""
        names = ("title", "note", "licence", "contact_name", "contact_phone", "starts_at", "ends_at")
        return {name: getattr(self, name) for name in names}


def cleaned_line(text: str) -> str:
    """Return a typed text as one line of printable characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def check(db: Session, institution_id: int, fields: GrantFields, *, began_at: datetime | None = None) -> CheckedGrant:
    """Return what was typed, ready to be kept.

    Args:
        db: session.
        institution_id: whose courses and lectures may be named.
        fields: what was typed.
        began_at: when a grant that is changed began; its first day may lie in the past.

    Raises:
        InvalidInput: with a sentence per wrong field.
    """
    problems: dict[str, str] = {}
    title = _line(fields.title, "title", "名称", GRANT_TITLE_MAX, problems)
    contact_name = _line(fields.contact_name, "contact_name", "联系人", CONTACT_NAME_MAX, problems)
    phone = _line(fields.contact_phone, "contact_phone", "联系电话", CONTACT_PHONE_MAX, problems)
    if phone and "contact_phone" not in problems and not _PHONE.fullmatch(phone):
        problems["contact_phone"] = "请写电话号码，例如 024-0000 0000。"
    note = _line(fields.note, "note", "说明", GRANT_NOTE_MAX, problems, is_required=False)
    starts_at, ends_at = _period(fields, began_at, problems)
    course_ids, lecture_ids = _items(db, institution_id, fields, problems)
    region_codes = _regions(db, fields, problems)
    terms = {(term.scheme, term.key): term.id for term in list_current_terms(db)}
    if ("licence", fields.licence) not in terms or fields.licence not in channel_policy().licences:
        problems["licence"] = _CHOOSE
    if not fields.audiences:
        problems["audiences"] = "请勾选面向哪些人群。"
    elif any(("audience", key) not in terms for key in fields.audiences):
        problems["audiences"] = _CHOOSE
    if problems:
        raise InvalidInput(fields=problems)
    term_ids = sorted({terms["audience", key] for key in fields.audiences})
    return CheckedGrant(
        title, note, fields.licence, contact_name, phone, starts_at, ends_at, course_ids, lecture_ids, region_codes,
        term_ids,
    )  # fmt: skip


def _line(
    text: str, name: str, label: str, limit: int, problems: dict[str, str], *, is_required: bool = True
) -> str:
    cleaned = cleaned_line(text)
    if is_required and not cleaned:
        problems[name] = Sentence("请填写%(label)s。", label=label)
    elif len(cleaned) > limit:
        problems[name] = too_long(label, limit, cleaned)
    return cleaned


def _period(fields: GrantFields, began_at: datetime | None, problems: dict[str, str]) -> tuple[datetime, datetime]:
    days = {"starts_on": read_day(fields.starts_on), "ends_on": read_day(fields.ends_on)}
    for name, day in days.items():
        if day is None or not 2000 <= day.year <= 2200:
            problems[name] = "请写日期，例如 2027-03-01。"
    now, start, end = utc_now(), days["starts_on"], days["ends_on"]
    if start is None or end is None or {"starts_on", "ends_on"} & problems.keys():
        return now, now
    starts_at, ends_at = begin_of(start), end_of(end)
    is_new_start = began_at is None or first_day(began_at) != start
    if end < start:
        problems["ends_on"] = "最后一天不能早于第一天。"
    elif ends_at <= now:
        problems["ends_on"] = "最后一天已经过去了。"
    elif ends_at - starts_at > channel_policy().longest:
        problems["ends_on"] = Sentence("一次开放最长 %(days)d 天。", days=channel_policy().longest.days)
    if is_new_start and start < first_day(now):
        problems["starts_on"] = "第一天不能早于今天。"
    return starts_at, ends_at


def _items(
    db: Session, institution_id: int, fields: GrantFields, problems: dict[str, str]
) -> tuple[list[int], list[int]]:
    wanted_courses, wanted_lectures = set(fields.courses), set(fields.lectures)
    if not wanted_courses | wanted_lectures:
        problems["lectures"] = "请至少选一门课程或一讲。"
        return [], []
    if len(wanted_courses) + len(wanted_lectures) > ITEMS_MAX:
        problems["lectures"] = Sentence("一次最多选 %(limit)d 项；讲数多的请整门课程开放。", limit=ITEMS_MAX)
        return [], []
    courses = select(Course.id).where(Course.institution_id == institution_id, Course.public_id.in_(wanted_courses))
    lectures = select(Lecture.id).where(
        Lecture.institution_id == institution_id, Lecture.public_id.in_(wanted_lectures), Lecture.deleted_at.is_(None),
    )  # fmt: skip
    course_ids, lecture_ids = sorted(db.scalars(courses)), sorted(db.scalars(lectures))
    if len(course_ids) != len(wanted_courses) or len(lecture_ids) != len(wanted_lectures):
        problems["lectures"] = "选中的课程或讲座有的已经不在了，请重新选择。"
    return course_ids, lecture_ids


def _regions(db: Session, fields: GrantFields, problems: dict[str, str]) -> list[str]:
    wanted = set(fields.regions)
    if not wanted:
        problems["regions"] = "请勾选面向哪些地区。"
        return []
    levels = (RegionLevel.PROVINCE, RegionLevel.CITY)
    known = sorted(db.scalars(select(Region.code).where(Region.code.in_(wanted), Region.level.in_(levels))))
    if len(known) != len(wanted):
        problems["regions"] = _CHOOSE
    return known


def fields_of(grant: GreenGrant) -> GrantFields:
    """Return what a grant says, as it would be typed (its items, regions and audiences must be loaded)."""
    return GrantFields(
        title=grant.title, note=grant.note, licence=grant.licence, contact_name=grant.contact_name,
        contact_phone=grant.contact_phone, starts_on=first_day(grant.starts_at).isoformat(),
        ends_on=last_day(grant.ends_at).isoformat(),
        courses=[item.course.public_id for item in grant.items if item.course is not None],
        lectures=[item.lecture.public_id for item in grant.items if item.lecture is not None],
        regions=[region.code for region in grant.regions], audiences=[term.key for term in grant.audiences],
    )  # fmt: skip


def said_by(grant: GreenGrant) -> dict[str, Any]:
    """Return the words of a grant by field, as the history keeps them."""
    courses = sorted(item.course.title for item in grant.items if item.course is not None)
    lectures = sorted(item.lecture.title for item in grant.items if item.lecture is not None)
    return {
        "title": grant.title, "note": grant.note, "licence": grant.licence, "contact_name": grant.contact_name,
        "contact_phone": grant.contact_phone, "starts_on": first_day(grant.starts_at).isoformat(),
        "ends_on": last_day(grant.ends_at).isoformat(), "courses": courses, "lectures": lectures,
        "regions": [region.name_zh for region in grant.regions],
        "audiences": [term.label_zh for term in grant.audiences],
    }  # fmt: skip
