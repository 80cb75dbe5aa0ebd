"""Searching: the index as readers hold it, always at the latest commit, over both stages.

Safe to share between threads. Another process may commit, or swap in a rebuilt index, at any moment: the next search
sees it. Writing is in writer.py.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock

from search_index.documents import Hit, SearchRequest, SearchResult
from search_index.engines import engine_named
from search_index.errors import IndexUnusable
from search_index.folder import Pointer, pointer_mark, read_pointer
from search_index.highlight import Highlighter
from search_index.ports import Candidate, Engine, Snapshot
from search_index.query import plan_query
from search_index.ranking import RERANKED, rerank

log = logging.getLogger(__name__)

DEADLINE_S = 0.8
_OPEN_ATTEMPTS = 5
_SHARED_INDEXES = 8


@dataclass(frozen=True, slots=True)
class _Opened:
    """A snapshot and the marks it was opened at."""

    pointer_mark: tuple[int, int]
    pointer: Pointer
    engine: Engine
    commit_mark: str
    snapshot: Snapshot


class SearchIndex:
    """An open index. Get the process's shared one from ``open_index``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._refreshing = Lock()
        self._opened = self._open(None)

    def search(self, request: SearchRequest, *, deadline_s: float = DEADLINE_S) -> SearchResult:
        """Answer a request.

        Args:
            request: what is asked.
            deadline_s: seconds after which the search ends with what it has and says so.

        Raises:
            IndexUnusable: the files cannot be read; rebuild. Never raised because of the request's text.
        """
        started_s = time.perf_counter()
        snapshot = self._fresh_snapshot()
        plan = plan_query(request.text)
        end = request.offset + request.limit
        top = end if plan is None else max(end, RERANKED)
        matches = snapshot.find(plan, request, top=top, deadline_s=time.monotonic() + deadline_s)
        if plan is None or request.sort == "newest":
            ranked = [(candidate, candidate.score) for candidate in matches.best]
        else:
            ranked = rerank(plan, matches.best, snapshot.newest_published_us)
        highlighter = Highlighter(plan)
        page = ranked[request.offset : end]
        return SearchResult(
            hits=tuple(_hit(snapshot, highlighter, candidate, score) for candidate, score in page),
            total=matches.total,
            facets=matches.facets,
            took_ms=(time.perf_counter() - started_s) * 1000,
            exact_total=matches.exact_total,
            is_partial=matches.is_partial,
        )

    def checkpoint(self) -> int:
        """Change number the index has reached, as stored with its latest commit.

        Raises:
            IndexUnusable: the latest commit cannot be read, even while an older one still serves. Rebuild.
        """
        with self._refreshing:
            self._refresh()
        return self._opened.snapshot.checkpoint

    def document_count(self) -> int:
        """Count the documents."""
        return self._fresh_snapshot().document_count

    def document_ids(self) -> Sequence[str]:
        """List the ids of all documents, for comparing the index with its source."""
        return self._fresh_snapshot().document_ids()

    def _fresh_snapshot(self) -> Snapshot:
        """Snapshot of the latest commit; while one thread opens it, the others go on with the one before."""
        if self._refreshing.acquire(blocking=False):
            try:
                self._refresh()
            except IndexUnusable as error:
                # What is open is whole: better yesterday's answers than none. checkpoint() tells the indexer.
                log.warning("index_refresh_failed", extra={"folder": str(self._folder), "reason": str(error)})
            finally:
                self._refreshing.release()
        return self._opened.snapshot

    def _refresh(self) -> None:
        opened = self._opened
        if pointer_mark(self._folder) == opened.pointer_mark:
            version = self._folder / opened.pointer.version
            if opened.engine.commit_mark(version) == opened.commit_mark:
                return
        self._opened = self._open(opened)

    def _open(self, before: _Opened | None) -> _Opened:
        """Open what ``CURRENT`` names; when that was swapped away meanwhile, look again."""
        for attempt in range(_OPEN_ATTEMPTS):
            mark = pointer_mark(self._folder)
            pointer = read_pointer(self._folder)
            engine = engine_named(pointer.engine)
            version = self._folder / pointer.version
            is_same = before is not None and before.pointer == pointer
            try:
                commit_mark = engine.commit_mark(version)
                snapshot = engine.open(version, before.snapshot if before is not None and is_same else None)
            except IndexUnusable:
                if attempt + 1 == _OPEN_ATTEMPTS or pointer_mark(self._folder) == mark:
                    raise
            else:
                return _Opened(mark, pointer, engine, commit_mark, snapshot)
        raise AssertionError


def open_index(folder: Path) -> SearchIndex:
    """Return the index of a folder, shared by everybody in this process: cheap to call for every request.

    Raises:
        IndexMissing: nothing was built there yet.
        IndexUnusable: torn files or another schema. Either way: ``rebuild``, then call again. An index that became
            unusable after it was opened goes on serving what is open; its ``checkpoint`` raises.
    """
    return _shared(folder.resolve())


@lru_cache(maxsize=_SHARED_INDEXES)
def _shared(folder: Path) -> SearchIndex:
    return SearchIndex(folder)


def _hit(snapshot: Snapshot, highlighter: Highlighter, candidate: Candidate, score: float) -> Hit:
    highlights = highlighter.highlight(snapshot.stored(candidate.key))
    return Hit(candidate.id, candidate.kind, round(score, 6), highlights)
