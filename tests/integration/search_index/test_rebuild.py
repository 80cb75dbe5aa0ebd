"""Rebuilding beside the serving index, and what becomes of unreadable ones."""

import json
import threading

import pytest

from search_index import (
    IndexBusy,
    IndexMissing,
    IndexUnusable,
    IndexWriter,
    SearchIndex,
    SearchRequest,
    open_index,
    rebuild,
)
from search_index.schema import SCHEMA_VERSION


@pytest.fixture
def engine():
    """The files that are damaged here are Whoosh's; test_tantivy_files.py damages the other's."""
    return "whoosh"


def versions(folder):
    return sorted(path.name for path in folder.glob("v-*"))


def test_a_rebuild_is_swapped_in_under_open_readers(indexed, index_folder, make_document, titles_found):
    index = indexed("旧课", checkpoint=1)
    assert titles_found(index, "") == ["旧课"]
    assert rebuild(index_folder, [make_document("新课")], 8) == 1
    assert titles_found(index, "") == ["新课"]
    assert index.checkpoint() == 8
    assert len(versions(index_folder)) == 1


def test_readers_are_served_while_a_rebuild_is_under_way(indexed, index_folder, make_document, titles_found):
    index = indexed("旧课")
    half, go_on = threading.Event(), threading.Event()

    def documents():
        yield make_document("新课", number=1)
        half.set()
        assert go_on.wait(30)
        yield make_document("新课", number=2)

    builder = threading.Thread(target=rebuild, args=(index_folder, documents(), 2))
    builder.start()
    assert half.wait(30)
    assert titles_found(index, "") == ["旧课"]
    with pytest.raises(IndexBusy):
        IndexWriter(index_folder).apply([make_document("插队")], [], 1)
    with pytest.raises(IndexBusy):
        rebuild(index_folder, [], 1)
    go_on.set()
    builder.join(30)
    assert titles_found(index, "") == ["新课", "新课"]


def test_a_rebuild_that_fails_leaves_the_old_index(indexed, index_folder, make_document, titles_found):
    index = indexed("旧课", checkpoint=3)

    def documents():
        yield make_document("新课")
        raise RuntimeError("source failed")

    with pytest.raises(RuntimeError, match="source failed"):
        rebuild(index_folder, documents(), 4)
    with pytest.raises(ValueError, match="Two documents"):
        rebuild(index_folder, [make_document("甲"), make_document("乙")], 4)
    assert titles_found(index, "") == titles_found(SearchIndex(index_folder), "") == ["旧课"]
    assert index.checkpoint() == 3
    assert len(versions(index_folder)) == 1


def test_remains_of_a_killed_rebuild_are_removed_by_the_next(indexed, index_folder, make_document):
    indexed("课")
    leftover = index_folder / "v-00000099"
    leftover.mkdir()
    (leftover / "MAIN_abc.seg").write_bytes(b"half")
    rebuild(index_folder, [make_document("课")], 1)
    assert not leftover.exists()
    assert len(versions(index_folder)) == 1


def test_a_missing_index_says_so_until_it_is_built(index_folder, make_document):
    for opening in (open_index, SearchIndex):
        with pytest.raises(IndexMissing):
            opening(index_folder)
    rebuild(index_folder, [make_document("课")], 1)
    assert open_index(index_folder).document_count() == 1


def test_opening_again_in_one_process_shares_what_is_open(indexed, index_folder, make_document):
    indexed("课")
    index = open_index(index_folder)
    assert open_index(index_folder / ".." / index_folder.name) is index
    rebuild(index_folder, [make_document("新课")], 2)
    assert open_index(index_folder).checkpoint() == 2


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"version": "v-00000001"}',
        json.dumps({"version": "v-00000001", "engine": "whoosh", "schema": "0.0"}),
        json.dumps({"version": "v-00000001", "engine": "moon", "schema": SCHEMA_VERSION}),
        json.dumps({"version": "v-00000777", "engine": "whoosh", "schema": SCHEMA_VERSION}),
    ],
)
def test_a_wrong_pointer_or_schema_is_unusable_until_rebuilt(indexed, index_folder, make_document, content):
    indexed("课")
    (index_folder / "CURRENT").write_text(content)
    with pytest.raises(IndexUnusable):
        SearchIndex(index_folder)
    with pytest.raises(IndexUnusable):
        IndexWriter(index_folder).apply([make_document("新")], [], 2)
    assert rebuild(index_folder, [make_document("课")], 1) == 1
    assert SearchIndex(index_folder).document_count() == 1


@pytest.mark.parametrize("pattern", ["*.seg", "_MAIN_*.toc", "checkpoint-*"])
@pytest.mark.parametrize("damage", ["cut", "zero", "remove"])
def test_torn_files_are_unusable_until_rebuilt(indexed, index_folder, make_document, pattern, damage):
    indexed(*(f"第{n}课养生" for n in range(50)))
    (path,) = index_folder.glob(f"v-*/{pattern}")
    content = path.read_bytes()
    if damage == "remove":
        path.unlink()
    else:
        path.write_bytes(content[: len(content) // 3] if damage == "cut" else b"\0" * len(content))
    with pytest.raises(IndexUnusable):
        SearchIndex(index_folder)
    rebuild(index_folder, [make_document("课")], 1)
    assert SearchIndex(index_folder).document_count() == 1


def test_torn_postings_are_told_while_searching(indexed, index_folder):
    index = indexed(*(f"第{n}课养生" for n in range(50)))
    del index
    (path,) = index_folder.glob("v-*/*.seg")
    content = bytearray(path.read_bytes())
    magic = b"W3Bl"
    at = content.find(magic)
    while at >= 0:
        content[at : at + 4] = b"\xff\xff\xff\xff"
        at = content.find(magic, at + 4)
    path.write_bytes(content)
    with pytest.raises(IndexUnusable):
        SearchIndex(index_folder).search(SearchRequest("养生"))


def test_a_reader_with_a_whole_index_serves_on_when_the_folder_is_damaged(indexed, index_folder, titles_found):
    index = indexed("课")
    (index_folder / "CURRENT").write_text("{")
    assert titles_found(index, "") == ["课"]
    with pytest.raises(IndexUnusable):
        index.checkpoint()
