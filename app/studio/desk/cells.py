"""Cells of the table and of the sheet: what a lecture says as texts a person would type, and back.

One reading for what is typed, pasted and imported, so that the same word gets the same answer everywhere.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.kernel.errors import InvalidInput
from app.kernel.sentences import Sentence
from app.library.models import CAPTION_LANGUAGES, Term
from app.library.parts import LectureFields
from app.library.services import LECTURE_SCHEMES
from app.studio.desk.numerals import parse_numeral

_SEPARATORS: Final = re.compile(r"[,，、;；/\n]+")
#: What stands between several words of one cell.
LIST_MARK: Final = "、"
#: Longer words are not looked for; nobody types them.
_WORD_MAX: Final = 60


class CellKind(StrEnum):
    """How a cell is edited."""

    NUMBER = "number"
    TEXT = "text"
    LONG = "long"
    LIST = "list"
    ONE = "one"
    MANY = "many"


@dataclass(frozen=True, slots=True)
class Column:
    """One thing said of a lecture; `label` is translated where it is shown."""

    name: str
    label: str
    kind: CellKind
    #: Of a kind that asks for one word: none is an answer too.
    is_optional: bool = False


COLUMNS: Final = (
    Column("position", "序号", CellKind.NUMBER),
    Column("title", "标题", CellKind.TEXT),
    Column("teacher", "主讲人", CellKind.TEXT),
    Column("description", "内容简介", CellKind.LONG),
    Column("tags", "标签", CellKind.LIST),
    Column("audience", "适合人群", CellKind.MANY),
    Column("topic", "话题", CellKind.MANY),
    Column("education_category", "教育类别", CellKind.MANY),
    Column("difficulty", "难度", CellKind.ONE, is_optional=True),
    Column("speech", "讲课用语", CellKind.MANY),
    Column("resource_type", "类型", CellKind.ONE),
    Column("language", "语言", CellKind.ONE),
    Column("licence", "使用许可", CellKind.ONE),
)
COLUMN_NAMES: Final = frozenset(column.name for column in COLUMNS)
_CHOSEN: Final = tuple(column for column in COLUMNS if column.kind in {CellKind.ONE, CellKind.MANY})


class Vocabulary:
    """The words of this year in the reader's language; what is typed may be in either, or an alias."""

    def __init__(
        self, terms: Sequence[Term], *, is_english: bool = False, language_names: Mapping[str, str] = CAPTION_LANGUAGES
    ) -> None:
        self._labels: dict[str, dict[str, str]] = {column.name: {} for column in _CHOSEN}
        self._keys: dict[str, dict[str, str]] = {column.name: {} for column in _CHOSEN}
        for term in terms:
            if term.scheme not in self._labels:
                continue
            self._labels[term.scheme][term.key] = term.label_en if is_english else term.label_zh
            for word in (*term.aliases, term.label_en, term.label_zh, term.key):
                self._keys[term.scheme][_folded(word)] = term.key
        for key, name in CAPTION_LANGUAGES.items():
            shown = language_names[key]
            self._labels["language"][key] = shown
            self._keys["language"].update({_folded(word): key for word in (name, shown, key)})

    def options(self, column: str) -> list[str]:
        """Return the words of a column in display order."""
        return list(self._labels[column].values())

    def label(self, column: str, key: str) -> str:
        """Return the word of a key; a key of other years stands for itself."""
        return self._labels[column].get(key, key)

    def in_order(self, column: str, keys: Iterable[str]) -> list[str]:
        """Return keys in display order, those of other years last."""
        places = {key: place for place, key in enumerate(self._labels[column])}
        return sorted(keys, key=lambda key: (places.get(key, len(places)), key))

    def find(self, column: str, word: str) -> str | None:
        """Return the key of a word."""
        return self._keys[column].get(_folded(word))

    def nearest(self, column: str, word: str) -> str:
        """Return the word that was probably meant, or nothing."""
        def likeness(label: str) -> float:
            letters = iter(label)
            is_within = all(letter in letters for letter in word)  # 老人 in 老年人群
            return difflib.SequenceMatcher(None, word, label).ratio() + (0.5 if is_within else 0.0)

        best = max(self._labels[column].values(), key=likeness, default="")
        return best if best and likeness(best) >= 0.5 else ""


def _folded(word: str) -> str:
    return re.sub(r"\s+", "", word).casefold()


def write_cells(said: LectureFields, words: Vocabulary) -> dict[str, str]:
    """Return what a lecture says to its people as cells."""
    cells = {
        "position": str(said.position) if said.position else "", "title": said.title,
        "teacher": said.teacher, "description": said.description, "tags": LIST_MARK.join(said.tags),
        "resource_type": words.label("resource_type", said.resource_type),
        "language": words.label("language", said.language or ""), "licence": words.label("licence", said.licence),
    }
    for column in _CHOSEN:
        if column.name in LECTURE_SCHEMES:
            keys = words.in_order(column.name, [key for scheme, key in said.terms if scheme == column.name])
            cells[column.name] = LIST_MARK.join(words.label(column.name, key) for key in keys)
    return cells


def read_cells(cells: Mapping[str, str], words: Vocabulary) -> LectureFields:
    """Return what cells of every column say.

    Raises:
        InvalidInput: with a sentence for each cell that cannot be read; lengths are the library's to judge.
    """
    problems: dict[str, str] = {}
    chosen: dict[str, list[str]] = {}
    for column in _CHOSEN:
        chosen[column.name] = _keys_of(column, cells[column.name], words, problems)
    position = _position(cells["position"], problems)
    if problems:
        raise InvalidInput(fields=problems)
    return LectureFields(
        title=cells["title"],
        teacher=cells["teacher"],
        description=cells["description"].replace("\r\n", "\n"),
        tags=split_list(cells["tags"]),
        resource_type=chosen["resource_type"][0],
        licence=chosen["licence"][0],
        language=chosen["language"][0],
        terms=[(scheme, key) for scheme in LECTURE_SCHEMES for key in chosen[scheme]],
        position=position,
    )


def split_list(text: str) -> list[str]:
    """Split the words of one cell."""
    return [word.strip() for word in _SEPARATORS.split(text) if word.strip()]


def _keys_of(column: Column, text: str, words: Vocabulary, problems: dict[str, str]) -> list[str]:
    is_one = column.kind is CellKind.ONE
    if column.is_optional and not text.strip():
        return []
    typed = [text.strip()] if is_one else split_list(text)
    if is_one and not typed[0]:
        problems[column.name] = "请从列表中选择。"
        return []
    keys = []
    for word in typed:
        key = words.find(column.name, word)
        if key is None:
            problems[column.name] = _unknown(column.name, word[:_WORD_MAX], words)
            return []
        keys.append(key)
    return list(dict.fromkeys(keys))


def _unknown(column: str, word: str, words: Vocabulary) -> Sentence:
    nearest = words.nearest(column, word)
    if nearest:
        return Sentence("没有这个词“%(word)s”；是不是“%(nearest)s”？", word=word, nearest=nearest)
    return Sentence("没有这个词“%(word)s”，请从列表中选择。", word=word)


def _position(text: str, problems: dict[str, str]) -> int | None:
    typed = text.strip()
    if not typed:
        return 0
    number = parse_numeral(re.sub(r"\.0+$", "", typed)) if len(typed) < 10 else None
    if number is None:
        problems["position"] = "序号请写整数，比如 3。"
    return number
