"""Slides: as many pictures as sentences, readable, different from each other, the same every time."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from app.demo import fonts, slides
from app.demo.pen import HEIGHT_PX, WIDTH_PX
from app.demo.spec import LectureSpec, load

LECTURES = {lecture.key: lecture for lecture in load().lectures}


@pytest.fixture(scope="module")
def installed_fonts() -> fonts.Fonts:
    try:
        return fonts.find_fonts()
    except fonts.FontMissing as error:
        pytest.skip(str(error))


def pictures(lecture: LectureSpec, found: fonts.Fonts) -> list[Image.Image]:
    return [frame.picture for frame in slides.frames(lecture, found)]


@pytest.mark.parametrize("key", LECTURES)
def test_one_picture_for_the_title_and_for_every_point(installed_fonts: fonts.Fonts, key: str) -> None:
    lecture = LECTURES[key]
    frames = list(slides.frames(lecture, installed_fonts))
    assert [frame.say for frame in frames] == [
        lecture.greeting,
        *(point.say for slide in lecture.slides for point in slide.points),
    ]
    assert sum(frame.begins_slide for frame in frames) == 1 + len(lecture.slides)
    assert {frame.picture.size for frame in frames} == {(WIDTH_PX, HEIGHT_PX)}


def test_every_picture_differs_from_the_one_before(installed_fonts: fonts.Fonts) -> None:
    row = pictures(LECTURES["phone-basics"], installed_fonts)
    for before, after in pairwise(row):
        assert ImageChops.difference(before, after).getbbox() is not None


def test_letters_do_not_run_into_the_drawing_or_off_the_slide(installed_fonts: fonts.Fonts) -> None:
    """The column between the text and the picture stays the colour of paper, hills or the current line."""
    for lecture in LECTURES.values():
        picture = pictures(lecture, installed_fonts)[-1]
        gap = picture.crop((853, 130, 872, 620))
        palette = slides.PALETTES[lecture.colour]
        allowed = {slides.PAPER.upper(), palette.pale.upper(), palette.tint.upper()}
        colours = {"#" + bytes(colour).hex().upper() for count, colour in gap.getcolors(10_000) if count > 20}
        assert colours <= allowed, lecture.key


def test_the_same_lecture_is_drawn_the_same(installed_fonts: fonts.Fonts) -> None:
    def digests() -> list[str]:
        row = pictures(LECTURES["stop-fraud"], installed_fonts)
        return [hashlib.sha256(picture.tobytes()).hexdigest() for picture in row]

    assert digests() == digests()


def test_a_machine_without_fonts_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fonts, "FOLDERS", (tmp_path,))
    fonts.find_fonts.cache_clear()
    with pytest.raises(fonts.FontMissing, match="apt-get install"):
        fonts.find_fonts()
    fonts.find_fonts.cache_clear()
