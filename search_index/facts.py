"""What is known of an index from outside: engine, size, when it was built; and every document's digest."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from search_index.documents import Document
from search_index.engines import engine_named
from search_index.errors import IndexUnusable
from search_index.folder import pointer_built_at, read_pointer
from search_index.lexicon import added_bytes
from search_index.passages import pack_passages, packed_passages
from search_index.schema import Card, Stored, facet_text, facets_of, stored_of


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """An index as it lies on disk.

    Args:
        engine: its name.
        built_at: when it was last built anew; changes since then are in it too.
        size_bytes: of all its files.
    """

    engine: str
    built_at: datetime
    size_bytes: int


@dataclass(frozen=True, slots=True)
class IndexWear:
    """What changes have left in an index that only a rebuild takes out.

    Args:
        dead: deleted and replaced documents that still lie in the files.
        documents: all that lie there, dead ones included.
        added_bytes: words added since the build; every reader reads all of them after each addition.
    """

    dead: int
    documents: int
    added_bytes: int


def index_wear(folder: Path) -> IndexWear:
    """Look at what a rebuild would take out; reads a table of contents.

    Raises:
        IndexMissing, IndexUnusable.
    """
    pointer = read_pointer(folder)
    version = folder / pointer.version
    try:
        dead, documents = engine_named(pointer.engine).dead_and_all(version)
    except FileNotFoundError as error:
        raise IndexUnusable(f"Files of the index in {folder} are missing.") from error
    return IndexWear(dead, documents, added_bytes(version))


def index_facts(folder: Path) -> IndexFacts:
    """Look at the files of the serving version; nothing is opened.

    Raises:
        IndexMissing, IndexUnusable.
    """
    pointer = read_pointer(folder)
    sizes = []
    for path in (folder / pointer.version).rglob("*"):
        try:
            sizes.append(path.stat().st_size if path.is_file() else 0)
        except FileNotFoundError:
            continue  # a commit replaces files while we look
    return IndexFacts(pointer.engine, datetime.fromtimestamp(pointer_built_at(folder), UTC), sum(sizes))


def document_digest(document: Document) -> str:
    """Return what `SearchIndex.digests` tells of this document once it is indexed as it is now.

    It covers everything that is shown, filtered and sorted by; a `transcript` without times is searched only, and not
    covered.
    """
    kind, published_us = facet_text(document.kind), int(document.published_at.timestamp() * 1_000_000)
    order = (published_us, round(document.boost, 4), document.popularity)
    return _digest(kind, order, facets_of(document), stored_of(document), pack_passages(document.passages))


def digest_of(card: Card, stored: Stored, speech: bytes) -> str:
    """Return the digest of an indexed document."""
    order = (card.published_us, round(card.boost, 4), card.popularity)
    return _digest(card.kind, order, dict(card.facets), stored, packed_passages(speech))


def _digest(kind: str, order: tuple[float, ...], facets: object, stored: object, passages: bytes) -> str:
    text = json.dumps([kind, order, facets, stored], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode() + passages).hexdigest()
