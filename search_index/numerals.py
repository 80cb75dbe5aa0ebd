"""Numbers written two ways: 24 and 二十四, 12315 and 一二三一五.

Only queries are widened; the index holds what was written.
"""

import re

_DIGITS = "零一二三四五六七八九"
_VALUES = {char: value for value, char in enumerate(_DIGITS)} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_SMALL_WHOLE = re.compile(r"[1-9]\d{0,3}")
_NUMERAL = re.compile("[零一二三四五六七八九〇两十百千]+")


def other_spellings(text: str) -> tuple[str, ...]:
    """Other ways to write a number, the likeliest first; empty for anything else."""
    if text.isascii() and text.isdigit():
        digits = "".join(_DIGITS[int(digit)] for digit in text)
        return (_spoken(int(text)), digits) if _SMALL_WHOLE.fullmatch(text) and len(text) > 1 else (digits,)
    if _NUMERAL.fullmatch(text):
        return (_written(text),)
    return ()


def is_digits_said(word: str) -> bool:
    """Whether a word is digits said one by one, as in numbers to dial."""
    return all(char in _DIGITS or char == "〇" for char in word)


def _spoken(number: int) -> str:
    """A whole number below ten thousand as it is said: 16 is 十六, 105 is 一百零五."""
    said, is_gap = "", False
    for unit, value in (("千", 1000), ("百", 100), ("十", 10), ("", 1)):
        digit = number // value % 10
        if digit:
            said += ("零" if is_gap and said else "") + _DIGITS[digit] + unit
        is_gap = not digit
    return said.removeprefix("一") if said.startswith("一十") else said


def _written(numeral: str) -> str:
    if not any(char in _UNITS for char in numeral):
        return "".join(str(_VALUES[char]) for char in numeral)
    total, digit = 0, None
    for char in numeral:
        if char in _UNITS:
            total += (1 if digit is None else digit) * _UNITS[char]
            digit = None
        else:
            digit = _VALUES[char]
    return str(total + (digit or 0))
