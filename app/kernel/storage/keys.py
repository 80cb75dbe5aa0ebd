"""What a key and a prefix may look like, the same for every store; nothing here touches a disk or a network.

A key is a relative path of plain names: `media/<digest>/240p/0001.m4s`. A prefix always means a folder: `media/ab` and
`media/ab/` both stand for the keys beneath `media/ab/`, never for those of `media/abc/`, so that deleting one upload
cannot take its neighbour along.
"""

from __future__ import annotations

import unicodedata
from typing import Final

#: S3 allows 1,024 bytes; folders need room for their own root in PATH_MAX, and for a suffix in NAME_MAX.
KEY_BYTES_MAX: Final = 900
NAME_BYTES_MAX: Final = 240

#: Where files lie that people are still sending; their owners sweep them, not the store.
INCOMING_PREFIX: Final = "incoming"

#: Control characters and lone surrogates do not survive the XML of a listing; nor do these, or not in every store.
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cs"})
_REFUSED_CHARACTERS: Final = frozenset("\\\ufffe\uffff")


class InvalidKey(ValueError):
    """A key or prefix no store accepts: a mistake of the caller, never of the user or of the store."""


def check_key(key: str) -> str:
    """Return `key` when it names an object.

    Raises:
        InvalidKey: when it is empty, absolute, too long, climbs out, or holds characters stores disagree about.
    """
    fault = _fault(key)
    if fault:
        raise InvalidKey(f"{key[:100]!r}: {fault}")
    return key


def is_key(key: str) -> bool:
    """Tell whether `key` could name an object; what cannot is simply not there when read."""
    return _fault(key) is None


def check_prefix(prefix: str) -> str:
    """Return `prefix` as a folder ending in a slash; the empty prefix stands for everything.

    Raises:
        InvalidKey: when no key could begin with it.
    """
    return check_key(prefix.removesuffix("/")) + "/" if prefix else ""


def _fault(key: str) -> str | None:
    if any(unicodedata.category(letter) in _REFUSED_CATEGORIES or letter in _REFUSED_CHARACTERS for letter in key):
        return "holds a control character, half a surrogate pair or a backslash"
    if len(key.encode()) > KEY_BYTES_MAX:
        return f"is longer than {KEY_BYTES_MAX} bytes"
    for name in key.split("/"):
        if not name:
            return "is empty, absolute or has an empty name between slashes"
        if name.startswith("."):
            return "has a name that begins with a dot"
        if len(name.encode()) > NAME_BYTES_MAX:
            return f"has a name longer than {NAME_BYTES_MAX} bytes"
    return None
