"""Sound of Chinese text: its letters as typed, its initials, and a key that forgives what ears confuse.

Tones are left out, ü is v. Which texts are known by sound is in lexicon.py.
"""

from functools import lru_cache

from pypinyin import lazy_pinyin

MAX_TYPED_LETTERS = 48
# What southern and northern ears confuse, replaced in the joined letters, so that typed letters need not be cut first.
_CONFUSED = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))


@lru_cache(maxsize=50_000)
def syllables(word: str) -> tuple[str, ...]:
    """Toneless syllable of each character of a word; a character without one stands for itself."""
    sounds = tuple(lazy_pinyin(word))
    if len(sounds) == len(word):
        return sounds
    return tuple(sound for char in word for sound in lazy_pinyin(char)[:1])


def letters(sounds: tuple[str, ...]) -> str:
    """Letters somebody types for these syllables."""
    return "".join(sounds)


def initials(sounds: tuple[str, ...]) -> str:
    """First letters of syllables."""
    return "".join(sound[:1] for sound in sounds)


def confusable(typed: str) -> str:
    """Key under which letters that sound alike meet: zhang, zang, zhan and zan are one."""
    for one, other in _CONFUSED:
        typed = typed.replace(one, other)
    return typed


def may_be_pinyin(typed: str) -> bool:
    """Whether typed letters could be syllables or initials at all."""
    return typed.isascii() and typed.isalpha() and 2 <= len(typed) <= MAX_TYPED_LETTERS
