"""Hand-written queries and what each lecture is worth for them: 3 what was meant, 1 close by, 0 nothing.

A query names a subject (its lectures 3, lectures that mention it 1), one lesson of a subject (3, its other lessons 1),
a sentence that is spoken (lectures where it is said 3, others of the subject 1), a teacher, by full or given name (3),
a topic (its lectures 3) or a subject in a city (its lectures there 3, elsewhere 1).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.quality.catalogue import DATA, Lecture, lectures

MEANT, CLOSE = 3, 1


@dataclass(frozen=True, slots=True)
class Query:
    """One line of data/queries.txt; every second one of a kind is held out."""

    kind: str
    text: str
    wanted: tuple[str, ...]
    filters: Mapping[str, str]
    is_held_out: bool

    def grades(self) -> dict[str, int]:
        """Worth of every lecture that has any."""
        kept = [one for one in lectures() if all(value in one.facets[name] for name, value in self.filters.items())]
        graded = {one.id: max(_grade(one, wanted) for wanted in self.wanted) for one in kept}
        return {id_: grade for id_, grade in graded.items() if grade}


def queries() -> tuple[Query, ...]:
    """Read the queries."""
    return tuple(_queries())


def _queries() -> Iterator[Query]:
    seen: dict[str, int] = {}
    for line in (DATA / "queries.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, text, wanted, *filters = line.split("|")
            seen[kind] = seen.get(kind, -1) + 1
            chosen = dict(one.split("=") for one in filters)
            yield Query(kind, text, tuple(wanted.split(",")), chosen, is_held_out=seen[kind] % 2 == 1)


def _grade(lecture: Lecture, wanted: str) -> int:
    if wanted.startswith("@"):
        return MEANT if lecture.teacher.endswith(wanted[1:]) else 0
    if wanted.startswith("="):
        return MEANT if wanted[1:] in lecture.facets["topic"] else 0
    wanted, _, city = wanted.partition("&")
    subject, _, sentence = wanted.partition("#")
    subject, _, lesson = subject.partition("/")
    if lecture.subject != subject:
        return CLOSE if subject in lecture.mentions else 0
    is_meant = lecture.lesson == lesson if lesson else not sentence or lecture.spoken == int(sentence)
    is_meant = is_meant and (not city or city in lecture.facets["city"])
    return MEANT if is_meant else CLOSE
