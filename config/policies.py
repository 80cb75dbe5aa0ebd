"""Readers of the policy data beside this file: plain mappings and tuples, checked only for their shape."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class RegionRow:
    """One line of regions.csv; codes as GB/T 2260 (cut-off 2022-10-31)."""

    code: str
    name_zh: str
    name_en: str
    level: str
    parent_code: str | None


@dataclass(frozen=True, slots=True)
class TermRow:
    """One vocabulary term with its years of validity, both ends inclusive."""

    scheme: str
    key: str
    label_zh: str
    label_en: str
    position: int
    valid_from: int
    valid_to: int | None
    aliases: tuple[str, ...]


def read_regions() -> tuple[RegionRow, ...]:
    """Province, cities and county-level units, parents before children."""
    with (FOLDER / "regions.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [
            RegionRow(row["code"], row["name_zh"], row["name_en"], row["level"], row["parent_code"] or None)
            for row in csv.DictReader(file)
        ]
    order = {"province": 0, "city": 1, "county": 2}
    return tuple(sorted(rows, key=lambda row: (order[row.level], row.code)))


def read_terms() -> tuple[TermRow, ...]:
    """All vocabulary terms in display order."""
    document = tomllib.loads((FOLDER / "vocabularies.toml").read_text(encoding="utf-8"))
    return tuple(
        TermRow(
            scheme["name"],
            term["key"],
            term["zh"],
            term["en"],
            position,
            term["from"],
            term.get("to"),
            tuple(term.get("aliases", ())),
        )
        for scheme in document["scheme"]
        for position, term in enumerate(scheme["terms"])
    )


def read_ladder() -> dict[str, Any]:
    """Encoding policy for media_pipeline.parse_policy."""
    return tomllib.loads((FOLDER / "ladder.toml").read_text(encoding="utf-8"))


def read_preflight() -> dict[str, Any]:
    """Checks of uploaded files for media_pipeline.parse_preflight."""
    return tomllib.loads((FOLDER / "preflight.toml").read_text(encoding="utf-8"))


def read_review() -> dict[str, Any]:
    """How lectures are reviewed, for app.review.rulebook."""
    return tomllib.loads((FOLDER / "review.toml").read_text(encoding="utf-8"))


def read_joining() -> dict[str, Any]:
    """How institutions and centres join, for app.joining.rulebook."""
    return tomllib.loads((FOLDER / "joining.toml").read_text(encoding="utf-8"))


def read_green_channel() -> dict[str, Any]:
    """What the green channel promises, for app.green_channel.promises."""
    return tomllib.loads((FOLDER / "green_channel.toml").read_text(encoding="utf-8"))


def read_negative_list() -> list[dict[str, Any]]:
    """Categories of words that stop a submission or ask for an explanation."""
    document = tomllib.loads((FOLDER / "negative_list.toml").read_text(encoding="utf-8"))
    categories: list[dict[str, Any]] = document["category"]
    return categories


def read_captions() -> dict[str, Any]:
    """Return what the captions desk warns of, for app.studio.caption_desk."""
    return tomllib.loads((FOLDER / "captions.toml").read_text(encoding="utf-8"))


def read_watching() -> dict[str, Any]:
    """Return how plays are counted, for app.watching."""
    return tomllib.loads((FOLDER / "watching.toml").read_text(encoding="utf-8"))


def read_notices() -> dict[str, Any]:
    """Return what people are reminded of, for app.notices."""
    return tomllib.loads((FOLDER / "notices.toml").read_text(encoding="utf-8"))


def read_working_days() -> dict[str, Any]:
    """Return the holidays of each year and the weekends worked instead, for app.review.working_days."""
    return tomllib.loads((FOLDER / "working_days.toml").read_text(encoding="utf-8"))


def read_search() -> dict[str, Any]:
    """Return what is asked of the search and how the index is looked after, for app.asking and app.catalogue."""
    return tomllib.loads((FOLDER / "search.toml").read_text(encoding="utf-8"))
