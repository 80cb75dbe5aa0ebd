"""Measures search over generated lectures: CPU milliseconds per query, exact totals and facet counts included.

    python -m tests.bench.bench_search [--documents 10000] [--spoken 0] [--index FOLDER]

Both stages and the highlights of one page are counted. Figures depend on the machine, so each is also given as a ratio
to a fixed piece of Python work measured just before, and to Whoosh's own searcher on the same words. With ``--index``
the built index is kept in a folder and used again. ``--spoken`` gives each lecture so many characters of transcript.
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from whoosh.index import open_dir
from whoosh.query import Or
from whoosh.query import Term as WhooshTerm

from search_index import Document, IndexMissing, IndexWriter, SearchIndex, SearchRequest, open_index, rebuild
from search_index.query import plan_query
from tests.factories.catalogue_texts import LectureText, lecture_texts, spoken_text

FACETS = ("city", "institution", "audience", "topic", "type")
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


def main() -> None:
    """Build or reuse an index, measure, print."""
    parser = argparse.ArgumentParser(description="Measure search.")
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--spoken", type=int, default=0, help="characters of transcript of each lecture")
    parser.add_argument("--index", type=Path, help="keep the index here and use it again")
    options = parser.parse_args()
    calibration_ms = calibrate_ms()
    print(f"calibration (fixed Python work): {calibration_ms:.1f} CPU ms")
    with _folder(options.index) as folder:
        index = _index(folder, options.documents, options.spoken)
        worst_ms = _print_queries(index, calibration_ms)
        _print_ratios(index, folder, worst_ms, calibration_ms)
        _print_update(index, folder)
    print(f"memory of this process, peak: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


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


def _index(folder: Path, documents: int, spoken: int) -> SearchIndex:
    try:
        index = open_index(folder)
    except IndexMissing:
        started_s = time.process_time()
        rebuild(folder, (_document(text, spoken) for text in lecture_texts(documents)), 1)
        print(f"build of {documents} lectures: {time.process_time() - started_s:.1f} CPU s")
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
        facets=text.facets,
        published_at=text.published_at,
    )


def _measure(index: SearchIndex, texts: Sequence[str], **request: object) -> list[float]:
    """CPU milliseconds of every search, several rounds, after one round to warm up."""
    requests = [SearchRequest(text, **request) for text in texts]  # type: ignore[arg-type]
    for one in requests:
        index.search(one)
    return [_cpu_ms(lambda one=one: index.search(one)) for _ in range(ROUNDS) for one in requests]


def _p(times: Sequence[float], percent: int) -> float:
    return sorted(times)[min(len(times) - 1, len(times) * percent // 100)]


def _print_queries(index: SearchIndex, calibration_ms: float) -> float:
    print(f"\n{'CPU ms per search with ' + str(len(FACETS)) + ' facets':42}{'p50':>8}{'p95':>8}{'hits':>8}")
    everything: list[float] = []
    for name, texts in QUERIES.items():
        times = _measure(index, texts, facets=FACETS)
        everything += times
        hits = statistics.median(index.search(SearchRequest(text, limit=0)).total for text in texts)
        print(f"  {name:40}{_p(times, 50):8.2f}{_p(times, 95):8.2f}{hits:8.0f}")
    worst_ms = _p(everything, 95)
    print(f"  {'all':40}{_p(everything, 50):8.2f}{worst_ms:8.2f}")
    half, worst = _p(everything, 50) / calibration_ms, worst_ms / calibration_ms
    print(f"  {'all, as part of the calibration':40}{half:8.3f}{worst:8.3f}")
    return worst_ms


def _print_ratios(index: SearchIndex, folder: Path, worst_ms: float, calibration_ms: float) -> None:
    texts = [text for texts in QUERIES.values() for text in texts]
    bare = _p(_measure(index, texts), 95)
    filters = {"city": frozenset({"沈阳市", "大连市"}), "topic": frozenset({"全民健康"})}
    filtered = _p(_measure(index, texts, facets=FACETS, filters=filters), 95)
    newest = _p(_measure(index, texts, facets=FACETS, sort="newest"), 95)
    own = _p(_whoosh_times(folder, texts), 95)
    print("\np95 ratios")
    print(f"  facets counted / not                    {worst_ms / bare:8.2f}")
    print(f"  two facets filtered / not               {filtered / worst_ms:8.2f}")
    print(f"  newest first / by relevance             {newest / worst_ms:8.2f}")
    print(f"  whole search / Whoosh's own searcher    {worst_ms / own:8.2f}   (its p95 {own:.2f} CPU ms, no facets)")
    print(f"  whole search / calibration              {worst_ms / calibration_ms:8.3f}")


def _whoosh_times(folder: Path, texts: Sequence[str]) -> list[float]:
    """Whoosh's own matchers and collector over the same terms, best 200, without facets, rerank and highlights."""
    (version,) = folder.glob("v-*")
    times = []
    with open_dir(str(version)).searcher() as searcher:
        for text in texts:
            plan = plan_query(text)
            if plan is not None:
                query = Or([WhooshTerm(term.field, term.text) for term, _ in plan.scoring])
                times += [
                    _cpu_ms(lambda query=query: searcher.search(query, limit=200, optimize=False)) for _ in range(3)
                ]
    return times


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
