"""From rows to index documents: which fields and facets a lecture is found by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.library.models import Lecture, LectureState
from app.library.places import Institution
from app.library.queries import city_of
from media_pipeline import transcript_text
from search_index import Document

KIND = "lecture"
#: Facets of the catalogue page, in the order they are shown.
FACETS = ("city", "audience", "topic", "type", "institution")


def document_id(lecture_id: int) -> str:
    """Name of a lecture's document."""
    return f"{KIND}:{lecture_id}"


def lecture_id_of(document_id_: str) -> int:
    """Reverse of `document_id`."""
    return int(document_id_.partition(":")[2])


def _loaded() -> tuple[object, ...]:
    return (
        joinedload(Lecture.institution).joinedload(Institution.region),
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
    return {lecture.id: _document(lecture) for lecture in db.scalars(statement)}


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
        yield from map(_document, lectures)
        last_id = lectures[-1].id
        db.expunge_all()


def _document(lecture: Lecture) -> Document:
    assert lecture.published_at is not None, "guarded by a CHECK"
    by_scheme: dict[str, tuple[str, ...]] = {}
    for term in lecture.terms:
        by_scheme[term.scheme] = (*by_scheme.get(term.scheme, ()), term.key)
    return Document(
        id=document_id(lecture.id),
        kind=KIND,
        title=lecture.title,
        # What a part is called says what is in it, like the description does; it is found and highlighted the same way.
        description="\n".join([lecture.description, *(chapter.title for chapter in lecture.chapters)]).strip(),
        transcript=_transcript(lecture),
        teacher=lecture.teacher,
        institution=lecture.institution.name,
        tags=tuple(lecture.tags),
        facets={
            "city": (city_of(lecture.institution.region),),
            "institution": (lecture.institution.public_id,),
            "audience": by_scheme.get("audience", ()),
            "topic": by_scheme.get("topic", ()),
            "type": (lecture.resource_type,),
        },
        published_at=lecture.published_at,
    )


def _transcript(lecture: Lecture) -> str:
    """Return the words of all captions, those of the language that is spoken first: the index takes only so many."""
    captions = sorted(lecture.captions, key=lambda each: (each.language != lecture.language, each.language))
    return "\n".join(transcript_text(caption.webvtt) for caption in captions)
