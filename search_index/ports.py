"""The port behind which an engine stands: Whoosh today, a faster one as its neighbour later.

An engine keeps one index in one folder. Which folder is current, how a rebuild is swapped in, who may write, how hits
are reranked and highlighted is the same for every engine and lives in folder.py, reader.py, writer.py, ranking.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from search_index.documents import FacetCount, SearchRequest
from search_index.query import QueryPlan
from search_index.schema import Record

Stored = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document the engine found, with what reranking needs.

    Args:
        key: the engine's own handle, valid for one snapshot.
        tier: 0 an exact hit, 1 near, 2 found by sound.
    """

    key: int
    tier: int
    score: float
    id: str
    kind: str
    title: str
    names: tuple[str, ...]
    published_us: int
    boost: float


@dataclass(frozen=True, slots=True)
class Matches:
    """First stage of a search: the exact counts, and the best candidates in the asked order."""

    total: int
    exact_total: int
    best: Sequence[Candidate]
    facets: Mapping[str, tuple[FacetCount, ...]]
    is_partial: bool


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

    def find(self, plan: QueryPlan | None, request: SearchRequest, *, top: int, deadline_s: float) -> Matches:
        """Match, filter, count, and return the best ``top`` candidates; end early at the deadline.

        Args:
            plan: what to look for; None browses everything.
            request: its filters, facets and sort; its text is in the plan.
            top: how many candidates to return, more than a page, for reranking.
            deadline_s: on the ``time.monotonic`` clock.
        """

    def stored(self, key: int) -> Stored:
        """Original texts of a candidate."""

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

    def commit_mark(self, folder: Path) -> str:
        """Name the latest commit, cheaply: a snapshot is fresh while its mark stays the same."""
