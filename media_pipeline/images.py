"""Choosing the poster among stills, and joining storyboard stills into sheets with their WebVTT.

Not here: taking the stills (they come out of the encode's own decode, `command.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageStat

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .steps import StoryboardTarget

POSTER_NAME = "poster.jpg"
STORYBOARD_NAME = "storyboard.vtt"
SHEET_FOLDER = "storyboard"
_DARK_MEAN = 24.0
_DARK_BRIGHTEST = 60
_FLAT_SPREAD = 6.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """One picture of many stills: its file, the number of its first still within the lecture, and how many."""

    name: str
    first: int
    stills: int


def write_poster(stills: Path, target: Path, quality: int) -> tuple[bool, float] | None:
    """Write the most telling still as JPEG and return its score; None, writing nothing, when every still is black."""
    ranked = sorted((score, path) for path in sorted(stills.glob("*.jpg")) if (score := rate_still(path)) is not None)
    if not ranked:
        return None
    with Image.open(ranked[-1][1]) as image:
        image.save(target, "JPEG", quality=quality, optimize=True, progressive=True)
    return ranked[-1][0]


def rate_still(path: Path) -> tuple[bool, float] | None:
    """Return how well a still would serve.

    First that it is not one flat colour, then how much it shows. None when it is black.
    """
    with Image.open(path) as image:
        grey = image.convert("L")
    statistics = ImageStat.Stat(grey)
    # The brightest hundredth decides beside the mean: white chalk on a blackboard is dark but not black.
    histogram = grey.histogram()
    brightest, seen = 255, 0
    while seen < grey.width * grey.height / 100:
        seen += histogram[brightest]
        brightest -= 1
    if statistics.mean[0] < _DARK_MEAN and brightest < _DARK_BRIGHTEST:
        return None
    return statistics.stddev[0] >= _FLAT_SPREAD, grey.entropy()


def write_sheets(stills: Path, folder: Path, target: StoryboardTarget) -> list[Sheet]:
    """Join the stills of a chunk into sheets under `folder`, named by their first still."""
    paths = sorted(stills.glob("*.jpg"))
    per_sheet = target.policy.columns * target.policy.rows
    folder.mkdir(exist_ok=True)
    sheets: list[Sheet] = []
    for start in range(0, len(paths), per_sheet):
        first = target.first + start
        sheet = Sheet(f"{first:05d}.jpg", first, len(paths[start : start + per_sheet]))
        _write_sheet(paths[start : start + per_sheet], folder / sheet.name, target)
        sheets.append(sheet)
    return sheets


def storyboard_text(sheets: Iterable[Sheet], target: StoryboardTarget, duration_s: float) -> str:
    """Return the WebVTT that says which part of which sheet shows which stretch of time."""
    interval_s = target.policy.interval_s
    places = [(sheet, index) for sheet in sheets for index in range(sheet.stills)]
    cues = ["WEBVTT", ""]
    for sheet, index in places:
        start_s = (sheet.first + index) * interval_s
        is_last = (sheet, index) == places[-1]
        end_s = duration_s if is_last else start_s + interval_s
        if end_s <= start_s:
            break
        x, y = _place(index, target)
        cues += [
            f"{timestamp(start_s)} --> {timestamp(end_s)}",
            f"{SHEET_FOLDER}/{sheet.name}#xywh={x},{y},{target.width_px},{target.height_px}",
            "",
        ]
    return "\n".join(cues)


def timestamp(seconds: float) -> str:
    """Return a WebVTT timestamp."""
    millis = round(seconds * 1000)
    return f"{millis // 3_600_000:02d}:{millis // 60_000 % 60:02d}:{millis // 1000 % 60:02d}.{millis % 1000:03d}"


def _write_sheet(paths: list[Path], path: Path, target: StoryboardTarget) -> None:
    columns = min(target.policy.columns, len(paths))
    rows = -(-len(paths) // target.policy.columns)
    sheet = Image.new("RGB", (columns * target.width_px, rows * target.height_px))
    for index, still_path in enumerate(paths):
        with Image.open(still_path) as still:
            sheet.paste(still, _place(index, target))
    sheet.save(path, "JPEG", quality=target.policy.quality, optimize=True)


def _place(index: int, target: StoryboardTarget) -> tuple[int, int]:
    return (
        index % target.policy.columns * target.width_px,
        index // target.policy.columns * target.height_px,
    )
