"""The demo catalogue: enough lectures, marked as a demo, keys that the vocabularies know."""

from __future__ import annotations

import csv
import re
import tomllib
from pathlib import Path

from app.demo.drawings import DRAWINGS
from app.demo.slides import PALETTES
from app.demo.spec import load

CONFIG = Path(__file__).resolve().parents[3] / "config"


def terms(scheme: str) -> set[str]:
    data = tomllib.loads((CONFIG / "vocabularies.toml").read_text(encoding="utf-8"))
    return {term["key"] for row in data["scheme"] if row["name"] == scheme for term in row["terms"] if "to" not in term}


def test_three_institutions_and_at_least_eight_lectures() -> None:
    demo = load()
    assert len(demo.institutions) == 3
    assert len(demo.lectures) >= 8
    assert {lecture.institution for lecture in demo.lectures} == set(demo.institutions)
    assert len({lecture.key for lecture in demo.lectures}) == len(demo.lectures)


def test_everything_invented_says_so() -> None:
    demo = load()
    assert all(institution.name.endswith("（演示）") for institution in demo.institutions)
    assert all(lecture.teacher.endswith("（演示）") for lecture in demo.lectures)


def test_keys_are_known_to_the_vocabularies() -> None:
    demo = load()
    with (CONFIG / "regions.csv").open(encoding="utf-8") as file:
        regions = {row[0] for row in csv.reader(file)}
    for institution in demo.institutions:
        assert institution.type in terms("institution_type")
        assert institution.region in regions
    for lecture in demo.lectures:
        assert set(lecture.audiences) <= terms("audience")
        assert set(lecture.topics) <= terms("topic")
        assert lecture.category in terms("education_category")
        assert lecture.difficulty in terms("difficulty")
        assert lecture.drawing in DRAWINGS
        assert lecture.colour in PALETTES


def test_slides_are_short_and_sentences_can_be_read_aloud() -> None:
    for lecture in load().lectures:
        assert 4 <= len(lecture.slides) <= 6
        for slide in lecture.slides:
            assert 2 <= len(slide.points) <= 4
            assert all(len(point.text) <= 16 for point in slide.points), slide.heading
            for point in slide.points:
                assert point.say.endswith("。")
                assert not re.search(r"[0-9A-Za-z]", point.say), "the voice would read digits and letters in English"


def test_two_character_words_stand_in_the_middle_of_titles() -> None:
    """The browser tests search for these; a hit at the start of a title would prove less."""
    titles = [lecture.title for lecture in load().lectures]
    assert any(title.find("养生") > 0 for title in titles)
    assert any(title.find("手机") > 0 for title in titles)
