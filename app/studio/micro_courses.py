"""Splitting a lecture into micro-courses at its chapters: what is proposed, what is chosen, the drafts that come of it.

Not here: making their media (app.media.cutting), reading the form (the view).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

import structlog
from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import Conflict, InvalidInput
from app.kernel.sentences import Sentence, too_long
from app.library import services as library
from app.library.models import TITLE_MAX, Chapter, Lecture, LectureState
from app.library.queries import list_chapters, list_current_terms, list_excerpts
from app.media.cutting import attach_cut
from app.media.models import MediaSet
from app.media.preflight import preflight_policy
from app.media.queries import current_set
from config.policies import read_ladder
from media_pipeline import parse_policy

log = structlog.get_logger(__name__)

RESOURCE_TYPE: Final = "micro_course"


class Hindrance(StrEnum):
    """Why a lecture cannot be split now."""

    WITHDRAWN = "withdrawn"
    NOT_READY = "not_ready"
    NO_CHAPTERS = "no_chapters"


@dataclass(frozen=True, slots=True)
class Stretch:
    """One chapter of the lecture, in its seconds."""

    start_s: float
    end_s: float
    title: str

    @property
    def length_s(self) -> float:
        """Seconds until the next one."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Choice:
    """What the teacher ticked and typed, by the numbers of the stretches."""

    taken: Collection[int]
    #: Stretches that go on into the next one.
    joined: Collection[int]
    titles: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Part:
    """One micro-course to be made of stretches that follow each other."""

    first: int
    start_s: float
    end_s: float
    title: str
    #: The lecture that was made of the very same part before.
    made: Lecture | None = None

    @property
    def length_s(self) -> float:
        """Seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Split:
    """What the page of splitting shows."""

    lecture: Lecture
    media: MediaSet | None
    hindrance: Hindrance | None
    stretches: Sequence[Stretch]
    #: What was made of a part before, by its start and end.
    made: Mapping[tuple[float, float], Lecture]
    min_s: float
    max_s: float

    @property
    def shape(self) -> str:
        """What the choices were made from; another when chapters or media have changed."""
        digest = self.media.digest if self.media is not None else ""
        words = [digest, *([stretch.start_s, stretch.end_s, stretch.title] for stretch in self.stretches)]
        return hashlib.sha256(json.dumps(words).encode()).hexdigest()[:16]

    def made_from(self, stretch: Stretch) -> Lecture | None:
        """Return a lecture that this stretch is in."""
        ranges = self.made.items()
        return next((made for (start, end), made in ranges if start <= stretch.start_s and stretch.end_s <= end), None)


@cache
def grid_s() -> int:
    """Return the most seconds by which a part may begin earlier or end later than was asked."""
    policy = parse_policy(read_ladder())
    return max(profile.segment_s for profile in policy.profiles)


def get_split(db: Session, lecture: Lecture) -> Split:
    """Return what can be made of a lecture now."""
    media = current_set(db, lecture.id)
    rules = preflight_policy().rules_for(RESOURCE_TYPE, utc_now().date()).profile
    stretches = _stretches(list_chapters(db, lecture.id), media.duration_s) if media is not None else []
    hindrance = None
    if lecture.state is LectureState.WITHDRAWN:
        hindrance = Hindrance.WITHDRAWN
    elif media is None:
        hindrance = Hindrance.NOT_READY
    elif len(stretches) < 2:
        hindrance = Hindrance.NO_CHAPTERS
    made = {(excerpt.start_s, excerpt.end_s): child for excerpt, child in list_excerpts(db, lecture.id)}
    return Split(
        lecture, media, hindrance, stretches, made,
        min_s=rules.min_s if rules is not None else 0.0,
        max_s=rules.max_s if rules is not None else media.duration_s if media is not None else 0.0,
    )  # fmt: skip


def _stretches(chapters: Sequence[Chapter], duration_s: float) -> list[Stretch]:
    # A newer file may be shorter than the one the chapters were written for.
    inside = [chapter for chapter in chapters if chapter.start_s < duration_s]
    ends = [*(chapter.start_s for chapter in inside), duration_s][1:]
    return [Stretch(chapter.start_s, end_s, chapter.title) for chapter, end_s in zip(inside, ends, strict=True)]


def proposed(split: Split) -> Choice:
    """Return the choice to begin with: what is too short goes on into the next, a short last one into the one before.

    What was made before is not ticked again.
    """
    taken = {number for number, stretch in enumerate(split.stretches) if split.made_from(stretch) is None}
    joined: set[int] = set()
    length_s = 0.0
    for number, stretch in enumerate(split.stretches):
        length_s += stretch.length_s
        if number not in taken or length_s >= split.min_s:
            length_s = 0.0
        elif number + 1 in taken:
            joined.add(number)
        else:
            length_s = 0.0
            joined |= {number - 1} & taken
    return Choice(taken, joined, {number: stretch.title for number, stretch in enumerate(split.stretches)})


def choose_parts(split: Split, choice: Choice) -> list[Part]:
    """Return the parts a choice means, in order; a part is taken, and called, by its first stretch.

    Raises:
        InvalidInput: with a sentence for each title that is missing or too long (`title-3`), or code "nothing_chosen".
    """
    parts: list[Part] = []
    problems: dict[str, str] = {}
    first = 0
    for number, stretch in enumerate(split.stretches):
        # What is not taken cannot draw in what follows it.
        if number in choice.joined and first in choice.taken and number < len(split.stretches) - 1:
            continue
        if first in choice.taken:
            start_s, end_s = split.stretches[first].start_s, stretch.end_s
            title = " ".join(choice.titles.get(first, "").split())
            if not title:
                problems[f"title-{first}"] = Sentence("请填写%(label)s。", label="标题")
            elif len(title) > TITLE_MAX:
                problems[f"title-{first}"] = too_long("标题", TITLE_MAX, title)
            parts.append(Part(first, start_s, end_s, title, split.made.get((start_s, end_s))))
        first = number + 1
    if problems:
        raise InvalidInput(fields=problems)
    if not any(part.made is None for part in parts):
        raise InvalidInput("请至少勾选一段还没有拆过的。", code="nothing_chosen")
    return parts


def split_lecture(db: Session, actor: Actor, public_id: str, choice: Choice, *, shape: str) -> list[Lecture]:
    """Make a draft of every chosen part, and queue the cutting of its media; parts made before are left out.

    Raises:
        Conflict: when the lecture cannot be split, or has changed since the choice was made.
        InvalidInput: as `choose_parts` does.
    """
    lecture = library.get_lecture_for_edit(db, actor, public_id)
    split = get_split(db, lecture)
    if split.hindrance is not None or split.media is None:
        raise Conflict("这一讲现在还不能拆。", code="not_splittable", lecture_id=lecture.id)
    if shape != split.shape:
        raise Conflict("章节或视频刚才改过了，请重新选一遍。", code="chapters_changed", lecture_id=lecture.id)
    parts = [part for part in choose_parts(split, choice) if part.made is None]
    drafts = [_draft(db, actor, split.media, lecture, part) for part in parts]
    log.info("lecture_split", lecture_id=lecture.id, drafts=len(drafts))
    return drafts


def _draft(db: Session, actor: Actor, media: MediaSet, lecture: Lecture, part: Part) -> Lecture:
    # Terms of a former year stay with what has them, but are given to nothing new.
    current = {(term.scheme, term.key) for term in list_current_terms(db)}
    terms = [(term.scheme, term.key) for term in lecture.terms]
    fields = library.LectureFields(
        title=part.title,
        description=lecture.description,
        teacher=lecture.teacher,
        tags=lecture.tags,
        resource_type=RESOURCE_TYPE,
        licence=lecture.licence,
        terms=[pair for pair in terms if pair in current],
    )
    draft = library.create_lecture(db, actor, lecture.institution_id, fields)
    draft.language = lecture.language
    library.note_excerpt(db, draft, lecture, part.start_s, part.end_s)
    attach_cut(db, actor, draft, media, start_s=part.start_s, end_s=part.end_s)
    return draft
