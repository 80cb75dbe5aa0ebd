"""The one way texts become comparable: width, case, traditional characters, invisible characters.

``fold_text`` gives the folded string; ``fold`` also keeps, for every folded character, where it came from in the
original, so that a match in the folded text can be marked in what the reader sees. Both fold alike.

Cutting into words is in analysis.py.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from opencc import OpenCC

_to_simplified = OpenCC("t2s").convert
_REPLACEMENT = "\ufffd"
_ODD = re.compile("[^a-z0-9 \u4e00-\u9fff]")
"""Characters that folding may change."""
_SHORT = 24


class _CharTable(dict[int, str]):
    """Folded form of single characters, worked out when first met; usable with ``str.translate``."""

    def __init__(self) -> None:
        super().__init__()
        self.resized: set[str] = set()

    def __missing__(self, code: int) -> str:
        folded = _fold_char(chr(code))
        if len(folded) != 1:
            self.resized.add(chr(code))
        self[code] = folded
        return folded


def _fold_char(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cs":
        return _REPLACEMENT  # a lone surrogate cannot be encoded, so no library accepts it
    if category in {"Cc", "Zl", "Zp", "Zs"}:
        return " "
    if category == "Cf" or "\ufe00" <= char <= "\ufe0f":
        return ""  # zero-width joiners, byte order marks, variation selectors
    # NFKC of some symbols starts with a space (spacing accents); the final sigma is a sigma for searching.
    return unicodedata.normalize("NFKC", char).lower().replace("ς", "σ")


_TABLE = _CharTable()


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text with its way back: ``starts[i]`` and ``ends[i]`` bound the original of folded character i."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Bounds in the original text of the folded characters from start up to end."""
        return self.starts[start], self.ends[end - 1]


def fold_text(text: str) -> str:
    """Fold a text for indexing and querying."""
    return _fold_short(text) if len(text) <= _SHORT else _fold_text(text)


def _fold_text(text: str) -> str:
    if not unicodedata.is_normalized("NFC", text):
        text = "".join(cluster for _, _, cluster in _clusters(text))
    return simplify(_translated(text)[0])


_fold_short = lru_cache(maxsize=20_000)(_fold_text)
"""Kept, because the same tags, teachers and institutions come with document after document."""


@lru_cache(maxsize=4096)
def fold(text: str) -> Folded:
    """Fold a text and keep the way back to the original."""
    is_composed = unicodedata.is_normalized("NFC", text)
    translated, is_straight = _translated(text)
    if is_composed and is_straight:
        return Folded(simplify(translated), range(len(text)), range(1, len(text) + 1))
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    parts = ((at, at + 1, char) for at, char in enumerate(text)) if is_composed else _clusters(text)
    for start, end, cluster in parts:
        folded = cluster.translate(_TABLE)
        pieces.append(folded)
        starts.extend([start] * len(folded))
        ends.extend([end] * len(folded))
    return Folded(simplify("".join(pieces)), starts, ends)


def _translated(text: str) -> tuple[str, bool]:
    """Fold every character, and tell whether each gave one.

    Most texts hold few characters that change, punctuation of full width: replacing those is faster than translating
    every character. What becomes ASCII does not change again.
    """
    folded = text
    for char in set(_ODD.findall(text)):
        to = _TABLE[ord(char)]
        if to == char:
            continue
        if len(to) != 1 or not to.isascii():
            return text.translate(_TABLE), _TABLE.resized.isdisjoint(text)
        folded = folded.replace(char, to)
    return folded, True


def simplify(text: str) -> str:
    """Traditional to simplified characters, never changing the number of characters.

    The conversion looks at phrases (乾坤 stays, 餅乾 becomes 饼干). Should a phrase ever change its length, each
    character is converted by itself, so that offsets hold.
    """
    if text.isascii():
        return text
    simplified: str = _to_simplified(text)
    if len(simplified) == len(text):
        return simplified
    return "".join(one if len(one) == 1 else char for char in text for one in (_to_simplified(char),))


def _clusters(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, composed text) of each base character with the marks that follow it."""
    start = 0
    for at in range(1, len(text) + 1):
        if at < len(text) and _continues(text[at]):
            continue
        if at > start:
            yield start, at, unicodedata.normalize("NFC", text[start:at])
        start = at


def _continues(char: str) -> bool:
    return unicodedata.combining(char) != 0 or "\u1160" <= char <= "\u11ff"
