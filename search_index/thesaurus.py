"""Other words for the same thing, and what people say for what we call otherwise. The words themselves are data.

``data/thesaurus.toml`` comes with the program; an operator's own words arrive as a second text of the same form. They
widen queries only, so a change works at once, without a rebuild.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from search_index.folding import fold_text

_OWN = Path(__file__).parent / "data" / "thesaurus.toml"
MAX_MEANINGS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Thesaurus:
    """Maps a folded saying to the folded words it may be called by; the longest saying is looked for first."""

    meanings: Mapping[str, tuple[str, ...]]
    longest: int

    def found_in(self, folded: str) -> list[tuple[int, int, tuple[str, ...]]]:
        """Sayings in a folded text that do not overlap: start, end, what is meant."""
        found = []
        at = 0
        while at < len(folded):
            sizes = range(min(self.longest, len(folded) - at), 0, -1)
            size = next((size for size in sizes if folded[at : at + size] in self.meanings), 0)
            if size:
                found.append((at, at + size, self.meanings[folded[at : at + size]]))
            at += size or 1
        return found


def make_thesaurus(texts: Iterable[str]) -> Thesaurus:
    """Read thesaurus texts in TOML; later ones add to earlier ones.

    A text holds ``same = [["暖气", "供暖"], ...]``, words for each other, and tables ``[[saying]]`` with ``said``, what
    people type, and ``means``, what it is called here; blanks part words that need not stand together.

    Raises:
        ValueError: which part of a text cannot be used, and why.
    """
    meanings: dict[str, dict[str, None]] = {}
    for text in texts:
        try:
            content = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"The thesaurus is not TOML: {error}") from error
        for said, means in _pairs(content):
            meanings.setdefault(said, {}).update(dict.fromkeys(one for one in means if one != said))
    found = {said: tuple(means)[:MAX_MEANINGS] for said, means in meanings.items() if means}
    return Thesaurus(found, max(map(len, found), default=0))


@lru_cache(maxsize=1)
def own_thesaurus() -> Thesaurus:
    """The thesaurus that comes with the program."""
    return make_thesaurus([_OWN.read_text("utf-8")])


def own_text() -> str:
    """Text of the thesaurus that comes with the program, to be given to `make_thesaurus` before an operator's."""
    return _OWN.read_text("utf-8")


def _pairs(content: Mapping[str, Any]) -> Iterable[tuple[str, Sequence[str]]]:
    for group in content.get("same", []):
        words = _folded(group, "same")
        for word in words:
            yield word, words
    for saying in content.get("saying", []):
        if not isinstance(saying, dict) or not {"said", "means"} <= saying.keys():
            raise ValueError(f"A saying needs said and means: {saying!r}")
        means = _folded(saying["means"], "means")
        for said in _folded(saying["said"], "said"):
            yield said.replace(" ", ""), means


def _folded(words: object, where: str) -> list[str]:
    if not isinstance(words, list) or not all(isinstance(word, str) and word.strip() for word in words):
        raise ValueError(f"{where} must be a list of words: {words!r}")
    return [" ".join(fold_text(word).split()) for word in words]
