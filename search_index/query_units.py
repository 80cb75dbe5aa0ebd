"""Cutting a query into units, and the ways each unit may be written in a document.

A way is one or more texts that must all be there: as typed; the same number in other digits; another name from the
thesaurus; what typed pinyin or initials stand for; what a homophone was meant to be.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

from search_index import analysis, pinyin
from search_index.lexicon import Entry, Lexicon
from search_index.numerals import is_digits_said, other_spellings
from search_index.thesaurus import Thesaurus

MAX_UNITS = 24
MAX_WAYS = 9
MAX_WINDOW_CHARS = 10
MAX_WINDOW_TOKENS = 5
MAX_LOOKUPS = 400
_LONG_ENOUGH = 3
TYPED, NUMBER, NAMED, SOUNDED, MISHEARD, INITIALED = 1.0, 1.0, 0.75, 0.9, 0.85, 0.7
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Way:
    """Texts of which each must be in the document, and how much finding them is worth beside what was typed."""

    parts: tuple[str, ...]
    weight: float = TYPED


@dataclass(frozen=True, slots=True)
class Unit:
    """One word of the query and the ways it may be written; the first way is as typed.

    Args:
        text: as typed, folded.
        ways: a document matches when it holds all parts of any.
        correction: what it was most likely meant to be, None when it is a word already.
    """

    text: str
    ways: tuple[Way, ...]
    correction: str | None = None


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    is_latin: bool


def unique(items: Iterable[_Item]) -> Iterator[_Item]:
    """Items in order, each once."""
    return iter(dict.fromkeys(items))


def cut(folded: str, lexicon: Lexicon, thesaurus: Thesaurus) -> Iterator[Unit]:
    """Yield the units of a folded query, sayings first taken out whole."""
    lookups = _Budget(lexicon)
    for chunk in folded.split(" "):
        at = 0
        for start, end, means in thesaurus.found_in(chunk):
            if _splits_latin(chunk, start, end):
                continue
            yield from _plain_units(chunk[at:start], lookups)
            yield _named(chunk[start:end], means, lookups)
            at = end
        yield from _plain_units(chunk[at:], lookups)


def spelt_together(folded: str, lexicon: Lexicon) -> str:
    """Join pinyin that was typed syllable by syllable where it is one word of the catalogue: ba duan jin."""
    lookups, parts = _Budget(lexicon), folded.split(" ")
    joined: list[str] = []
    while parts:
        size = next(
            (size for size in range(min(MAX_WINDOW_TOKENS, len(parts)), 1, -1) if _is_spelt(parts[:size], lookups)), 1
        )
        joined.append("".join(parts[:size]))
        parts = parts[size:]
    return " ".join(joined)


def _is_spelt(parts: Sequence[str], lookups: "_Budget") -> bool:
    text = "".join(parts)
    is_pinyin = text.isascii() and text.isalpha() and len(text) <= pinyin.MAX_TYPED_LETTERS
    return is_pinyin and all(map(pinyin.may_be_pinyin, parts)) and bool(lookups.sounding(text))


def _splits_latin(chunk: str, start: int, end: int) -> bool:
    """Whether a saying would be cut out of the middle of a Latin word: the ai of main is no artificial intelligence."""
    return any(0 < at < len(chunk) and _is_latin(chunk[at - 1]) and _is_latin(chunk[at]) for at in (start, end))


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalnum()


class _Budget:
    """The lexicon, asked at most so many times for one query, however long and odd that is."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._left = MAX_LOOKUPS

    def _ask(self, look: Callable[[str], "Sequence[Entry] | bool"], text: str) -> "Sequence[Entry] | bool":
        self._left -= 1
        return look(text) if self._left >= 0 else ()

    def has(self, text: str) -> bool:
        return bool(self._ask(self._lexicon.has, text))

    def sounding(self, letters: str) -> Sequence[Entry]:
        return self._ask(self._lexicon.sounding, letters) or ()  # type: ignore[return-value]

    def with_initials(self, letters: str) -> Sequence[Entry]:
        return self._ask(self._lexicon.with_initials, letters) or ()  # type: ignore[return-value]


def _named(text: str, means: Sequence[str], lookups: _Budget) -> Unit:
    ways = [Way((text,)), *(Way(tuple(one.split(" ")), NAMED) for one in means)]
    if text.isascii() and pinyin.may_be_pinyin(text):
        ways += [Way((one.text,), SOUNDED) for one in lookups.sounding(text)]
    return Unit(text, tuple(unique(ways))[:MAX_WAYS])


def _plain_units(chunk: str, lookups: _Budget) -> Iterator[Unit]:
    """Units of text without sayings; punctuation parts words, so nothing is put together across it."""
    tokens: list[_Token] = []
    end_before = 0
    for run in analysis.runs(chunk):
        if run.start > end_before:
            yield from _token_units(tokens, lookups)
            tokens = []
        if run.kind == "word":
            tokens.append(_Token(run.text, is_latin=True))
        else:
            tokens += [_Token(word, is_latin=False) for word in _whole_numbers(analysis.words(run.text))]
        end_before = run.start + len(run.text)
    yield from _token_units(tokens, lookups)


def _whole_numbers(words: Iterable[str]) -> Iterator[str]:
    """Words with digits that follow each other joined: the dictionary cuts 一二三一五 in the middle."""
    for is_digits, together in groupby(words, is_digits_said):
        if is_digits:
            yield "".join(together)
        else:
            yield from together


def _token_units(tokens: Sequence[_Token], lookups: _Budget) -> Iterator[Unit]:
    """Put tokens together where the catalogue knows them as one word, by writing or by sound."""
    at = 0
    while at < len(tokens):
        unit, used = next(_joined(tokens, at, lookups), (None, 1))
        if unit is not None:
            yield unit
        elif tokens[at].is_latin:
            following = tokens[at + 1].text[0] if at + 1 < len(tokens) else ""
            yield from _latin_units(tokens[at].text, following, lookups)
        else:
            used = _singles(tokens, at)
            text = "".join(token.text for token in tokens[at : at + used])
            yield Unit(text, (Way((text,)), *(Way((one,), NUMBER) for one in other_spellings(text))))
        at += used


def _joined(tokens: Sequence[_Token], at: int, lookups: _Budget) -> Iterator[tuple[Unit, int]]:
    """The longest run of tokens from here that is one word of the catalogue, as typed or as heard."""
    for size in range(min(MAX_WINDOW_TOKENS, len(tokens) - at), 0, -1):
        window = tokens[at : at + size]
        text = "".join(token.text for token in window)
        latin = sum(token.is_latin for token in window)
        if latin == size or len(text) > (MAX_WINDOW_CHARS if not latin else pinyin.MAX_TYPED_LETTERS) or len(text) < 2:
            continue
        if not latin and len(text) < _LONG_ENOUGH and any(token.text in analysis.STOP_WORDS for token in window):
            continue  # 的课 is no word misheard
        if latin:
            unit = _mixed_unit(text, window, lookups)
        elif size > 1 and lookups.has(text):
            unit = _known_unit(text, window)
        else:
            unit = _misheard_unit(text, lookups)
        if unit is not None:
            yield unit, size


def _known_unit(text: str, window: Sequence[_Token]) -> Unit | None:
    """A word the dictionary cut, put together again; whole phrases of whole words stay parted, so each may be found."""
    return Unit(text, (Way((text,)),)) if any(len(token.text) == 1 for token in window) else None


def _misheard_unit(text: str, lookups: _Budget) -> Unit | None:
    if lookups.has(text):
        return None
    sounds = pinyin.letters(pinyin.syllables(text))
    meant = [one.text for one in lookups.sounding(sounds) if len(one.text) == len(text)]
    if not meant:
        return None
    meant.sort(key=lambda other: -sum(a == b for a, b in zip(text, other, strict=True)))
    ways = (Way((text,)), *(Way((one,), MISHEARD) for one in unique(meant)))
    return Unit(text, ways[: MAX_WAYS // 2], meant[0])


def _mixed_unit(text: str, window: Sequence[_Token], lookups: _Budget) -> Unit | None:
    """Chinese and pinyin in one word: 太ji拳. What was typed in Chinese must be in the word meant."""
    if not all(pinyin.may_be_pinyin(token.text) or token.text in "aeo" for token in window if token.is_latin):
        return None
    written = [token.text for token in window if not token.is_latin]
    sounds = "".join(t.text if t.is_latin else pinyin.letters(pinyin.syllables(t.text)) for t in window)
    meant = [one.text for one in lookups.sounding(sounds) if all(part in one.text for part in written)]
    if not meant:
        return None
    return Unit(text, (Way((text,)), *(Way((one,), SOUNDED) for one in unique(meant)))[:MAX_WAYS], meant[0])


def _latin_units(text: str, following: str, lookups: _Budget) -> Iterator[Unit]:
    """A word in Latin letters or digits: as typed, as pinyin of one word or of several, as initials."""
    ways = [Way((text,)), *(Way((one,), NUMBER) for one in _numbers(text, following))]
    if not pinyin.may_be_pinyin(text):
        yield Unit(text, tuple(ways))
        return
    sounding = lookups.sounding(text)
    parts = [] if sounding else _known_sounds(text, lookups)
    if len(parts) > 1:
        for part in parts:
            meant = (Way((one.text,), SOUNDED) for one in lookups.sounding(part))
            yield Unit(part, (Way((part,)), *meant)[:MAX_WAYS])
        return
    ways += [Way((one.text,), SOUNDED) for one in sounding]
    ways += [Way((one.text,), INITIALED) for one in lookups.with_initials(text)[:MAX_WAYS]]
    yield Unit(text, tuple(unique(ways))[: MAX_WAYS + 1])


def _numbers(text: str, following: str) -> Sequence[str]:
    """Other spellings; a single digit says so little in Chinese that it needs what follows it: 7天 is 七天."""
    spellings = other_spellings(text)
    if len(text) > 1 or not following or following.isascii():
        return spellings if len(text) > 1 else ()
    return [f"{spelling}{following}" for spelling in spellings]


def _known_sounds(typed: str, lookups: _Budget) -> list[str]:
    """Cut typed letters into sounds of words the catalogue has, as few as can be; empty when that does not work out."""
    best: list[list[str] | None] = [None] * len(typed) + [[]]
    for at in range(len(typed) - 1, -1, -1):
        for end in range(min(len(typed), at + 24), at + 2, -1):
            rest = best[end]
            if rest is None or (best[at] is not None and len(rest) + 1 >= len(best[at] or ())):
                continue
            if any(one.letters == typed[at:end] for one in lookups.sounding(typed[at:end])):
                best[at] = [typed[at:end], *rest]
    return best[0] or []


def _singles(tokens: Sequence[_Token], at: int) -> int:
    """How many single characters in a row begin here: most likely one word the dictionary does not know."""
    end = at
    while end < len(tokens) and len(tokens[end].text) == 1 and tokens[end].text not in analysis.STOP_WORDS:
        if tokens[end].is_latin:
            break
        end += 1
    return max(1, end - at)


def required_terms(part: str) -> list[str]:
    """Terms a document must hold to hold a text: whole words, and all pairs of Chinese."""
    return [
        term for run in analysis.runs(part) for term in ([run.text] if run.kind == "word" else analysis.pairs(run.text))
    ]
