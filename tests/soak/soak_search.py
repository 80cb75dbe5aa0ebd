"""`make soak-search`: a hundred thousand hostile queries, and fifty kills of the index's writer, on every engine.

    python -m pytest tests/soak/soak_search.py -s      QUERIES=100000 KILLS=50 SEED=2026

No query may fail, take longer than a second or bring markup of its own into a highlight; after every kill the index
opens and holds exactly what its checkpoint says, while readers go on.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from search_index import ENGINE_NAMES, Document, SearchIndex, SearchRequest, rebuild
from tests.factories.catalogue_texts import lecture_texts
from tests.integration.search_index.hostile import hostile_queries

QUERIES = int(os.environ.get("QUERIES", "100000"))
KILLS = os.environ.get("KILLS", "50")
SEED = int(os.environ.get("SEED", "2026"))
LECTURES = 2000


@pytest.mark.timeout(24 * 3600)
@pytest.mark.parametrize("engine", ENGINE_NAMES)
def test_hostile_queries(tmp_path, engine):
    documents = (
        Document(f"l{t.number}", "lecture", t.title, t.published_at, t.description, t.teacher, t.institution, t.tags)
        for t in lecture_texts(LECTURES)
    )
    rebuild(tmp_path, documents, 1, engine)
    index = SearchIndex(tmp_path)
    slowest_s, slowest = 0.0, ""
    for text in hostile_queries(QUERIES, seed=SEED):
        started_s = time.thread_time()
        result = index.search(SearchRequest(text, facets=("kind",), limit=3))
        index.suggest(text)
        took_s = time.thread_time() - started_s
        if took_s > slowest_s:
            slowest_s, slowest = took_s, text[:40]
        assert all("<" not in part.text for hit in result.hits for part in hit.highlights["title"])
    print(f"{engine}: {QUERIES} queries, the slowest {slowest_s * 1000:.0f} CPU ms: {slowest!r}")  # noqa: T201 the figures
    assert slowest_s < 1


@pytest.mark.timeout(24 * 3600)
def test_kills_of_the_writer():
    test = "tests/integration/search_index/test_processes.py"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-k", "killed", "--timeout=7200", test]
    subprocess.run(command, env={**os.environ, "SEARCH_KILLS": KILLS}, check=True)
