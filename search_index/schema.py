"""The shape of the index for every engine: which fields exist, what they weigh, and a document turned into a record.

How an engine stores a record is the engine's matter.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from search_index.analysis import ANALYSIS_VERSION, add_terms, spoken_terms
from search_index.documents import Document
from search_index.folding import fold_text
from search_index.pinyin import add_sounds

SCHEMA_VERSION = f"2.{ANALYSIS_VERSION}"
"""Another version on disk means: rebuild."""

TEXT, PINYIN, INITIALS = "text", "pinyin", "initials"
"""The indexed fields: one merged, weighted text field; what it sounds like; the first letters of that."""

FIELD_WEIGHTS: Mapping[str, float] = {
    "title": 4.0,
    "tags": 3.0,
    "teacher": 3.0,
    "institution": 1.5,
    "description": 1.0,
}
TRANSCRIPT_WEIGHT = 0.25
"""Of each time a word is spoken, up to `TRANSCRIPT_MOST` in all: said often it must not outweigh a title."""
TRANSCRIPT_MOST = 1.0
MAX_TRANSCRIPT_CHARS = 20_000
"""More than an hour of speech; the rest is not searched."""
SOUNDED_FIELDS = ("title", "tags", "teacher", "institution")
KIND_FACET = "kind"
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Record:
    """A document ready for an engine: weighted terms by field, what ranking needs, what highlights need."""

    id: str
    terms: Mapping[str, Mapping[str, float]]
    card: "Card"
    stored: Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Card:
    """The small facts of a document that every reader keeps in memory: for filters, facets, sorting and ranking.

    Args:
        published_us: microseconds since 1970, UTC.
        length: weighted length of the merged text field without the transcript, or a lecture would sink because it has
            captions.
        title: folded.
        names: folded tags, teacher and institution.
    """

    id: str
    kind: str
    published_us: int
    boost: float
    length: float
    title: str
    names: tuple[str, ...]
    facets: Mapping[str, tuple[str, ...]]


def to_record(document: Document) -> Record:
    """Analyse a document."""
    text: dict[str, float] = {}
    pinyin: dict[str, float] = {}
    initials: dict[str, float] = {}
    folded = {name: _folded_values(document, name) for name in FIELD_WEIGHTS}
    length = 0.0
    for name, weight in FIELD_WEIGHTS.items():
        for value in folded[name]:
            length += add_terms(text, value, weight)
            if name in SOUNDED_FIELDS:
                add_sounds(pinyin, initials, value, weight)
    _add_transcript(text, document.transcript)
    card = Card(
        id=_storable(document.id),
        kind=_storable(document.kind),
        published_us=int(document.published_at.timestamp() * 1_000_000),
        boost=document.boost,
        length=length,
        title="".join(folded["title"]),
        names=tuple(name for field in ("tags", "teacher", "institution") for name in folded[field]),
        facets=_facets(document),
    )
    return Record(card.id, {TEXT: text, PINYIN: pinyin, INITIALS: initials}, card, _stored(document))


def _add_transcript(text: dict[str, float], transcript: str) -> None:
    counts = Counter(spoken_terms(fold_text(transcript[:MAX_TRANSCRIPT_CHARS])))
    for term, count in counts.items():
        text[term] = text.get(term, 0.0) + min(count * TRANSCRIPT_WEIGHT, TRANSCRIPT_MOST)


def _values(document: Document, field: str) -> tuple[str, ...]:
    value: str | tuple[str, ...] = getattr(document, field)
    return tuple(value) if not isinstance(value, str) else (value,)


def _folded_values(document: Document, field: str) -> tuple[str, ...]:
    folded = (fold_text(value).strip() for value in _values(document, field))
    return tuple(value for value in folded if value)


def _facets(document: Document) -> dict[str, tuple[str, ...]]:
    facets = {KIND_FACET: (document.kind,), **document.facets}
    return {_storable(name): tuple(_storable(value) for value in values) for name, values in facets.items() if values}


def _stored(document: Document) -> dict[str, str | tuple[str, ...]]:
    stored: dict[str, str | tuple[str, ...]] = {}
    for field in FIELD_WEIGHTS:
        values = tuple(_storable(value) for value in _values(document, field) if value)
        if values:
            stored[field] = values if field == "tags" else values[0]
    return stored


def _storable(text: str) -> str:
    """Replace lone surrogates, which no file and no page can carry; the number of characters stays."""
    return _SURROGATE.sub("\ufffd", text)
