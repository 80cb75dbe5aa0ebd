"""What a lecture lacks before it may be sent in, and what the negative list says of it; reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.library.models import Lecture, LectureState
from app.library.parts import LectureFields, text_from_json
from app.library.services import get_lecture_for_edit
from app.media.queries import growing_set
from app.review import rules, shelving
from app.review.models import Review
from app.review.screening import Hit, find_words
from app.review.snapshots import PARTS, Frozen, changed_parts, freeze, passages
from app.review.states import ReviewState


@dataclass(frozen=True, slots=True)
class Candidate:
    """A lecture somebody wants to send in, with everything that speaks against it."""

    lecture: Lecture
    title: str
    frozen: Frozen
    #: What residents see of it now, if they do or did.
    passed: Review | None
    changed: Sequence[str]
    missing: Mapping[str, str]
    hits: Sequence[Hit]
    levels: int
    rule_note: str

    @property
    def hard_hits(self) -> list[Hit]:
        """Words that may not be there."""
        return [hit for hit in self.hits if hit.severity == "hard"]

    @property
    def soft_hits(self) -> list[Hit]:
        """Words that ask for an explanation."""
        return [hit for hit in self.hits if hit.severity == "soft"]


def missing_for(fields: LectureFields, *, has_media: bool) -> dict[str, str]:
    """Return a sentence for each thing a lecture lacks before residents may see it."""
    schemes = {scheme for scheme, _ in fields.terms}
    wanted = (
        (has_media, "media", "视频还没有上传，或者还没有处理好。"),
        (bool(fields.title.strip()), "title", "请填写标题。"),
        (bool(fields.teacher.strip()), "teacher", "请填写主讲人。"),
        (bool(fields.description.strip()), "description", "请写一两句内容简介。"),
        ("audience" in schemes, "audience", "请选择适合的人群。"),
        ("topic" in schemes, "topic", "请选择话题。"),
    )
    return {name: sentence for is_there, name, sentence in wanted if not is_there}


def find_hits(db: Session, frozen: Frozen) -> list[Hit]:
    """Screen what a frozen lecture says."""
    return find_words(passages(frozen.snapshot), rules.words_in_force(db))


def get_candidate(db: Session, actor: Actor, public_id: str) -> Candidate:
    """Look at a lecture as if it were sent in now, its row locked where the database can.

    Raises:
        NotFound, NotPermitted: as for an edit.
    """
    lecture = get_lecture_for_edit(db, actor, public_id)
    frozen = freeze(db, lecture)
    passed = shelving.last_passed(db, lecture.id)
    rule = rules.current_rule(db, lecture.institution_id)
    fields = text_from_json(frozen.snapshot["text"])
    levels = rules.required_levels(db, lecture.institution_id)
    changed = changed_parts(frozen.digests, passed.digests if passed is not None else None)
    if not changed and levels and passed is not None and not passed.levels:
        changed = list(PARTS)  # on the shelf unchanged, but nobody ever looked at it: it may be sent in as a whole
    return Candidate(
        lecture=lecture,
        title=fields.title,
        frozen=frozen,
        passed=passed,
        changed=changed,
        missing=missing_for(fields, has_media=frozen.media is not None),
        hits=find_hits(db, frozen),
        levels=levels,
        rule_note=rule.reason if rule is not None else "",
    )


def may_return_to_shelf(db: Session, lecture: Lecture, frozen: Frozen) -> bool:
    """Tell whether a withdrawn lecture is exactly what was passed last."""
    passed = shelving.last_passed(db, lecture.id)
    is_off = lecture.state is LectureState.WITHDRAWN
    last = shelving.last_closed(db, lecture.id)
    was_refused = last is not None and last.state is ReviewState.REJECTED
    return is_off and passed is not None and not was_refused and passed.digests == frozen.digests


def is_complete(db: Session, lecture: Lecture, frozen: Frozen) -> bool:
    """Tell whether there is something to watch, or soon will be."""
    return frozen.media is not None or growing_set(db, lecture.id) is not None


def with_answers(hits: Sequence[Hit], answers: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what a review keeps of the words found, each with the maker's answer."""
    return [{**replace(hit).to_json(), "answer": answers.get(hit.key, "")} for hit in hits]
