"""Finding words of the negative list in what a lecture says; pure.

Texts are folded as the search folds them (width, case, traditional characters), and what is put between the characters
of a word to hide it (blanks, dots, stars, line breaks of captions) is left out. Sentences are not joined: what ends one
and begins the next is no word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from search_index.folding import fold, fold_text

#: Ends a sentence: words do not reach across.
_ENDS: Final = frozenset("。，；：！？、,;:!?《》“”\"（）()")
#: Where what follows began; stands between two captions without ending a sentence.
_CONTEXT: Final = 8


@dataclass(frozen=True, slots=True)
class Word:
    """One entry of the list, folded."""

    word: str
    folded: str
    category: str
    severity: str
    why: str


@dataclass(frozen=True, slots=True)
class Passage:
    """One text of a lecture; spoken ones know when each piece begins."""

    place: str
    text: str
    #: (offset in text, seconds) of each piece, in order.
    times: Sequence[tuple[int, float]] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A word that was found, and where."""

    word: str
    category: str
    severity: str
    why: str
    place: str
    #: The words around it, as they stand there.
    excerpt: str
    at_s: float | None

    @property
    def key(self) -> str:
        """Name the word at its place, so that one answer serves however often it stands there."""
        return f"{self.place}:{self.word}"

    def to_json(self) -> dict[str, Any]:
        """Return what a review keeps."""
        return asdict(self)


def squeeze(text: str) -> str:
    """Return a word of the list as it is compared."""
    return "".join(letter for letter in fold_text(text) if letter.isalnum())


def find_words(passages: Iterable[Passage], words: Sequence[Word]) -> list[Hit]:
    """Return the first place of each word in each passage, hard ones first."""
    hits = [hit for passage in passages for hit in _find_in(passage, words)]
    return sorted(hits, key=lambda hit: hit.severity != "hard")


def _find_in(passage: Passage, words: Sequence[Word]) -> Iterator[Hit]:
    folded = fold(passage.text)
    kept = [at for at, letter in enumerate(folded.text) if letter.isalnum() or letter in _ENDS]
    squeezed = "".join(folded.text[at] if folded.text[at].isalnum() else "\0" for at in kept)
    for word in words:
        found = _place_of(word.folded, squeezed, folded.text, kept)
        if found is None:
            continue
        start, _ = folded.original_span(kept[found], kept[found] + 1)
        last = kept[found + len(word.folded) - 1]
        _, end = folded.original_span(last, last + 1)
        yield Hit(
            word.word, word.category, word.severity, word.why, passage.place,
            _excerpt(passage.text, start, end), _time_of(passage, start),
        )  # fmt: skip


def _place_of(word: str, squeezed: str, folded: str, kept: Sequence[int]) -> int | None:
    """Return where a word begins in the squeezed text; one in Latin letters must not be the inside of another."""
    found = squeezed.find(word)
    while found >= 0:
        first, last = kept[found], kept[found + len(word) - 1]
        before, after = folded[first - 1 : first], folded[last + 1 : last + 2]
        is_inside = (_is_latin(word[0]) and _is_latin(before)) or (_is_latin(word[-1]) and _is_latin(after))
        if not is_inside:
            return found
        found = squeezed.find(word, found + 1)
    return None


def _is_latin(letter: str) -> bool:
    return letter.isascii() and letter.isalnum()


def _excerpt(text: str, start: int, end: int) -> str:
    before = "…" if start > _CONTEXT else ""
    after = "…" if end + _CONTEXT < len(text) else ""
    return before + " ".join(text[max(0, start - _CONTEXT) : end + _CONTEXT].split()) + after


def _time_of(passage: Passage, offset: int) -> float | None:
    begun = [time_s for at, time_s in passage.times if at <= offset]
    return begun[-1] if begun else None


def passages_of(text: Mapping[str, Any], captions: Mapping[str, Sequence[tuple[float, str]]]) -> list[Passage]:
    """Return everything a lecture says: `text` as a snapshot has it, the cues of each caption."""
    passages = [
        Passage("title", text["title"]),
        Passage("description", text["description"]),
        Passage("teacher", text["teacher"]),
        *(Passage("tags", tag) for tag in text["tags"]),
    ]
    for language, cues in sorted(captions.items()):
        times: list[tuple[int, float]] = []
        spoken = ""
        for start_s, line in cues:
            times.append((len(spoken), start_s))
            spoken += f"{line}\n"
        passages.append(Passage(f"caption:{language}", spoken, times))
    return passages
