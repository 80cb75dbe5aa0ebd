"""The unified social credit code of legal persons and other organisations (GB 32100-2015) and its check character."""

from __future__ import annotations

import unicodedata
from typing import Final

LENGTH: Final = 18
#: Digits and letters without I, O, S, V, Z; the place of each is its value.
ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_MODULUS: Final = 31
_WEIGHT_BASE: Final = 3


def normalise(typed: str) -> str:
    """Return what was meant: half width, upper case, without spaces and hyphens."""
    text = unicodedata.normalize("NFKC", typed).upper()
    return "".join(letter for letter in text if not letter.isspace() and letter not in "-–—·.")


def check_character(first_17: str) -> str:
    """Return the character that belongs behind 17 others.

    Source: GB 32100-2015, annex: weights are powers of 3 modulo 31.
    """
    total = sum(ALPHABET.index(letter) * pow(_WEIGHT_BASE, place, _MODULUS) for place, letter in enumerate(first_17))
    return ALPHABET[-total % _MODULUS]


def problem_of(code: str) -> str:
    """Return what is wrong with a normalised code as a sentence, or nothing."""
    if len(code) != LENGTH:
        return "统一社会信用代码是 18 位，请对照证书再看一遍。"
    if any(letter not in ALPHABET for letter in code):
        return "统一社会信用代码里只有数字和大写字母，没有 I、O、S、V、Z，请对照证书再看一遍。"
    if check_character(code[:-1]) != code[-1]:
        return "统一社会信用代码有一位写错了（校验位对不上），请对照证书再看一遍。"
    return ""
