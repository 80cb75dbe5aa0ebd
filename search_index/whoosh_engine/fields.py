"""Whoosh's schema. It is pickled into every index, so the classes here must keep their names and module path."""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from sys import intern

from whoosh import columns, fields, formats

from search_index.schema import Card

ID, TEXT, CARD, STORED, SPEECH = "id", "text", "card", "stored", "speech"
_FACET_COMBINATIONS = 65_536


class WeightedTerms(fields.FieldType):  # type: ignore[misc]
    """A field whose terms and weights come ready from our own analysis; no Whoosh analyser is involved."""

    def __init__(self) -> None:
        super().__init__(format=formats.Existence(), analyzer=None, scorable=False)

    def index(self, value: Mapping[str, float], **_: object) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Yield what Whoosh stores of each term: bytes, frequency, weight, no extra payload."""
        return ((term.encode(), 1, weight, b"") for term, weight in value.items())


class Cards(fields.FieldType):  # type: ignore[misc]
    """A column of small JSON arrays, read whole into memory when a segment is opened."""

    indexed = False

    def __init__(self) -> None:
        super().__init__(format=None, analyzer=None, sortable=columns.VarBytesColumn())

    def to_column_value(self, value: Card) -> bytes:
        """Pack a card."""
        facets = json.dumps({name: list(values) for name, values in value.facets.items()}, ensure_ascii=False)
        packed = [
            value.id,
            value.kind,
            value.published_us,
            value.boost,
            value.length,
            value.title,
            value.names,
            value.body,
            facets,
            value.popularity,
        ]
        return json.dumps(packed, ensure_ascii=False, separators=(",", ":")).encode()

    def from_column_value(self, value: bytes) -> Card:
        """Unpack a card."""
        id_, kind, published_us, boost, length, title, names, body, facets, popularity = json.loads(value)
        shared, values = tuple(map(intern, names)), _unpacked_facets(facets)
        return Card(id_, intern(kind), published_us, boost, length, title, shared, body, values, popularity)


class Speech(fields.FieldType):  # type: ignore[misc]
    """A column of packed speech, read for one document; stored texts are unpacked by the block, so it is not there."""

    indexed = False

    def __init__(self) -> None:
        super().__init__(format=None, analyzer=None, sortable=columns.VarBytesColumn())

    def to_column_value(self, value: bytes) -> bytes:
        """Packed already."""
        return value

    def from_column_value(self, value: bytes) -> bytes:
        """Unpacked by whoever looks into it."""
        return value


@lru_cache(maxsize=_FACET_COMBINATIONS)
def _unpacked_facets(packed: str) -> Mapping[str, tuple[str, ...]]:
    """Facets, one object for all documents that have the same."""
    return {intern(name): tuple(map(intern, values)) for name, values in json.loads(packed).items()}


def make_schema() -> fields.Schema:
    """Build the schema of a new index."""
    return fields.Schema(
        **{
            ID: fields.ID(unique=True),
            TEXT: WeightedTerms(),
            CARD: Cards(),
            STORED: fields.STORED(),
            SPEECH: Speech(),
        }
    )
