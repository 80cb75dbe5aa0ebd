"""Print how well people find what they ask for, by kind of query and by system.

python -m tests.quality [--misses] [--tune-baseline]
"""

import argparse
import tempfile
from pathlib import Path

from search_index import DEFAULT_ENGINE, ENGINE_NAMES
from tests.quality import systems
from tests.quality.baseline import Parameters
from tests.quality.catalogue import lectures
from tests.quality.judgements import queries
from tests.quality.systems import Judged, judge


def main() -> None:
    """Judge every system and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality", description="Judge search quality.")
    parser.add_argument("--misses", action="store_true", help="list the queries (not held out) that fall short")
    parser.add_argument("--tune-baseline", action="store_true", help="print the baseline's best parameters and stop")
    options = parser.parse_args()
    if options.tune_baseline:
        tune_baseline()
        return
    asked = queries()
    plain = [query for query in asked if query.kind not in systems.NEEDS_MORE_THAN_PLAIN]
    with tempfile.TemporaryDirectory() as temporary:
        judged = {
            engine: judge(asked, systems.ours(Path(temporary) / engine, systems.full_document, engine))
            for engine in ENGINE_NAMES
        }
        judged["plain"] = judge(plain, systems.ours(Path(temporary) / "plain", systems.plain_document))
        judged["bm25s, plain"] = judge(plain, systems.baseline())
        print(f"{len(lectures())} lectures, {len(asked)} queries; each cell: MRR@10 Recall@10 nDCG@10 Success@3\n")
        print_table(judged)
        if options.misses:
            print_misses(judged[DEFAULT_ENGINE])


def print_table(judged: dict[str, Judged]) -> None:
    """Print one line a kind, then the halves."""
    print(f"{'':14}" + "".join(f"{name:>30}" for name in judged))
    kinds = dict.fromkeys(query.kind for query in next(iter(judged.values())).queries)
    for kind in kinds:
        print(f"{kind:14}" + "".join(_cell(one, kind, None) for one in judged.values()))
    for name, held_out in (("all", None), ("not held out", False), ("held out", True)):
        print(f"{name:14}" + "".join(_cell(one, None, held_out) for one in judged.values()))


def _cell(judged: Judged, kind: str | None, held_out: bool | None) -> str:
    if kind is not None and all(query.kind != kind for query in judged.queries):
        return f"{'–':>30}"
    scores = judged.mean(kind, held_out=held_out)
    return f"{scores.mrr:9.3f}{scores.recall:7.3f}{scores.ndcg:7.3f}{scores.success:7.3f}"


def print_misses(judged: Judged) -> None:
    """List what falls short, the worst first; held-out queries stay unseen."""
    pairs = zip(judged.queries, judged.scores, strict=True)
    short = [(one.recall, one.mrr, query) for query, one in pairs if not query.is_held_out and one.recall < 1]
    print()
    for recall, mrr, query in sorted(short, key=lambda item: item[:2]):
        print(f"{query.kind:12}{query.text:24}{recall:6.2f}{mrr:6.2f}  {','.join(query.wanted)}")


def tune_baseline() -> None:
    """Try a grid over the queries not held out."""
    asked = [q for q in queries() if not q.is_held_out and q.kind not in systems.NEEDS_MORE_THAN_PLAIN]
    grid = [Parameters(k1, b, times) for k1 in (0.8, 1.2, 1.8) for b in (0.2, 0.5, 0.8) for times in (1, 2, 3, 4)]
    tried = [(judge(asked, systems.baseline(one)).mean().ndcg, one) for one in grid]
    for ndcg, one in sorted(tried, key=lambda pair: -pair[0])[:5]:
        print(f"{ndcg:.4f} {one}")


if __name__ == "__main__":
    main()
