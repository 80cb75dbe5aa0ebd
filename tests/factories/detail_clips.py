"""Two clips in which it is seen at once what an encoder takes away: pages full of letters, a look around a room.

Made once each on a `ClipShelf`, nearly without loss, without sound. Not here: how near a rung comes to them.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from tests.factories.clips import X264

if TYPE_CHECKING:
    from pathlib import Path

    from tests.factories.clips import ClipShelf

_ROOM_S = 6
_PAGES, _PAGE_S = 2, 2
_WORDS = ("open", "settings", "larger", "letters", "video", "call", "with", "family", "step", "by", "step", "2026")
_NEARLY_WHOLE = (*X264, "-crf", 8, "-g", 50)


def pages(shelf: ClipShelf) -> Path:
    """1280x720 pages of small and large letters that stand still, another every two seconds."""

    def make(target: Path) -> None:
        given: list[object] = []
        for number in range(_PAGES):
            picture = shelf.folder / f"{target.stem}-{number}.png"
            _page(number).save(picture, compress_level=1)
            given += ["-loop", 1, "-framerate", 25, "-t", _PAGE_S, "-i", picture]
        shelf._ffmpeg(*given, "-filter_complex", f"concat=n={_PAGES}[v]", "-map", "[v]", *_NEARLY_WHOLE, target)

    return shelf._once("detail-pages.mp4", make)


def _page(number: int) -> Image.Image:
    dice = random.Random(number)
    picture = Image.new("RGB", (1280, 720), "#f7f2e8")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 1280, 80), fill="#8c2f2b")
    # The font that comes with Pillow: the same letters on every machine.
    draw.text((40, 18), f"Lecture {number + 1}", font=ImageFont.load_default(40), fill="white")
    for row in range(11):
        size_px = 34 if row % 4 == 0 else 22
        line, ink = " ".join(dice.choice(_WORDS) for _ in range(10)), dice.choice(("#222", "#22497a"))
        draw.text((60, 110 + 54 * row), line, font=ImageFont.load_default(size_px), fill=ink)
    return picture


def room(shelf: ClipShelf) -> Path:
    """640x360 of texture everywhere that a hand-held camera wanders over, with a small sensor's grain."""
    wall = f"color=c=0x707070:s=960x640:r=25:d={_ROOM_S},noise=alls=90:all_seed=7,gblur=sigma=2.5"
    look = "crop=640:360:x='150+110*sin(0.9*t)':y='130+80*sin(0.7*t+1)',noise=alls=3:allf=t:all_seed=3"
    return shelf._lavfi("detail-room.mp4", f"{wall},{look}", None, *_NEARLY_WHOLE)
