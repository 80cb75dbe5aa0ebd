"""Several processes: readers follow a writer elsewhere, and a killed writer leaves a whole index."""

import os
import random
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from search_index import IndexWriter, SearchIndex, SearchRequest, rebuild

KILLS = int(os.environ.get("SEARCH_KILLS", "3"))
"""On every engine; ``make soak-search`` kills fifty times."""
ROOT = Path(__file__).resolve().parents[3]

READER = """
import sys
from pathlib import Path
from search_index import SearchRequest, open_index
index = open_index(Path(sys.argv[1]))
for line in sys.stdin:
    print(index.checkpoint(), index.search(SearchRequest(line.strip())).total, flush=True)
"""

# Batch n adds document n, renames the one document "last", and says so in the checkpoint.
WRITER = """
import itertools, sys
from datetime import UTC, datetime
from pathlib import Path
from search_index import Document, IndexWriter, open_index
folder = Path(sys.argv[1])
first = open_index(folder).checkpoint() + 1
print("ready", flush=True)
for number in itertools.count(first):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    added = Document(f"n{number}", "lecture", f"养生第{number}课", at)
    last = Document("last", "lecture", f"最后{number}", at)
    IndexWriter(folder).apply([added, last], [], number)
    print(number, flush=True)
"""


def start(script, folder):
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", script, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def reader(index_folder):
    started = []

    def begin():
        started.append(start(READER, index_folder))
        return started[-1]

    yield begin
    for process in started:
        process.stdin.close()
        process.wait(20)
        process.stdout.close()


def ask(process, text):
    process.stdin.write(text + "\n")
    process.stdin.flush()
    return tuple(map(int, process.stdout.readline().split()))


def test_a_reader_in_another_process_follows_commits_and_rebuilds(indexed, index_folder, make_document, reader):
    indexed("养生课", checkpoint=1)
    process = reader()
    assert ask(process, "养生") == (1, 1)
    IndexWriter(index_folder).apply([make_document("养生二课", number=2)], [], 2)
    assert ask(process, "养生") == (2, 2)
    rebuild(index_folder, [make_document(f"养生{n}", number=n) for n in range(5)], 3)
    assert ask(process, "养生") == (3, 5)
    IndexWriter(index_folder).apply([], ["lecture-0"], 4)
    assert ask(process, "养生") == (4, 4)


def test_a_large_rebuild_is_made_while_others_search(indexed, index_folder, make_document, reader, engine):
    """A process and a thread go on asking: they get the old documents, all of them, until the swap."""
    old, new = 300, 2000
    index = indexed(*(f"养生旧课{number}" for number in range(old)), checkpoint=1)
    process, answers, done = reader(), [], threading.Event()

    def keep_searching():
        seen = []
        while not done.wait(0.001):
            result = index.search(SearchRequest("养生", limit=3))
            seen.append((result.exact_total, "".join(part.text for part in result.hits[0].highlights["title"])[:4]))
        return seen

    def documents():
        for number in range(new):
            yield make_document(f"养生新课{number}", number=number)
            if number % 200 == 0:
                answers.append(ask(process, "养生"))

    with ThreadPoolExecutor(1) as pool:
        searching = pool.submit(keep_searching)
        try:
            assert rebuild(index_folder, documents(), 2, engine) == new
        finally:
            done.set()
        seen = searching.result()
    assert answers == [(1, old)] * (new // 200)
    assert set(seen) <= {(old, "养生旧课"), (new, "养生新课")}
    assert seen[0] == (old, "养生旧课")
    assert seen == sorted(seen), "never back to the old ones"
    assert ask(process, "养生") == (2, new)
    assert index.search(SearchRequest("养生")).exact_total == new


def test_a_killed_writer_leaves_a_whole_index_and_readers_never_fail(indexed, index_folder):
    chance = random.Random(7)
    index = indexed()
    done = threading.Event()

    def keep_searching():
        count = 0
        while not done.wait(0.002):
            index.search(SearchRequest("养生"))
            count += 1
        return count

    reached = []
    with ThreadPoolExecutor(1) as pool:
        searching = pool.submit(keep_searching)
        try:
            for _ in range(KILLS):
                writer = start(WRITER, index_folder)
                assert writer.stdout.readline() == "ready\n"
                told = [int(writer.stdout.readline()) for _ in range(3)][-1]
                time.sleep(chance.uniform(0, 0.06))
                writer.kill()
                writer.communicate()
                reached.append(check_whole(index_folder))
                assert reached[-1] >= told
        finally:
            done.set()
        assert searching.result() > 0
    assert reached == sorted(reached)
    assert reached[-1] >= 3 * KILLS
    assert index.checkpoint() == reached[-1]


def check_whole(folder):
    """The index holds exactly what its checkpoint says."""
    index = SearchIndex(folder)
    checkpoint = index.checkpoint()
    expected = {f"n{number}" for number in range(1, checkpoint + 1)} | ({"last"} if checkpoint else set())
    assert set(index.document_ids()) == expected
    assert len(index.document_ids()) == len(expected)
    assert index.search(SearchRequest("养生")).exact_total == checkpoint
    assert index.search(SearchRequest(f"最后{checkpoint}")).exact_total == (1 if checkpoint else 0)
    return checkpoint
