"""From rows to index documents: which fields and facets a lecture is found by, and how much of it moves it up.

What else is found: sources.py.

A release that puts other facets into the documents raises `search_index.schema.SCHEMA_VERSION`: the worker then builds
the index anew by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import unescape
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.catalogue.facets import OTHER_LANGUAGES, YES, length_of
from app.catalogue.models import UseCount
from app.library.green_grants import badges_among
from app.library.models import Course, Lecture, LectureState
from app.library.places import Institution, Region, RegionLevel
from app.library.queries import city_of
from app.media.queries import current_sets
from media_pipeline import transcript_text
from media_pipeline.caption_cues import read_webvtt
from search_index import Document, Passage

#: Kinds of documents, as they are named in the index, in facets and in the change log.
KIND: Final = "lecture"
PLAYLIST: Final = "playlist"
#: What the badge of the green channel, and being watched to the end, is worth: it parts equals (docs/search.md).
GREEN_BOOST: Final = 1.02
FINISHED_BOOST: Final = 1.02
#: Vocabularies whose labels are searched for like words of the description, and suggested.
SEARCHED_SCHEMES: Final = ("topic", "audience")


def document_id(subject_id: int, kind: str = KIND) -> str:
    """Name of a thing's document, a lecture's unless another kind is said."""
    return f"{kind}:{subject_id}"


def subject_of(document_id_: str) -> tuple[str, int]:
    """Reverse of `document_id`: kind and id; an id of 0, which nothing has, for what is no name of ours."""
    kind, _, number = document_id_.partition(":")
    is_ours = number.isascii() and number.isdigit() and len(number) < 18 and number == str(int(number))
    return kind, int(number) if is_ours else 0


def _loaded() -> tuple[object, ...]:
    return (
        joinedload(Lecture.institution).joinedload(Institution.region).joinedload(Region.parent),
        selectinload(Lecture.terms),
        selectinload(Lecture.chapters),
        selectinload(Lecture.captions),
    )


def build_documents(db: Session, lecture_ids: Iterable[int]) -> Mapping[int, Document]:
    """Return the documents of those lectures that are public; the others are to be deleted from the index."""
    statement = (
        select(Lecture)
        .where(Lecture.id.in_(list(lecture_ids)), Lecture.state == LectureState.PUBLISHED)
        .options(*_loaded())  # type: ignore[arg-type]
    )
    lectures = db.scalars(statement).all()
    return {lecture.id: document for lecture, document in zip(lectures, _documents(db, lectures), strict=True)}


def all_documents(db: Session, *, batch: int = 500) -> Iterator[Document]:
    """Stream the documents of every public lecture, by id, a batch in memory at a time."""
    last_id = 0
    while True:
        lectures = db.scalars(
            select(Lecture)
            .where(Lecture.state == LectureState.PUBLISHED, Lecture.id > last_id)
            .order_by(Lecture.id)
            .limit(batch)
            .options(*_loaded())  # type: ignore[arg-type]
        ).all()
        if not lectures:
            return
        yield from _documents(db, lectures)
        last_id = lectures[-1].id
        db.expunge_all()


def _documents(db: Session, lectures: Sequence[Lecture]) -> list[Document]:
    ids = [lecture.id for lecture in lectures]
    green, sets, uses = badges_among(db, ids), current_sets(db, ids), uses_of(db, KIND, ids)
    lengths = {lecture_id: media.duration_s for lecture_id, media in sets.items()}
    courses = _course_titles(db, lectures)
    return [
        _document(each, lengths.get(each.id), uses.get(each.id), courses.get(each.course_id), is_green=each.id in green)
        for each in lectures
    ]


def _course_titles(db: Session, lectures: Iterable[Lecture]) -> Mapping[int | None, str]:
    ids = {each.course_id for each in lectures if each.course_id is not None}
    if not ids:
        return {}
    return {course.id: course.title for course in db.scalars(select(Course).where(Course.id.in_(ids)))}


def uses_of(db: Session, kind: str, ids: Sequence[int]) -> Mapping[int, UseCount]:
    """Return how much things of a kind were used, those that were at all."""
    rows = db.scalars(select(UseCount).where(UseCount.kind == kind, UseCount.subject_id.in_(ids)))
    return {row.subject_id: row for row in rows}


def _document(
    lecture: Lecture, duration_s: float | None, use: UseCount | None, course: str | None, *, is_green: bool
) -> Document:
    is_finished = use is not None and use.is_finished
    assert lecture.published_at is not None, "guarded by a CHECK"
    passages, transcript = _speech(lecture)
    return Document(
        id=document_id(lecture.id),
        kind=KIND,
        title=lecture.title,
        # What a part is called says what is in it, like the description does; it is found and highlighted the same way.
        description="\n".join([lecture.description, *(chapter.title for chapter in lecture.chapters)]).strip(),
        transcript=transcript,
        passages=passages,
        teacher=lecture.teacher,
        institution=lecture.institution.name,
        tags=tuple(lecture.tags),
        keywords=_keywords(lecture, course),
        facets=_facets(lecture, duration_s, is_green=is_green),
        published_at=lecture.published_at,
        boost=(GREEN_BOOST if is_green else 1.0) * (FINISHED_BOOST if is_finished else 1.0),
        popularity=use.plays if use is not None else 0,
    )


def _keywords(lecture: Lecture, course: str | None) -> dict[str, tuple[str, ...]]:
    labels = {scheme: tuple(t.label_zh for t in lecture.terms if t.scheme == scheme) for scheme in SEARCHED_SCHEMES}
    return {**labels, "place": places_of(lecture.institution.region), "course": (course,) if course else ()}


def places_of(region: Region) -> tuple[str, ...]:
    """Return what a place is called: a county by its city and by itself."""
    if region.level is RegionLevel.COUNTY and region.parent is not None:
        return region.parent.name_zh, region.name_zh
    return (region.name_zh,)


def _facets(lecture: Lecture, duration_s: float | None, *, is_green: bool) -> dict[str, tuple[str, ...]]:
    by_scheme: dict[str, tuple[str, ...]] = {}
    for term in lecture.terms:
        by_scheme[term.scheme] = (*by_scheme.get(term.scheme, ()), term.key)
    region: Region = lecture.institution.region
    return {
        "city": (city_of(region),),
        "county": (region.code,) if region.level is RegionLevel.COUNTY else (),
        "institution": (lecture.institution.public_id,),
        "institution_type": (lecture.institution.type_key,),
        "audience": by_scheme.get("audience", ()),
        "topic": by_scheme.get("topic", ()),
        "category": by_scheme.get("education_category", ()),
        "type": (lecture.resource_type,),
        "length": (length_of(duration_s),) if duration_s is not None else (),
        "level": by_scheme.get("difficulty", ()),
        "language": (*by_scheme.get("speech", ()), *(OTHER_LANGUAGES.keys() & {lecture.language})),
        "captions": (YES,) if lecture.captions else (),
        "green_channel": (YES,) if is_green else (),
    }


def _speech(lecture: Lecture) -> tuple[tuple[Passage, ...], str]:
    """Return what is said when, by the captions of the language that is spoken, and the words of the others."""
    captions = sorted(lecture.captions, key=lambda each: (each.language != lecture.language, each.language))
    said = read_webvtt(captions[0].webvtt) if captions else ()
    passages = tuple(Passage(cue.start_ms / 1000, unescape(cue.text)) for cue in said)
    return passages, "\n".join(transcript_text(caption.webvtt) for caption in captions[1:])
