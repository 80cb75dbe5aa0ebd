"""Reads of the captions desk: the lines somebody sees there, and who has proofread what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.kernel.errors import NotFound, NotPermitted
from app.library import policies
from app.library.models import CAPTION_LANGUAGES, Lecture
from app.library.parts import CaptionText
from app.library.pending import working_copy
from app.studio.caption_desk.models import CaptionEdit, CaptionProof
from app.studio.queries import find_own_lecture
from media_pipeline.caption_lines import Line, read_lines


@dataclass(frozen=True, slots=True)
class CaptionDesk:
    """What the desk shows of one caption."""

    lecture: Lecture
    language: str
    lines: Sequence[Line]
    #: Of the draft; 0 before anybody edited.
    version: int
    #: There is a draft that is not on the lecture.
    has_draft: bool
    edited_name: str
    #: The caption the lecture has for its people now; None when there is none.
    caption: CaptionText | None
    #: Content the draft was begun from; another caption was put there since when it is not the present one.
    base_sha256: str
    #: Newest first.
    proofs: Sequence[CaptionProof]

    @property
    def current_sha256(self) -> str:
        """Content of the caption of now, empty for none."""
        return self.caption.sha256 if self.caption is not None else ""

    @property
    def is_machine(self) -> bool:
        """Residents would read that a machine made it."""
        return self.caption is not None and self.caption.is_machine

    @property
    def was_replaced(self) -> bool:
        """Somebody put another caption there after the draft was begun."""
        return self.has_draft and self.base_sha256 != self.current_sha256


def get_desk(db: Session, actor: Actor, public_id: str, language: str) -> CaptionDesk:
    """Load the caption of one language for its desk.

    Raises:
        NotFound: none of the actor's lectures, or no language of captions.
        NotPermitted: when the actor may see but not edit it.
    """
    lecture = find_own_lecture(db, actor, public_id)
    if not policies.can_edit_lecture(actor, lecture):
        raise NotPermitted(lecture_id=lecture.id)
    if language not in CAPTION_LANGUAGES:
        raise NotFound(lecture_id=lecture.id, language=language)
    return read_desk(db, lecture, language)


def read_desk(db: Session, lecture: Lecture, language: str) -> CaptionDesk:
    """Return the desk of a lecture whose terms are loaded; whoever calls has asked the policy."""
    caption = working_copy(db, lecture).captions.get(language)
    edit = find_edit(db, lecture.id, language)
    draft = edit.lines if edit is not None else None
    proofs = db.scalars(
        select(CaptionProof)
        .where(CaptionProof.lecture_id == lecture.id, CaptionProof.language == language)
        .order_by(CaptionProof.id.desc())
    ).all()
    base = caption.sha256 if caption is not None else ""
    return CaptionDesk(
        lecture=lecture,
        language=language,
        lines=lines_of(draft) if draft is not None else read_lines(caption.webvtt) if caption is not None else [],
        version=edit.version if edit is not None else 0,
        has_draft=draft is not None,
        edited_name=edit.edited_name if edit is not None else "",
        caption=caption,
        base_sha256=edit.base_sha256 if edit is not None and draft is not None else base,
        proofs=proofs,
    )


def find_edit(db: Session, lecture_id: int, language: str) -> CaptionEdit | None:
    """Return the row of the work on a caption."""
    return db.scalars(
        select(CaptionEdit).where(CaptionEdit.lecture_id == lecture_id, CaptionEdit.language == language)
    ).first()


def lines_of(stored: Sequence[Sequence[object]]) -> list[Line]:
    """Return the lines of a draft's row."""
    return [Line(int(str(row[0])), int(str(row[1])), str(row[2]), str(row[3])) for row in stored]


def newest_proofs(db: Session, lecture_id: int) -> Mapping[str, CaptionProof]:
    """Return the proof given last, by language."""
    rows = db.scalars(
        select(CaptionProof).where(CaptionProof.lecture_id == lecture_id).order_by(CaptionProof.id)
    )
    return {row.language: row for row in rows}


def is_worked_on(db: Session, lecture_id: int, language: str) -> bool:
    """Return whether people have worked on this caption, so that no machine may replace it."""
    return find_edit(db, lecture_id, language) is not None
