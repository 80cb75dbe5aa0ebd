"""The Whoosh engine: build, commit, open. One folder holds one index.

Each commit writes its checkpoint into a small file named by the generation before Whoosh's table of contents names that
generation: a reader that opens generation 7 reads the checkpoint of generation 7, whenever a writer was killed.
"""

import json
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from whoosh.codec.whoosh3 import W3Codec
from whoosh.index import TOC, FileIndex
from whoosh.writing import LockError, SegmentWriter

from search_index.errors import IndexBusy, IndexUnusable
from search_index.folder import sync_folder, write_durably
from search_index.ports import Snapshot
from search_index.schema import Record
from search_index.whoosh_engine.fields import CARD, ID, SPEECH, STORED, TEXT, make_schema
from search_index.whoosh_engine.segments import OpenSegment, reading
from search_index.whoosh_engine.snapshot import LiveSegment, WhooshSnapshot
from search_index.whoosh_engine.storage import DurableStorage

_INDEX = "MAIN"
_BLOCK_POSTINGS = 1024
_BATCH_MEMORY_MB = 64
_OPEN_ATTEMPTS = 10
_OPEN_PAUSE_S = 0.02


class WhooshEngine:
    """Implements ``ports.Engine``."""

    name = "whoosh"

    def create(self, folder: Path, records: Iterable[Record], checkpoint: int) -> int:
        """Build an index in an empty folder in one commit."""
        index = FileIndex.create(DurableStorage(folder), make_schema(), _INDEX)
        return self._commit(index, records, (), checkpoint)

    def apply(self, folder: Path, records: Sequence[Record], deletions: Sequence[str], checkpoint: int) -> None:
        """Replace and delete documents in one commit."""
        storage = DurableStorage(folder)
        with storage.closing_on_failure(), reading(f"index in {folder}"):
            index = FileIndex(storage, indexname=_INDEX)
        replaced = {record.id for record in records}
        self._commit(index, records, [*replaced, *(id_ for id_ in deletions if id_ not in replaced)], checkpoint)

    def open(self, folder: Path, previous: Snapshot | None) -> Snapshot:
        """Open the latest commit; a commit that passes meanwhile makes it look again."""
        for attempts_left in range(_OPEN_ATTEMPTS - 1, -1, -1):
            try:
                return self._open(folder, previous)
            except FileNotFoundError as error:
                if not attempts_left:
                    raise IndexUnusable(f"Files of the index in {folder} are missing.") from error
                time.sleep(_OPEN_PAUSE_S)
        raise AssertionError

    def commit_mark(self, folder: Path) -> str:
        """Name the latest generation."""
        return str(TOC._latest_generation(DurableStorage(folder), _INDEX))  # noqa: SLF001 Whoosh has no public name for it

    def dead_and_all(self, folder: Path) -> tuple[int, int]:
        """Count by the table of contents; small segments are merged by commits, large ones only by a rebuild."""
        storage = DurableStorage(folder)
        with storage.closing_on_failure(), reading(f"index in {folder}"):
            segments = TOC.read(storage, _INDEX).segments
        return sum(each.deleted_count() for each in segments), sum(each.doc_count_all() for each in segments)

    def _commit(self, index: FileIndex, records: Iterable[Record], outdated: Sequence[str], checkpoint: int) -> int:
        folder = Path(index.storage.folder)
        try:
            writer = SegmentWriter(index, limitmb=_BATCH_MEMORY_MB, codec=_codec())
        except LockError as error:
            raise IndexBusy(f"Another writer holds the index in {folder}.") from error
        try:
            _remove_leftovers(folder, writer.generation)
            _delete(writer, outdated)
            count = 0
            for record in records:
                terms = record.terms
                for term, weight in record.spoken.items():
                    terms[term] = terms.get(term, 0.0) + weight
                said = {SPEECH: record.speech} if record.speech else {}
                writer.add_document(**{ID: record.id, CARD: record.card, STORED: record.stored, TEXT: terms}, **said)
                count += 1
            told = json.dumps({"checkpoint": checkpoint})
            write_durably(_checkpoint_file(folder, writer.generation), told.encode())
            sync_folder(folder)
            writer.commit(merge=True, optimize=False)
        except BaseException:
            if not writer.is_closed:
                writer.cancel()
            raise
        _checkpoint_file(folder, writer.generation - 1).unlink(missing_ok=True)
        return count

    def _open(self, folder: Path, previous: Snapshot | None) -> WhooshSnapshot:
        storage = DurableStorage(folder)
        with storage.closing_on_failure():
            return self._open_from(storage, folder, previous)

    def _open_from(self, storage: DurableStorage, folder: Path, previous: Snapshot | None) -> WhooshSnapshot:
        with reading(f"index in {folder}"):
            contents = TOC.read(storage, _INDEX)
            checkpoint = int(json.loads(_checkpoint_file(folder, contents.generation).read_text("utf-8"))["checkpoint"])
        if isinstance(previous, WhooshSnapshot):
            if previous.generation == contents.generation:
                return previous
            held = {live.segment.id: live.segment for live in previous.segments}
        else:
            held = {}
        segments: list[LiveSegment] = []
        base = 0
        for segment in contents.segments:
            opened = held.get(segment.segment_id()) or OpenSegment(storage, contents.schema, segment)
            segments.append(LiveSegment(opened, base, frozenset(segment.deleted_docs())))
            base += segment.doc_count_all()
        return WhooshSnapshot(segments, contents.generation, checkpoint)


def _codec() -> W3Codec:
    """Whoosh's format with larger blocks. Lengths are in the cards; looking for them costs a stat per posting."""
    codec = W3Codec(blocklimit=_BLOCK_POSTINGS)
    codec.length_stats = False
    return codec


def _delete(writer: SegmentWriter, outdated: Sequence[str]) -> None:
    """Mark the documents of these ids deleted, segment by segment."""
    base = 0
    for segment in writer.segments:
        if outdated:
            opened = OpenSegment(writer.storage, writer.schema, segment, with_cards=False)
            for document_id in outdated:
                for number in opened.numbers_of(document_id):
                    if not segment.is_deleted(number):
                        writer.delete_document(base + number)
        base += segment.doc_count_all()


def _checkpoint_file(folder: Path, generation: int) -> Path:
    return folder / f"checkpoint-{generation}"


def _remove_leftovers(folder: Path, next_generation: int) -> None:
    """Remove what killed writers left and Whoosh's own sweep overlooks."""
    for path in folder.glob(f"_{_INDEX}_*.toc.*"):
        path.unlink()
    for path in folder.glob("checkpoint-*"):
        if path != _checkpoint_file(folder, next_generation - 1):
            path.unlink()
