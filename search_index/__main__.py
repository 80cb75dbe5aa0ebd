"""Build and query an index by hand, over any collection of JSON lines.

    python -m search_index build INDEX_FOLDER documents.jsonl
    python -m search_index query INDEX_FOLDER 养生 --facet city --filter city=沈阳市

A line is an object with ``id`` and ``title``; ``kind``, ``description``, ``teacher``, ``institution``, ``tags``,
``transcript``, ``facets`` (name to list of values), ``published_at`` (ISO 8601) and ``boost`` may be left out.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from search_index.documents import Document, Fragment, SearchRequest
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
    build.set_defaults(run=_build)
    query = commands.add_parser("query", help="search; without text, browse the newest")
    query.add_argument("folder", type=Path)
    query.add_argument("text", nargs="?", default="")
    query.add_argument("--facet", action="append", default=[], metavar="NAME")
    query.add_argument("--filter", action="append", default=[], metavar="NAME=VALUE")
    query.add_argument("--sort", choices=("relevance", "newest"), default="relevance")
    query.add_argument("--offset", type=int, default=0)
    query.add_argument("--limit", type=int, default=10)
    query.add_argument("--json", action="store_true", help="one JSON object a hit, ids and scores only")
    query.set_defaults(run=_query)
    return parser


def _build(options: argparse.Namespace) -> int:
    with options.documents as lines:
        count = rebuild(options.folder, _documents(lines), options.checkpoint)
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
        facets={str(name): tuple(map(str, values)) for name, values in (fields.get("facets") or {}).items()},
        published_at=published_at if published_at.tzinfo else published_at.replace(tzinfo=UTC),
        boost=float(fields.get("boost", 1.0)),
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
        for name, counts in result.facets.items():
            print(f"{name}: " + ", ".join(f"{count.value} {count.count}" for count in counts))
    return 0


def _marked(fragments: Sequence[Fragment]) -> str:
    return "".join(f"[{fragment.text}]" if fragment.is_match else fragment.text for fragment in fragments)


if __name__ == "__main__":
    sys.exit(main())
