"""Build and query an index by hand, over any collection of JSON lines.

    python -m search_index build INDEX_FOLDER documents.jsonl [--engine tantivy]
    python -m search_index query INDEX_FOLDER 养生 --facet city --filter city=沈阳市
    python -m search_index run INDEX_FOLDER queries.tsv > ours.run
    python -m search_index suggest INDEX_FOLDER ys

A line of documents is an object with ``id`` and ``title``; ``kind``, ``description``, ``teacher``, ``institution``,
``tags``, ``transcript``, ``passages`` (list of [second, text]), ``facets`` (name to list of values), ``published_at``
(ISO 8601) and ``boost`` may be left out. A line of queries is ``id TAB text``, or JSON with ``id`` and ``text``; a run
is in the form TREC's tools read.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from search_index.documents import Document, Fragment, Passage, SearchRequest, Sort
from search_index.engines import DEFAULT_ENGINE, ENGINE_NAMES
from search_index.errors import SearchIndexError
from search_index.reader import open_index
from search_index.writer import rebuild

_NO_DATE = datetime(1970, 1, 1, tzinfo=UTC)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the process's exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (SearchIndexError, OSError, ValueError) as error:
        print(f"search_index: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m search_index", description="Build and query a full-text index.")
    commands = parser.add_subparsers(required=True)
    build = commands.add_parser("build", help="build the index anew from JSON lines")
    build.add_argument("folder", type=Path)
    build.add_argument("documents", type=argparse.FileType(encoding="utf-8"), help="a .jsonl file, or - for stdin")
    build.add_argument("--checkpoint", type=int, default=0)
    build.add_argument("--engine", choices=ENGINE_NAMES, default=DEFAULT_ENGINE)
    build.set_defaults(run=_build)
    query = commands.add_parser("query", help="search; without text, browse the newest")
    query.add_argument("folder", type=Path)
    query.add_argument("text", nargs="?", default="")
    query.add_argument("--facet", action="append", default=[], metavar="NAME")
    query.add_argument("--filter", action="append", default=[], metavar="NAME=VALUE")
    query.add_argument("--sort", choices=get_args(Sort), default="relevance")
    query.add_argument("--offset", type=int, default=0)
    query.add_argument("--limit", type=int, default=10)
    query.add_argument("--json", action="store_true", help="one JSON object a hit, ids and scores only")
    query.set_defaults(run=_query)
    many = commands.add_parser("run", help="answer a file of queries as a ranked run in TREC form")
    many.add_argument("folder", type=Path)
    many.add_argument(
        "queries", type=argparse.FileType(encoding="utf-8"), help="id TAB text, or JSON lines; - is stdin"
    )
    many.add_argument("--depth", type=int, default=100)
    many.add_argument("--name", default="search_index", help="name of the run")
    many.set_defaults(run=_run)
    complete = commands.add_parser("suggest", help="ways to finish what is typed")
    complete.add_argument("folder", type=Path)
    complete.add_argument("text")
    complete.add_argument("--limit", type=int, default=8)
    complete.set_defaults(run=_suggest)
    return parser


def _build(options: argparse.Namespace) -> int:
    with options.documents as lines:
        count = rebuild(options.folder, _documents(lines), options.checkpoint, options.engine)
    print(f"{count} documents")
    return 0


def _documents(lines: Iterable[str]) -> Iterator[Document]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield _document(json.loads(line))
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                raise ValueError(f"Line {number} is not a document: {error!r}") from error


def _document(fields: dict[str, Any]) -> Document:
    published_at = datetime.fromisoformat(fields["published_at"]) if fields.get("published_at") else _NO_DATE
    return Document(
        id=str(fields["id"]),
        kind=str(fields.get("kind", "lecture")),
        title=str(fields["title"]),
        description=str(fields.get("description") or ""),
        transcript=str(fields.get("transcript") or ""),
        teacher=str(fields.get("teacher") or ""),
        institution=str(fields.get("institution") or ""),
        tags=tuple(map(str, fields.get("tags") or ())),
        passages=tuple(Passage(float(start_s), str(text)) for start_s, text in fields.get("passages") or ()),
        keywords={str(name): tuple(map(str, texts)) for name, texts in (fields.get("keywords") or {}).items()},
        facets={str(name): tuple(map(str, values)) for name, values in (fields.get("facets") or {}).items()},
        published_at=published_at if published_at.tzinfo else published_at.replace(tzinfo=UTC),
        boost=float(fields.get("boost", 1.0)),
        popularity=int(fields.get("popularity", 0)),
    )


def _query(options: argparse.Namespace) -> int:
    filters: dict[str, set[str]] = defaultdict(set)
    for chosen in options.filter:
        name, _, value = chosen.partition("=")
        filters[name].add(value)
    request = SearchRequest(
        text=options.text,
        filters={name: frozenset(values) for name, values in filters.items()},
        facets=tuple(options.facet),
        offset=options.offset,
        limit=options.limit,
        sort=options.sort,
    )
    result = open_index(options.folder).search(request)
    for hit in result.hits:
        if options.json:
            print(json.dumps({"id": hit.id, "kind": hit.kind, "score": hit.score}, ensure_ascii=False))
        else:
            print(f"{hit.score:9.3f}  {hit.id}  {_marked(hit.highlights.get('title', ()))}")
    if not options.json:
        print(f"{result.total} hits, {result.exact_total} exact, {result.took_ms:.1f} ms")
        if result.corrected:
            print(f"meant: {result.corrected}")
        for name, counts in result.facets.items():
            print(f"{name}: " + ", ".join(f"{count.value} {count.count}" for count in counts))
    return 0


def _run(options: argparse.Namespace) -> int:
    index = open_index(options.folder)
    with options.queries as lines:
        for id_, text in _queries(lines):
            hits = index.search(SearchRequest(text, limit=options.depth)).hits if text.strip() else ()
            for rank, hit in enumerate(hits, start=1):
                # Scores fall with the rank, whatever they are: evaluation tools sort by them.
                print(f"{id_} Q0 {hit.id} {rank} {options.depth + 1 - rank} {options.name}")
    return 0


def _queries(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        id_, tab, text = line.rstrip("\r\n").partition("\t")
        if tab:
            yield id_, text
            continue
        try:
            fields = json.loads(line)
            yield str(fields["id"]), str(fields["text"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"Line {number} is not a query: {error!r}") from error


def _suggest(options: argparse.Namespace) -> int:
    for suggestion in open_index(options.folder).suggest(options.text, limit=options.limit):
        print(f"{suggestion.kind}\t{suggestion.text}")
    return 0


def _marked(fragments: Sequence[Fragment]) -> str:
    return "".join(f"[{fragment.text}]" if fragment.is_match else fragment.text for fragment in fragments)


if __name__ == "__main__":
    sys.exit(main())
