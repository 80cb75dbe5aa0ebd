"""Searching: the index as readers hold it, always at the latest commit, over both stages.

Safe to share between threads. Another process may commit, or swap in a rebuilt index, at any moment: the next search
sees it. Writing is in writer.py.
"""

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock

from search_index.documents import SearchRequest, SearchResult, Suggestion
from search_index.engines import engine_named
from search_index.errors import IndexUnusable
from search_index.facts import digest_of
from search_index.folder import Pointer, pointer_mark, read_pointer
from search_index.lexicon import EMPTY, Lexicon, lexicon_mark, read_lexicon
from search_index.ports import Engine, Snapshot
from search_index.query import plan_query
from search_index.showing import shown
from search_index.stages import run
from search_index.suggest import suggest
from search_index.thesaurus import Thesaurus, own_thesaurus

log = logging.getLogger(__name__)

DEADLINE_S = 0.8
_OPEN_ATTEMPTS = 5
_SHARED_INDEXES = 8
_KEPT_PLANS = 512


@dataclass(frozen=True, slots=True)
class _Opened:
    """A snapshot and the marks it was opened at."""

    pointer_mark: tuple[int, int]
    pointer: Pointer
    engine: Engine
    commit_mark: str
    snapshot: Snapshot
    lexicon: Lexicon
    lexicon_mark: tuple[int, int]


class SearchIndex:
    """An open index. Get the process's shared one from ``open_index``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._refreshing = Lock()
        self._thesaurus = own_thesaurus()
        self._plan = lru_cache(maxsize=_KEPT_PLANS)(plan_query)  # anew with every lexicon, or it would keep old ones
        self._opened = self._open(None)

    def use_thesaurus(self, thesaurus: Thesaurus) -> None:
        """From now on widen queries by this thesaurus instead of the program's own; see `make_thesaurus`."""
        self._thesaurus = thesaurus

    def search(
        self, request: SearchRequest, *, deadline_s: float = DEADLINE_S, thesaurus: Thesaurus | None = None
    ) -> SearchResult:
        """Answer a request.

        Args:
            request: what is asked.
            deadline_s: seconds after which the search ends with what it has and says so; marking is part of it.
            thesaurus: widens this one query, to try words out; else the one in use does.

        Raises:
            IndexUnusable: the files cannot be read; rebuild. Never raised because of the request's text.
        """
        started_s = time.perf_counter()
        opened = self._fresh()
        plan = self._plan(request.text, opened.lexicon, thesaurus or self._thesaurus)
        ends_s = time.monotonic() + deadline_s
        found = run(opened.snapshot, plan, request, ends_s)
        page = found.ranked[request.offset : request.offset + request.limit]
        hits, is_late = shown(opened.snapshot, plan, page, ends_s)
        return SearchResult(
            hits=hits,
            total=found.total,
            facets=found.facets,
            took_ms=(time.perf_counter() - started_s) * 1000,
            exact_total=found.exact_total,
            is_partial=found.is_partial or is_late,
            corrected=plan.corrected if plan is not None else None,
        )

    def suggest(self, typed: str, *, popular: Sequence[str] = (), limit: int = 8) -> tuple[Suggestion, ...]:
        """Ways to finish what is being typed, in Chinese, pinyin or initials, the likeliest first.

        Args:
            typed: as far as it is typed.
            popular: what many have searched for, the most frequent first; the caller counts it.
            limit: how many at most.
        """
        return suggest(self._fresh().lexicon, typed, popular=tuple(popular), limit=limit)

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
        return self._fresh().snapshot.document_count

    def document_ids(self) -> Sequence[str]:
        """List the ids of all documents, for comparing the index with its source."""
        return self._fresh().snapshot.document_ids()

    def digests(self) -> dict[str, str]:
        """Return a digest of every document by its id, for comparing the index with its source; reads all of it.

        Raises:
            IndexUnusable: what is on disk cannot be read.
        """
        snapshot = self._fresh().snapshot
        everything = SearchRequest()
        found = snapshot.find(None, everything, top=max(1, snapshot.document_count), deadline_s=math.inf)
        return {
            each.card.id: digest_of(each.card, snapshot.stored(each.key), snapshot.speech(each.key))
            for each in found.best
        }

    def _fresh(self) -> _Opened:
        """What the latest commit holds; while one thread opens it, the others go on with the one before."""
        if self._refreshing.acquire(blocking=False):
            try:
                self._refresh()
            except IndexUnusable as error:
                # What is open is whole: better yesterday's answers than none. checkpoint() tells the indexer.
                log.warning("index_refresh_failed", extra={"folder": str(self._folder), "reason": str(error)})
            finally:
                self._refreshing.release()
        return self._opened

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
                words_mark = lexicon_mark(version)
                snapshot = engine.open(version, before.snapshot if before is not None and is_same else None)
            except IndexUnusable:
                if attempt + 1 == _OPEN_ATTEMPTS or pointer_mark(self._folder) == mark:
                    raise
            else:
                lexicon = before.lexicon if before is not None and is_same else EMPTY
                if before is None or not is_same or before.lexicon_mark != words_mark:
                    lexicon = read_lexicon(version, lexicon)
                    self._plan = lru_cache(maxsize=_KEPT_PLANS)(plan_query)
                return _Opened(mark, pointer, engine, commit_mark, snapshot, lexicon, words_mark)
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
