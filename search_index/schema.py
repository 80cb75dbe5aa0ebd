"""The shape of the index for every engine: which fields exist, what they weigh, and a document turned into a record.

How an engine stores a record is the engine's matter.
"""

import re
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from search_index.analysis import ANALYSIS_VERSION, spoken_terms, written_terms
from search_index.documents import Document, Sort
from search_index.folding import fold_text
from search_index.passages import SEPARATOR, folded_speech, pack_speech

SCHEMA_VERSION = f"7.{ANALYSIS_VERSION}"
"""Another version on disk means: rebuild. Raised also when the documents handed in carry other facets than before."""

FIELD_WEIGHTS: Mapping[str, int] = {
    "title": 3,
    "tags": 2,
    "teacher": 2,
    "institution": 1,
    "description": 1,
    "keywords": 1,
}
"""Whole numbers: an engine that only counts terms counts one so many times."""
KEYWORDS = "keywords"
"""The field that is not shown, and lengthens no document: everything is filed under something."""
SHOWN_FIELDS = tuple(name for name in FIELD_WEIGHTS if name != KEYWORDS)
SPOKEN_WEIGHT = 0.25
"""Of each time a word is spoken, up to `SPOKEN_MOST` in all: said often it must not outweigh a title."""
SPOKEN_MOST = 1.0
MAX_SPOKEN_CHARS = 20_000
"""More than an hour of speech; the rest is not searched."""
MAX_BODY_CHARS = 1000
"""So much of a description is looked at closely when hits are ordered; all of it is searched."""
KIND_FACET = "kind"
_TIE_KEYS = 1024
FACET_SEPARATORS = "\x7f", "\x80"
"""Never in a facet's name or value, so that engines may join them. JSON, which tantivy answers in, escapes neither."""
CARD_SEPARATORS = "\x1f", "\x1e"
"""Not in them either, nor in stored or folded text, so that engines may join the parts of a card and its texts."""
_BLANKS = str.maketrans(dict.fromkeys((*FACET_SEPARATORS, *CARD_SEPARATORS), " "))
_REPLACEMENT = "\ufffd"
_POPULAR_BITS, _SECOND_BITS, _POPULAR_TIE_BITS = 20, 32, 11
_SURROGATE = re.compile("[\ud800-\udfff]")
_NOT_STORED = re.compile(f"[\ud800-\udfff{''.join(CARD_SEPARATORS)}]")

Stored = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Record:
    """A document ready for an engine.

    Args:
        written: of every value of a field its terms, each as often as it counts, and the field's weight.
        spoken: terms of its speech and their weights.
        card: what ranking needs.
        stored: its texts, what highlights need.
        speech: what is said when, packed; see passages.py.
        folded: values of the fields.
    """

    id: str
    written: Sequence[tuple[list[str], int]]
    spoken: Mapping[str, float]
    card: "Card"
    stored: Stored
    speech: bytes
    folded: Mapping[str, tuple[str, ...]]

    @property
    def terms(self) -> dict[str, float]:
        """Weight of every written term, over all fields."""
        weights: dict[str, float] = {}
        for terms, weight in self.written:
            for term in terms:
                weights[term] = weights.get(term, 0.0) + weight
        return weights


@dataclass(frozen=True, slots=True)
class Card:
    """The small facts of a document: for filters, facets, sorting and ranking.

    Args:
        published_us: microseconds since 1970, UTC.
        length: weighted length of the fields without speech, or a lecture would sink because it has captions.
        title: folded.
        names: folded tags, teacher and institution.
        body: folded description, its beginning, and keywords.
    """

    id: str
    kind: str
    published_us: int
    boost: float
    length: float
    title: str
    names: tuple[str, ...]
    body: str
    facets: Mapping[str, tuple[str, ...]]
    popularity: int = 0

    @property
    def newest_key(self) -> int:
        """Orders the newest first, the same in every engine, also among documents published at one moment."""
        return self.published_us * _TIE_KEYS + zlib.crc32(self.id.encode(errors="replace")) % _TIE_KEYS

    @property
    def popular_key(self) -> int:
        """Orders the most popular first, equal ones the newest first, the same in every engine; fits 63 bits."""
        popularity = min(max(self.popularity, 0), (1 << _POPULAR_BITS) - 1)
        second = min(max(self.published_us // 1_000_000, 0), (1 << _SECOND_BITS) - 1)
        tie = zlib.crc32(self.id.encode(errors="replace")) % (1 << _POPULAR_TIE_BITS)
        return (popularity << _SECOND_BITS | second) << _POPULAR_TIE_BITS | tie

    def key_of(self, sort: Sort) -> int:
        """The key of an order that does not depend on the query, the highest first."""
        return self.popular_key if sort == "popular" else self.newest_key

    @staticmethod
    def published_of_key(key: int) -> int:
        """The publication time a `newest_key` was made of."""
        return key // _TIE_KEYS


def to_record(document: Document) -> Record:
    """Analyse a document."""
    folded = {name: _folded_values(document, name) for name in FIELD_WEIGHTS}
    written: list[tuple[list[str], int]] = []
    length = 0.0
    for name, weight in FIELD_WEIGHTS.items():
        for value in folded[name]:
            terms, size = written_terms(value)
            written.append((terms, weight))
            length += size * weight if name != KEYWORDS else 0
    said = folded_speech(document.passages)
    speech = "\n".join([fold_text(document.transcript[:MAX_SPOKEN_CHARS]), said.replace(SEPARATOR, "\n")])
    card = Card(
        id=storable(document.id),
        kind=facet_text(document.kind),
        published_us=int(document.published_at.timestamp() * 1_000_000),
        boost=document.boost,
        length=length,
        title="".join(folded["title"]),
        names=tuple(name for field in ("tags", "teacher", "institution") for name in folded[field]),
        body="\n".join(["".join(folded["description"])[:MAX_BODY_CHARS], *folded[KEYWORDS]]).strip(),
        facets=facets_of(document),
        popularity=document.popularity,
    )
    packed = pack_speech(document.passages, said)
    return Record(card.id, written, _spoken(speech.strip()), card, stored_of(document), packed, folded)


def _spoken(folded: str) -> dict[str, float]:
    counts = Counter(spoken_terms(folded[:MAX_SPOKEN_CHARS])) if folded else {}
    return {term: min(count * SPOKEN_WEIGHT, SPOKEN_MOST) for term, count in counts.items()}


def _values(document: Document, field: str) -> tuple[str, ...]:
    value: str | tuple[str, ...] | Mapping[str, tuple[str, ...]] = getattr(document, field)
    if isinstance(value, Mapping):
        return tuple(text for texts in value.values() for text in texts)
    return tuple(value) if not isinstance(value, str) else (value,)


def _folded_values(document: Document, field: str) -> tuple[str, ...]:
    folded = (fold_text(value).strip() for value in _values(document, field))
    return tuple(value for value in folded if value)


def facets_of(document: Document) -> dict[str, tuple[str, ...]]:
    """Return the facets as they are kept."""
    facets = {KIND_FACET: (document.kind,), **document.facets}
    return {facet_text(name): tuple(map(facet_text, values)) for name, values in facets.items() if values}


@lru_cache(maxsize=20_000)
def facet_text(text: str) -> str:
    """Return a facet's name or value as it is kept."""
    return storable(text).translate(_BLANKS)


def stored_of(document: Document) -> dict[str, str | tuple[str, ...]]:
    """Return the texts as they are kept for highlights, and what else a document is found by."""
    stored: dict[str, str | tuple[str, ...]] = {}
    for field in FIELD_WEIGHTS:
        values = tuple(_NOT_STORED.sub(_REPLACEMENT, value) for value in _values(document, field) if value)
        if values:
            stored[field] = values if field in {"tags", KEYWORDS} else values[0]
    return stored


def storable(text: str) -> str:
    """Replace lone surrogates, which no file and no page can carry; the number of characters stays."""
    return _SURROGATE.sub(_REPLACEMENT, text)
