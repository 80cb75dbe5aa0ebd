"""One segment of a Whoosh index, opened: its postings, its cards, its stored texts.

The only module that reads Whoosh's postings. It takes whole blocks of ids and weights instead of stepping a matcher
posting by posting (ten times faster), which uses three names Whoosh keeps to itself; the version is pinned and a test
compares the outcome with Whoosh's public interface.
"""

import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from whoosh.codec.base import Segment
from whoosh.fields import Schema
from whoosh.filedb.filestore import FileStorage
from whoosh.reading import SegmentReader, TermNotFound

from search_index.errors import IndexUnusable
from search_index.schema import Card, Stored
from search_index.whoosh_engine.columns import SegmentColumns
from search_index.whoosh_engine.fields import CARD, ID, SPEECH, STORED, TEXT

_KEPT_POSTINGS = 1_000_000
"""So many postings of a segment stay decoded, eight bytes each: queries share most of their frequent terms."""


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

    documents: NDArray[np.int32]
    weights: NDArray[np.float32]
    is_cut: bool = False


NOTHING = Posting(np.empty(0, np.int32), np.empty(0, np.float32))


class OpenSegment:
    """An open segment. Deletions are not its matter: they change while it stays.

    Whoosh shares one file position between all readers of a segment, so every access holds a lock.
    """

    def __init__(self, storage: FileStorage, schema: Schema, segment: Segment, *, with_cards: bool = True) -> None:
        self.id: str = segment.segment_id()
        self._lock = Lock()
        self._kept: OrderedDict[str, Posting] = OrderedDict()
        self._kept_size = 0
        with reading(f"segment {self.id}"):
            self._reader = SegmentReader(storage, schema, segment)
            cards: list[Card] = []
            if with_cards:
                column = self._reader.column_reader(CARD)
                cards += (column[number] for number in range(self._reader.doc_count_all()))
            self.columns = SegmentColumns(cards)
            self._speech = self._reader.column_reader(SPEECH) if self._reader.has_column(SPEECH) else None

    def posting(self, term: str, deadline_s: float) -> Posting:
        """Read the documents of a term, deleted ones included; nothing when the segment does not know it."""
        with self._lock:
            kept = self._kept.get(term)
            if kept is not None:
                self._kept.move_to_end(term)
                return kept
            with reading(f"term {term!r}"):
                posting = self._read(term, deadline_s)
            if not posting.is_cut:
                self._keep(term, posting)
        return posting

    def frequency(self, term: str) -> int:
        """How many documents hold a term, deleted ones included; reads no posting."""
        with self._lock, reading(f"term {term!r}"):
            return int(self._reader.doc_frequency(TEXT, term))

    def _read(self, term: str, deadline_s: float) -> Posting:
        try:
            matcher = self._reader.postings(TEXT, term)
        except TermNotFound:
            return NOTHING
        matcher = getattr(matcher, "child", matcher)  # unwrap Whoosh's own filter of deletions
        documents: list[NDArray[np.int32]] = []
        weights: list[NDArray[np.float32]] = []
        is_cut = False
        while matcher.is_active():
            if time.monotonic() > deadline_s:
                is_cut = True
                break
            matcher._read_weights()  # noqa: SLF001 see the module's docstring
            documents.append(np.cumsum(matcher._data[0], dtype=np.int32))  # noqa: SLF001
            weights.append(np.array(matcher._weights, np.float32))  # noqa: SLF001
            matcher._next_block()  # noqa: SLF001
        if not documents:
            return Posting(NOTHING.documents, NOTHING.weights, is_cut)
        return Posting(np.concatenate(documents), np.concatenate(weights), is_cut)

    def _keep(self, term: str, posting: Posting) -> None:
        self._kept[term] = posting
        self._kept_size += len(posting.documents) + 8
        while self._kept_size > _KEPT_POSTINGS:
            _, oldest = self._kept.popitem(last=False)
            self._kept_size -= len(oldest.documents) + 8

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

    def speech(self, number: int) -> bytes:
        """Read the packed speech of a document."""
        with self._lock, reading(f"speech of document {number}"):
            return bytes(self._speech[number]) if self._speech is not None else b""
