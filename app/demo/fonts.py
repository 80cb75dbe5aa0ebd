"""Where Chinese fonts are found on Linux machines. Drawing is in slides.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from PIL import ImageFont

FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts")
SANS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansSC-Regular.otf",
    "SourceHanSansSC-Regular.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
)
SANS_BOLD = ("NotoSansCJK-Bold.ttc", "NotoSansSC-Bold.otf", "SourceHanSansSC-Bold.otf")
SERIF_BOLD = ("NotoSerifCJK-Bold.ttc", "NotoSerifSC-Bold.otf", "SourceHanSerifSC-Bold.otf")


class FontMissing(Exception):
    """No font with Chinese characters is installed."""

    def __init__(self) -> None:
        super().__init__(
            "no Chinese font found; install one (Debian: apt-get install fonts-wqy-microhei) to draw the demo lectures"
        )


@dataclass(frozen=True)
class Face:
    """A font file and, where no bold file is installed, how much to thicken it (share of the size)."""

    path: Path
    index: int
    thicken: float = 0.0

    def at(self, size_px: int) -> ImageFont.FreeTypeFont:
        """Return the font at a size; opening a 20 MB collection again for every line would be slow."""
        return _open(self.path, self.index, size_px)

    def stroke(self, size_px: int) -> int:
        """Return the outline in pixels that stands in for a missing bold weight."""
        return round(self.thicken * size_px)


@dataclass(frozen=True)
class Fonts:
    """The three voices of a slide."""

    text: Face
    bold: Face
    title: Face


@lru_cache(maxsize=64)
def _open(path: Path, index: int, size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size_px, index=index)


@cache
def find_fonts() -> Fonts:
    """Return the best fonts of this machine.

    Raises:
        FontMissing: with the command that brings one.
    """
    text = _first(SANS)
    if text is None:
        raise FontMissing
    bold = _first(SANS_BOLD) or Face(text.path, text.index, thicken=0.022)
    return Fonts(text=text, bold=bold, title=_first(SERIF_BOLD) or bold)


def _first(names: Sequence[str]) -> Face | None:
    for name in names:
        for folder in FOLDERS:
            path = next(iter(sorted(folder.rglob(name))), None) if folder.is_dir() else None
            if path is not None:
                return Face(path, _simplified_index(path))
    return None


def _simplified_index(path: Path) -> int:
    """Return the simplified-Chinese member of a collection (Noto's other members draw some characters differently)."""
    if path.suffix != ".ttc":
        return 0
    for index in range(10):
        try:
            family = ImageFont.truetype(str(path), 16, index=index).getname()[0] or ""
        except OSError:
            return 0
        if family.endswith(" SC") and "Mono" not in family:
            return index
    return 0
