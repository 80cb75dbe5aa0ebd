"""What applicants type about themselves: its shape and its checks. Not here: keeping it (applications)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.curation.typed_text import clean
from app.joining import credit_code
from app.joining.models import (
    EMAIL_MAX,
    NAME_MAX,
    PERSON_MAX,
    PHONE_MAX,
    POST_MAX,
    STATEMENT_MAX,
    WORDS_MAX,
    ApplicantKind,
    Application,
)
from app.joining.rulebook import rulebook
from app.kernel.errors import InvalidInput
from app.kernel.mail.address import clean_address
from app.kernel.sentences import Sentence, too_long
from app.library.places import Institution, Region, Unit
from app.library.queries import list_current_terms

_PHONE: Final = re.compile(r"[0-9+()（） -]{7,40}")


@dataclass(frozen=True, slots=True)
class ApplicationFields:
    """What an applicant types."""

    kind: str = ""
    name: str = ""
    type_key: str = ""
    region_code: str = ""
    credit_code: str = ""
    public_phone: str = ""
    person_name: str = ""
    person_post: str = ""
    person_phone: str = ""
    person_email: str = ""
    statement: str = ""
    has_consented: bool = False
    has_promised: bool = False


def checked_words(typed: str, label: str, field: str, limit: int = WORDS_MAX) -> str:
    """Return words somebody must write; with InvalidInput at `field` when there are none or too many."""
    words = clean(typed, keep_lines=True)
    if not words or len(words) > limit:
        sentence = too_long(label, limit, words) if words else Sentence("请填写%(label)s。", label=label)
        raise InvalidInput(sentence, fields={field: sentence})
    return words


def checked_fields(db: Session, fields: ApplicationFields, before: Application | None = None) -> ApplicationFields:
    """Return what was typed, cleaned; with InvalidInput for what cannot be kept.

    Consent and promise are given once: an application that changes has them from `before`.
    """
    problems: dict[str, str] = {}
    book = rulebook()
    types = {term.key for term in list_current_terms(db, "institution_type")} - book.not_by_oneself
    if fields.kind not in set(ApplicantKind):
        problems["kind"] = "请选择要做什么。"
    texts = _checked_texts(fields, problems)
    if fields.type_key not in types:
        problems["type_key"] = "请选择单位类型。"
    if db.get(Region, fields.region_code) is None:
        problems["region_code"] = "请选择所在地区。"
    code = credit_code.normalise(fields.credit_code)
    problem = credit_code.problem_of(code) if code else ""
    if not code and fields.type_key in book.code_required:
        problem = "企业要填统一社会信用代码。"
    if problem:
        problems["credit_code"] = problem
    if before is None and not fields.has_consented:
        problems["consent"] = "请阅读并同意，否则我们不能保存您的联系方式。"
    has_promised = fields.has_promised or (before is not None and before.type_key in book.code_required)
    if fields.type_key in book.code_required and not has_promised:
        problems["promise"] = "企业要作出这项承诺。"
    is_new_name = before is None or texts["name"] != before.name
    if is_new_name and "name" not in problems and "kind" not in problems:
        _refuse_known_name(db, ApplicantKind(fields.kind), texts["name"], problems)
    if problems:
        raise InvalidInput(fields=problems)
    return replace(fields, credit_code=code, **texts)  # type: ignore[arg-type]  # only names of texts are in it


def _refuse_known_name(db: Session, kind: ApplicantKind, name: str, problems: dict[str, str]) -> None:
    model = Institution if kind is ApplicantKind.INSTITUTION else Unit
    if db.scalar(select(model.id).where(model.name == name)) is not None:
        problems["name"] = "这个单位已经入驻了，请找本单位的管理员发邀请。"


def _checked_texts(fields: ApplicationFields, problems: dict[str, str]) -> dict[str, str]:
    limits = {
        "name": ("单位全称", NAME_MAX, True), "public_phone": ("对外电话", PHONE_MAX, False),
        "person_name": ("负责人姓名", PERSON_MAX, True), "person_post": ("职务", POST_MAX, True),
        "person_phone": ("联系电话", PHONE_MAX, True), "person_email": ("邮箱", EMAIL_MAX, False),
        "statement": ("说明", STATEMENT_MAX, False),
    }  # fmt: skip
    texts: dict[str, str] = {}
    for name, (label, limit, is_required) in limits.items():
        text = texts[name] = clean(getattr(fields, name), keep_lines=name == "statement")
        if is_required and not text:
            problems[name] = Sentence("请填写%(label)s。", label=label)
        elif len(text) > limit:
            problems[name] = too_long(label, limit, text)
    for name in ("person_phone", "public_phone"):
        if texts[name] and name not in problems and not _PHONE.fullmatch(texts[name]):
            problems[name] = "电话只写数字，区号和分机用短横线隔开，例如 024-0000-0000。"
    texts["person_email"] = checked_email(texts["person_email"], "person_email", problems)
    return texts


def checked_email(typed: str, field: str, problems: dict[str, str]) -> str:
    """Return an address that may be written to, or nothing; what is wrong goes to `problems`."""
    address = clean(typed)
    if not address:
        return ""
    try:
        return clean_address(address)
    except InvalidInput:
        problems.setdefault(field, "邮箱写得不对，请写一个完整的地址。")
        return address
