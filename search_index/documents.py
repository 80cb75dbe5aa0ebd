"""What goes into the index and what comes out: plain frozen values, no engine and no analysis."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Sort = Literal["relevance", "newest"]


@dataclass(frozen=True, slots=True)
class Document:
    """One thing that can be found.

    Args:
        id: unique in the index; a later document with the same id replaces the earlier one.
        kind: what it is ('lecture', 'course', 'playlist'); also usable as a facet named 'kind'.
        title: shown and searched, the strongest field.
        transcript: words spoken in it; searched with little weight as far as `MAX_TRANSCRIPT_CHARS`, not highlighted.
        facets: facet name to the document's values, e.g. ``{"city": ("沈阳市",), "topic": ("health", "tcm")}``.
        published_at: aware; orders the newest first and breaks ties.
        boost: multiplies the relevance, 1.0 is neutral. Keep it between 0.5 and 2.
    """

    id: str
    kind: str
    title: str
    published_at: datetime
    description: str = ""
    teacher: str = ""
    institution: str = ""
    tags: tuple[str, ...] = ()
    transcript: str = ""
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    boost: float = 1.0

    def __post_init__(self) -> None:
        if not self.id:
            raise ValueError("A document needs an id.")
        if self.published_at.tzinfo is None:
            raise ValueError(f"published_at of document {self.id} must be aware.")


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One search. An empty text browses everything, the newest first.

    Args:
        filters: facet name to the accepted values (any of them); several facets must all
            accept. Empty sets are ignored.
        facets: names of the facets to count.
        facet_values: how many values of a facet to list at most, the most frequent; filtered ones are always listed.
    """

    text: str = ""
    filters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    facets: tuple[str, ...] = ()
    offset: int = 0
    limit: int = 20
    sort: Sort = "relevance"
    facet_values: int = 100

    def __post_init__(self) -> None:
        if self.offset < 0 or self.limit < 0:
            raise ValueError("offset and limit cannot be negative.")


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of the original text; pieces that matched are to be marked. Plain text: escape it when you render."""

    text: str
    is_match: bool


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many hits carry this value of a facet."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Hit:
    """One found document: id, kind, score, and its texts cut into fragments by field name."""

    id: str
    kind: str
    score: float
    highlights: Mapping[str, tuple[Fragment, ...]]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One page of hits, the exact number of all, and the facet counts.

    ``exact_total`` of the ``total`` hits contain what was asked; the others, listed after them, are near: some of the
    words, or words that sound the same. ``is_partial`` tells that the deadline ended the search early.
    """

    hits: tuple[Hit, ...]
    total: int
    facets: Mapping[str, tuple[FacetCount, ...]]
    took_ms: float
    exact_total: int = 0
    is_partial: bool = False
