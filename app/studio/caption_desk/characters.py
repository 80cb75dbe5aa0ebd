"""Characters that do not belong into a caption in standard simplified characters, with what to write instead; pure.

Traditional characters come from the conversion the search folds with, the rest is policy data (config/captions.toml).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from config.policies import read_captions
from search_index.folding import simplify

#: Kangxi radicals, their supplement, compatibility ideographs: they look like characters and are none.
_LOOK_ALIKES: Final = (range(0x2E80, 0x2FE0), range(0xF900, 0xFB00), range(0x2F800, 0x2FA20))


@dataclass(frozen=True, slots=True)
class Finding:
    """A piece of a text and what it should be; `at` and `length` count UTF-16 units, as browsers do."""

    at: int
    length: int
    found: str
    suggestion: str
    #: "variant" (not a standard character) or "confused" (a word that is often typed wrong).
    kind: str


@dataclass(frozen=True, slots=True)
class Lists:
    """The words of the policy data."""

    variants: Mapping[str, str]
    confused: Mapping[str, str]


@cache
def lists() -> Lists:
    """Return the lists, read once."""
    data = read_captions()
    return Lists(data["variants"], data["confused"])


def find_characters(text: str) -> list[Finding]:
    """Return what a Chinese text should not say this way, in order, without overlaps."""
    if text.isascii():
        return []
    taken = [False] * len(text)
    found = [*_confused(text, taken), *_variants(text, taken)]
    return sorted(found, key=lambda finding: finding.at)


def _confused(text: str, taken: list[bool]) -> Iterator[Finding]:
    for wrong, right in lists().confused.items():
        at = text.find(wrong)
        while at >= 0:
            if not any(taken[at : at + len(wrong)]):
                taken[at : at + len(wrong)] = [True] * len(wrong)
                yield _finding(text, at, len(wrong), right, "confused")
            at = text.find(wrong, at + len(wrong))


def _variants(text: str, taken: list[bool]) -> Iterator[Finding]:
    standard = _standard(text)
    at = 0
    while at < len(text):
        end = at
        while end < len(text) and standard[end] != text[end] and not taken[end]:
            end += 1
        if end > at:
            yield _finding(text, at, end - at, standard[at:end], "variant")
        at = max(end, at + 1)


def _standard(text: str) -> str:
    """Return the text in standard characters, as many as before; width of marks and letters is left alone."""
    variants = lists().variants
    return simplify("".join(variants.get(letter) or _plain(letter) for letter in text))


def _plain(letter: str) -> str:
    if not any(ord(letter) in block for block in _LOOK_ALIKES):
        return letter
    plain = unicodedata.normalize("NFKC", letter)
    return plain if len(plain) == 1 else letter


def _finding(text: str, at: int, length: int, suggestion: str, kind: str) -> Finding:
    piece = text[at : at + length]
    return Finding(_units(text[:at]), _units(piece), piece, suggestion, kind)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
