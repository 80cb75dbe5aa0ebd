"""tantivy's schema, and a record turned into one of its documents.

One hidden document carries the checkpoint, so that a commit holds both or neither; it is not among the live ones.
"""

import json
import struct
from collections.abc import Iterator, Mapping
from functools import lru_cache

import tantivy

from search_index.schema import CARD_SEPARATORS, FACET_SEPARATORS, FIELD_WEIGHTS, Card, Record, Stored
from search_index.tantivy_engine.facet_codes import CODES, NOTHING, FacetCodes, code_term
from search_index.tantivy_engine.facet_columns import LAST, FacetColumns

ID, LIVE, SCORED, ANY, LENGTH, FACET = "id", "live", "scored", "any", "length", "facet"
NEWEST, POPULAR = "newest", "popular"
CARD, STORED, SPEECH, CHECKPOINT = "card", "stored", "speech", "checkpoint"
FACET_COLUMNS = [f"facets{number}" for number in range(LAST + 1)]
CHECKPOINT_ID = "\x00checkpoint"
_NUMBERS = struct.Struct("<qddq")
_PART, _NAME = CARD_SEPARATORS
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def make_schema() -> tantivy.Schema:
    """Build the schema of a new index."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field(ID, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field(LIVE, indexed=True)
    builder.add_text_field(SCORED, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field(ANY, tokenizer_name="whitespace", index_option="basic")
    builder.add_integer_field(NEWEST, fast=True)
    builder.add_integer_field(POPULAR, fast=True)
    builder.add_float_field(LENGTH, fast=True)
    builder.add_integer_field(CHECKPOINT, fast=True)
    builder.add_text_field(FACET, tokenizer_name="raw", index_option="basic")
    for column in FACET_COLUMNS:
        builder.add_unsigned_field(column, fast=True)
    builder.add_text_field(CODES, tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field(CARD, stored=True)
    builder.add_bytes_field(STORED, stored=True)
    builder.add_bytes_field(SPEECH, stored=True)
    return builder.build()


@lru_cache(maxsize=20_000)
def facet_term(name: str, value: str) -> str:
    """Term by which documents with a facet's value are found."""
    return f"{name}{FACET_SEPARATORS[0]}{value}".encode(errors="replace").decode()


def to_document(record: Record, columns: FacetColumns, codes: FacetCodes) -> tantivy.Document:
    """Turn a record into a tantivy document. A term's weight is how often it is said."""
    document = tantivy.Document()
    document.add_text(ID, record.id)
    document.add_unsigned(LIVE, 1)
    document.add_text(SCORED, " ".join([" ".join(terms * weight) for terms, weight in record.written]))
    # Each once: their number is a length, too.
    every: set[str] = set().union(*[terms for terms, _ in record.written], record.spoken)
    document.add_text(ANY, " ".join(every))
    document.add_integer(NEWEST, record.card.newest_key)
    document.add_integer(POPULAR, record.card.popular_key)
    document.add_float(LENGTH, record.card.length)
    for name, values in record.card.facets.items():
        for value in values:
            document.add_text(FACET, facet_term(name, value))
    for column, text in zip(FACET_COLUMNS, columns.texts(record.card.facets), strict=True):
        code = codes.of(text)
        document.add_unsigned(column, code)
        if code != NOTHING:
            document.add_text(CODES, code_term(code, text))
    document.add_bytes(CARD, _packed_card(record.card))
    document.add_bytes(STORED, _packed_texts(record.stored))
    if record.speech:
        document.add_bytes(SPEECH, record.speech)
    return document


def checkpoint_document(checkpoint: int, highest_code: int) -> tantivy.Document:
    """The hidden document. It fills all columns, because tantivy reads a column without gaps four times as fast."""
    document = tantivy.Document()
    document.add_text(ID, CHECKPOINT_ID)
    document.add_integer(NEWEST, 0)
    document.add_float(LENGTH, 0.0)
    for column in FACET_COLUMNS:
        document.add_unsigned(column, NOTHING)
    document.add_text(CODES, code_term(highest_code, ""))
    document.add_integer(CHECKPOINT, checkpoint)
    return document


def unpacked_card(packed: bytes) -> Card:
    """Reverse of what a document's card was packed by. Fifty are unpacked for a search: split, not parsed."""
    published_us, boost, length, popularity = _NUMBERS.unpack_from(packed)
    text = packed[_NUMBERS.size :].decode()
    title, body, facets, kind, names, id_ = text.split(_PART, 5)
    every = tuple(names.split(_NAME)[:-1])
    return Card(id_, kind, published_us, boost, length, title, every, body, _Facets(facets), popularity)


def unpacked_texts(packed: bytes) -> Stored:
    """Original texts of a document. Twenty are unpacked for a page."""
    texts: dict[str, str | tuple[str, ...]] = {}
    for name, text in zip(FIELD_WEIGHTS, packed.decode().split(_PART), strict=True):
        if text:
            texts[name] = tuple(text.split(_NAME)[:-1]) if text[-1] == _NAME else text
    return texts


def _packed_texts(stored: Stored) -> bytes:
    """Pack original texts in the fields' order: one of several ends with a separator, one that is missing is empty."""
    values = (stored.get(name, "") for name in FIELD_WEIGHTS)
    texts = (value if isinstance(value, str) else "".join([each + _NAME for each in value]) for value in values)
    return _PART.join(texts).encode(errors="replace")


def _packed_card(card: Card) -> bytes:
    """Pack a card. Folded texts hold no control characters and JSON escapes them; an id may hold any, and goes last."""
    facets = _json(card.facets)
    names = "".join([name + _NAME for name in card.names])
    text = _PART.join((card.title, card.body, facets, card.kind, names, card.id))
    return _NUMBERS.pack(card.published_us, card.boost, card.length, card.popularity) + text.encode(errors="replace")


class _Facets(Mapping[str, tuple[str, ...]]):
    """Facets of a card, parsed when first looked at: only near hits are counted by their cards."""

    __slots__ = ("_packed", "_parsed")

    def __init__(self, packed: str) -> None:
        self._packed = packed
        self._parsed: dict[str, tuple[str, ...]] | None = None

    def _whole(self) -> dict[str, tuple[str, ...]]:
        if self._parsed is None:
            self._parsed = {name: tuple(values) for name, values in json.loads(self._packed).items()}
        return self._parsed

    def __getitem__(self, name: str) -> tuple[str, ...]:
        return self._whole()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole())

    def __len__(self) -> int:
        return len(self._whole())
