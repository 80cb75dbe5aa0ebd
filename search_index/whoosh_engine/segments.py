"""One segment of a Whoosh index, opened: its postings, its cards, its stored texts.

The only module that reads Whoosh's postings. It takes whole blocks of ids and weights instead of stepping a matcher
posting by posting (ten times faster), which uses three names Whoosh keeps to itself; the version is pinned and a test
compares the outcome with Whoosh's public interface.
"""

import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from threading import Lock

from whoosh.codec.base import Segment
from whoosh.fields import Schema
from whoosh.filedb.filestore import FileStorage
from whoosh.reading import SegmentReader, TermNotFound

from search_index.errors import IndexUnusable
from search_index.ports import Stored
from search_index.query import Term
from search_index.schema import Card
from search_index.whoosh_engine.fields import CARD, ID, STORED


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn whatever a torn file makes Whoosh raise into IndexUnusable.

    A missing file passes: a commit may just have replaced it, and the caller looks again.
    """
    try:
        yield
    except (FileNotFoundError, IndexUnusable):
        raise
    except Exception as error:  # unpickling damaged bytes can raise anything
        raise IndexUnusable(f"The {what} cannot be read: {error!r}") from error


@dataclass(slots=True)
class Posting:
    """Documents of one term and the term's weight in each; cut when the deadline ended the reading."""

    documents: list[int]
    weights: Sequence[float]
    is_cut: bool = False


class OpenSegment:
    """An open segment. Deletions are not its matter: they change while it stays.

    Whoosh shares one file position between all readers of a segment, so every access holds a lock.
    """

    def __init__(self, storage: FileStorage, schema: Schema, segment: Segment, *, with_cards: bool = True) -> None:
        self.id: str = segment.segment_id()
        self._lock = Lock()
        with reading(f"segment {self.id}"):
            self._reader = SegmentReader(storage, schema, segment)
            self.cards: list[Card] = []
            if with_cards:
                column = self._reader.column_reader(CARD)
                self.cards += (column[number] for number in range(self._reader.doc_count_all()))

    def posting(self, term: Term, deadline_s: float) -> Posting | None:
        """Read the documents of a term, deleted ones included; None when the segment does not know it."""
        documents: list[int] = []
        weights = array("f")
        with self._lock, reading(f"term {term.text!r}"):
            try:
                matcher = self._reader.postings(term.field, term.text)
            except TermNotFound:
                return None
            matcher = getattr(matcher, "child", matcher)  # unwrap Whoosh's own filter of deletions
            while matcher.is_active():
                if time.monotonic() > deadline_s:
                    return Posting(documents, weights, is_cut=True)
                matcher._read_weights()  # noqa: SLF001 see the module's docstring
                documents.extend(accumulate(matcher._data[0]))  # noqa: SLF001
                weights.extend(matcher._weights)  # noqa: SLF001
                matcher._next_block()  # noqa: SLF001
        return Posting(documents, weights)

    def numbers_of(self, document_id: str) -> list[int]:
        """Say where the documents of an id are in this segment, deleted ones included."""
        with self._lock, reading(f"id {document_id!r}"):
            try:
                matcher = self._reader.postings(ID, document_id)
            except TermNotFound:
                return []
            return list(getattr(matcher, "child", matcher).all_ids())

    def stored(self, number: int) -> Stored:
        """Read the original texts of a document."""
        with self._lock, reading(f"stored document {number}"):
            texts: Stored = self._reader.stored_fields(number)[STORED]
            return texts
