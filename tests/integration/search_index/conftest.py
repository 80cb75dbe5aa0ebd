"""Real indexes on disk for the search tests."""

from datetime import UTC, datetime, timedelta

import pytest

from search_index import ENGINE_NAMES, Document, SearchIndex, SearchRequest, rebuild

STARTED_AT = datetime(2026, 1, 1, 8, tzinfo=UTC)


@pytest.fixture(params=ENGINE_NAMES)
def engine(request):
    """Every engine in turn: one suite says what all of them do."""
    return request.param


@pytest.fixture
def make_document():
    """Make a lecture from a title; later numbers are newer."""

    def make(title, *, number=0, id_=None, **fields):
        fields.setdefault("published_at", STARTED_AT + timedelta(days=number))
        return Document(id=id_ or f"lecture-{number}", kind=fields.pop("kind", "lecture"), title=title, **fields)

    return make


@pytest.fixture
def index_folder(tmp_path):
    return tmp_path / "index"


@pytest.fixture
def indexed(index_folder, make_document, engine):
    """Build an index from titles or documents and open it."""

    def build(*titles_or_documents, checkpoint=0):
        documents = [
            make_document(one, number=number) if isinstance(one, str) else one
            for number, one in enumerate(titles_or_documents)
        ]
        rebuild(index_folder, documents, checkpoint, engine)
        return SearchIndex(index_folder)

    return build


@pytest.fixture
def titles_found():
    """Titles of the hits of a query, in order."""

    def search(index, text, **request):
        result = index.search(SearchRequest(text, **request))
        return ["".join(part.text for part in hit.highlights["title"]) for hit in result.hits]

    return search
