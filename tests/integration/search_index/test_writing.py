"""Batches: one commit each, with its checkpoint, seen by open readers, durable."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from search_index import IndexBusy, IndexMissing, IndexWriter, SearchRequest
from search_index.folder import writer_lock


def test_changes_deletions_and_checkpoint_arrive_together(indexed, index_folder, make_document, titles_found):
    index = indexed("旧标题", "要删除的", checkpoint=5)
    assert index.checkpoint() == 5
    IndexWriter(index_folder).apply(
        [make_document("新标题", number=0), make_document("新课", number=7)], ["lecture-1"], 9
    )
    assert index.checkpoint() == 9
    assert titles_found(index, "") == ["新课", "新标题"]
    assert titles_found(index, "旧") == titles_found(index, "删除") == []


def test_the_last_of_several_changes_wins_and_a_deletion_wins_over_changes(
    indexed, index_folder, make_document, titles_found
):
    index = indexed("课")
    changes = [make_document("一", number=1), make_document("二", number=1), make_document("三", number=3)]
    IndexWriter(index_folder).apply(changes, ["lecture-3", "unknown"], 2)
    assert sorted(titles_found(index, "")) == ["二", "课"]


def test_applying_a_batch_twice_changes_nothing(indexed, index_folder, make_document):
    index = indexed("甲", "乙")
    for _ in range(2):
        IndexWriter(index_folder).apply([make_document("丙", number=2)], ["lecture-0"], 4)
    assert sorted(index.document_ids()) == ["lecture-1", "lecture-2"]


def test_many_small_commits_equal_one_rebuild(indexed, index_folder, make_document, tmp_path):
    documents = [
        make_document(f"{'书法国画剪纸'[n % 6]}课第{n}讲", number=n, facets={"n": (str(n % 3),)}) for n in range(48)
    ]
    index = indexed()
    for at in range(0, 48, 4):
        batch = documents[at : at + 4]
        IndexWriter(index_folder).apply([make_document("占位", id_=one.id) for one in batch], [], at)
        IndexWriter(index_folder).apply(batch, [], at + 1)
    requests = [SearchRequest(text, facets=("n",), limit=60) for text in ("书法", "课", "第3讲", "guohua", "")]
    grown = [index.search(request) for request in requests]
    rebuilt = indexed(*documents)
    for before, request in zip(grown, requests, strict=True):
        after = rebuilt.search(request)
        assert (before.hits, before.total, before.facets) == (after.hits, after.total, after.facets)


def test_a_second_writer_is_told_at_once(indexed, index_folder, make_document):
    index = indexed("课")
    with writer_lock(index_folder), pytest.raises(IndexBusy):
        IndexWriter(index_folder).apply([make_document("新", number=1)], [], 1)
    assert index.document_count() == 1
    IndexWriter(index_folder).apply([make_document("新", number=1)], [], 1)
    assert index.document_count() == 2


def test_a_missing_index_is_not_begun_in_the_middle(index_folder, make_document):
    with pytest.raises(IndexMissing):
        IndexWriter(index_folder).apply([make_document("课")], [], 500)


def test_a_failed_batch_leaves_everything_and_frees_the_lock(indexed, index_folder, make_document, titles_found):
    index = indexed("课", checkpoint=1)
    broken = make_document("坏", number=1, facets={"x": (object(),)})
    with pytest.raises(TypeError):
        IndexWriter(index_folder).apply([make_document("好", number=2), broken], ["lecture-0"], 2)
    assert (titles_found(index, ""), index.checkpoint()) == (["课"], 1)
    IndexWriter(index_folder).apply([make_document("好", number=2)], [], 2)
    assert index.checkpoint() == 2


@pytest.mark.parametrize("engine", ["whoosh"])  # tantivy syncs by itself
def test_everything_is_synced_before_the_commit_names_it(indexed, index_folder, make_document, monkeypatch):
    indexed("课")
    steps = []
    real_fsync, real_rename = os.fsync, os.rename

    def fsync(handle):
        steps.append(Path(f"/proc/self/fd/{handle}").readlink().name)
        real_fsync(handle)

    def rename(old, new):
        steps.append(f"rename {Path(new).name}")
        real_rename(old, new)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", rename)
    IndexWriter(index_folder).apply([make_document("新", number=1)], [], 2)
    (commit,) = [at for at, step in enumerate(steps) if step.startswith("rename _MAIN_")]
    before, after = steps[:commit], steps[commit + 1 :]
    assert any(step.endswith(".seg") for step in before)
    assert any(step.startswith("_MAIN_") for step in before)
    assert any(step.startswith("checkpoint-") for step in before)
    assert after[0].startswith("v-")


def test_threads_search_correctly_while_a_writer_commits(indexed, index_folder, make_document):
    words = ["书法", "国画", "剪纸", "摄影", "舞蹈", "二胡", "太极", "烹饪"]
    index = indexed(*(make_document(f"{words[n % 8]}课{n}", number=n) for n in range(400)))

    def search(word):
        return {index.search(SearchRequest(word, facets=("kind",))).total for _ in range(60)}

    with ThreadPoolExecutor(9) as pool:
        searches = [pool.submit(search, word) for word in words]
        writer = IndexWriter(index_folder)
        for batch in range(12):
            writer.apply([make_document("无关的内容", number=1000 + batch)], [], batch)
        assert [one.result() for one in searches] == [{50}] * 8
    assert index.document_count() == 412


MAPS = {"whoosh": 12, "tantivy": 80}
"""Files a reader may hold; tantivy keeps up to eight small segments of eight files."""


def test_readers_let_go_of_replaced_segments(indexed, index_folder, make_document, engine):
    index = indexed("课")
    for batch in range(30):
        IndexWriter(index_folder).apply([make_document("新", number=batch)], [], batch)
        assert index.search(SearchRequest("新")).total == batch + 1 if batch else True
    maps = Path("/proc/self/maps").read_text()
    held = [line for line in maps.splitlines() if str(index_folder) in line]
    assert len(held) <= MAPS[engine]
    assert sum("(deleted)" in line for line in held) <= 16
