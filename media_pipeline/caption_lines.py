"""The lines of a caption as an editor has them: plain words with times, read from WebVTT, written as WebVTT and SRT.

Pure. Unlike what comes in as a file (`captions`), lines a person arranged are written as they stand: what is wrong with
them is told, not mended.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape, unescape
from typing import TYPE_CHECKING, Final

from .caption_cues import MAX_CUE_CHARACTERS, MAX_CUES, Cue, clean_settings, clean_words, read_webvtt, write_webvtt
from .captions import machine_webvtt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: A day; no lecture is longer.
MAX_MS: Final = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Line:
    """One caption of an editor; `text` is what is read, with line breaks; `settings` are WebVTT's."""

    start_ms: int
    end_ms: int
    text: str
    settings: str = ""


@dataclass(frozen=True, slots=True)
class LineProblem:
    """Why a line cannot be shown: "empty", "no_time" or "too_long"; `number` counts from 1."""

    number: int
    code: str


def make_line(start_ms: int, end_ms: int, text: str, settings: str = "") -> Line:
    """Return a line of what an editor sent, cleaned; its times may still be wrong."""
    clamped = [min(max(0, time_ms), MAX_MS) for time_ms in (start_ms, end_ms)]
    return Line(clamped[0], clamped[1], clean_words(text), clean_settings(settings))


def read_lines(webvtt: str) -> list[Line]:
    """Return the lines of a WebVTT file of ours."""
    return [Line(cue.start_ms, cue.end_ms, unescape(cue.text), cue.settings) for cue in read_webvtt(webvtt)]


def find_problems(lines: Sequence[Line]) -> list[LineProblem]:
    """Return what stands in the way of showing lines, in their order."""
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.text:
            found.append(LineProblem(number, "empty"))
        elif line.end_ms <= line.start_ms:
            found.append(LineProblem(number, "no_time"))
        elif len(line.text) > MAX_CUE_CHARACTERS or number > MAX_CUES:
            found.append(LineProblem(number, "too_long"))
    return found


def write_lines(lines: Iterable[Line], *, is_machine: bool = False) -> str:
    """Write lines as WebVTT in the order of time, saying so when a machine made them."""
    cues = [
        Cue(line.start_ms, line.end_ms, escape(line.text, quote=False), line.settings)
        for line in sorted(lines, key=lambda line: line.start_ms)
    ]
    return machine_webvtt(cues) if is_machine else write_webvtt(cues)


def write_srt(lines: Iterable[Line]) -> str:
    """Write lines as SRT, as editing programs take them."""
    blocks = [
        f"{number}\n{_srt_time(line.start_ms)} --> {_srt_time(line.end_ms)}\n{line.text}\n"
        for number, line in enumerate(sorted(lines, key=lambda line: line.start_ms), start=1)
    ]
    return "\n".join(blocks)


def _srt_time(millis: int) -> str:
    hours, rest = divmod(millis, 3_600_000)
    return f"{hours:02d}:{rest // 60_000:02d}:{rest // 1000 % 60:02d},{rest % 1000:03d}"
