"""Shapes for slides: a Pillow canvas drawn at twice the size and shrunk, so that every edge is smooth.

Coordinates are those of the finished slide (1280 × 720). What is drawn is decided in drawings.py and slides.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from app.demo.fonts import Face

WIDTH_PX, HEIGHT_PX = 1280, 720
SCALE = 2

Point = tuple[float, float]


@dataclass(frozen=True)
class Palette:
    """The colours of one lecture."""

    accent: str
    deep: str
    tint: str
    pale: str
    warm: str


class Pen:
    """Draws on one picture; `move_to` shifts and scales what follows, so drawings use a box of 400 × 400."""

    def __init__(self, picture: Image.Image) -> None:
        self.picture = picture
        self._draw = ImageDraw.Draw(picture)
        self._left, self._top, self._zoom = 0.0, 0.0, 1.0

    @classmethod
    def on_paper(cls, colour: str) -> Pen:
        """Begin a new picture."""
        return cls(Image.new("RGB", (WIDTH_PX * SCALE, HEIGHT_PX * SCALE), colour))

    def finished(self) -> Image.Image:
        """Return the picture at its real size."""
        return self.picture.reduce(SCALE)

    def copy(self) -> Pen:
        """Return a pen on a copy of the picture."""
        return Pen(self.picture.copy())

    def move_to(self, left: float, top: float, zoom: float = 1.0) -> None:
        """Let (0, 0) be here from now on."""
        self._left, self._top, self._zoom = left, top, zoom

    def _at(self, point: Point) -> Point:
        return ((self._left + point[0] * self._zoom) * SCALE, (self._top + point[1] * self._zoom) * SCALE)

    def _long(self, length: float) -> float:
        return length * self._zoom * SCALE

    # --- shapes -------------------------------------------------------------------------------------------------------

    def disc(self, x: float, y: float, radius: float, fill: str) -> None:
        """A filled circle."""
        self.oval(x, y, radius, radius, fill)

    def oval(self, x: float, y: float, across: float, down: float, fill: str) -> None:
        """A filled ellipse around (x, y)."""
        self._draw.ellipse((*self._at((x - across, y - down)), *self._at((x + across, y + down))), fill=fill)

    def ring(self, x: float, y: float, radius: float, width: float, colour: str) -> None:
        """A circle's line."""
        box = (*self._at((x - radius, y - radius)), *self._at((x + radius, y + radius)))
        self._draw.ellipse(box, outline=colour, width=round(self._long(width)))

    def pie(self, x: float, y: float, radius: float, start: float, end: float, fill: str) -> None:
        """A filled sector; degrees clockwise from three o'clock."""
        box = (*self._at((x - radius, y - radius)), *self._at((x + radius, y + radius)))
        self._draw.pieslice(box, start, end, fill=fill)

    def box(self, left: float, top: float, right: float, bottom: float, fill: str, radius: float = 0) -> None:
        """A filled rectangle with round corners."""
        corners = (*self._at((left, top)), *self._at((right, bottom)))
        self._draw.rounded_rectangle(corners, radius=self._long(radius), fill=fill)

    def shape(self, points: Sequence[Point], fill: str) -> None:
        """A filled polygon."""
        self._draw.polygon([self._at(point) for point in points], fill=fill)

    def line(self, points: Sequence[Point], width: float, colour: str) -> None:
        """A line with round joints and ends."""
        at = [self._at(point) for point in points]
        across = self._long(width)
        self._draw.line(at, fill=colour, width=round(across), joint="curve")
        for x, y in (at[0], at[-1]):
            self._draw.ellipse((x - across / 2, y - across / 2, x + across / 2, y + across / 2), fill=colour)

    def bend(self, start: Point, middle: Point, end: Point, width: float, colour: str) -> None:
        """A line bent towards `middle`."""
        self.line(bow(start, middle, end), width, colour)

    def leaf(self, start: Point, end: Point, belly: float, fill: str) -> None:
        """A leaf from stalk to tip; `belly` is its half width."""
        (x1, y1), (x2, y2) = start, end
        length = math.hypot(x2 - x1, y2 - y1) or 1.0
        across = ((y1 - y2) / length * belly * 2, (x2 - x1) / length * belly * 2)
        middle = ((x1 + x2) / 2, (y1 + y2) / 2)
        one = bow(start, (middle[0] + across[0], middle[1] + across[1]), end)
        other = bow(end, (middle[0] - across[0], middle[1] - across[1]), start)
        self.shape([*one, *other], fill)

    # --- letters ------------------------------------------------------------------------------------------------------

    def text(self, x: float, y: float, words: str, face: Face, size: float, colour: str, anchor: str = "ls") -> None:
        """Letters; the anchor is Pillow's, "ls" is left and on the base line."""
        size_px = round(self._long(size))
        self._draw.text(
            self._at((x, y)),
            words,
            font=face.at(size_px),
            fill=colour,
            anchor=anchor,
            stroke_width=face.stroke(size_px),
        )


def text_width(words: str, face: Face, size: float) -> float:
    """Return how wide the words will be, in slide pixels."""
    return face.at(round(size * SCALE)).getlength(words) / SCALE


def bow(start: Point, middle: Point, end: Point, steps: int = 24) -> list[Point]:
    """Return points of the quadratic curve from start to end that leans towards `middle`."""
    points = []
    for step in range(steps + 1):
        t = step / steps
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
        points.append((a * start[0] + b * middle[0] + c * end[0], a * start[1] + b * middle[1] + c * end[1]))
    return points


def around(x: float, y: float, radius: float, count: int, turn: float = 0.0) -> list[Point]:
    """Return `count` points on a circle, the first at twelve o'clock turned by `turn` degrees."""
    angles = (math.radians(turn - 90 + 360 * index / count) for index in range(count))
    return [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles]
