"""What changes leave behind: little that grows, all of it told, and all of it taken out by a rebuild."""

import tempfile
from pathlib import Path

import pytest

from search_index import IndexWriter, index_facts, index_wear

REWRITES, LECTURES = {"whoosh": 300, "tantivy": 120}, 30
MEMORY = Path("/dev/shm")  # noqa: S108 - three hundred durable commits are not to wait for a disk


@pytest.fixture
def index_folder(tmp_path):
    """Where waiting for the disk costs nothing, on machines that have such a place."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else tmp_path) as folder:
        yield Path(folder) / "index"


def test_rewriting_one_lecture_again_and_again_leaves_the_files_small(indexed, index_folder, make_document, engine):
    index = indexed(*(make_document(f"太极拳第{n}讲", number=n, tags=("健身",)) for n in range(LECTURES)))
    writer, sizes, rewrites = IndexWriter(index_folder), [], REWRITES[engine]
    for rewrite in range(rewrites):
        title = "太极拳第7讲" if rewrite % 2 else "太极剑第7讲"
        writer.apply([make_document(title, number=7, tags=("健身",), popularity=rewrite)], [], rewrite)
        if rewrite == 1:  # both titles were there
            added = index_wear(index_folder).added_bytes
        if rewrite >= rewrites // 2:
            sizes.append(index_facts(index_folder).size_bytes)
    wear = index_wear(index_folder)
    assert added == wear.added_bytes > 0
    assert wear.dead <= rewrites // 4, "small segments are merged, and the dead with them"
    assert max(sizes[len(sizes) // 2 :]) <= max(sizes[: len(sizes) // 2]) * 1.2
    assert index.document_count() == LECTURES


def test_the_dead_are_counted_and_a_rebuild_takes_them_out(indexed, index_folder, make_document):
    documents = [make_document(f"书法第{n}课", number=n) for n in range(30)]
    indexed(*documents)
    IndexWriter(index_folder).apply(
        [make_document("皮影戏", number=0)], [document.id for document in documents[20:]], 1
    )
    worn = index_wear(index_folder)
    assert worn.dead in {11, 12}  # tantivy keeps the checkpoint as a document of its own
    assert worn.added_bytes > 0
    indexed(*documents)
    fresh = index_wear(index_folder)
    assert (fresh.dead, fresh.added_bytes) == (0, 0)
    assert worn.documents > fresh.documents >= 30
