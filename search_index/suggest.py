"""Suggestions while somebody types: titles, teachers, topics and words of the catalogue, and popular queries.

Chinese is completed as text; Latin letters also as pinyin and as initials; 太ji as both. A table lookup, no search.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from search_index import analysis, pinyin
from search_index.documents import Suggestion
from search_index.folding import fold_text
from search_index.lexicon import Entry, Lexicon

MAX_TYPED = 40
_SCANNED = 250
POPULAR, _PLAIN = "popular", "word"
_KIND_ORDER = {"topic": 1.5, "tag": 1.5, "teacher": 1.3, "title": 1.0, "word": 0.8, "institution": 0.7}
_TOO_RARE = 0.5
"""Words of a single description are no suggestion."""


def suggest(lexicon: Lexicon, typed: str, *, popular: Sequence[str], limit: int) -> tuple[Suggestion, ...]:
    """Complete what is typed; popular queries first, then the weightiest of the catalogue."""
    folded = "".join(fold_text(typed[: 4 * MAX_TYPED]).split())[:MAX_TYPED]
    if not folded or limit <= 0:
        return ()
    letters = _letters(folded)
    heard = None if letters is None else pinyin.confusable(letters)
    found: dict[str, Suggestion] = {}
    for text, key, its_letters, its_initials in _popular_keys(tuple(popular)):
        is_letters = heard is not None and (its_letters.startswith(heard) or its_initials.startswith(folded))
        if key.startswith(folded) or is_letters:
            found.setdefault(key, Suggestion(text, POPULAR))
    for entry in sorted(_entries(lexicon, folded, letters), key=_rank):
        key = fold_text(entry.text)
        if key not in found and len(found) >= limit:
            break
        if key not in found or found[key].kind == _PLAIN:
            found[key] = Suggestion(entry.text, entry.kind)  # what is a title or a name as well is called that
    return tuple(found.values())[:limit]


def _letters(folded: str) -> str | None:
    """Pinyin letters of what is typed when any of it is in Latin letters, for finding by sound; None otherwise."""
    if not any(char.isascii() and char.isalpha() for char in folded):
        return None
    return "".join(
        run.text if run.kind == "word" else pinyin.letters(pinyin.syllables(run.text)) for run in analysis.runs(folded)
    )


def _entries(lexicon: Lexicon, folded: str, letters: str | None) -> Iterable[Entry]:
    yield from lexicon.beginning(folded, _SCANNED)
    if letters is not None:
        written = [run.text for run in analysis.runs(folded) if run.kind == "cjk"]
        for entry in lexicon.beginning_with_letters(letters, _SCANNED):
            if all(part in fold_text(entry.text) for part in written):
                yield entry


def _rank(entry: Entry) -> tuple[bool, float, int, str]:
    is_rare = entry.kind == "word" and entry.weight < _TOO_RARE
    return is_rare, -entry.weight * _KIND_ORDER.get(entry.kind, 1.0), len(entry.text), entry.text


@lru_cache(maxsize=8)
def _popular_keys(popular: tuple[str, ...]) -> list[tuple[str, str, str, str]]:
    keyed = []
    for text in popular:
        key = "".join(fold_text(text).split())
        sounds = tuple(
            sound
            for run in analysis.runs(key)
            for sound in ((run.text,) if run.kind == "word" else pinyin.syllables(run.text))
        )
        keyed.append((text, key, pinyin.confusable(pinyin.letters(sounds)), pinyin.initials(sounds)))
    return keyed
