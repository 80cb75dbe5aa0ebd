"""The port behind which an engine stands: Whoosh for one machine, tantivy for large catalogues.

An engine keeps one index in one folder. It finds and counts exactly, and picks the candidates that are worth a closer
look by a cheap score. Which folder is current, how a rebuild is swapped in, who may write, how a query is understood,
how candidates are ordered and highlighted is the same for every engine and lives outside of it; so two engines give
the same hits, in the same order, with the same facets and highlights.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from search_index.documents import FacetCount, SearchRequest
from search_index.passages import Speech
from search_index.query import QueryPlan
from search_index.schema import Card, Record, Stored

NEAR_BELOW = 10
"""Near hits are looked for when fewer exact ones exist than fit on a first page."""
FEW_DOCUMENTS = 20_000
"""Among so few, deleted documents are told apart when a term's frequency is asked."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document the engine found, with what closer ranking needs.

    Args:
        key: the engine's own handle, valid for one snapshot.
        score: the engine's cheap one; only good for picking candidates.
    """

    key: int
    score: float
    card: Card


@dataclass(frozen=True, slots=True)
class Matches:
    """Exact hits of a search.

    When `is_few`, the query has fewer than `NEAR_BELOW` exact hits in the whole index: ``best`` then holds all of them,
    unfiltered, nothing is counted, and the caller looks for near hits and counts both.
    """

    total: int
    best: Sequence[Candidate]
    facets: Mapping[str, tuple[FacetCount, ...]] = field(default_factory=dict)
    is_few: bool = False
    is_partial: bool = False


class Snapshot(Protocol):
    """An unchanging view of the index after one commit. Safe to use from several threads."""

    @property
    def checkpoint(self) -> int:
        """Change number stored with the commit."""

    @property
    def document_count(self) -> int:
        """Live documents."""

    @property
    def newest_published_us(self) -> int:
        """Publication time of the newest document, 0 when empty."""

    @property
    def average_length(self) -> float:
        """Mean of the cards' lengths, 0 when empty."""

    def find(self, plan: QueryPlan | None, request: SearchRequest, *, top: int, deadline_s: float) -> Matches:
        """Match exactly, filter, count, and return the best ``top`` candidates; end early at the deadline.

        Args:
            plan: what to look for; None browses everything.
            request: its filters, facets and sort; its text is in the plan.
            top: how many candidates to return, more than a page, for reranking.
            deadline_s: on the ``time.monotonic`` clock.
        """

    def nearest(self, terms: Sequence[tuple[str, float]], *, top: int, deadline_s: float) -> Sequence[Candidate]:
        """Return the documents with the best cheap score over weighted terms, whatever they lack."""

    def frequencies(self, terms: Sequence[str], *, deadline_s: float) -> Sequence[int]:
        """How many documents hold each term, 0 for terms not reached before the deadline."""

    def stored(self, key: int) -> Stored:
        """Original texts of a candidate."""

    def speech(self, key: int) -> bytes:
        """What is said in a candidate, packed (passages.py); empty where nothing is known to be."""

    def heard(self, key: int) -> Speech | None:
        """The same, unpacked, None where nothing is; kept for a while (listening.py)."""

    def document_ids(self) -> Sequence[str]:
        """Ids of all live documents, for comparing the index with its source."""


class Engine(Protocol):
    """A kind of index. Every method may raise IndexUnusable for a folder it cannot read."""

    name: str

    def create(self, folder: Path, records: Iterable[Record], checkpoint: int) -> int:
        """Build an index in an empty folder in one commit, durable on return; return the number of documents."""

    def apply(self, folder: Path, records: Sequence[Record], deletions: Sequence[str], checkpoint: int) -> None:
        """Replace and delete documents in one commit, durable on return."""

    def open(self, folder: Path, previous: Snapshot | None) -> Snapshot:
        """Open the latest commit, reusing what the previous snapshot of the same folder already holds."""

    def dead_and_all(self, folder: Path) -> tuple[int, int]:
        """Count the deleted and replaced documents that still lie in the files, and all that do."""

    def commit_mark(self, folder: Path) -> str:
        """Name the latest commit, cheaply: a snapshot is fresh while its mark stays the same."""
