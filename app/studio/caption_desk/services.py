"""Writes of the captions desk: keeping a draft, putting it on the lecture with or without a proof, giving it up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import InvalidInput, NotFound, StaleVersion
from app.kernel.sentences import Sentence
from app.library import services as library
from app.library.models import CAPTION_LANGUAGES, Lecture
from app.library.parts import CaptionText
from app.studio.caption_desk.models import KEY_MAX, CaptionEdit, CaptionProof
from app.studio.caption_desk.queries import CaptionDesk, find_edit, read_desk
from media_pipeline.caption_cues import MAX_CUE_CHARACTERS
from media_pipeline.caption_lines import Line, LineProblem, find_problems, write_lines

log = structlog.get_logger(__name__)

#: Far more than a lecture of three hours has; a draft is one row.
LINES_MAX: Final = 10_000
#: So many lines that are wrong are told at once.
PROBLEMS_TOLD: Final = 20
_SENTENCES: Final = {
    "empty": "第 %(number)d 句没有字，请写上或者删除。",
    "no_time": "第 %(number)d 句的结束时间不在开始时间后面。",
    "too_long": "第 %(number)d 句太长，请拆成几句。",
}


@dataclass(frozen=True, slots=True)
class Splice:
    """A change of a draft: from line `at` (counted from 0) `remove` lines go, `lines` come in their place."""

    at: int
    remove: int
    lines: Sequence[Line]


def save_draft(
    db: Session, actor: Actor, public_id: str, language: str, splice: Splice, *, expected_version: int, key: str
) -> int:
    """Keep a change of the draft; the same one sent again is kept once. Return the new version.

    Raises:
        StaleVersion: when somebody changed the draft since it was read.
        InvalidInput: when the change does not fit, or is too large.
    """
    lecture = _lecture(db, actor, public_id, language)
    if not key or len(key) > KEY_MAX:
        raise InvalidInput(code="bad_key")
    desk, edit = read_desk(db, lecture, language), find_edit(db, lecture.id, language)
    if edit is not None and edit.last_key == key:
        return edit.version
    _check_version(desk, expected_version)
    lines = _spliced(desk.lines, splice)
    if edit is None:
        edit = CaptionEdit(lecture_id=lecture.id, language=language, version=0)
        db.add(edit)
    edit.base_sha256 = desk.base_sha256
    edit.lines = [[line.start_ms, line.end_ms, line.text, line.settings] for line in lines]
    _touch(edit, actor, key)
    db.flush()
    return edit.version


def _spliced(lines: Sequence[Line], splice: Splice) -> list[Line]:
    if splice.at < 0 or splice.remove < 0 or splice.at + splice.remove > len(lines):
        raise InvalidInput(code="bad_splice")
    changed = [*lines[: splice.at], *splice.lines, *lines[splice.at + splice.remove :]]
    if len(changed) > LINES_MAX:
        raise InvalidInput(Sentence("一讲的字幕最多 %(limit)d 句。", limit=LINES_MAX), code="too_many_lines")
    long = [splice.at + number for number, line in enumerate(splice.lines, 1) if len(line.text) > MAX_CUE_CHARACTERS]
    if long:
        raise InvalidInput(_sentence(LineProblem(long[0], "too_long")), code="line_too_long")
    return changed


def put_on(
    db: Session, actor: Actor, public_id: str, language: str, *, expected_version: int, base_sha256: str,
    is_proofread: bool,
) -> CaptionDesk:
    """Make the draft the caption of the lecture; of a held lecture it waits. With a proof a machine's label goes.

    Raises:
        StaleVersion: when the draft changed since (code "stale_version"), or when the lecture got another caption than
            the one the actor saw (code "caption_replaced").
        InvalidInput: code "bad_lines", with a sentence for each of the first lines that cannot be shown.
    """
    lecture = _lecture(db, actor, public_id, language)
    desk = read_desk(db, lecture, language)
    _check_version(desk, expected_version)
    if base_sha256 != desk.current_sha256:
        raise StaleVersion(code="caption_replaced", lecture_id=lecture.id)
    problems = find_problems(desk.lines)
    if problems or not desk.lines:
        fields = {f"line-{each.number}": _sentence(each) for each in problems[:PROBLEMS_TOLD]}
        raise InvalidInput(code="bad_lines", fields=fields or {"lines": "还没有一句字幕。"}, lecture_id=lecture.id)
    is_machine = desk.is_machine and not is_proofread
    label = desk.caption.label if desk.caption is not None else CAPTION_LANGUAGES[language]
    text = CaptionText(label, write_lines(desk.lines, is_machine=is_machine), is_machine)
    library.set_caption(db, lecture, language=language, label=label, webvtt=text.webvtt, is_machine=is_machine)
    if is_proofread:
        _note_proof(db, actor, desk, text)
    edit = find_edit(db, lecture.id, language) or CaptionEdit(lecture_id=lecture.id, language=language, version=0)
    edit.lines, edit.base_sha256 = None, text.sha256
    _touch(edit, actor, "")
    db.add(edit)
    db.flush()
    log.info("captions_put_on", lecture_id=lecture.id, language=language, lines=len(desk.lines), proof=is_proofread)
    return read_desk(db, lecture, language)


def _note_proof(db: Session, actor: Actor, desk: CaptionDesk, text: CaptionText) -> None:
    newest = desk.proofs[0] if desk.proofs else None
    if newest is not None and newest.sha256 == text.sha256 and newest.proofread_by_id == actor.user_id:
        return
    db.add(
        CaptionProof(
            lecture_id=desk.lecture.id, language=desk.language, sha256=text.sha256, line_count=len(desk.lines),
            lecture_version=desk.lecture.version, was_machine=desk.is_machine, proofread_by_id=actor.user_id,
            proofread_name=actor.display_name, proofread_at=utc_now(),
        )
    )  # fmt: skip


def discard_draft(db: Session, actor: Actor, public_id: str, language: str, *, expected_version: int) -> None:
    """Give the draft up; the lecture keeps the caption it has.

    Raises:
        StaleVersion: when somebody changed the draft since it was read.
    """
    lecture = _lecture(db, actor, public_id, language)
    desk, edit = read_desk(db, lecture, language), find_edit(db, lecture.id, language)
    if edit is None or edit.lines is None:
        return
    _check_version(desk, expected_version)
    edit.lines, edit.base_sha256 = None, desk.current_sha256
    _touch(edit, actor, "")
    log.info("caption_edit_discarded", lecture_id=lecture.id, language=language)


def _lecture(db: Session, actor: Actor, public_id: str, language: str) -> Lecture:
    lecture = library.get_lecture_for_edit(db, actor, public_id)
    if language not in CAPTION_LANGUAGES:
        raise NotFound(lecture_id=lecture.id, language=language)
    return lecture


def _check_version(desk: CaptionDesk, expected: int) -> None:
    if desk.version != expected:
        raise StaleVersion(lecture_id=desk.lecture.id, version=desk.version, expected=expected)


def _touch(edit: CaptionEdit, actor: Actor, key: str) -> None:
    edit.version, edit.last_key, edit.updated_at = edit.version + 1, key, utc_now()
    edit.edited_by_id, edit.edited_name = actor.user_id, actor.display_name


def _sentence(problem: LineProblem) -> Sentence:
    return Sentence(_SENTENCES[problem.code], number=problem.number)
