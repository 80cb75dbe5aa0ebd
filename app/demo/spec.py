"""What a demo lecture is: the typed form of lectures.toml. Drawing, speech and database rows are elsewhere."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).with_name("lectures.toml")


@dataclass(frozen=True)
class DemoInstitution:
    """An invented institution; `type` and `region` are keys of the seeded vocabularies."""

    key: str
    name: str
    short_name: str
    type: str
    region: str


@dataclass(frozen=True)
class Point:
    """One line of a slide and the sentence spoken while it appears."""

    text: str
    say: str


@dataclass(frozen=True)
class Slide:
    """A heading and the points that appear below it one by one."""

    heading: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class LectureSpec:
    """Everything about one demo lecture, picture, voice and catalogue entry."""

    key: str
    institution: DemoInstitution
    title: str
    teacher: str
    description: str
    tags: tuple[str, ...]
    audiences: tuple[str, ...]
    topics: tuple[str, ...]
    category: str
    difficulty: str
    drawing: str
    colour: str
    greeting: str
    slides: tuple[Slide, ...]


@dataclass(frozen=True)
class DemoSpec:
    """The whole demo catalogue."""

    institutions: tuple[DemoInstitution, ...]
    lectures: tuple[LectureSpec, ...]


@cache
def load(path: Path = SOURCE) -> DemoSpec:
    """Read the demo catalogue; a wrong or missing field raises at once."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    institutions = {row["key"]: DemoInstitution(**row) for row in data["institution"]}
    lectures = tuple(_lecture(dict(row), institutions) for row in data["lecture"])
    return DemoSpec(tuple(institutions.values()), lectures)


def _lecture(row: dict[str, Any], institutions: dict[str, DemoInstitution]) -> LectureSpec:
    slides = tuple(
        Slide(slide["heading"], tuple(Point(text, say) for text, say in slide["points"])) for slide in row.pop("slide")
    )
    for name in ("tags", "audiences", "topics"):
        row[name] = tuple(row[name])
    row["institution"] = institutions[row["institution"]]
    return LectureSpec(slides=slides, **row)
