"""Tables of reviews, decisions, comments, openings, commitments and the history."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.db import Base, text_enum
from app.library.models import Lecture
from app.review.states import Action, ReviewState

NAME_MAX, REASON_MAX, COMMENT_MAX = 60, 500, 500


class ReviewKind(StrEnum):
    """Why a lecture is looked at."""

    FIRST = "first"
    CHANGE = "change"
    #: On the shelf for longer than the interval (复核).
    RECHECK = "recheck"


class Commitment(Base):
    """One person's signature under one text, for one or many lectures."""

    __tablename__ = "review_commitment"

    id: Mapped[int] = mapped_column(primary_key=True)
    signed_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    signed_name: Mapped[str] = mapped_column(String(NAME_MAX))
    signed_at: Mapped[datetime]
    #: As it was signed, whatever the policy says later.
    words: Mapped[str] = mapped_column(Text)
    words_version: Mapped[str] = mapped_column(String(20))
    #: The items checked one by one, as they read.
    checks: Mapped[list[Any]] = mapped_column(JSON)


class Review(Base):
    """One submission of a lecture, frozen as it was sent in, and where it stands."""

    __tablename__ = "review"
    __table_args__ = (
        CheckConstraint(
            "levels = 0 OR (submitted_by_id IS NOT NULL AND made_by_id IS NOT NULL)", name="reviewed_has_people"
        ),
        CheckConstraint("levels BETWEEN 0 AND 3", name="levels_known"),
        # What decisions refer to, so that their constraint can speak of the same people.
        UniqueConstraint("id", "submitted_by_id", "made_by_id"),
        Index(
            "uq_review_open",
            "lecture_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_review_state_due_at", "state", "due_at"),
        Index("ix_review_lecture_id_closed_at", "lecture_id", "closed_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(20), unique=True)
    lecture_id: Mapped[int] = mapped_column(ForeignKey("lecture.id"))
    kind: Mapped[ReviewKind] = mapped_column(text_enum(ReviewKind))
    state: Mapped[ReviewState] = mapped_column(text_enum(ReviewState))
    #: How many levels the rule asked for when it was sent in, and the rule's words where they are fewer than usual.
    levels: Mapped[int]
    rule_note: Mapped[str] = mapped_column(String(REASON_MAX), default="")
    lecture_version: Mapped[int]
    submitted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    submitted_name: Mapped[str] = mapped_column(String(NAME_MAX))
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    submitted_at: Mapped[datetime]
    commitment_id: Mapped[int | None] = mapped_column(ForeignKey("review_commitment.id"))
    #: Digest of each part, and which of them differ from what was passed last.
    digests: Mapped[dict[str, Any]] = mapped_column(JSON)
    changed: Mapped[list[Any]] = mapped_column(JSON)
    #: Words of the negative list that were found, with the maker's answers.
    hits: Mapped[list[Any]] = mapped_column(JSON)
    #: When the level it is at was reached, and by when it should be left.
    level_since: Mapped[datetime]
    due_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    #: All parts as they were sent in (app/review/snapshots.py); large, so loaded when asked for.
    snapshot: Mapped[dict[str, Any]] = mapped_column(JSON, deferred=True)

    lecture: Mapped[Lecture] = relationship(lazy="raise")
    decisions: Mapped[list[Decision]] = relationship(
        back_populates="review", lazy="raise", order_by="Decision.id", foreign_keys="Decision.review_id"
    )


class Decision(Base):
    """What one person said at one level; undone ones stay."""

    __tablename__ = "review_decision"
    __table_args__ = (
        # Three different people, none of them the maker or the sender: true in the database, not only in services.
        ForeignKeyConstraint(
            ["review_id", "submitted_by_id", "made_by_id"],
            ["review.id", "review.submitted_by_id", "review.made_by_id"],
            name="fk_review_decision_people",
        ),
        CheckConstraint("reviewer_id <> submitted_by_id AND reviewer_id <> made_by_id", name="not_own_work"),
        CheckConstraint("verdict IN ('pass', 'return', 'reject')", name="is_a_verdict"),
        CheckConstraint("verdict = 'pass' OR length(trim(reason)) > 0", name="refusal_has_reason"),
        Index(
            "uq_review_decision_level", "review_id", "level", unique=True,
            sqlite_where=text("undone_at IS NULL"), postgresql_where=text("undone_at IS NULL"),
        ),
        Index(
            "uq_review_decision_person", "review_id", "reviewer_id", unique=True,
            sqlite_where=text("undone_at IS NULL"), postgresql_where=text("undone_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"))
    submitted_by_id: Mapped[int]
    made_by_id: Mapped[int]
    level: Mapped[int]
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    reviewer_name: Mapped[str] = mapped_column(String(NAME_MAX))
    verdict: Mapped[Action] = mapped_column(text_enum(Action))
    reason: Mapped[str] = mapped_column(String(REASON_MAX), default="")
    #: 1 to 5 by aspect.
    scores: Mapped[dict[str, Any]] = mapped_column(JSON)
    decided_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]

    review: Mapped[Review] = relationship(back_populates="decisions", lazy="raise", foreign_keys=[review_id])


class ReviewComment(Base):
    """A remark of a reviewer, often about a moment of the video."""

    __tablename__ = "review_comment"
    __table_args__ = (CheckConstraint("at_s IS NULL OR at_s >= 0", name="inside"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"), index=True)
    level: Mapped[int]
    author_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    author_name: Mapped[str] = mapped_column(String(NAME_MAX))
    at_s: Mapped[float | None]
    words: Mapped[str] = mapped_column(String(COMMENT_MAX))
    created_at: Mapped[datetime]


class ReviewOpening(Base):
    """Somebody who may decide at a level has opened the review at it: the level has begun."""

    __tablename__ = "review_opening"

    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"), primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    opened_at: Mapped[datetime]


class ReviewEvent(Base):
    """One line of a lecture's history; triggers refuse to change or delete it."""

    __tablename__ = "review_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    lecture_id: Mapped[int] = mapped_column(ForeignKey("lecture.id"), index=True)
    review_id: Mapped[int | None] = mapped_column(ForeignKey("review.id"))
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    actor_name: Mapped[str] = mapped_column(String(NAME_MAX))
    lecture_version: Mapped[int]
    action: Mapped[Action] = mapped_column(text_enum(Action))
    from_state: Mapped[str] = mapped_column(String(20))
    to_state: Mapped[str] = mapped_column(String(20))
    why: Mapped[str] = mapped_column(String(REASON_MAX), default="")


class ReviewRule(Base):
    """How many levels an institution needs, from one moment to another; none means the usual number."""

    __tablename__ = "review_rule"
    __table_args__ = (
        CheckConstraint("levels BETWEEN 0 AND 3", name="levels_known"),
        CheckConstraint("length(trim(reason)) > 0", name="has_reason"),
        Index(
            "uq_review_rule_current", "institution_id", unique=True,
            sqlite_where=text("valid_to IS NULL"), postgresql_where=text("valid_to IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    levels: Mapped[int]
    reason: Mapped[str] = mapped_column(String(REASON_MAX))
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    set_by_name: Mapped[str] = mapped_column(String(NAME_MAX))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]


class Severity(StrEnum):
    """What a found word does to a submission."""

    HARD = "hard"
    SOFT = "soft"


class NegativeTerm(Base):
    """A word of the negative list; ended ones stay, so that they do not come back with the next release."""

    __tablename__ = "negative_term"

    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(String(60))
    #: As it is compared; one word is on the list once.
    folded: Mapped[str] = mapped_column(String(120), unique=True)
    category: Mapped[str] = mapped_column(String(40))
    severity: Mapped[Severity] = mapped_column(text_enum(Severity))
    why: Mapped[str] = mapped_column(String(REASON_MAX), default="")
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    added_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
