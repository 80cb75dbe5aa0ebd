"""Measures search over generated lectures: CPU milliseconds per query, exact totals and facet counts included.

    python -m tests.bench.bench_search [--engine whoosh] [--documents 10000] [--captioned 3] [--index FOLDER]

Without arguments the cases that have a limit, one after the other, each in a process of its own; each figure is held
against its limit. Both stages, the highlights and the passages of one page are counted. "Asked for the first time" is a
process that has answered other queries; "per search" is the same queries again. Figures depend on the machine, so each
is also given as a ratio to a fixed piece of Python work measured just before, and to Whoosh's own searcher on the same
words. ``--captioned 3`` gives every third lecture captions of 45 minutes. With ``--index`` the built index is kept in a
folder and used again.
"""

import argparse
import gc
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from whoosh.index import open_dir
from whoosh.query import Or
from whoosh.query import Term as WhooshTerm

from search_index import (
    DEFAULT_ENGINE,
    ENGINE_NAMES,
    Document,
    IndexMissing,
    IndexWriter,
    SearchIndex,
    SearchRequest,
    open_index,
    rebuild,
)
from search_index.query import plan_query
from tests.bench.search_catalogue import COMMON, FACETS, QUERIES, MadeDocuments
from tests.factories.catalogue_texts import lecture_texts

ROUNDS = 7
SUGGEST_MS, UPDATE_MS = 5.0, 2000.0


@dataclass(frozen=True, slots=True)
class Case:
    """A size an engine has a limit at: p95 of a search, and of building it, in CPU time."""

    engine: str
    documents: int
    captioned: int
    search_ms: float
    build_s: float | None = None


CASES = (
    Case("whoosh", 10_000, 3, 15.0),
    Case("whoosh", 20_000, 3, 30.0),
    Case("tantivy", 20_000, 3, 5.0),
    # Captions are most of what there is to build: the limit is of a catalogue without.
    Case("tantivy", 100_000, 0, 5.0, 60.0),
)


def main() -> None:
    """Measure what was asked for, or every case."""
    parser = argparse.ArgumentParser(description="Measure search.")
    parser.add_argument("--engine", choices=ENGINE_NAMES)
    parser.add_argument("--documents", type=int)
    parser.add_argument("--captioned", type=int, default=3, help="every such lecture has captions; 0 for none")
    parser.add_argument("--index", type=Path, help="keep the index here and use it again")
    options = parser.parse_args()
    if options.engine is None and options.documents is None and options.index is None:
        for case in CASES:
            chosen = ("--engine", case.engine, "--documents", str(case.documents), "--captioned", str(case.captioned))
            subprocess.run([sys.executable, "-m", "tests.bench.bench_search", *chosen], check=True)
        return
    options.engine, options.documents = options.engine or DEFAULT_ENGINE, options.documents or 10_000
    measure(options)


def measure(options: argparse.Namespace) -> None:
    """Build or reuse an index, measure, print."""
    captioned = f"1 of {options.captioned} with captions" if options.captioned else "none with captions"
    print(f"\n== {options.engine}, {options.documents} lectures, {captioned} ==", flush=True)
    calibration_ms = calibrate_ms()
    print(f"calibration (fixed Python work): {calibration_ms:.1f} CPU ms")
    with _folder(options.index) as folder:
        index, build_s = _index(folder, options)
        worst_ms = _print_queries(index, calibration_ms)
        _print_ratios(index, folder, worst_ms, calibration_ms, options.engine)
        suggest_ms = _print_suggestions(index)
        update_ms = _print_update(index, folder)
        case = _case(options, index.document_count())
        print(f"calibration afterwards: {calibrate_ms():.1f} CPU ms")
        print(f"a process that opened the index and answered all of this once: {_serving_memory(folder)}\n")
    _hold("search, p95, CPU ms", worst_ms, case and case.search_ms)
    _hold("suggestion, p95, CPU ms", suggest_ms, SUGGEST_MS)
    _hold("one update until found, wall ms", update_ms, UPDATE_MS)
    _hold("rebuild, CPU s", build_s, case and case.build_s)


def _case(options: argparse.Namespace, documents: int) -> Case | None:
    """The case whose limits hold: the smallest of the engine's that is as large."""
    sizes = [case for case in CASES if case.engine == options.engine and case.documents >= documents]
    same = [case for case in sizes if bool(case.captioned) == bool(options.captioned)] or sizes
    return min(same, key=lambda case: case.documents, default=None)


def _hold(what: str, figure: float | None, limit: float | None) -> None:
    """Print a figure and whether its limit is reached."""
    if figure is not None:
        verdict = "no limit" if limit is None else f"{limit:g}  {'reached' if figure <= limit else 'MISSED'}"
        print(f"  {what:40}{figure:10.2f}   limit {verdict}")


def calibrate_ms() -> float:
    """CPU milliseconds of a fixed piece of Python work, the median of five."""

    def work() -> None:
        counts: dict[int, float] = {}
        for number in range(100_000):
            key = number * 7919 % 10_007
            counts[key] = counts.get(key, 0.0) + 1.0
        sorted(counts.values())

    return statistics.median(_cpu_ms(work) for _ in range(5))


def _cpu_ms(work: Callable[[], object]) -> float:
    started_s = time.process_time()
    work()
    return (time.process_time() - started_s) * 1000


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        yield kept
        return
    with tempfile.TemporaryDirectory() as temporary:
        yield Path(temporary)


def _index(folder: Path, options: argparse.Namespace) -> tuple[SearchIndex, float | None]:
    took_s = None
    try:
        index = open_index(folder)
    except IndexMissing:
        # By a process of its own, as in the product: who searches has not filled its memory with building.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as builder:
            took_s = builder.submit(_build, folder, options.documents, options.captioned, options.engine).result()
        print(f"build of {options.documents} lectures with {options.engine}: {took_s:.1f} CPU s")
        index = open_index(folder)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    open_ms = _cpu_ms(lambda: SearchIndex(folder))
    print(f"{index.document_count()} lectures, {size / 1e6:.1f} MB on disk, opened in {open_ms:.0f} CPU ms")
    return index, took_s


def _build(folder: Path, count: int, captioned: int, engine: str) -> float:
    """Build the index; return the CPU seconds it took without making the documents."""
    documents = MadeDocuments(count, captioned)
    started_s = time.process_time()
    rebuild(folder, documents, 1, engine)
    return time.process_time() - started_s - documents.took_s


def _measure(index: SearchIndex, texts: Sequence[str], **request: object) -> list[float]:
    """CPU milliseconds of every search, several rounds, after one round to warm up."""
    requests = [SearchRequest(text, **request) for text in texts]  # type: ignore[arg-type]
    for one in requests:
        index.search(one)
    gc.collect()
    return [_cpu_ms(lambda one=one: index.search(one)) for _ in range(ROUNDS) for one in requests]


def _fastest(times: Sequence[float]) -> list[float]:
    """Each query's fastest round: what it costs where nobody else wears the caches out."""
    asked = len(times) // ROUNDS
    return [min(times[number::asked]) for number in range(asked)]


def _p(times: Sequence[float], percent: int) -> float:
    return sorted(times)[min(len(times) - 1, len(times) * percent // 100)]


def _print_queries(index: SearchIndex, calibration_ms: float) -> float:
    asked = [text for texts in QUERIES.values() for text in texts]
    cold = [_cpu_ms(lambda text=text: index.search(SearchRequest(text, facets=FACETS))) for text in asked]
    print(f"asked for the first time: p50 {_p(cold, 50):.2f}, p95 {_p(cold, 95):.2f}, most {max(cold):.2f} CPU ms")
    title = f"CPU ms per search with {len(FACETS)} facets"
    print(f"\n{title:42}{'p50':>8}{'p95':>8}{'fastest rounds p95':>20}{'hits':>8}")
    everything: list[float] = []
    fastest: list[float] = []
    for name, texts in QUERIES.items():
        times = _measure(index, texts, facets=FACETS)
        everything += times
        fastest += _fastest(times)
        hits = statistics.median(index.search(SearchRequest(text, limit=0)).total for text in texts)
        print(f"  {name:40}{_p(times, 50):8.2f}{_p(times, 95):8.2f}{_p(_fastest(times), 95):20.2f}{hits:8.0f}")
    worst_ms = _p(everything, 95)
    print(f"  {'all':40}{_p(everything, 50):8.2f}{worst_ms:8.2f}{_p(fastest, 95):20.2f}")
    common = _measure(index, COMMON, facets=FACETS)
    print(f"  {'apart: several very common words':40}{_p(common, 50):8.2f}{_p(common, 95):8.2f}")
    half, worst = _p(everything, 50) / calibration_ms, worst_ms / calibration_ms
    print(f"  {'all, as part of the calibration':40}{half:8.3f}{worst:8.3f}")
    return worst_ms


def _print_ratios(index: SearchIndex, folder: Path, worst_ms: float, calibration_ms: float, engine: str) -> None:
    texts = [text for texts in QUERIES.values() for text in texts]
    bare = _p(_measure(index, texts), 95)
    filters = {"city": frozenset({"沈阳市", "大连市"}), "topic": frozenset({"全民健康"})}
    filtered = _p(_measure(index, texts, facets=FACETS, filters=filters), 95)
    newest = _p(_measure(index, texts, facets=FACETS, sort="newest"), 95)
    print("\np95 ratios")
    print(f"  facets counted / not                    {worst_ms / bare:8.2f}")
    print(f"  two facets filtered / not               {filtered / worst_ms:8.2f}")
    print(f"  newest first / by relevance             {newest / worst_ms:8.2f}")
    if engine == "whoosh":
        own = _p(_whoosh_times(folder, texts), 95)
        print(f"  whole search / Whoosh's own searcher    {worst_ms / own:8.2f}   (its p95 {own:.2f} CPU ms)")
    print(f"  whole search / calibration              {worst_ms / calibration_ms:8.3f}")


def _whoosh_times(folder: Path, texts: Sequence[str]) -> list[float]:
    """Whoosh's own matchers and collector over the same terms, best 200, without facets, rerank and highlights."""
    (version,) = folder.glob("v-*")
    times = []
    with open_dir(str(version)).searcher() as searcher:
        for text in texts:
            plan = plan_query(text)
            if plan is not None:
                query = Or([WhooshTerm("text", term) for term, _ in plan.scoring])
                times += [
                    _cpu_ms(lambda query=query: searcher.search(query, limit=200, optimize=False)) for _ in range(3)
                ]
    return times


def _print_suggestions(index: SearchIndex) -> float:
    typed = [text[:size] for texts in QUERIES.values() for text in texts for size in range(1, len(text) + 1)]
    popular = tuple(text for texts in QUERIES.values() for text in texts if text)
    index.suggest("y", popular=popular)
    times = [_cpu_ms(lambda one=one: index.suggest(one, popular=popular)) for _ in range(3) for one in typed]
    print(f"\nsuggest: p50 {_p(times, 50):.2f}, p95 {_p(times, 95):.2f}, most {max(times):.2f} CPU ms")
    return _p(times, 95)


def _serving_memory(folder: Path) -> str:
    """Memory of a process of its own that serves the index, and what it needs without any index."""
    served = [text for texts in QUERIES.values() for text in texts]
    script = f"""
import re
from pathlib import Path
from search_index import SearchRequest, open_index
def mb(name):
    return int(re.search(rf"^{{name}}:\\s+(\\d+)", Path("/proc/self/smaps_rollup").read_text(), re.M)[1]) / 1024
bare = mb("Rss")
index = open_index(Path({str(folder)!r}))
for text in {served!r}:
    index.search(SearchRequest(text, facets={FACETS!r}))
    index.suggest(text)
print(f"{{mb('Rss'):.0f}} MB RSS, {{mb('Pss'):.0f}} MB PSS ({{bare:.0f}} MB RSS without an index)")
"""
    answer = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return answer.stdout.strip()


def _print_update(index: SearchIndex, folder: Path) -> float:
    """One document's update, from the call to the first search that shows it, wall clock."""
    took_ms = []
    for number in range(5):
        text = next(lecture_texts(1, seed=number))
        document = Document(f"fresh-{number}", "lecture", f"鲲鹏测试{number}", text.published_at, text.description)
        started_s = time.perf_counter()
        IndexWriter(folder).apply([document], [], number)
        found = index.search(SearchRequest(f"鲲鹏测试{number}")).hits[0].id
        took_ms.append((time.perf_counter() - started_s) * 1000)
        if found != document.id:
            raise RuntimeError("An update was not found.")
    IndexWriter(folder).apply([], [f"fresh-{number}" for number in range(5)], 1)
    print(f"\none update until found, commit and refresh: {statistics.median(took_ms):.0f} ms (wall, median of 5)")
    return statistics.median(took_ms)


if __name__ == "__main__":
    main()
