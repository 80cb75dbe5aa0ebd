"""Which institution needs how many levels, which words are on the negative list: reads and the operator's writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import InvalidInput, NotFound, NotPermitted
from app.kernel.sentences import too_long
from app.library import pending
from app.library.models import Lecture, LectureState
from app.library.places import Institution
from app.review import policies
from app.review.models import REASON_MAX, NegativeTerm, Review, ReviewRule, Severity
from app.review.rulebook import rulebook
from app.review.screening import Passage, Word, find_words, squeeze

log = structlog.get_logger(__name__)

WORD_MAX, CATEGORY_MAX = 60, 40
_SHORTEST_WORD: Final = 2


def current_rule(db: Session, institution_id: int) -> ReviewRule | None:
    """Return the exception an institution has now."""
    return db.scalars(
        select(ReviewRule).where(ReviewRule.institution_id == institution_id, ReviewRule.valid_to.is_(None))
    ).first()


def required_levels(db: Session, institution_id: int) -> int:
    """Return how many levels the institution's lectures pass."""
    rule = current_rule(db, institution_id)
    return rule.levels if rule is not None else rulebook().levels_required


def set_rule(db: Session, actor: Actor, institution_public_id: str, *, levels: int, reason: str) -> ReviewRule:
    """Let an institution need another number of levels from now on; the same again changes nothing.

    Raises:
        InvalidInput: for a number there is not, or without a reason.
    """
    if not policies.can_set_rules(actor):
        raise NotPermitted(institution=institution_public_id)
    institution = db.scalars(select(Institution).where(Institution.public_id == institution_public_id)).first()
    if institution is None:
        raise NotFound(public_id=institution_public_id)
    return put_rule(db, actor, institution.id, levels=levels, reason=reason)


def put_rule(db: Session, actor: Actor, institution_id: int, *, levels: int, reason: str) -> ReviewRule:
    """Do it for an institution whose id is known; the caller answers for the right."""
    cleaned = _clean(reason)
    problems: dict[str, str] = {}
    if not 0 <= levels <= len(rulebook().levels):
        problems["levels"] = "请从列表中选择。"
    if not cleaned:
        problems["reason"] = "请写明理由，会和每一次审核记在一起。"
    elif len(cleaned) > REASON_MAX:
        problems["reason"] = too_long("理由", REASON_MAX, cleaned)
    if problems:
        raise InvalidInput(fields=problems)
    now, current = utc_now(), current_rule(db, institution_id)
    if current is not None and (current.levels, current.reason) == (levels, cleaned):
        return current
    if current is not None:
        current.valid_to = now
        db.flush()
    rule = ReviewRule(
        institution_id=institution_id, levels=levels, reason=cleaned, set_by_id=actor.user_id,
        set_by_name=actor.display_name, valid_from=now,
    )  # fmt: skip
    db.add(rule)
    db.flush()
    _hold_or_release(db, institution_id, levels=levels)
    log.info("review_rule_set", institution_id=institution_id, levels=levels, actor_id=actor.user_id)
    return rule


def _hold_or_release(db: Session, institution_id: int, *, levels: int) -> None:
    """Let changes on the shelf wait from now on, or no longer; what waits already goes through one submission more."""
    shelved = Lecture.institution_id == institution_id, Lecture.state == LectureState.PUBLISHED
    if levels:
        db.execute(update(Lecture).where(*shelved).values(is_held=True))
        return
    open_reviews = select(Review.lecture_id).where(Review.closed_at.is_(None))
    statement = select(Lecture).where(*shelved, Lecture.is_held, Lecture.id.not_in(open_reviews))
    for lecture in db.scalars(statement.options(selectinload(Lecture.terms))):
        if not pending.list_pending(db, lecture.id):
            lecture.is_held = False


def list_rules(db: Session) -> Sequence[tuple[Institution, ReviewRule | None]]:
    """Return every institution with its exception, those that have one first."""
    on_now = (ReviewRule.institution_id == Institution.id) & ReviewRule.valid_to.is_(None)
    statement = select(Institution, ReviewRule).outerjoin(ReviewRule, on_now)
    return [(row[0], row[1]) for row in db.execute(statement.order_by(ReviewRule.id.is_(None), Institution.name))]


def words_in_force(db: Session) -> list[Word]:
    """Return the negative list as the screening needs it."""
    rows = db.scalars(select(NegativeTerm).where(NegativeTerm.ended_at.is_(None)).order_by(NegativeTerm.id))
    return [Word(row.word, row.folded, row.category, row.severity.value, row.why) for row in rows]


def list_terms(db: Session) -> Sequence[NegativeTerm]:
    """Return the list for its page, by category; ended ones last."""
    order = NegativeTerm.ended_at.is_not(None), NegativeTerm.category, NegativeTerm.severity, NegativeTerm.id
    return db.scalars(select(NegativeTerm).order_by(*order)).all()


def add_term(db: Session, actor: Actor, *, word: str, category: str, severity: str, why: str) -> NegativeTerm:
    """Put a word on the list, or back on it.

    Raises:
        InvalidInput: with a sentence per field.
    """
    if not policies.can_set_rules(actor):
        raise NotPermitted
    word, category, why, folded = _clean(word), _clean(category), _clean(why), squeeze(word)
    problems: dict[str, str] = {}
    if len(folded) < _SHORTEST_WORD:
        problems["word"] = "至少两个字，一个字会误伤太多。"
    elif len(word) > WORD_MAX:
        problems["word"] = too_long("词", WORD_MAX, word)
    if not category or len(category) > CATEGORY_MAX:
        problems["category"] = "请写明类别，不要太长。"
    if severity not in set(Severity):
        problems["severity"] = "请从列表中选择。"
    if len(why) > REASON_MAX:
        problems["why"] = too_long("说明", REASON_MAX, why)
    if problems:
        raise InvalidInput(fields=problems)
    term = db.scalars(select(NegativeTerm).where(NegativeTerm.folded == folded)).first()
    if term is None:
        term = NegativeTerm(folded=folded)
        db.add(term)
    term.word, term.category, term.severity, term.why = word, category, Severity(severity), why
    term.added_by_id, term.added_at, term.ended_at = actor.user_id, utc_now(), None
    db.flush()
    return term


def end_term(db: Session, actor: Actor, term_id: int) -> None:
    """Take a word off the list; one that is off it is fine."""
    if not policies.can_set_rules(actor):
        raise NotPermitted
    term = db.get(NegativeTerm, term_id)
    if term is None:
        raise NotFound(term_id=term_id)
    term.ended_at = term.ended_at or utc_now()


def load_negative_list(db: Session, categories: Iterable[Mapping[str, Any]]) -> int:
    """Add words of the policy data that the list never had; return how many were read."""
    known, now, count = set(db.scalars(select(NegativeTerm.folded))), utc_now(), 0
    for category in categories:
        for word in category["terms"]:
            count += 1
            folded = squeeze(word)
            if folded in known:
                continue
            known.add(folded)
            severity = Severity(category["severity"])
            term = NegativeTerm(word=word, folded=folded, category=category["name"], severity=severity)
            term.why, term.added_at = category["why"], now
            db.add(term)
    db.flush()
    return count


def _clean(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def bad_among(db: Session, texts: Sequence[str]) -> frozenset[str]:
    """Return which texts hold a word of the negative list: for rooms that keep what anybody may type."""
    words = words_in_force(db)
    return frozenset(text for text in texts if find_words([Passage("typed", text)], words))
