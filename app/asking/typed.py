"""What people type, looked at before anything of it is kept; pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from app.asking.models import QUERY_MAX
from search_index.folding import fold_text

#: Telephone, identity, account and chat numbers, however they are parted; years and 24式 are shorter.
_MOST_DIGITS: Final = 6
_CHINESE_DIGITS: Final = str.maketrans("〇零一二三四五六七八九幺", "001234567891")
_ADDRESS: Final = re.compile(r"@|https?:|www\.|\.(?:com|cn|net|org)\b", re.IGNORECASE)
_CJK: Final = re.compile("[\u3400-\u9fff]")


def squeeze(text: str) -> str:
    """Return letters and digits alone, folded as the search folds them: by this two texts are the same."""
    return "".join(letter for letter in fold_text(text) if letter.isalnum())


def is_personal(text: str) -> bool:
    """Return whether a text holds what looks like a telephone or identity number, an address of mail or web."""
    folded = unicodedata.normalize("NFKC", text)
    if _ADDRESS.search(folded):
        return True
    # Numbers written out are numbers too, but 一二三 in words such as 十二生肖 is seldom longer than three.
    together = "".join(letter for letter in folded if letter.isalnum()).translate(_CHINESE_DIGITS)
    return re.search(rf"\d{{{_MOST_DIGITS + 1},}}", together) is not None


def countable(text: str) -> str:
    """Return the form in which a query is counted; "" for what is never counted.

    Only Chinese is: pinyin and initials stand for something that is counted under its own name.
    """
    asked = " ".join(fold_text(text).split())
    if not 2 <= len(asked) <= QUERY_MAX or not _CJK.search(asked) or is_personal(asked):
        return ""
    return asked if all(letter.isalnum() or letter == " " for letter in asked) else ""
