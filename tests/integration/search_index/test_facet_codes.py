"""Numbers that stand for the texts of facets keep their meaning through commits, deletions, merges and reopening."""

import pytest
import tantivy

from search_index import IndexUnusable, IndexWriter, SearchIndex, SearchRequest
from search_index.tantivy_engine.facet_codes import CODES, FacetCodes, code_term, texts_of_codes
from search_index.tantivy_engine.fields import make_schema


@pytest.fixture
def engine():
    return "tantivy"


def counted(index):
    facets = index.search(SearchRequest("", facets=("city",))).facets
    return {each.value: each.count for each in facets["city"]}


def codes_in(index_folder):
    (version,) = index_folder.glob("v-*")
    return texts_of_codes(tantivy.Index.open(str(version)).searcher())


def test_a_number_is_never_given_twice(indexed, index_folder, make_document):
    index = indexed(*(make_document("书法", number=n, facets={"city": (f"c{n % 3}",)}) for n in range(9)))
    assert counted(index) == {"c0": 3, "c1": 3, "c2": 3}
    before = codes_in(index_folder)
    writer = IndexWriter(index_folder)
    writer.apply([], [f"lecture-{n}" for n in range(9) if n % 3 == 2], 1)
    for n in range(20, 60):
        # Small commits are merged, and with them the last documents of the city that is gone.
        writer.apply([make_document("书法", number=n, facets={"city": ("new" if n % 2 else "c0",)})], [], n)
    assert counted(index) == counted(SearchIndex(index_folder)) == {"c0": 23, "c1": 3, "new": 20}
    after = codes_in(index_folder)
    assert all(after.get(code, text) == text for code, text in before.items())
    assert max(after) > max(before)


def test_a_text_never_gets_a_second_number(indexed, index_folder, make_document):
    """Also the text of the highest number, which the checkpoint names as well."""
    indexed(*(make_document("书法", number=n, facets={"city": (f"c{n % 2}",)}) for n in range(6)))
    for n in range(10, 13):
        document = make_document("书法", number=n, facets={"city": (f"c{n % 2}",)})
        IndexWriter(index_folder).apply([document], [], n)
    texts = list(codes_in(index_folder).values())
    assert len(texts) == len(set(texts))


def test_a_facet_longer_than_any_term_is_not_counted_and_harms_nothing(indexed, make_document):
    index = indexed(
        make_document("书法", number=1, facets={"city": ("长" * 70_000,)}),
        make_document("书法", number=2, facets={"city": ("沈阳",)}),
    )
    assert counted(index) == {"沈阳": 1}


@pytest.mark.parametrize("term", ["moon", "7", f"x{code_term(1, 'y')}"])
def test_a_number_without_its_meaning_is_told(tmp_path, term):
    index = tantivy.Index(make_schema(), path=str(tmp_path))
    writer = index.writer()
    document = tantivy.Document()
    document.add_text(CODES, term)
    writer.add_document(document)
    writer.commit()
    index.reload()
    with pytest.raises(IndexUnusable):
        FacetCodes.read(index.searcher())
