"""Facets in few columns: counting costs tantivy by the column and document, so facets with few values share one.

Which facets go together is chosen from the first documents of a rebuild and stays until the next; a facet nobody had
thought of goes into the last column. Only speed depends on the choice: a column's text names the facets it holds.
Kept are numbers that stand for texts; see facet_codes.py.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from threading import Lock

from search_index.errors import IndexUnusable
from search_index.folder import write_durably
from search_index.schema import FACET_SEPARATORS

LAST = 7
"""Number of the last column, counted from 0."""
SAMPLE = 2000
"""So many documents are looked at before facets are laid out."""
_MOST_TOGETHER = 100
"""Different combinations in one column: each costs a search as much as a few hundred documents."""
_FILE = "facet-columns.json"
_VALUE_END, _FACET_END = FACET_SEPARATORS

Facets = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class FacetColumns:
    """Which facets share a column: the columns' facets in order; the last column is for all that has no other place.

    Args:
        together: facets of each column.
        single: facets alone in their column with never more than one value there, so that the most frequent texts of
            the column are the most frequent values.
    """

    together: tuple[tuple[str, ...], ...]
    single: frozenset[str]
    _places: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        places = {name: at for at, names in enumerate(self.together) for name in names}
        object.__setattr__(self, "_places", places)

    @classmethod
    def chosen_for(cls, sample: Sequence[Facets]) -> "FacetColumns":
        """Lay out facets so that few columns hold few combinations each; facets with many values stay alone."""
        names = sorted({name for facets in sample for name in facets})
        columns: list[tuple[str, ...]] = []
        for name in sorted(names, key=lambda one: (-_combinations(sample, (one,)), one)):
            joined = [(_combinations(sample, (*column, name)), at) for at, column in enumerate(columns)]
            least, at = min(joined, default=(0, 0))
            if joined and (least <= _MOST_TOGETHER or len(columns) == LAST):
                columns[at] = (*columns[at], name)
            else:
                columns.append((name,))
        alone = [names[0] for names in columns if len(names) == 1]
        single = [name for name in alone if all(len(facets.get(name, ())) < 2 for facets in sample)]
        return cls(tuple(columns), frozenset(single))

    @classmethod
    def read(cls, folder: Path) -> "FacetColumns":
        """Read what was chosen.

        Raises:
            IndexUnusable: the file is missing or torn.
        """
        try:
            together, single = json.loads((folder / _FILE).read_text("utf-8"))
            return cls(tuple(tuple(map(str, names)) for names in together), frozenset(map(str, single)))
        except (OSError, ValueError, TypeError) as error:
            raise IndexUnusable(f"The facet columns of the index in {folder} cannot be read.") from error

    def write(self, folder: Path) -> None:
        """Write it down, durably."""
        write_durably(folder / _FILE, json.dumps([self.together, sorted(self.single)]).encode())

    def column_of(self, name: str) -> int:
        """Number of the column a facet is in."""
        return self._places.get(name, LAST)

    def texts(self, facets: Facets) -> list[str]:
        """Text of every column for a document."""
        texts = [""] * (LAST + 1)
        for name, values in sorted(facets.items()):
            has_place = len(values) == 1 or name not in self.single
            texts[self.column_of(name) if has_place else LAST] += _packed(name, values)
        return texts


@dataclass(frozen=True, slots=True)
class _Known:
    """What a column's numbers mean for one facet.

    Args:
        values_of: the facet's values in the text of every number.
        codes_of: the numbers of the texts every value is in.
        only: the value of every number that has one, where each value is in one text and no text has two.
    """

    values_of: Mapping[int, Sequence[str]]
    codes_of: Mapping[str, Sequence[int]]
    only: Mapping[int, str] | None

    def and_texts(self, texts: Iterable[tuple[int, str]], name: str) -> "_Known":
        """Know some texts more."""
        values_of, codes_of = dict(self.values_of), {value: list(known) for value, known in self.codes_of.items()}
        for code, text in texts:
            values_of[code] = _values_in(text, name)
            for value in values_of[code]:
                codes_of.setdefault(value, []).append(code)
        sizes = [len(values) for values in values_of.values() if values]
        is_one_to_one = len(codes_of) == len(sizes) == sum(sizes)
        only = {known[0]: value for value, known in codes_of.items()} if is_one_to_one else None
        return _Known(values_of, codes_of, only)


class ValueCounter:
    """Turns counts of a column's numbers into counts of one facet's values; learns the numbers as it meets them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._known = _Known({}, {}, {})  # replaced as a whole: threads read it without a lock
        self._lock = Lock()

    def counted(self, counts: Mapping[int, int], texts: Callable[[], Mapping[int, str]]) -> dict[str, int]:
        """Count values, given how often each number is there; ``texts`` tells what numbers mean, when one is new."""
        known = self._known
        if not counts.keys() <= known.values_of.keys():
            known = self._learn(counts.keys(), texts())
        if known.only is not None:
            only = known.only
            return {only[code]: count for code, count in counts.items() if code in only}
        found: dict[str, int] = {}
        if len(known.codes_of) > len(counts):
            for code, count in counts.items():
                for value in known.values_of[code]:
                    found[value] = found.get(value, 0) + count
            return found
        for value, codes in known.codes_of.items():
            count = sum(map(counts.get, codes, repeat(0)))
            if count:
                found[value] = count
        return found

    def _learn(self, codes: Collection[int], texts: Mapping[int, str]) -> _Known:
        with self._lock:
            new = [int(code) for code in codes if code not in self._known.values_of]
            if not texts.keys() >= set(new):
                raise IndexUnusable("The index holds facets without their meaning.")
            self._known = self._known.and_texts([(code, texts[code]) for code in new], self._name)
            return self._known


@lru_cache(maxsize=20_000)
def _packed(name: str, values: tuple[str, ...]) -> str:
    return _VALUE_END.join((name, *sorted(set(values)), _FACET_END))


def _values_in(text: str, name: str) -> Sequence[str]:
    parts = (part.split(_VALUE_END)[:-1] for part in text.split(_FACET_END)[:-1])
    return next((part[1:] for part in parts if part[0] == name), ())


def _combinations(sample: Sequence[Facets], names: Sequence[str]) -> int:
    """How many combinations of values there are; a small sample has not seen them all."""
    seen = len({tuple(frozenset(facets.get(name, ())) for name in names) for facets in sample})
    return seen if len(sample) >= min(SAMPLE, 10 * seen) else seen * SAMPLE // len(sample)
