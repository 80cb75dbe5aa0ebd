"""Chapters of a lecture: reading what teachers type or paste, chapter files and a container's own; writing WebVTT.

Pure, over text. Mistakes are told as codes with the number of the line they are in, so that a page can say where. Not
here: finding the chapters of a media file (probing does, `from_container` takes what it found).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from html import escape, unescape
from typing import TYPE_CHECKING, Literal

from .caption_cues import Cue, read_webvtt, timestamp, write_webvtt
from .caption_encoding import decode
from .errors import MediaRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_CHAPTERS, MAX_TITLE_CHARACTERS, MAX_BYTES = 100, 60, 64 * 1024
OPENING = "开头"
#: A first chapter this close to the beginning is meant to be the beginning.
_NEAR_START_S = 1.0
_LAST_CHAPTER_S = 5.0  # how long a last chapter is written to be when the end is not known or not later

ProblemCode = Literal[
    "no_time", "bad_time", "no_title", "title_too_long", "out_of_order", "beyond_end", "too_many_chapters"
]

_CLOCK = r"(?:\d{1,3}:)?\d{1,3}:\d{1,2}(?:\.\d{1,3})?"
_SPOKEN = r"(?:(\d{1,2})\s*(?:小时|时))?\s*(?:(\d{1,3})\s*(?:分钟|分))?\s*(?:(\d{1,2})\s*秒)?"
_OPEN, _CLOSE = r"[\[(<{【「]?\s*", r"\s*[\])>}】」]?"
_BETWEEN = r"[\s\-–—~:|,、.·]*"
_NUMBERING = r"(?:[-*•·]\s*|\d{1,3}\s*[.、)]\s*(?=\D*\d{1,3}:))?"
_TIME_FIRST = re.compile(
    rf"{_NUMBERING}{_OPEN}({_CLOCK})(?!\d)(?:\s*[-–—~至到]+\s*{_CLOCK}(?!\d))?{_CLOSE}{_BETWEEN}(.*)"
)
_TIME_LAST = re.compile(rf"(.*?){_BETWEEN}{_OPEN}(?<!\d)({_CLOCK}){_CLOSE}")
_SPOKEN_FIRST = re.compile(rf"{_OPEN}{_SPOKEN}{_CLOSE}{_BETWEEN}(.*)")
_MAX_LINE_CHARACTERS = 160


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of a lecture: where it begins and what it is called."""

    start_s: float
    title: str


@dataclass(frozen=True, slots=True)
class ChapterProblem:
    """What is wrong with a line; they are counted from 1."""

    line: int
    code: ProblemCode


@dataclass(frozen=True, slots=True)
class ChapterList:
    """What was understood of typed lines, and what was not; without problems it may be kept."""

    chapters: tuple[Chapter, ...] = ()
    problems: tuple[ChapterProblem, ...] = ()


def parse_chapters(text: str, *, duration_s: float | None) -> ChapterList:
    """Read one chapter from each line, such as ``3:20 准备姿势``; blank lines do not matter.

    A chapter at the very beginning is added when there is none.

    Args:
        text: lines of a time and a title, in either order, with Western or Chinese punctuation.
        duration_s: length of the lecture; None while it is not known, then any time is taken.
    """
    chapters: list[Chapter] = []
    problems: list[ChapterProblem] = []
    written = ((number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip())
    for count, (number, line) in enumerate(written, start=1):
        if count > MAX_CHAPTERS:
            problems.append(ChapterProblem(number, "too_many_chapters"))
            break
        found = _parse_line(line)
        if not isinstance(found, Chapter):
            problems.append(ChapterProblem(number, found))
            continue
        code = _misfit(found, chapters[-1] if chapters else None, duration_s)
        if code is not None:
            problems.append(ChapterProblem(number, code))
        chapters.append(found)
    return ChapterList(_from_the_start(chapters), tuple(problems))


def _parse_line(line: str) -> Chapter | ProblemCode:
    """Read one line; full-width digits, colons and brackets are folded for finding the time alone."""
    if len(line) > _MAX_LINE_CHARACTERS:
        return "title_too_long"
    typed = _clean(line)
    # Folding keeps every letter in its place, so what is found in the folded line can be cut out of the typed one.
    folded = "".join(_fold(letter) for letter in typed)
    start_s: float | None
    if first := _TIME_FIRST.fullmatch(folded):
        start_s, title = _clock_s(first[1]), typed[first.start(2) :]
    elif last := _TIME_LAST.fullmatch(folded):
        start_s, title = _clock_s(last[2]), typed[: last.end(1)]
    elif (spoken := _SPOKEN_FIRST.fullmatch(folded)) and any(spoken.groups()[:3]):
        start_s, title = _spoken_s(spoken), typed[spoken.start(4) :]
    else:
        return "no_time"
    if start_s is None:
        return "bad_time"
    if not title.strip():
        return "no_title"
    return "title_too_long" if len(title.strip()) > MAX_TITLE_CHARACTERS else Chapter(start_s, title.strip())


def _misfit(chapter: Chapter, before: Chapter | None, duration_s: float | None) -> ProblemCode | None:
    if before is not None and chapter.start_s <= before.start_s:
        return "out_of_order"
    return "beyond_end" if duration_s is not None and chapter.start_s >= duration_s else None


def _from_the_start(chapters: Sequence[Chapter]) -> tuple[Chapter, ...]:
    if not chapters or chapters[0].start_s == 0:
        return tuple(chapters)
    if chapters[0].start_s < _NEAR_START_S:
        return (Chapter(0.0, chapters[0].title), *chapters[1:])
    return (Chapter(0.0, OPENING), *chapters)


def from_file(data: bytes) -> str:
    """Return the lines of an uploaded chapter file, WebVTT or plain text, as a teacher would have typed them.

    Raises:
        MediaRefused: code "chapters_too_large".
    """
    if len(data) > MAX_BYTES:
        raise MediaRefused("chapters_too_large", detail=f"{len(data)} bytes")
    text = decode(data).replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").lstrip("\ufeff \t\n")
    if not text.startswith("WEBVTT"):
        return text
    return to_lines(Chapter(cue.start_ms / 1000, " ".join(unescape(cue.text).split())) for cue in read_webvtt(text))


def from_container(found: Iterable[tuple[float, str]], *, duration_s: float | None = None) -> tuple[Chapter, ...]:
    """Return the chapters a media file carries, made to fit: nobody typed them, so nobody can be asked to mend them.

    A single chapter says nothing and becomes none.
    """
    kept: list[Chapter] = []
    for start_s, title in sorted(found, key=lambda pair: pair[0]):
        begins_later = not kept or start_s >= kept[-1].start_s + _NEAR_START_S
        if start_s < 0 or not begins_later or (duration_s is not None and start_s >= duration_s):
            continue
        name = _clean(title)[:MAX_TITLE_CHARACTERS].strip() or f"第 {len(kept) + 1} 节"
        kept.append(Chapter(round(start_s, 3), name))
    chapters = _from_the_start(kept)[:MAX_CHAPTERS]
    return chapters if len(chapters) > 1 else ()


def chapters_inside(
    chapters: Iterable[Chapter], start_s: float, end_s: float, *, zero_s: float
) -> tuple[Chapter, ...]:
    """Return the chapters that begin in a stretch, counted from `zero_s`, the first one from the very beginning.

    A single chapter says nothing and becomes none.
    """
    found = [chapter for chapter in chapters if start_s <= chapter.start_s < end_s]
    moved = [Chapter(round(chapter.start_s - zero_s, 3), chapter.title) for chapter in found]
    return (Chapter(0.0, moved[0].title), *moved[1:]) if len(moved) > 1 else ()


def to_lines(chapters: Iterable[Chapter]) -> str:
    """Write chapters as they are typed, a line each."""
    return "\n".join(f"{clock(chapter.start_s)} {chapter.title}" for chapter in chapters)


def to_chapter_file(chapters: Sequence[Chapter], duration_s: float | None) -> str:
    """Write chapters as a WebVTT file, each until the next begins (W3C WebVTT, 1.5)."""
    starts_ms = [round(chapter.start_s * 1000) for chapter in chapters]
    end_ms = max(round((duration_s or 0) * 1000), (starts_ms[-1] if starts_ms else 0) + round(_LAST_CHAPTER_S * 1000))
    ends_ms = [*starts_ms[1:], end_ms]
    return write_webvtt(
        Cue(start_ms, until_ms, escape(chapter.title, quote=False))
        for chapter, start_ms, until_ms in zip(chapters, starts_ms, ends_ms, strict=True)
    )


def clock(time_s: float) -> str:
    """Write a time as people type it: ``3:20``, ``1:02:03``, and ``0:03.5`` where it is between two seconds."""
    hours, rest = timestamp(round(time_s * 1000)).split(":", 1)
    text = rest if int(hours) == 0 else f"{int(hours)}:{rest}"
    return text.removeprefix("0").rstrip("0").rstrip(".") if text.endswith("0") else text.removeprefix("0")


def _clean(text: str) -> str:
    """Trim what was typed to printable letters on one line."""
    normal = unicodedata.normalize("NFC", text)
    return " ".join("".join(letter if letter.isprintable() else " " for letter in normal).split())


def _fold(letter: str) -> str:
    """Return the plain form of a full-width letter where that is one letter too."""
    folded = unicodedata.normalize("NFKC", letter)
    return folded if len(folded) == 1 else letter


def _clock_s(text: str) -> float | None:
    """Return the seconds of ``m:s`` or ``h:m:s``; None where a part is past 59."""
    *earlier, seconds = text.split(":")
    parts = [int(part) for part in earlier]
    if float(seconds) >= 60 or (len(parts) == 2 and parts[1] >= 60):
        return None
    minutes = parts[0] * 60 + parts[1] if len(parts) == 2 else parts[0]
    return round(minutes * 60 + float(seconds), 3)  # what was typed, not the nearest sum of binary fractions


def _spoken_s(found: re.Match[str]) -> float:
    hours, minutes, seconds = (int(part or 0) for part in found.groups()[:3])
    return float((hours * 60 + minutes) * 60 + seconds)
