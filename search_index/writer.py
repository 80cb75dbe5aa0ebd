"""Writing: batches of changes, and a rebuild that is swapped in while readers serve.

One writer at a time; another gets IndexBusy. Every commit costs each reading process a refresh, so hand over changes in
batches.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Self

from search_index.documents import Document
from search_index.engines import DEFAULT_ENGINE, engine_named
from search_index.errors import IndexUnusable
from search_index.folder import (
    Pointer,
    new_version,
    read_pointer,
    remove_versions_except,
    write_pointer,
    writer_lock,
)
from search_index.lexicon import add_to_lexicon, write_lexicon
from search_index.lexicon_words import Vocabulary
from search_index.schema import SCHEMA_VERSION, Record, to_record


class IndexWriter:
    """Changes the index in a folder, for one thread. Holds nothing open between two calls, outside of `held`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._is_held = False

    @contextmanager
    def held(self, patience_s: float = 0.0) -> Iterator[Self]:
        """Keep other writers out from here on, so that what is read first is still true when it is written.

        Args:
            patience_s: how long to wait for another writer.

        Raises:
            IndexBusy: another writer was at work all the time.
        """
        with writer_lock(self._folder, patience_s):
            self._is_held = True
            try:
                yield self
            finally:
                self._is_held = False

    def _lock(self) -> AbstractContextManager[None]:
        return nullcontext() if self._is_held else writer_lock(self._folder)

    def apply(self, changes: Sequence[Document], deletions: Sequence[str], checkpoint: int) -> None:
        """Write one batch in one commit, durable on return.

        Args:
            changes: new and changed documents; of several with one id the last wins.
            deletions: ids to remove; unknown ones are ignored. An id that is also among the changes is removed:
                what was withdrawn must not stay findable.
            checkpoint: change number of the source that the index has reached with this batch.

        Raises:
            IndexBusy: another writer is at work; nothing was changed.
            IndexUnusable: there is no readable index to change; rebuild.
        """
        gone = frozenset(deletions)
        latest = {document.id: document for document in changes if document.id not in gone}
        words = Vocabulary()
        records = list(_records(latest.values(), words))
        with self._lock():
            pointer = read_pointer(self._folder)
            version = self._folder / pointer.version
            if records:
                add_to_lexicon(version, words)  # before the commit, so that readers of the commit know its words
            engine_named(pointer.engine).apply(version, records, tuple(sorted(gone)), checkpoint)

    def rebuild(self, documents: Iterable[Document], checkpoint: int, engine_name: str = DEFAULT_ENGINE) -> int:
        """Build the whole index anew, as the function `rebuild` does."""
        folder, engine, words = self._folder, engine_named(engine_name), Vocabulary()
        with self._lock():
            remove_versions_except(folder, _serving(folder))
            version = new_version(folder)
            try:
                count = engine.create(folder / version, _records(_distinct(documents), words), checkpoint)
                write_lexicon(folder / version, words)
                write_pointer(folder, Pointer(version, engine.name, SCHEMA_VERSION))
            except BaseException:
                remove_versions_except(folder, _serving(folder))
                raise
            remove_versions_except(folder, version)
        return count


def rebuild(folder: Path, documents: Iterable[Document], checkpoint: int, engine_name: str = DEFAULT_ENGINE) -> int:
    """Build the whole index anew beside the current one and swap it in, in one step.

    Readers go on with the old index until then. A rebuild that fails or is killed leaves the old index in place.

    Args:
        folder: holds every version; made when missing.
        documents: read once, lazily; ids must not repeat.
        checkpoint: change number of the source that the documents reflect, taken before reading them.
        engine_name: which engine builds it; later changes and readers follow what is there.

    Returns:
        The number of documents.

    Raises:
        IndexBusy: another writer is at work.
        ValueError: two documents have one id.
    """
    return IndexWriter(folder).rebuild(documents, checkpoint, engine_name)


def _records(documents: Iterable[Document], words: Vocabulary) -> Iterator[Record]:
    for document in documents:
        record = to_record(document)
        words.add(document, record.folded)
        yield record


def _distinct(documents: Iterable[Document]) -> Iterator[Document]:
    seen: set[str] = set()
    for document in documents:
        if document.id in seen:
            raise ValueError(f"Two documents have the id {document.id}.")
        seen.add(document.id)
        yield document


def _serving(folder: Path) -> str | None:
    try:
        return read_pointer(folder).version
    except IndexUnusable:
        return None
