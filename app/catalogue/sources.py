"""What the search finds: one source of documents for each kind of thing.

A further kind (an activity, a book) is a further source here, a card in searching.py, and a note of its changes
(jobs.py); the index itself knows kinds by name only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.catalogue import documents
from app.catalogue.documents import PLAYLIST, SEARCHED_SCHEMES, document_id, places_of, uses_of
from app.catalogue.facets import TERM_FACETS
from app.catalogue.models import Playlist
from app.catalogue.playlists import is_shown, subjects_of
from app.library.places import Region, Unit
from app.library.queries import city_of, list_terms
from search_index import Document

#: What a playlist is about and for whom, by what most of its lectures are.
PLAYLIST_TERMS: Final = ("audience", "topic", "category", "level")


@dataclass(frozen=True, slots=True)
class Source:
    """One kind: `build` gives the documents of those that are public now, by id; `every` streams all of them."""

    kind: str
    build: Callable[[Session, Iterable[int]], Mapping[int, Document]]
    every: Callable[[Session], Iterator[Document]]


def build_playlists(db: Session, playlist_ids: Iterable[int]) -> Mapping[int, Document]:
    """Return the documents of those playlists that residents get."""
    return _playlists(db, list(playlist_ids))


def every_playlist(db: Session) -> Iterator[Document]:
    """Stream the documents of every playlist that residents get; there are hundreds at most."""
    yield from _playlists(db, db.scalars(select(Playlist.id).where(*is_shown()).order_by(Playlist.id)).all()).values()


def _playlists(db: Session, ids: Sequence[int]) -> dict[int, Document]:
    joined = select(Playlist, Unit.name, Region).join(Unit, Unit.id == Playlist.unit_id)
    rows = db.execute(
        joined.join(Region, Region.code == Unit.region_code)
        .where(Playlist.id.in_(ids), *is_shown())
        .options(joinedload(Region.parent))
    ).all()
    uses, subjects = uses_of(db, PLAYLIST, ids), subjects_of(db, ids)
    labels = {(term.scheme, term.key): term.label_zh for term in list_terms(db)}
    found = {}
    for playlist, unit_name, region in rows:
        assert playlist.published_at is not None, "guarded by a CHECK"
        use = uses.get(playlist.id)
        found[playlist.id] = Document(
            id=document_id(playlist.id, PLAYLIST),
            kind=PLAYLIST,
            title=playlist.title,
            description=playlist.intro,
            institution=unit_name,
            keywords={"place": places_of(region)} | _filed(subjects[playlist.id], labels),
            facets={"city": (city_of(region),)} | _about(subjects[playlist.id]),
            published_at=playlist.published_at,
            popularity=use.plays if use is not None else 0,
        )
    return found


def _filed(
    terms: Mapping[str, tuple[str, ...]], labels: Mapping[tuple[str, str], str]
) -> dict[str, tuple[str, ...]]:
    return {scheme: tuple(labels[scheme, key] for key in terms.get(scheme, ())) for scheme in SEARCHED_SCHEMES}


def _about(terms: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {facet: terms[TERM_FACETS[facet]] for facet in PLAYLIST_TERMS if TERM_FACETS[facet] in terms}


SOURCES: Final[Mapping[str, Source]] = {
    source.kind: source
    for source in (
        Source(documents.KIND, documents.build_documents, documents.all_documents),
        Source(PLAYLIST, build_playlists, every_playlist),
    )
}


def build(db: Session, subjects: Iterable[tuple[str, int]]) -> Mapping[str, Document]:
    """Return the documents, by their names, of those (kind, id) that are public; the others are to be deleted."""
    by_kind: dict[str, list[int]] = {}
    for kind, subject_id in subjects:
        by_kind.setdefault(kind, []).append(subject_id)
    found: dict[str, Document] = {}
    for kind, ids in by_kind.items():
        if kind in SOURCES:
            found |= {document.id: document for document in SOURCES[kind].build(db, ids).values()}
    return found


def every(db: Session) -> Iterator[Document]:
    """Stream all documents, one kind after the other."""
    for source in SOURCES.values():
        yield from source.every(db)
