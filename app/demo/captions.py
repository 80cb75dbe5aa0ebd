"""Captions of a demo lecture, timed by the real length of each spoken sentence, as SRT and as WebVTT."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LINE_CHARACTERS = 18


@dataclass(frozen=True)
class Cue:
    """One sentence on screen."""

    start_s: float
    end_s: float
    text: str


def to_srt(cues: Sequence[Cue]) -> str:
    """Return what a teacher would upload."""
    blocks = (
        f"{number}\n{_clock(cue.start_s, ',')} --> {_clock(cue.end_s, ',')}\n{_in_lines(cue.text)}\n"
        for number, cue in enumerate(cues, start=1)
    )
    return "\n".join(blocks)


def to_webvtt(cues: Sequence[Cue]) -> str:
    """Return what a player reads (W3C WebVTT)."""
    blocks = (f"{_clock(cue.start_s, '.')} --> {_clock(cue.end_s, '.')}\n{_in_lines(cue.text)}\n" for cue in cues)
    return "WEBVTT\n\n" + "\n".join(blocks)


def _clock(seconds: float, comma: str) -> str:
    total_ms = round(seconds * 1000)
    minutes, ms = divmod(total_ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{ms // 1000:02}{comma}{ms % 1000:03}"


def _in_lines(text: str) -> str:
    """Drop the full stop and break a long sentence at the comma nearest to its middle."""
    text = text.rstrip("。")
    commas = [index + 1 for index, character in enumerate(text) if character in "，、；"]
    if len(text) <= LINE_CHARACTERS or not commas:
        return text
    cut = min(commas, key=lambda index: abs(index - len(text) / 2))
    return f"{text[:cut]}\n{text[cut:]}"
