"""Reads every room shares: cards of public lectures, search in the index confirmed by the database, facet labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import case, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload

from app.catalogue.documents import FACETS, document_id, lecture_id_of
from app.kernel.errors import Unavailable
from app.library.models import Lecture, LectureState, LectureTerm
from app.library.places import Institution
from app.library.queries import city_of, list_cities, list_terms
from app.media.models import MediaSet
from app.media.queries import current_sets, poster_path
from search_index import Fragment, IndexUnusable, SearchRequest, SearchResult, open_index

PER_PAGE = 24
#: Facets whose values are vocabulary terms, and the scheme each comes from.
TERM_FACETS = {"audience": "audience", "topic": "topic", "type": "resource_type"}
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
    highlights: Highlights = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One choice of a facet: what stands in the address, what people read, how many lectures it leads to."""

    value: str
    label_zh: str
    label_en: str
    count: int
    is_selected: bool


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of results."""

    text: str
    cards: tuple[LectureCard, ...]
    total: int
    page: int
    pages: int
    facets: Mapping[str, tuple[FacetValue, ...]]
    took_ms: float


def list_cards(
    db: Session, lecture_ids: Sequence[int], highlights: Mapping[int, Highlights] | None = None
) -> list[LectureCard]:
    """Return cards of those lectures that are public right now, in the order asked for. Two queries."""
    if not lecture_ids:
        return []
    lectures = {
        lecture.id: lecture
        for lecture in db.scalars(
            select(Lecture)
            .where(Lecture.id.in_(lecture_ids), Lecture.state == LectureState.PUBLISHED)
            .options(joinedload(Lecture.institution).joinedload(Institution.region))
        )
    }
    sets = current_sets(db, lectures)
    shown = highlights or {}
    return [
        _card(lectures[lecture_id], sets.get(lecture_id), shown.get(lecture_id, {}))
        for lecture_id in lecture_ids
        if lecture_id in lectures
    ]


def _card(lecture: Lecture, media: MediaSet | None, highlights: Highlights) -> LectureCard:
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


def list_similar(db: Session, lecture: Lecture, *, limit: int) -> list[LectureCard]:
    """Return other public lectures: those sharing most topics first, then the institution's own, newest first.

    Args:
        db: session.
        lecture: loaded with its terms.
        limit: how many at most.
    """
    topics = [term.id for term in lecture.terms if term.scheme == "topic"]
    shares_topic = (LectureTerm.lecture_id == Lecture.id, LectureTerm.term_id.in_(topics))
    shared_topics = select(func.count()).select_from(LectureTerm).where(*shares_topic).correlate(Lecture)
    own_institution = case((Lecture.institution_id == lecture.institution_id, 1), else_=0)
    ids = db.scalars(
        select(Lecture.id)
        .where(
            Lecture.state == LectureState.PUBLISHED,
            Lecture.id != lecture.id,
            or_(Lecture.institution_id == lecture.institution_id, exists().where(*shares_topic)),
        )
        .order_by(
            shared_topics.scalar_subquery().desc(),
            own_institution.desc(),
            Lecture.published_at.desc(),
            Lecture.id.desc(),
        )
        .limit(limit)
    ).all()
    return list_cards(db, ids)


def search_lectures(
    db: Session,
    index_path: Path,
    text: str,
    *,
    filters: Mapping[str, frozenset[str]] | None = None,
    page: int = 1,
    per_page: int = PER_PAGE,
    sort: str = "relevance",
) -> SearchPage:
    """Search, confirm every hit in the database, and label the facets.

    Raises:
        Unavailable: while there is no usable index; the worker rebuilds it by itself.
    """
    chosen = {name: values for name, values in (filters or {}).items() if name in FACETS and values}
    asked = text.strip()[:MAX_QUERY_LETTERS]
    wanted = max(1, page)
    order: Literal["relevance", "newest"] = "newest" if sort == "newest" else "relevance"
    offset = (wanted - 1) * per_page
    result = _ask_index(index_path, SearchRequest(asked, chosen, FACETS, offset=offset, limit=per_page, sort=order))
    ids = [lecture_id_of(hit.id) for hit in result.hits]
    cards = list_cards(db, ids, {lecture_id_of(hit.id): hit.highlights for hit in result.hits})
    #: Hits the index still has although they left the library are neither shown nor counted.
    total = max(0, result.total - (len(ids) - len(cards)))
    counts = {name: {item.value: item.count for item in items} for name, items in result.facets.items()}
    return SearchPage(
        text=asked,
        cards=tuple(cards),
        total=total,
        page=wanted,
        pages=max(1, -(-total // per_page)),
        facets=_label_facets(db, counts, chosen),
        took_ms=result.took_ms,
    )


def _ask_index(index_path: Path, request: SearchRequest) -> SearchResult:
    try:
        return open_index(index_path).search(request)
    except IndexUnusable as error:
        raise Unavailable("目录正在整理，请稍等一分钟再搜索。", code="index_unusable") from error


def _label_facets(
    db: Session, counts: Mapping[str, Mapping[str, int]], chosen: Mapping[str, frozenset[str]]
) -> Mapping[str, tuple[FacetValue, ...]]:
    """Give facet values their labels; vocabularies keep their own order, institutions go by count."""
    labels: dict[str, list[tuple[str, str, str]]] = {name: [] for name in FACETS}
    terms = list_terms(db)
    for name, scheme in TERM_FACETS.items():
        labels[name] = [(term.key, term.label_zh, term.label_en) for term in terms if term.scheme == scheme]
    labels["city"] = [(region.code, region.name_zh, region.name_en) for region in list_cities(db)]
    wanted = {*counts.get("institution", {}), *chosen.get("institution", ())}
    for institution in db.scalars(select(Institution).where(Institution.public_id.in_(wanted))):
        labels["institution"].append((institution.public_id, institution.name, institution.name_en or institution.name))
    by_count: Callable[[FacetValue], tuple[int, str]] = lambda item: (-item.count, item.label_zh)  # noqa: E731
    facets: dict[str, tuple[FacetValue, ...]] = {}
    for name in FACETS:
        selected = chosen.get(name, frozenset())
        values = [
            FacetValue(value, zh, en, counts.get(name, {}).get(value, 0), value in selected)
            for value, zh, en in labels[name]
            if counts.get(name, {}).get(value, 0) or value in selected
        ]
        facets[name] = tuple(sorted(values, key=by_count) if name == "institution" else values)
    return facets


def published_ids(db: Session, public_ids: Iterable[str]) -> Mapping[str, int]:
    """Return the ids of those public lectures among the given public ids."""
    rows = db.execute(
        select(Lecture.public_id, Lecture.id).where(
            Lecture.public_id.in_(list(public_ids)), Lecture.state == LectureState.PUBLISHED
        )
    )
    return dict(row.tuple() for row in rows)


__all__ = [
    "FacetValue",
    "LectureCard",
    "SearchPage",
    "city_of",
    "document_id",
    "list_cards",
    "list_newest",
    "list_similar",
    "published_ids",
    "search_lectures",
]
