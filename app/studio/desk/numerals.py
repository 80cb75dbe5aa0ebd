"""Chinese and full-width numerals, and an order of names in which 2 comes before 10."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_DIGITS: Final = {character: value for value, pair in enumerate(
    ("〇零", "一壹", "二两贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")) for character in pair}
_UNITS: Final = {"十": 10, "拾": 10, "百": 100, "佰": 100}
#: What a numeral may be written with, for other patterns.
NUMERAL: Final = rf"(?:\d{{1,3}}|[{''.join(_DIGITS)}{''.join(_UNITS)}]{{1,6}})"
_ORDINAL: Final = re.compile(rf"第\s*({NUMERAL})")
_RUN: Final = re.compile(r"(\d+)")


def parse_numeral(text: str) -> int | None:
    """Return the number of `12`, `十二`, `一百零三` or `二三` read digit by digit; None for what is no number."""
    if text.isdecimal():
        return int(text)
    if not text or any(letter not in _DIGITS and letter not in _UNITS for letter in text):
        return None
    if not any(letter in _UNITS for letter in text):
        return int("".join(str(_DIGITS[letter]) for letter in text))
    total, pending = 0, None
    for letter in text:
        if letter in _DIGITS:
            pending = _DIGITS[letter]
        else:
            total += (1 if pending is None else pending) * _UNITS[letter]
            pending = None
    return total + (pending or 0)


def natural_key(path: str) -> tuple[tuple[tuple[int, int, str], ...], ...]:
    """Return a key by which paths sort as people count: by folder, numbers by value, 第二讲 before 第十讲."""

    def count(match: re.Match[str]) -> str:
        value = parse_numeral(match[1])
        return match[0] if value is None else f"第{value}"

    def key_of(part: str) -> tuple[tuple[int, int, str], ...]:
        folded = _ORDINAL.sub(count, unicodedata.normalize("NFKC", part).casefold())
        return tuple((0, int(run), "") if run.isdecimal() else (1, 0, run) for run in _RUN.split(folded) if run)

    return tuple(key_of(part) for part in path.split("/"))
