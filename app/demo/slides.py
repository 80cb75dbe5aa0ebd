"""The picture side of a demo lecture: 1280 × 720 slides on warm paper, points appearing one by one.

Pure drawing: a lecture in, pictures out. Timing, voice and video are in media.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from app.demo.drawings import DRAWINGS
from app.demo.fonts import Fonts
from app.demo.pen import HEIGHT_PX, WIDTH_PX, Palette, Pen, text_width
from app.demo.spec import LectureSpec, Slide

PAPER = "#FBF7F0"
INK = "#2B2F33"
QUIET = "#7B756B"
SEAL = "#B23A2B"
ORDINALS = "壹贰叁肆伍陆"

PALETTES = {
    "pine": Palette(accent="#2F6B5B", deep="#1E4A40", tint="#DDEAE1", pale="#EDF2EA", warm="#D9A441"),
    "ink": Palette(accent="#2D5B85", deep="#1F3F5F", tint="#DCE7F0", pale="#ECF1F4", warm="#D9A441"),
    "brick": Palette(accent="#A8503A", deep="#70301F", tint="#F4E0D6", pale="#F8EDE4", warm="#D9A441"),
    "ochre": Palette(accent="#A06A1B", deep="#6B4511", tint="#F4E6C8", pale="#F8F0DF", warm="#B8442F"),
}

LEFT = 88
TEXT_WIDTH = 700
TITLE_WIDTH = 612
TITLE_SIZE, HEADING_SIZE, POINT_SIZE = 68, 60, 47


@dataclass(frozen=True)
class Frame:
    """One picture and the sentence spoken while it stands."""

    picture: Image.Image
    say: str
    begins_slide: bool


def frames(lecture: LectureSpec, fonts: Fonts) -> Iterator[Frame]:
    """Yield the pictures of a lecture in order: the title, then every slide once for each point."""
    palette = PALETTES[lecture.colour]
    yield Frame(_title(lecture, palette, fonts).finished(), lecture.greeting, begins_slide=True)
    for number, slide in enumerate(lecture.slides, start=1):
        ground = _ground(lecture, slide, number, palette, fonts)
        for shown, point in enumerate(slide.points, start=1):
            pen = ground.copy()
            _points(pen, slide, shown, palette, fonts)
            yield Frame(pen.finished(), point.say, begins_slide=shown == 1)


def _title(lecture: LectureSpec, palette: Palette, fonts: Fonts) -> Pen:
    pen = Pen.on_paper(PAPER)
    _hills(pen, palette)
    pen.disc(1004, 344, 284, palette.tint)
    pen.move_to(804, 150, 1.0)
    DRAWINGS[lecture.drawing](pen, palette)
    pen.move_to(0, 0)
    _imprint(pen, lecture, palette, fonts)
    lines = _broken_title(lecture.title, fonts)
    widest = max(text_width(line, fonts.title, TITLE_SIZE) for line in lines)
    size = min(TITLE_SIZE, TITLE_SIZE * TITLE_WIDTH / widest)
    y = 330 - (len(lines) - 1) * size * 0.72
    for line in lines:
        pen.text(LEFT, y, line, fonts.title, size, palette.deep)
        y += size * 1.42
    y += 8 - size * 0.6
    pen.box(LEFT, y, LEFT + 96, y + 8, palette.warm, 4)
    pen.text(LEFT, y + 72, f"主讲　{lecture.teacher}", fonts.text, 36, INK)
    return pen


def _ground(lecture: LectureSpec, slide: Slide, number: int, palette: Palette, fonts: Fonts) -> Pen:
    """Draw what stays while the points of a slide appear."""
    pen = Pen.on_paper(PAPER)
    _hills(pen, palette)
    pen.disc(1062, 352, 184, palette.tint)
    pen.move_to(932, 220, 0.65)
    DRAWINGS[lecture.drawing](pen, palette)
    pen.move_to(0, 0)
    _imprint(pen, lecture, palette, fonts)
    pen.box(LEFT, 142, LEFT + 78, 220, palette.accent, 16)
    pen.text(LEFT + 39, 182, ORDINALS[number - 1], fonts.title, 48, PAPER, anchor="mm")
    pen.text(LEFT + 106, 203, slide.heading, fonts.bold, HEADING_SIZE, palette.deep)
    _progress(pen, number, len(lecture.slides), palette)
    pen.text(LEFT, 674, lecture.title, fonts.text, 24, QUIET)
    return pen


def _points(pen: Pen, slide: Slide, shown: int, palette: Palette, fonts: Fonts) -> None:
    step, y = (112, 334) if len(slide.points) < 4 else (94, 316)
    for index, point in enumerate(slide.points, start=1):
        is_current, is_shown = index == shown, index <= shown
        if is_current:
            pen.box(LEFT - 18, y - 64, LEFT + TEXT_WIDTH + 62, y + 30, palette.tint, 20)
        pen.disc(LEFT + 30, y - 17, 28, palette.accent if is_shown else palette.tint)
        if is_shown:
            pen.text(LEFT + 30, y - 16, str(index), fonts.bold, 32, PAPER, anchor="mm")
            size = min(POINT_SIZE, POINT_SIZE * (TEXT_WIDTH - 44) / text_width(point.text, fonts.bold, POINT_SIZE))
            pen.text(LEFT + 86, y, point.text, fonts.bold if is_current else fonts.text, size, INK)
        y += step


def _hills(pen: Pen, palette: Palette) -> None:
    """Two quiet ridges at the foot of every slide: the house's mark."""
    for left, top, radius in ((250, 1240, 640), (1010, 1130, 560)):
        pen.disc(left, top, radius, palette.pale)
    pen.box(0, HEIGHT_PX - 8, WIDTH_PX, HEIGHT_PX, palette.accent)


def _imprint(pen: Pen, lecture: LectureSpec, palette: Palette, fonts: Fonts) -> None:
    """Draw the seal and the name of the institution."""
    pen.box(LEFT, 52, LEFT + 44, 96, SEAL, 8)
    pen.text(LEFT + 22, 75, "学", fonts.title, 31, PAPER, anchor="mm")
    pen.text(LEFT + 62, 84, lecture.institution.name, fonts.text, 28, palette.deep)


def _progress(pen: Pen, number: int, total: int, palette: Palette) -> None:
    x = WIDTH_PX - LEFT - (total - 1) * 30 - 26
    for index in range(1, total + 1):
        if index == number:
            pen.box(x - 8, 658, x + 34, 674, palette.accent, 8)
            x += 56
        else:
            pen.disc(x, 666, 8, palette.accent if index < number else palette.tint)
            x += 30


def _broken_title(title: str, fonts: Fonts) -> list[str]:
    """Break a title into one to three lines, after a colon first, then near the middle."""
    head, colon, rest = title.partition("：")
    parts = [head + colon, rest] if rest else [title]
    lines: list[str] = []
    for part in parts:
        if text_width(part, fonts.title, TITLE_SIZE) <= TITLE_WIDTH * 1.12:
            lines.append(part)
        else:
            cut = part.find("与") if 2 < part.find("与") < len(part) - 2 else (len(part) + 1) // 2
            lines += [part[:cut], part[cut:]]
    return lines
