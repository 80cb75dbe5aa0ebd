"""Full-text search over lectures and other learning resources: documents in, hits out.

Lives here: the analysis of Chinese text, the index on disk, queries, ranking, facets, highlights. Stands alone:
it imports nothing of ours, knows no database and no web framework, and can be used by hand over any collection with
``python -m search_index``.

Does not live here: what may be shown to whom. The index is a cache; the caller filters hits again before display.
"""

from search_index.documents import (
    Document,
    FacetCount,
    Fragment,
    Hit,
    HitPassage,
    Passage,
    SearchRequest,
    SearchResult,
    Sort,
    Suggestion,
)
from search_index.engines import DEFAULT_ENGINE, ENGINE_NAMES
from search_index.errors import IndexBusy, IndexMissing, IndexUnusable, SearchIndexError
from search_index.facts import IndexFacts, IndexWear, document_digest, index_facts, index_wear
from search_index.reader import SearchIndex, open_index
from search_index.thesaurus import Thesaurus, make_thesaurus, own_text, own_thesaurus
from search_index.writer import IndexWriter, rebuild

__all__ = [
    "DEFAULT_ENGINE",
    "ENGINE_NAMES",
    "Document",
    "FacetCount",
    "Fragment",
    "Hit",
    "HitPassage",
    "IndexBusy",
    "IndexFacts",
    "IndexMissing",
    "IndexUnusable",
    "IndexWear",
    "IndexWriter",
    "Passage",
    "SearchIndex",
    "SearchIndexError",
    "SearchRequest",
    "SearchResult",
    "Sort",
    "Suggestion",
    "Thesaurus",
    "document_digest",
    "index_facts",
    "index_wear",
    "make_thesaurus",
    "open_index",
    "own_text",
    "own_thesaurus",
    "rebuild",
]
