"""Tables of asked queries by day, of popular ones, of wishes, and of the operator's words for the search."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.db import Base, text_enum

QUERY_MAX, WISH_MAX, WORD_LINE_MAX = 20, 40, 400


class AskedDay(Base):
    """A query that found something, on one day of Asia/Shanghai; `seen` has a bit for every bucket of askers."""

    __tablename__ = "asked_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(QUERY_MAX), primary_key=True)
    seen: Mapped[int] = mapped_column(BigInteger)


class PopularQuery(Base):
    """A query that enough asked; made anew by the nightly cleaning."""

    __tablename__ = "popular_query"

    text: Mapped[str] = mapped_column(String(QUERY_MAX), primary_key=True)
    askers: Mapped[int]


class HiddenQuery(Base):
    """A query that is not offered, however popular; `key` is its letters and digits alone."""

    __tablename__ = "hidden_query"

    key: Mapped[str] = mapped_column(String(QUERY_MAX), primary_key=True)
    text: Mapped[str] = mapped_column(String(QUERY_MAX))
    hidden_at: Mapped[datetime]
    hidden_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class WishState(StrEnum):
    """What became of a wish."""

    OPEN = "open"
    HAS_LECTURE = "has_lecture"
    IN_MAKING = "in_making"
    UNSUITABLE = "unsuitable"


class Wish(Base):
    """Something people would like to learn."""

    __tablename__ = "wish"
    __table_args__ = (
        CheckConstraint("state <> 'has_lecture' OR lecture_id IS NOT NULL", name="lecture_named"),
        Index("ix_wish_state_count", "state", "count", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(20), unique=True)
    #: As first typed; the same words in another form have the same key.
    text: Mapped[str] = mapped_column(String(WISH_MAX))
    key: Mapped[str] = mapped_column(String(WISH_MAX), unique=True)
    #: How often in all; the sum of its places.
    count: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    state: Mapped[WishState] = mapped_column(text_enum(WishState))
    lecture_id: Mapped[int | None] = mapped_column(ForeignKey("lecture.id"))
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    version: Mapped[int] = mapped_column(default=1)

    places: Mapped[list[WishPlace]] = relationship(lazy="raise")


class WishPlace(Base):
    """How often a wish was made in a city; "" where no city was told."""

    __tablename__ = "wish_place"

    wish_id: Mapped[int] = mapped_column(ForeignKey("wish.id", ondelete="CASCADE"), primary_key=True)
    region_code: Mapped[str] = mapped_column(String(12), primary_key=True)
    count: Mapped[int]


class WishReceipt(Base):
    """A form that was sent: sent again it counts nothing. Forgotten after a day."""

    __tablename__ = "wish_receipt"

    receipt: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)


class SearchWord(Base):
    """A line of the operator's thesaurus: words for each other, or what people say and what it means."""

    __tablename__ = "search_word"
    __table_args__ = (UniqueConstraint("key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    #: Names the form it came from and its line, so that a form sent twice adds it once.
    key: Mapped[str] = mapped_column(String(40))
    said: Mapped[list[Any]] = mapped_column(JSON)
    #: Empty: the words of `said` stand for each other.
    means: Mapped[list[Any]] = mapped_column(JSON)
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    deleted_at: Mapped[datetime | None]


class SearchWordMark(Base):
    """One row for each list of the operator (marks.py), counted up with every change of it."""

    __tablename__ = "search_word_mark"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]
