"""Tables of vocabularies, courses, lectures, captions, chapters and excerpts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, cast, func, select
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from app.kernel.db import Base, text_enum
from app.library.places import Institution

TITLE_MAX, DESCRIPTION_MAX, TEACHER_MAX = 120, 4000, 60
TAG_MAX, TAGS_MAX = 20, 10
CHAPTER_TITLE_MAX = 60
POSITION_MAX = 9999
#: Languages a caption may be in, with the name viewers choose it by.
CAPTION_LANGUAGES = {"zh-CN": "中文", "en": "English", "mn": "Монгол", "ko": "한국어", "mnc": "满文"}


class Term(Base):
    """One value of a vocabulary; never deleted, so old records keep their meaning."""

    __tablename__ = "term"
    __table_args__ = (UniqueConstraint("scheme", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    scheme: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(40))
    label_zh: Mapped[str] = mapped_column(String(80))
    label_en: Mapped[str] = mapped_column(String(120))
    position: Mapped[int]
    #: Years, both ends inclusive.
    valid_from: Mapped[int]
    valid_to: Mapped[int | None]
    aliases: Mapped[list[Any]] = mapped_column(JSON, default=list)


class Course(Base):
    """An ordered set of lectures of one institution. `version` grows with every change of its words or its order."""

    __tablename__ = "course"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(20), unique=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    title: Mapped[str] = mapped_column(String(TITLE_MAX))
    description: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime]

    institution: Mapped[Institution] = relationship(lazy="raise")


class LectureState(StrEnum):
    """Where a lecture stands; withdrawn ones keep a tombstone page."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Lecture(Base):
    """One video or audio page. `version` grows with every edit and guards against lost updates."""

    __tablename__ = "lecture"
    __table_args__ = (
        CheckConstraint("length(trim(title)) > 0", name="title_not_blank"),
        CheckConstraint("state <> 'published' OR published_at IS NOT NULL", name="published_has_time"),
        Index("ix_lecture_state_published_at", "state", "published_at", "id"),
        Index("ix_lecture_institution_id_state", "institution_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(20), unique=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    course_id: Mapped[int | None] = mapped_column(ForeignKey("course.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    title: Mapped[str] = mapped_column(String(TITLE_MAX), index=True)
    description: Mapped[str] = mapped_column(Text, default="")
    teacher: Mapped[str] = mapped_column(String(TEACHER_MAX), default="", index=True)
    tags: Mapped[list[Any]] = mapped_column(JSON, default=list)
    language: Mapped[str] = mapped_column(String(16), default="zh-CN")
    resource_type: Mapped[str] = mapped_column(String(40), default="micro_course")
    licence: Mapped[str] = mapped_column(String(40), default="platform_public_good")
    state: Mapped[LectureState] = mapped_column(text_enum(LectureState), default=LectureState.DRAFT)
    version: Mapped[int] = mapped_column(default=1)
    #: Changes wait in `pending_change` until they are passed: while the lecture is under review, and on the shelf of an
    #: institution whose lectures are reviewed.
    is_held: Mapped[bool] = mapped_column(default=False)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str] = mapped_column(String(200), default="")
    #: A draft its people deleted: from then on nobody is told of it. The row stays, for jobs, the index and the history
    #: of reviews know lectures by their ids; everything else of it goes when nobody can bring it back any more.
    deleted_at: Mapped[datetime | None] = mapped_column(index=True)
    emptied_at: Mapped[datetime | None]
    #: Content of a poster somebody chose in place of the automatic one; empty for none.
    cover_sha256: Mapped[str] = mapped_column(String(64), default="", server_default="")
    if TYPE_CHECKING:
        #: Filled below, where the table of co-owners is known.
        co_owner_text: Mapped[str | None]

    institution: Mapped[Institution] = relationship(lazy="raise")
    terms: Mapped[list[Term]] = relationship(secondary="lecture_term", lazy="raise", order_by=Term.position)
    captions: Mapped[list[Caption]] = relationship(back_populates="lecture", lazy="raise")
    chapters: Mapped[list[Chapter]] = relationship(back_populates="lecture", lazy="raise", order_by="Chapter.position")
    excerpt: Mapped[Excerpt | None] = relationship(foreign_keys="Excerpt.lecture_id", lazy="raise", uselist=False)

    @property
    def co_owner_ids(self) -> frozenset[int]:
        """Institutions that made it together with the owning one; loaded with the row, so policies may ask."""
        return frozenset(int(each) for each in (self.co_owner_text or "").split(",") if each)


class LectureOwner(Base):
    """An institution that made a lecture together with the one that owns it."""

    __tablename__ = "lecture_owner"

    lecture_id: Mapped[int] = mapped_column(ForeignKey("lecture.id", ondelete="CASCADE"), primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), primary_key=True, index=True)


# One column of the row instead of a second statement: who may touch a lecture is asked wherever one is loaded.
Lecture.co_owner_text = column_property(
    select(func.aggregate_strings(cast(LectureOwner.institution_id, String), ","))
    .where(LectureOwner.lecture_id == Lecture.id)
    .correlate_except(LectureOwner)
    .scalar_subquery()
)


class LectureTerm(Base):
    """A lecture is for an audience, about a topic, in an education category."""

    __tablename__ = "lecture_term"

    lecture_id: Mapped[int] = mapped_column(ForeignKey("lecture.id", ondelete="CASCADE"), primary_key=True)
    term_id: Mapped[int] = mapped_column(ForeignKey("term.id"), primary_key=True, index=True)


class Caption(Base):
    """Timed text of a lecture as WebVTT; small, so it lives in the database beside what it belongs to."""

    __tablename__ = "caption"
    __table_args__ = (UniqueConstraint("lecture_id", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lecture_id: Mapped[int] = mapped_column(ForeignKey("lecture.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(String(16))
    label: Mapped[str] = mapped_column(String(40))
    webvtt: Mapped[str] = mapped_column(Text)
    #: Made by a machine: pages must say so.
    is_machine: Mapped[bool] = mapped_column(default=False)
    sha256: Mapped[str] = mapped_column(String(64))
    updated_at: Mapped[datetime]

    lecture: Mapped[Lecture] = relationship(back_populates="captions", lazy="raise")


class Chapter(Base):
    """A part of a lecture that a resident can jump to; the first one begins at 0."""

    __tablename__ = "chapter"
    __table_args__ = (
        UniqueConstraint("lecture_id", "position"),
        CheckConstraint("start_s >= 0", name="starts_inside"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lecture_id: Mapped[int] = mapped_column(ForeignKey("lecture.id", ondelete="CASCADE"))
    position: Mapped[int]
    start_s: Mapped[float]
    title: Mapped[str] = mapped_column(String(CHAPTER_TITLE_MAX))

    lecture: Mapped[Lecture] = relationship(back_populates="chapters", lazy="raise")


class Excerpt(Base):
    """A lecture is a stretch of another one; kept for its page, whatever becomes of its file later."""

    __tablename__ = "excerpt"
    __table_args__ = (CheckConstraint("start_s >= 0 AND end_s > start_s", name="is_a_stretch"),)

    lecture_id: Mapped[int] = mapped_column(ForeignKey("lecture.id", ondelete="CASCADE"), primary_key=True)
    original_id: Mapped[int | None] = mapped_column(ForeignKey("lecture.id", ondelete="SET NULL"), index=True)
    #: As the teacher chose it, in seconds of the original; what is shown may begin and end a few seconds outside.
    start_s: Mapped[float]
    end_s: Mapped[float]

    original: Mapped[Lecture | None] = relationship(foreign_keys=[original_id], lazy="raise")


class PendingChange(Base):
    """What was changed of a held lecture and is not passed yet; residents see the lecture without it."""

    __tablename__ = "pending_change"

    lecture_id: Mapped[int] = mapped_column(ForeignKey("lecture.id", ondelete="CASCADE"), primary_key=True)
    #: "text", "chapters", "beside" (cover and handouts), or "caption:" with a language.
    part: Mapped[str] = mapped_column(String(40), primary_key=True)
    #: The whole new value; null takes a caption away.
    value: Mapped[Any] = mapped_column(JSON(none_as_null=False))
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime]
