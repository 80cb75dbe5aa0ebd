"""Whoosh's schema. It is pickled into every index, so the classes here must keep their names and module path."""

import json
from collections.abc import Iterator, Mapping

from whoosh import columns, fields, formats

from search_index.schema import INITIALS, PINYIN, TEXT, Card

ID, CARD, STORED = "id", "card", "stored"


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
        packed = [
            value.id,
            value.kind,
            value.published_us,
            value.boost,
            value.length,
            value.title,
            value.names,
            {name: list(values) for name, values in value.facets.items()},
        ]
        return json.dumps(packed, ensure_ascii=False, separators=(",", ":")).encode()

    def from_column_value(self, value: bytes) -> Card:
        """Unpack a card."""
        id_, kind, published_us, boost, length, title, names, facets = json.loads(value)
        return Card(
            id_, kind, published_us, boost, length, title, tuple(names), {k: tuple(v) for k, v in facets.items()}
        )


def make_schema() -> fields.Schema:
    """Build the schema of a new index."""
    return fields.Schema(
        **{
            ID: fields.ID(unique=True),
            TEXT: WeightedTerms(),
            PINYIN: WeightedTerms(),
            INITIALS: WeightedTerms(),
            CARD: Cards(),
            STORED: fields.STORED(),
        }
    )
