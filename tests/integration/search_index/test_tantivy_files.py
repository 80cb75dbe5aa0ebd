"""Torn files of tantivy's index are told, and mended by a rebuild."""

import pytest

from search_index import IndexUnusable, IndexWriter, SearchIndex, SearchRequest, rebuild


@pytest.fixture
def engine():
    return "tantivy"


@pytest.mark.parametrize("pattern", ["meta.json", "facet-columns.json", "*.store", "*.term", "*.fast", "*.idx"])
@pytest.mark.parametrize("damage", ["cut", "remove"])
def test_torn_files_are_unusable_until_rebuilt(indexed, index_folder, make_document, pattern, damage):
    indexed(*(f"第{n}课养生" for n in range(50)))
    path = next(index_folder.glob(f"v-*/{pattern}"))
    content = path.read_bytes()
    path.unlink()
    if damage == "cut":
        path.write_bytes(content[: len(content) // 3])
    with pytest.raises(IndexUnusable):
        SearchIndex(index_folder).search(SearchRequest("养生"))
    rebuild(index_folder, [make_document("课")], 1, "tantivy")
    assert SearchIndex(index_folder).document_count() == 1


def test_what_a_killed_commit_left_does_not_disturb_the_next(indexed, index_folder, make_document):
    index = indexed("养生课", checkpoint=1)
    (version,) = index_folder.glob("v-*")
    (version / "0123456789abcdef0123456789abcdef.term").write_bytes(b"half")
    IndexWriter(index_folder).apply([make_document("养生二课", number=2)], ["lecture-0"], 2)
    assert [hit.id for hit in index.search(SearchRequest("养生")).hits] == ["lecture-2"]
    assert index.checkpoint() == 2


def test_an_engine_that_is_not_there_is_told(index_folder, make_document):
    with pytest.raises(IndexUnusable, match="no engine 'moon'"):
        rebuild(index_folder, [make_document("课")], 1, "moon")


@pytest.mark.parametrize("most", [3, 30])
def test_facets_are_counted_exactly_when_an_answer_holds_only_some_of_their_texts(
    indexed, make_document, monkeypatch, most
):
    facets = [{"n": (f"v{n % 40}",), "m": tuple(f"w{n % k}" for k in (2, 3))} for n in range(200)]
    documents = [make_document("书法", number=n, facets=one) for n, one in enumerate(facets)]
    index = indexed(*documents[:100])
    request = SearchRequest("书法", facets=("n", "m"), facet_values=4)
    exact = index.search(request).facets
    assert [each.count for each in exact["n"]] == [3, 3, 3, 3]
    monkeypatch.setattr("search_index.tantivy_engine.counting.MOST_VALUES", most)
    assert index.search(request).facets == exact


@pytest.mark.parametrize("text", ["老师 毛笔画", "毛笔老师讲剪", "老师讲毛笔"])
def test_near_hits_do_not_need_what_half_of_all_hold(indexed, monkeypatch, text):
    index = indexed(*(f"第{n}课老师讲{'毛笔' if n % 12 == 0 else '剪纸'}" for n in range(60)))
    with_all = [hit.id for hit in index.search(SearchRequest(text)).hits]
    monkeypatch.setattr("search_index.tantivy_engine.snapshot._COMMON", 0)
    assert [hit.id for hit in index.search(SearchRequest(text)).hits] == with_all
    assert with_all
