"""What goes into the index and what comes out: plain frozen values, no engine and no analysis."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

Sort = Literal["relevance", "newest", "popular"]


@dataclass(frozen=True, slots=True)
class Passage:
    """Something said: from which second on, and the words. Usually one caption."""

    start_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """One thing that can be found.

    Args:
        id: unique in the index; a later document with the same id replaces the earlier one.
        kind: what it is ('lecture', 'course', 'playlist'); also usable as a facet named 'kind'.
        title: shown and searched, the strongest field.
        transcript: words spoken in it, when nobody knows at which second; searched with little weight, not highlighted.
        passages: what is said when, in order of time; searched like a transcript, and the best one is shown with a hit.
        keywords: what it is filed under, by the kind of word, e.g. ``{"topic": ("网络生活",), "place": ("大连市",)}``;
            searched with the weight of a description, suggested under their kind, neither shown nor highlighted.
        facets: facet name to the document's values, e.g. ``{"city": ("沈阳市",), "topic": ("health", "tcm")}``.
        published_at: aware; orders the newest first and breaks ties.
        boost: multiplies the relevance, 1.0 is neutral. Keep it between 0.5 and 2.
        popularity: a whole number that orders "popular", the highest first; the caller says what it counts.
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
    passages: tuple[Passage, ...] = ()
    keywords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    boost: float = 1.0
    popularity: int = 0

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


class Fragment(NamedTuple):
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
    """One found document: id, kind, score, and its texts cut into fragments by field name.

    ``passage`` is where in its speech the query is answered, None when it is not said anywhere.
    """

    id: str
    kind: str
    score: float
    highlights: Mapping[str, tuple[Fragment, ...]]
    passage: "HitPassage | None" = None


@dataclass(frozen=True, slots=True)
class HitPassage:
    """The best place in the speech of a hit: play from ``start_s``; the words with matches marked."""

    start_s: float
    fragments: tuple[Fragment, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A way to finish what is being typed: the text to search for, and what it is ('title', 'teacher', 'popular')."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One page of hits, the exact number of all, and the facet counts.

    ``exact_total`` of the ``total`` hits contain what was asked, under this or another name. The others are near: they
    share some of the words, and are looked for only when few are exact. ``corrected`` is the query as it was most
    likely meant when a word of it sounds like one of the catalogue's but is written differently ("您是不是要找").
    ``is_partial`` tells that the deadline ended the search early.
    """

    hits: tuple[Hit, ...]
    total: int
    facets: Mapping[str, tuple[FacetCount, ...]]
    took_ms: float
    exact_total: int = 0
    is_partial: bool = False
    corrected: str | None = None
