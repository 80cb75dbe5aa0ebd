"""What is judged: our search over each engine with everything it has, and over plain documents beside the baseline."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from search_index import DEFAULT_ENGINE, Document, Passage, SearchIndex, SearchRequest, rebuild
from tests.quality.baseline import TUNED, Baseline, Parameters
from tests.quality.catalogue import Lecture, lectures
from tests.quality.judgements import Query
from tests.quality.measures import DEPTH, Scores, mean, score

Ranker = Callable[[Query], Sequence[str]]
NEEDS_MORE_THAN_PLAIN = frozenset({"spoken", "teacher", "filed"})
"""Kinds whose answer is not in title and description; nobody is compared over them on plain documents."""

FILED_UNDER = {"topic": "topic", "audience": "audience", "place": "city"}
"""Facets of which the catalogue also makes keywords."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Queries and their scores, in order."""

    queries: tuple[Query, ...]
    scores: tuple[Scores, ...]

    def mean(self, kind: str | None = None, *, held_out: bool | None = None) -> Scores:
        """Average over a kind, one half, or everything."""
        chosen = zip(self.queries, self.scores, strict=True)
        return mean(
            [
                one
                for query, one in chosen
                if (kind is None or query.kind == kind) and (held_out is None or query.is_held_out == held_out)
            ]
        )


def judge(queries: Sequence[Query], ranker: Ranker) -> Judged:
    """Run every query."""
    return Judged(tuple(queries), tuple(score(ranker(query), query.grades()) for query in queries))


def full_document(lecture: Lecture) -> Document:
    """A lecture as the catalogue hands it over."""
    return Document(
        id=lecture.id,
        kind="lecture",
        title=lecture.title,
        published_at=lecture.published_at,
        description=lecture.description,
        teacher=lecture.teacher,
        institution=lecture.institution,
        tags=lecture.tags,
        passages=tuple(Passage(start_s, text) for start_s, text in lecture.cues),
        keywords={kind: lecture.facets[facet] for kind, facet in FILED_UNDER.items()},
        facets=lecture.facets,
    )


def plain_document(lecture: Lecture) -> Document:
    """Title and description alone, as in collections that have nothing else."""
    return Document(
        lecture.id, "lecture", lecture.title, lecture.published_at, lecture.description, facets=lecture.facets
    )


def ours(folder: Path, make: Callable[[Lecture], Document], engine: str = DEFAULT_ENGINE) -> Ranker:
    """Build an index and return its ranker."""
    rebuild(folder, (make(lecture) for lecture in lectures()), 1, engine)
    index = SearchIndex(folder)

    def ranked(query: Query) -> list[str]:
        filters = {name: frozenset({value}) for name, value in query.filters.items()}
        return [hit.id for hit in index.search(SearchRequest(query.text, filters=filters, limit=DEPTH)).hits]

    return ranked


def baseline(parameters: Parameters = TUNED) -> Ranker:
    """Return the baseline's ranker over plain documents; facets are filtered as ours are."""
    bm25 = Baseline([(one.id, one.title, one.description) for one in lectures()], parameters)

    def ranked(query: Query) -> list[str]:
        if not query.filters:
            return bm25.ranked(query.text)
        kept = {one.id: all(value in one.facets[name] for name, value in query.filters.items()) for one in lectures()}
        return bm25.ranked(query.text, kept)

    return ranked
