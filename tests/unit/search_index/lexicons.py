"""Lexicons of a few words, for tests that need a catalogue's vocabulary but no index."""

from datetime import UTC, datetime

from search_index import lexicon
from search_index.documents import Document
from search_index.lexicon import Lexicon, read_lexicon, write_lexicon
from search_index.lexicon_words import Vocabulary
from search_index.schema import to_record
from search_index.sorted_table import SortedTable, packed

__all__ = ["lexicon_of", "read_lexicon", "vocabulary_of", "write_lexicon"]


def vocabulary_of(*titles, **fields):
    """Count the words of lectures with these titles."""
    words = Vocabulary()
    for number, title in enumerate(titles):
        document = Document(str(number), "lecture", title, datetime(2026, 1, 1, tzinfo=UTC), **fields)
        words.add(document, to_record(document).folded)
    return words


def lexicon_of(*titles, **fields):
    """Make the lexicon of lectures with these titles, in memory."""
    return Lexicon([SortedTable(packed(lexicon._rows(vocabulary_of(*titles, **fields).entries())))])
