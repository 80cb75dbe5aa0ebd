"""What institutions say of their lectures as institutions: defaults of new drafts, co-owners of a lecture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import InvalidInput, NotFound, NotPermitted, StaleVersion
from app.kernel.sentences import Sentence, too_long
from app.library import policies
from app.library.holdings import InstitutionDefaults
from app.library.models import CAPTION_LANGUAGES, TAG_MAX, TAGS_MAX, TEACHER_MAX, Lecture, LectureOwner
from app.library.places import Institution
from app.library.queries import list_current_terms
from app.library.services import LECTURE_SCHEMES, LectureFields, get_lecture_for_edit, said_twice, touch

log = structlog.get_logger(__name__)

CO_OWNERS_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a new draft of an institution says; `version` is 0 until somebody set it."""

    fields: LectureFields
    version: int = 0


def get_institution(db: Session, public_id: str) -> Institution:
    """Load an institution.

    Raises:
        NotFound: when there is none.
    """
    institution = db.scalars(select(Institution).where(Institution.public_id == public_id)).first()
    if institution is None:
        raise NotFound(institution=public_id)
    return institution


def read_defaults(db: Session, institution_id: int) -> Defaults:
    """Return what drafts of an institution begin with; terms that are no longer valid are left out."""
    row = db.get(InstitutionDefaults, institution_id)
    if row is None:
        return Defaults(LectureFields(title=""))
    current = {(term.scheme, term.key) for term in list_current_terms(db)}
    built_in = LectureFields(title="")
    fields = LectureFields(
        title="", teacher=row.teacher, tags=row.tags, language=row.language,
        resource_type=row.resource_type if ("resource_type", row.resource_type) in current else built_in.resource_type,
        licence=row.licence if ("licence", row.licence) in current else built_in.licence,
        terms=[(scheme, key) for scheme, key in row.terms if (scheme, key) in current],
    )
    return Defaults(fields, row.version)


def set_defaults(
    db: Session, actor: Actor, institution_id: int, fields: LectureFields, *, expected_version: int
) -> None:
    """Say what new drafts of an institution begin with; drafts that are there stay as they are.

    Raises:
        NotPermitted: when the actor is no admin of the institution.
        InvalidInput: with a sentence per wrong field.
        StaleVersion: when another admin saved since the actor read it.
    """
    if not policies.can_set_defaults(actor, institution_id):
        raise NotPermitted(institution_id=institution_id)
    problems = _problems_of(db, fields)
    if problems:
        raise InvalidInput(fields=problems)
    row = db.get(InstitutionDefaults, institution_id, with_for_update=True)
    if (row.version if row is not None else 0) != expected_version:
        raise StaleVersion(institution_id=institution_id, expected=expected_version)
    if row is None:
        row = InstitutionDefaults(institution_id=institution_id, version=0)
        db.add(row)
    row.teacher, row.language = fields.teacher.strip(), fields.language or "zh-CN"
    row.resource_type, row.licence = fields.resource_type, fields.licence
    row.tags, row.terms = list(fields.tags), [list(pair) for pair in fields.terms]
    row.version, row.updated_at = row.version + 1, utc_now()
    db.flush()
    log.info("defaults_set", institution_id=institution_id)


def _problems_of(db: Session, fields: LectureFields) -> dict[str, str]:
    problems: dict[str, str] = {}
    known = {(term.scheme, term.key) for term in list_current_terms(db)}
    chosen = [("resource_type", fields.resource_type), ("licence", fields.licence), *fields.terms]
    for pair in chosen:
        if pair not in known or pair[0] not in {*LECTURE_SCHEMES, "resource_type", "licence"}:
            problems[pair[0]] = "请从列表中选择。"
    problems |= said_twice(fields.terms)
    if fields.language not in CAPTION_LANGUAGES:
        problems["language"] = "请从列表中选择。"
    if len(fields.teacher.strip()) > TEACHER_MAX:
        problems["teacher"] = too_long("主讲人", TEACHER_MAX, fields.teacher.strip())
    if len(fields.tags) > TAGS_MAX or any(len(tag) > TAG_MAX for tag in fields.tags):
        problems["tags"] = Sentence("标签最多 %(count)d 个，每个最多 %(limit)d 个字。", count=TAGS_MAX, limit=TAG_MAX)
    return problems


def list_co_owners(db: Session, lecture: Lecture) -> Sequence[Institution]:
    """Return the institutions that made a lecture together with its owner, by name."""
    if not lecture.co_owner_ids:
        return []
    statement = select(Institution).where(Institution.id.in_(lecture.co_owner_ids)).order_by(Institution.name)
    return db.scalars(statement).all()


def set_co_owners(
    db: Session, actor: Actor, public_id: str, names: Sequence[str], *, expected_version: int
) -> Sequence[Institution]:
    """Say by name with which institutions a lecture was made; their admins may edit it from then on.

    Raises:
        StaleVersion: when somebody saved since the actor read it.
        InvalidInput: when an institution is not known, is the owner, or there are too many.
    """
    lecture = get_lecture_for_edit(db, actor, public_id)
    if lecture.version != expected_version:
        raise StaleVersion(lecture_id=lecture.id, version=lecture.version, expected=expected_version)
    wanted = list(dict.fromkeys(name.strip() for name in names if name.strip()))
    if len(wanted) > CO_OWNERS_MAX:
        raise InvalidInput(fields={"co_owners": Sentence("共建机构最多 %(count)d 个。", count=CO_OWNERS_MAX)})
    found = {each.name: each for each in db.scalars(select(Institution).where(Institution.name.in_(wanted)))}
    for name in wanted:
        if name not in found or not found[name].is_active:
            unknown = Sentence("没有叫“%(name)s”的机构，请写登记的全名。", name=name[:60])
            raise InvalidInput(fields={"co_owners": unknown})
        if found[name].id == lecture.institution_id:
            raise InvalidInput(fields={"co_owners": "所属机构不用再写成共建机构。"})
    if {each.id for each in found.values()} != lecture.co_owner_ids:
        db.execute(delete(LectureOwner).where(LectureOwner.lecture_id == lecture.id))
        db.add_all(LectureOwner(lecture_id=lecture.id, institution_id=each.id) for each in found.values())
        touch(db, lecture)
        db.flush()
        db.expire(lecture, ["co_owner_text"])
        log.info("co_owners_set", lecture_id=lecture.id, count=len(found))
    return [found[name] for name in wanted]
