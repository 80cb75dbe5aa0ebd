"""Reads every room shares: cards of public lectures, asking the index. Pages of results: searching.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.asking.words import put_to_work
from app.kernel.errors import Unavailable
from app.library.green_grants import has_badge
from app.library.models import Lecture, LectureState
from app.library.places import Institution
from app.media.models import MediaSet
from app.media.queries import current_sets, poster_path
from search_index import Fragment, IndexUnusable, SearchRequest, SearchResult, open_index

MAX_QUERY_LETTERS = 100

Highlights = Mapping[str, tuple[Fragment, ...]]


@dataclass(frozen=True, slots=True)
class LectureCard:
    """What a list shows of a public lecture. `poster_path` is a path under /media/, or None."""

    id: int
    public_id: str
    title: str
    teacher: str
    description: str
    institution_name: str
    institution_public_id: str
    region_code: str
    region_name_zh: str
    region_name_en: str
    resource_type: str
    published_at: datetime
    duration_s: float | None
    poster_path: str | None
    is_audio_only: bool
    #: Carries the badge of the green channel now.
    is_green_channel: bool = False
    highlights: Highlights = field(default_factory=dict)


def list_cards(
    db: Session, lecture_ids: Sequence[int], highlights: Mapping[int, Highlights] | None = None
) -> list[LectureCard]:
    """Return cards of those lectures that are public right now, in the order asked for. Two queries."""
    if not lecture_ids:
        return []
    lectures, with_badge = {}, set()
    for lecture, is_green in db.execute(
        select(Lecture, has_badge())
        .where(Lecture.id.in_(lecture_ids), Lecture.state == LectureState.PUBLISHED)
        .options(joinedload(Lecture.institution).joinedload(Institution.region))
    ):
        lectures[lecture.id] = lecture
        if is_green:
            with_badge.add(lecture.id)
    sets = current_sets(db, lectures)
    shown = highlights or {}
    return [
        _card(
            lectures[lecture_id], sets.get(lecture_id), shown.get(lecture_id, {}),
            is_green_channel=lecture_id in with_badge,
        )
        for lecture_id in lecture_ids
        if lecture_id in lectures
    ]


def _card(
    lecture: Lecture, media: MediaSet | None, highlights: Highlights, *, is_green_channel: bool
) -> LectureCard:
    assert lecture.published_at is not None, "guarded by a CHECK"
    institution = lecture.institution
    poster = poster_path(lecture, media)
    return LectureCard(
        id=lecture.id,
        public_id=lecture.public_id,
        title=lecture.title,
        teacher=lecture.teacher,
        description=lecture.description,
        institution_name=institution.name,
        institution_public_id=institution.public_id,
        region_code=institution.region_code,
        region_name_zh=institution.region.name_zh,
        region_name_en=institution.region.name_en,
        resource_type=lecture.resource_type,
        published_at=lecture.published_at,
        duration_s=media.duration_s if media is not None else None,
        poster_path=poster,
        is_audio_only=media is not None and media.is_audio_only,
        is_green_channel=is_green_channel,
        highlights=highlights,
    )


def list_newest(db: Session, *, limit: int) -> list[LectureCard]:
    """Return the lectures published last; straight from the database, so home works while the index is rebuilt."""
    ids = db.scalars(
        select(Lecture.id)
        .where(Lecture.state == LectureState.PUBLISHED)
        .order_by(Lecture.published_at.desc(), Lecture.id.desc())
        .limit(limit)
    ).all()
    return list_cards(db, ids)


def ask_index(db: Session, index_path: Path, request: SearchRequest) -> SearchResult:
    """Ask the index that serves.

    Raises:
        Unavailable: there is none, or it cannot be read.
    """
    try:
        index = open_index(index_path)
        if request.text:
            put_to_work(db, index)
        return index.search(request)
    except IndexUnusable as error:
        raise Unavailable("目录正在整理，请稍等一分钟再搜索。", code="index_unusable") from error
