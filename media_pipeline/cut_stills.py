"""The stills of a cut: the part of the original's storyboard that lies inside, joined into sheets of its own.

Stills from before or after the cut are left out, so that nothing is shown that is not in the lecture. Not here: the
poster (`cutting.py` decodes it anew).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from .images import SHEET_FOLDER, timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .ladder import StoryboardPolicy

_CUE = re.compile(r"(\d+):(\d\d):(\d\d\.\d{3}) --> (\d+):(\d\d):(\d\d\.\d{3})\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)")
# A still is the last frame before the middle of its stretch of time.
_SLACK_S = 0.1


@dataclass(frozen=True, slots=True)
class Still:
    """One still of a storyboard: when it is shown, and where on which sheet it lies."""

    start_s: float
    end_s: float
    sheet: str
    box: tuple[int, int, int, int]


def stills_inside(text: str, start_s: float, end_s: float) -> list[Still]:
    """Return the stills of a storyboard taken inside a stretch, their times counted from its start.

    The first one stands from the very beginning, the last one to the end.
    """
    taken = [((still.start_s + still.end_s) / 2 - _SLACK_S, still) for still in _read(text)]
    found = [still for taken_s, still in taken if start_s < taken_s < end_s]
    starts = [0.0, *(still.start_s - start_s for still in found[1:])]
    ends = [*starts[1:], end_s - start_s]
    return [Still(start, end, still.sheet, still.box) for still, start, end in zip(found, starts, ends, strict=False)]


def _read(text: str) -> list[Still]:
    stills = []
    for found in _CUE.finditer(text):
        start_s, end_s = (
            int(found[group]) * 3600 + int(found[group + 1]) * 60 + float(found[group + 2]) for group in (1, 4)
        )
        x, y, width, height = (int(found[group]) for group in range(8, 12))
        stills.append(Still(start_s, end_s, found[7], (x, y, x + width, y + height)))
    return stills


def join_stills(
    stills: Sequence[Still], fetch: Callable[[str], Path], folder: Path, policy: StoryboardPolicy
) -> tuple[list[Path], str]:
    """Write new sheets into `folder` and return them with the WebVTT of the new storyboard.

    Args:
        stills: from `stills_inside`, not empty.
        fetch: returns a local file of one of the original's sheets.
        folder: where to; made if missing.
        policy: columns, rows and quality of a sheet.
    """
    folder.mkdir(parents=True, exist_ok=True)
    per_sheet = policy.columns * policy.rows
    left, top, right, bottom = stills[0].box
    width_px, height_px = right - left, bottom - top
    sheets, cues, opened = [], ["WEBVTT", ""], {}
    try:
        for first in range(0, len(stills), per_sheet):
            group = stills[first : first + per_sheet]
            size = (min(policy.columns, len(group)) * width_px, -(-len(group) // policy.columns) * height_px)
            sheet = Image.new("RGB", size)
            path = folder / f"{first:05d}.jpg"
            for index, still in enumerate(group):
                if still.sheet not in opened:
                    opened[still.sheet] = Image.open(fetch(still.sheet))
                x, y = index % policy.columns * width_px, index // policy.columns * height_px
                sheet.paste(opened[still.sheet].crop(still.box), (x, y))
                cues += [
                    f"{timestamp(still.start_s)} --> {timestamp(still.end_s)}",
                    f"{SHEET_FOLDER}/{path.name}#xywh={x},{y},{width_px},{height_px}",
                    "",
                ]
            sheet.save(path, "JPEG", quality=policy.quality, optimize=True)
            sheets.append(path)
    finally:
        for image in opened.values():
            image.close()
    return sheets, "\n".join(cues)
