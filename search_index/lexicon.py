"""The words of the catalogue itself: what it calls things, and by which sounds and letters they are found.

Built with the index from titles, tags, teachers, institutions and the words of descriptions. It tells words from
accidents when a query is cut, turns pinyin, initials and homophones into words that exist here, and completes what is
being typed. It only gives hints: losing it loses no document.
"""

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from search_index import pinyin
from search_index.folder import write_durably
from search_index.lexicon_words import Vocabulary, VocabularyEntry
from search_index.sorted_table import SortedTable, packed

log = logging.getLogger(__name__)

_TABLE, _ADDED = "lexicon", "lexicon-added"
_TEXT, _SOUND, _INITIALS = "t", "s", "i"
MAX_SOUND_ROWS = 64
TITLE = "title"


@dataclass(frozen=True, slots=True)
class Entry:
    """A text of the catalogue.

    Args:
        text: as shown, for titles and names; folded, for words.
        kind: 'title', 'teacher', 'institution', 'tag' or 'word'.
        weight: how much of the catalogue calls something so.
        letters: what somebody types for it.
    """

    text: str
    kind: str
    weight: float
    letters: str


class Lexicon:
    """Looks up what was built, and what was added since."""

    def __init__(self, tables: Sequence[SortedTable]) -> None:
        self.tables = tables
        # Not bound to self: a cycle would keep replaced tables mapped.
        self.has = lru_cache(maxsize=4096)(partial(_has, tables))
        self.sounding = lru_cache(maxsize=2048)(partial(_sounding, tables))
        self.with_initials = lru_cache(maxsize=2048)(partial(_with_initials, tables))

    def beginning(self, typed: str, at_most: int) -> list[Entry]:
        """Entries whose text begins so."""
        return self._prefixed(f"{_TEXT}{typed}", at_most)

    def beginning_with_letters(self, typed: str, at_most: int) -> list[Entry]:
        """Entries whose pinyin or initials begin so."""
        return [
            *self._prefixed(f"{_INITIALS}{typed}", at_most),
            *self._prefixed(f"{_SOUND}{pinyin.confusable(typed)}", at_most),
        ]

    def holds(self, key: str, text: str, kind: str) -> bool:
        """Whether there is an entry of this kind, whatever it weighs."""
        rows = (row for table in self.tables for row in table.values(f"{_TEXT}{key}", MAX_SOUND_ROWS))
        return any(row.split("\x1f")[:2] == [text, kind] for row in rows)

    def _prefixed(self, prefix: str, at_most: int) -> list[Entry]:
        return [_entry(value) for table in self.tables for _, value in table.prefixed(prefix, at_most)]


def _has(tables: Sequence[SortedTable], text: str) -> bool:
    """Whether the catalogue uses this text as a word or name."""
    return any(table.values(f"{_TEXT}{text}", 1) for table in tables)


def _sounding(tables: Sequence[SortedTable], letters: str) -> tuple[Entry, ...]:
    """Words and names that sound like these letters, exact sounds first, then the weightiest."""
    found = _entries(tables, f"{_SOUND}{pinyin.confusable(letters)}")
    return tuple(sorted(found, key=lambda one: (one.letters != letters, -one.weight, one.text)))


def _with_initials(tables: Sequence[SortedTable], letters: str) -> tuple[Entry, ...]:
    """Words and names with these initials, the weightiest first."""
    return tuple(sorted(_entries(tables, f"{_INITIALS}{letters}"), key=lambda one: (-one.weight, one.text)))


def _entries(tables: Sequence[SortedTable], key: str) -> list[Entry]:
    rows = (row for table in tables for row in table.values(key, MAX_SOUND_ROWS))
    return [entry for entry in map(_entry, rows) if entry.kind != TITLE]


EMPTY = Lexicon(())


def _entry(row: str) -> Entry:
    text, kind, weight, letters = row.split("\x1f")
    return Entry(text, kind, float(weight), letters)


def write_lexicon(folder: Path, vocabulary: Vocabulary) -> None:
    """Write the lexicon of a new index version."""
    write_durably(folder / _TABLE, packed(_rows(vocabulary.entries())))


def add_to_lexicon(folder: Path, vocabulary: Vocabulary) -> None:
    """Note the new words of a batch of changes; they are merged with the next rebuild.

    Words that are there already are left out: a catalogue that is edited, or only watched, must not grow what every
    reader reads again.
    """
    if not folder.is_dir():
        return  # the engine tells what is wrong with the folder
    known = read_lexicon(folder)
    fresh = (entry for entry in vocabulary.entries() if not known.holds(*entry[:3]))
    rows = [list(row) for row in _rows(fresh)]
    if rows:
        with (folder / _ADDED).open("a", encoding="utf-8") as file:
            file.write(json.dumps(rows, ensure_ascii=False) + "\n")


def added_bytes(folder: Path) -> int:
    """Say how much was added since the index was built; every reader reads all of it after each addition."""
    return lexicon_mark(folder)[0]


def lexicon_mark(folder: Path) -> tuple[int, int]:
    """Tell cheaply whether words were added."""
    try:
        status = (folder / _ADDED).stat()
    except FileNotFoundError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def read_lexicon(folder: Path, previous: Lexicon = EMPTY) -> Lexicon:
    """Open the lexicon of a version. A torn one is empty: search goes on without hints.

    Args:
        folder: of the version.
        previous: of the same version, whose table is used again.
    """
    try:
        table = previous.tables[0] if previous.tables else SortedTable.open(folder / _TABLE)
    except (OSError, ValueError) as error:
        log.warning("lexicon_unreadable", extra={"folder": str(folder), "reason": str(error)})
        return EMPTY
    added = _added_rows(folder)
    return Lexicon([table, SortedTable(packed(added))] if added else [table])


def _added_rows(folder: Path) -> set[tuple[str, str]]:
    rows: set[tuple[str, str]] = set()
    try:
        lines = (folder / _ADDED).read_text("utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return rows
    for line in lines:
        try:
            rows.update((key, value) for key, value in json.loads(line))
        except ValueError:
            continue  # torn by a kill in the middle of a line
    return rows


def _rows(entries: Iterable[VocabularyEntry]) -> Iterable[tuple[str, str]]:
    for key, shown, kind, weight, sounds in entries:
        letters = pinyin.letters(sounds)
        value = "\x1f".join((shown, kind, f"{weight:g}", letters))
        yield f"{_TEXT}{key}", value
        if letters != key:
            yield f"{_SOUND}{pinyin.confusable(letters)}", value
            yield f"{_INITIALS}{pinyin.initials(sounds)}", value
