"""The tantivy engine: build, commit, open. One folder holds one index."""

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path

import tantivy

from search_index.errors import IndexBusy, IndexUnusable
from search_index.ports import Snapshot
from search_index.schema import Record
from search_index.tantivy_engine.facet_codes import FacetCodes
from search_index.tantivy_engine.facet_columns import SAMPLE, FacetColumns
from search_index.tantivy_engine.fields import CHECKPOINT_ID, ID, checkpoint_document, make_schema, to_document
from search_index.tantivy_engine.snapshot import TantivySnapshot

_BUILD_MEMORY = 256_000_000
_BATCH_MEMORY = 32_000_000
_META = "meta.json"
_OPEN_ATTEMPTS = 10
_OPEN_PAUSE_S = 0.02


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn whatever a torn file makes tantivy raise, a panic of its own among it, into IndexUnusable."""
    try:
        yield
    except (IndexUnusable, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise IndexUnusable(f"The {what} cannot be read: {error!r}") from error
        raise


class TantivyEngine:
    """Implements ``ports.Engine``."""

    name = "tantivy"

    def create(self, folder: Path, records: Iterable[Record], checkpoint: int) -> int:
        """Build an index in an empty folder in one commit."""
        index = tantivy.Index(make_schema(), path=str(folder), reuse=False)
        records = iter(records)
        first = list(islice(records, SAMPLE))
        columns = FacetColumns.chosen_for([record.card.facets for record in first])
        columns.write(folder)
        codes = FacetCodes()
        count = 0
        writer = index.writer(heap_size=_BUILD_MEMORY, num_threads=1)
        try:
            for record in chain(first, records):
                writer.add_document(to_document(record, columns, codes))
                count += 1
            writer.add_document(checkpoint_document(checkpoint, codes.highest))
            writer.commit()
        finally:
            writer.wait_merging_threads()
        return count

    def apply(self, folder: Path, records: Sequence[Record], deletions: Sequence[str], checkpoint: int) -> None:
        """Replace and delete documents in one commit."""
        with reading(f"index in {folder}"):
            index = tantivy.Index.open(str(folder))
        columns = FacetColumns.read(folder)
        writer = _writer(index, folder)
        try:
            if not columns.together and records:  # built empty: nothing has a place yet
                columns = FacetColumns.chosen_for([record.card.facets for record in records])
                columns.write(folder)
            writer.garbage_collect_files()  # what a killed commit left would make this one fail
            index.reload()  # another writer may have committed before we had the lock
            codes = FacetCodes.read(index.searcher())
            for outdated in (*deletions, *(record.id for record in records), CHECKPOINT_ID):
                writer.delete_documents_by_term(ID, outdated)
            for record in records:
                writer.add_document(to_document(record, columns, codes))
            writer.add_document(checkpoint_document(checkpoint, codes.highest))
            writer.commit()
        except BaseException:
            writer.rollback()
            raise
        finally:
            writer.wait_merging_threads()

    def open(self, folder: Path, previous: Snapshot | None) -> Snapshot:
        """Open the latest commit; a merge that passes meanwhile makes it look again."""
        before = previous if isinstance(previous, TantivySnapshot) else None
        for attempts_left in range(_OPEN_ATTEMPTS - 1, -1, -1):
            try:
                with reading(f"index in {folder}"):
                    return TantivySnapshot(self._index(folder, before), FacetColumns.read(folder), before)
            except IndexUnusable:
                if not attempts_left or not (folder / _META).exists():
                    raise
                time.sleep(_OPEN_PAUSE_S)
        raise AssertionError

    def commit_mark(self, folder: Path) -> str:
        """Name the latest commit: tantivy replaces its table of contents with each."""
        try:
            status = (folder / _META).stat()
        except FileNotFoundError as error:
            raise IndexUnusable(f"There is no index in {folder}.") from error
        return f"{status.st_ino}-{status.st_mtime_ns}"

    def dead_and_all(self, folder: Path) -> tuple[int, int]:
        """Count by the table of contents, the checkpoint's document included."""
        with reading(f"index in {folder}"):
            segments = json.loads((folder / _META).read_text("utf-8"))["segments"]
            dead = sum((each["deletes"] or {"num_deleted_docs": 0})["num_deleted_docs"] for each in segments)
            return dead, sum(each["max_doc"] for each in segments)

    @staticmethod
    def _index(folder: Path, previous: TantivySnapshot | None) -> tantivy.Index:
        if previous is not None:
            previous.index.reload()
            return previous.index
        if not (folder / _META).exists():
            raise IndexUnusable(f"There is no index in {folder}.")
        index = tantivy.Index.open(str(folder))
        index.config_reader("manual")
        return index


def _writer(index: tantivy.Index, folder: Path) -> tantivy.IndexWriter:
    try:
        return index.writer(heap_size=_BATCH_MEMORY, num_threads=1)
    except ValueError as error:
        if "lock" in str(error).lower():
            raise IndexBusy(f"Another writer holds the index in {folder}.") from error
        raise IndexUnusable(f"The index in {folder} cannot be written: {error}") from error
