"""Which words a catalogue has: collected document by document while the index is built."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from search_index import analysis, pinyin
from search_index.documents import Document
from search_index.folding import fold_text

MAX_PHRASE_WORDS, MAX_PHRASE_CHARS = 4, 8
MAX_SHOWN_CHARS = 60
_KIND_WEIGHTS = {"tag": 3.0, "teacher": 2.0, "topic": 2.0, "place": 0.2, "audience": 0.2}
"""Of other kinds each counts one. Every lecture lies in some place and is for somebody, which tells little."""
_FIRST_WORD_WEIGHT = 2.0
"""A phrase that begins a title is more likely what people call the thing."""
_DESCRIPTION_WEIGHT = 0.2
_PART_WEIGHT = 0.2
"""Of a part of an institution's name, or of what a document is filed under."""
_UNSHOWABLE = str.maketrans(dict.fromkeys([*map(chr, range(32)), "\x7f", "\x85", "\u2028", "\u2029"], " "))

#: Folded key, text to show, kind, weight, syllables.
VocabularyEntry = tuple[str, str, str, float, tuple[str, ...]]


class Vocabulary:
    """Counts what documents call things."""

    def __init__(self) -> None:
        self._names: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._words: defaultdict[str, float] = defaultdict(float)

    def add(self, document: Document, folded: Mapping[str, Sequence[str]]) -> None:
        """Count a document, given its folded fields."""
        for field, values in (
            ("title", (document.title,)),
            ("teacher", (document.teacher,)),
            ("institution", (document.institution,)),
            ("tag", document.tags),
            *document.keywords.items(),
        ):
            for value in values:
                shown = _shown(value)
                if shown:
                    self._names[shown, field] += 1
        for field in ("title", "tags"):
            for value in folded[field]:
                self._add_phrases(value)
        for field in ("institution", "keywords"):
            for value in folded[field]:
                self._add_phrases(value, _PART_WEIGHT)
        for value in folded["description"]:
            for word in _words(value):
                self._words[word] += _DESCRIPTION_WEIGHT

    def _add_phrases(self, folded: str, worth: float = 1.0) -> None:
        for phrase, gain in _phrases(folded):
            self._words[phrase] += gain * worth

    def entries(self) -> Iterator[VocabularyEntry]:
        """Yield everything found."""
        for (shown, kind), count in self._names.items():
            key = fold_text(shown).replace("\t", " ")
            yield key, shown.encode(errors="replace").decode(), kind, count * _KIND_WEIGHTS.get(kind, 1.0), _sounds(key)
        for word, weight in self._words.items():
            yield word, word, "word", weight, pinyin.syllables(word)


@lru_cache(maxsize=8192)
def _phrases(folded: str) -> tuple[tuple[str, float], ...]:
    """Phrases of a text and what each is worth."""
    found: dict[str, float] = {}
    for run, words in analysis.cut_runs(folded):
        if run.kind == "cjk":
            for at in range(len(words)):
                gain = _FIRST_WORD_WEIGHT if at == 0 else 1.0
                for part in analysis.parts_of(words[at]):
                    found.setdefault(part, 1.0)
                for phrase in _phrases_at(words, at):
                    found[phrase] = max(found.get(phrase, 0.0), gain)
    return tuple(found.items())


def _phrases_at(words: Sequence[str], at: int) -> Iterator[str]:
    """Phrases of one to four words beginning at a word; stop words neither begin nor end one."""
    if words[at] in analysis.STOP_WORDS:
        return
    phrase = ""
    for word in words[at : at + MAX_PHRASE_WORDS]:
        phrase += word
        if len(phrase) > MAX_PHRASE_CHARS:
            return
        if len(phrase) > 1 and word not in analysis.STOP_WORDS:
            yield phrase


def _words(folded: str) -> set[str]:
    cut = analysis.cut_runs(folded)
    return {word for run, words in cut if run.kind == "cjk" for word in words if 1 < len(word) <= MAX_PHRASE_CHARS}


@lru_cache(maxsize=8192)
def _shown(name: str) -> str:
    return " ".join(name.translate(_UNSHOWABLE).split())[:MAX_SHOWN_CHARS]


def _sounds(folded: str) -> tuple[str, ...]:
    """Syllables of a name, word by word so that 银行 sounds hang; other writing gives its letters."""
    found: list[str] = []
    for run, words in analysis.cut_runs(folded):
        if run.kind == "word":
            found.append(run.text)
        else:
            for word in words:
                found.extend(pinyin.syllables(word))
    return tuple(found)
