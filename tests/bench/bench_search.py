"""Measures search over generated lectures: CPU milliseconds per query, exact totals and facet counts included.

    python -m tests.bench.bench_search [--engine whoosh] [--documents 10000] [--spoken 0] [--index FOLDER]

Both stages and the highlights of one page are counted. "Asked for the first time" is a process that has answered other
queries; "per search" is the same queries again. Figures depend on the machine, so each is also given as a ratio
to a fixed piece of Python work measured just before, and to Whoosh's own searcher on the same words. With ``--index``
the built index is kept in a folder and used again. ``--spoken`` gives each lecture so many characters of transcript.
"""

import argparse
import gc
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
from tests.factories.catalogue_texts import LectureText, lecture_texts, spoken_text

FACETS = ("city", "county", "institution", "institution_type", "audience", "topic", "category", "type")
FACETS += ("length", "language", "captions", "green_channel")
"""What the catalogue's own page counts."""
_SHARES = {"institution_type": 7, "category": 5, "length": 4}
ROUNDS = 7
QUERIES: dict[str, tuple[str, ...]] = {
    "two-character word": ("养生", "手机", "书法", "朗诵", "反诈", "剪纸", "急救", "直播", "栽培", "太极"),
    "very common word": ("社区", "老师", "学习", "课程", "大家", "基础"),
    "phrase": (
        "老年人智能手机入门",
        "春季养生",
        "沈阳故宫史话",
        "家庭常用急救方法",
        "二十四式太极拳",
        "怎么设置手机字体",
    ),
    "several words": ("手机 摄影", "沈阳市 太极", "老年人 用药", "大棚 草莓 管理", "张老师 书法"),
    "pinyin": ("yangsheng", "shouji", "taijiquan", "shufa", "zhanglaoshi"),
    "initials": ("ys", "bdj", "sjsy", "zls"),
    "typo, homophone": ("八段景", "养声", "太级拳", "书发", "剪只"),
    "traditional": ("太極拳", "養生", "書法", "故宮史話"),
    "browse": ("",),
}
COMMON = ("社区 老师", "学习 课程", "基础 课程 老师", "社区居民 学习")
"""Several very common words at once: rare, the dearest there is, and given apart."""


def main() -> None:
    """Build or reuse an index, measure, print."""
    parser = argparse.ArgumentParser(description="Measure search.")
    parser.add_argument("--engine", choices=ENGINE_NAMES, default=DEFAULT_ENGINE)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--spoken", type=int, default=0, help="characters of transcript of each lecture")
    parser.add_argument("--index", type=Path, help="keep the index here and use it again")
    options = parser.parse_args()
    calibration_ms = calibrate_ms()
    print(f"calibration (fixed Python work): {calibration_ms:.1f} CPU ms")
    with _folder(options.index) as folder:
        index = _index(folder, options)
        worst_ms = _print_queries(index, calibration_ms)
        _print_ratios(index, folder, worst_ms, calibration_ms, options.engine)
        _print_suggestions(index)
        _print_update(index, folder)
    print(f"calibration afterwards: {calibrate_ms():.1f} CPU ms")
    if options.index is not None:
        print(f"a process that opened the index and answered all of this once: {_serving_memory(options.index)}")


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


def _index(folder: Path, options: argparse.Namespace) -> SearchIndex:
    try:
        index = open_index(folder)
    except IndexMissing:
        documents = [_document(text, options.spoken) for text in lecture_texts(options.documents)]
        started_s = time.process_time()
        rebuild(folder, documents, 1, options.engine)
        took_s = time.process_time() - started_s
        print(f"build of {options.documents} lectures with {options.engine}: {took_s:.1f} CPU s")
        del documents
        index = open_index(folder)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    open_ms = _cpu_ms(lambda: SearchIndex(folder))
    print(f"{index.document_count()} lectures, {size / 1e6:.1f} MB on disk, opened in {open_ms:.0f} CPU ms")
    return index


def _document(text: LectureText, spoken: int) -> Document:
    return Document(
        id=f"lecture-{text.number}",
        kind="lecture",
        title=text.title,
        description=text.description,
        teacher=text.teacher,
        institution=text.institution,
        tags=text.tags,
        transcript=spoken_text(text, spoken),
        facets={**text.facets, **_more_facets(text.number)},
        published_at=text.published_at,
    )


def _more_facets(number: int) -> dict[str, tuple[str, ...]]:
    """The catalogue's other facets, spread over the lectures by arithmetic."""
    facets = {name: (f"{name}-{number * 7919 // 13 % values}",) for name, values in _SHARES.items()}
    facets["county"] = (f"2101{number * 31 % 100:02}",) if number % 3 else ()
    facets["language"] = ("zh" if number % 40 else "en",)
    facets["captions"] = ("yes",) if number % 4 == 0 else ()
    facets["green_channel"] = ("yes",) if number % 9 == 0 else ()
    return facets


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


def _print_suggestions(index: SearchIndex) -> None:
    typed = [text[:size] for texts in QUERIES.values() for text in texts for size in range(1, len(text) + 1)]
    popular = tuple(text for texts in QUERIES.values() for text in texts if text)
    index.suggest("y", popular=popular)
    times = [_cpu_ms(lambda one=one: index.suggest(one, popular=popular)) for _ in range(3) for one in typed]
    print(f"\nsuggest: p50 {_p(times, 50):.2f}, p95 {_p(times, 95):.2f}, most {max(times):.2f} CPU ms")


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


def _print_update(index: SearchIndex, folder: Path) -> None:
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


if __name__ == "__main__":
    main()
