"""Folders of recordings with the names teachers give them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from tests.browser.journey.visitor import Visitor
from tests.factories.clips import ffmpeg_program

TITLE, TEACHER_COLUMN, ABOUT, TAGS, AUDIENCE = 1, 2, 3, 4, 5


class Desk:
    """The table on the page of a visitor."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.page = visitor, visitor.page

    def cell(self, row: int, column: int) -> Any:
        return self.page.locator(f'#desk-grid [data-row="{row}"][data-column="{column}"]')

    def text(self, row: int, column: int) -> str:
        return str(self.cell(row, column).locator(".cell-text").inner_text())

    def row_of(self, name: str) -> int:
        heads = self.page.locator("#desk-grid .row-file").all_inner_texts()
        return heads.index(name)

    def state(self, row: int) -> Any:
        return self.page.locator("#desk-grid .row-state").nth(row)

    def is_saved(self) -> None:
        saved = self.page.get_by_test_id("saved")
        self.visitor.wait_until(lambda: saved.get_attribute("data-state") == "saved", "every row is to be saved")


def fill_folder(place: Path, names: list[str]) -> Path:
    """Make tiny files that only have a name, each of a size of its own, and one that is no recording."""
    place.mkdir()
    for number, name in enumerate(names):
        (place / name).write_bytes(b"x" * (3000 + number))
    (place / "说明.docx").write_bytes(b"no video")
    return place


def film(path: Path, duration_s: int, *, black: str = "") -> None:
    """Make a small film with a tone; `black` is a time range of ffmpeg's in which there is no picture."""
    picture = f"testsrc2=s=320x180:r=10:d={duration_s}"
    if black:
        picture += f",drawbox=w=iw:h=ih:color=black:t=fill:enable='{black}'"
    command = [ffmpeg_program(), "-v", "error", "-y", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i",
               f"sine=f=300:d={duration_s}", "-c:v", "libx264", "-preset", "ultrafast", "-g", "10",
               "-c:a", "aac"]  # fmt: skip
    subprocess.run([*command, str(path)], check=True, timeout=60)
