"""A number for every text of a facet column: counting numbers and handing them out costs tantivy half of what texts do.

A number is given once and never means another text, so that what a reader learned holds for every later commit. Each
document carries the meaning of its own numbers, as terms of a field of their own: a commit holds both or neither.
"""

from collections.abc import Iterable, Mapping

import tantivy

from search_index.errors import IndexUnusable
from search_index.schema import FACET_SEPARATORS

CODES = "codes"
NOTHING = 0
"""The number of the empty text."""
_END = FACET_SEPARATORS[0]
_MOST_CHARS = 10_000
"""tantivy drops terms of 65,530 bytes and more without a word."""


class FacetCodes:
    """Numbers as a writer gives them.

    Args:
        known: texts and their numbers.
        highest: the highest number that was ever given, also when its text is gone.
    """

    def __init__(self, known: Mapping[str, int] | None = None, highest: int = NOTHING) -> None:
        self._known = {"": NOTHING, **(known or {})}
        self.highest = highest

    @classmethod
    def read(cls, searcher: tantivy.Searcher) -> "FacetCodes":
        """Go on where the commits before ended."""
        meanings = list(_meanings(searcher))  # the highest number may be told twice: by its text, and by the checkpoint
        highest = max((number for number, _ in meanings), default=NOTHING)
        return cls({text: number for number, text in meanings if text}, highest)

    def of(self, text: str) -> int:
        """Return the number of a text, a new one where it has none; a text beyond all bounds is not counted."""
        number = self._known.get(text)
        if number is None and len(text) > _MOST_CHARS:
            return NOTHING
        if number is None:
            self.highest += 1
            number = self._known[text] = self.highest
        return number


def code_term(number: int, text: str) -> str:
    """Return the term that tells what a number means; with an empty text, that it was given once."""
    return f"{number}{_END}{text}"


def texts_of_codes(searcher: tantivy.Searcher) -> dict[int, str]:
    """Return what the numbers of one commit mean."""
    return {number: text for number, text in _meanings(searcher) if text} | {NOTHING: ""}


def _meanings(searcher: tantivy.Searcher) -> Iterable[tuple[int, str]]:
    for term, _ in searcher.terms_with_prefix(CODES, ""):
        number, end, text = term.partition(_END)
        if not end or not number.isdecimal():
            raise IndexUnusable("The numbers of facets cannot be read.")
        yield int(number), text
