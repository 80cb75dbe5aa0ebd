"""Cues of caption files: reading SRT, WebVTT and ASS text leniently, in time linear in its length, and writing WebVTT.

Every text here is hostile until read: a cue's text leaves these readers as escaped words and nothing else. Not here:
encodings (`caption_encoding`), mending of times and lines (`captions`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape, unescape
from typing import TYPE_CHECKING

import pysubs2
from pysubs2.exceptions import Pysubs2Error

from .errors import MediaRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: More than a line every second of a whole day of lectures, and more text than one picture can show.
MAX_CUES, MAX_CUE_CHARACTERS = 50_000, 5_000
_MAX_TIMING_CHARACTERS = 300
_CLOCK = r"(?:\d{1,4}:)?\d{1,4}:\d{1,2}(?:[.,]\d{1,9})?"
_TIMING = re.compile(rf"\s*({_CLOCK})\s*-->\s*({_CLOCK})(?![\d:.,])(.*)", re.ASCII)
_WIDE_CLOCK = str.maketrans("：，．。０１２３４５６７８９", ":,..0123456789")
_SETTING = re.compile(r"(?:vertical:(?:rl|lr)|(?:line|position|size|align):[-a-z0-9.,%]{1,24})")
_MAX_SETTINGS = 6
_MARKUP = re.compile(r"</?[a-zA-Z0-9][^<>]*>|</?>")
_OVERRIDE = re.compile(r"\{\\[^{}]*\}")
_ASS_BLOCK = re.compile(r"\{([^{}]*)\}")
_DRAWING = re.compile(r"\\p(\d)")
_ASS_HEAD = re.compile(r"^\s*\[(?:Script Info|V4\+? Styles|Events)\]", re.MULTILINE | re.IGNORECASE)
_HEAD_CHARACTERS = 4096
_SPACES = re.compile(r"[ \t\u00a0]+")
#: Line ends of other systems and alphabets that WebVTT readers may or may not take for one, and control characters.
_STRAY = dict.fromkeys([*range(9), *range(0x0B, 0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF], " ")


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption: `text` is escaped as WebVTT wants it, its lines parted by newlines; `settings` place it."""

    start_ms: int
    end_ms: int
    text: str
    settings: str = ""


def read_cues(text: str, filename: str) -> list[Cue]:
    """Read the cues of a caption file as they stand: unordered, overlapping, some without text.

    Raises:
        MediaRefused: code "bad_caption", or "caption_too_large" when it holds more than a lecture can.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff \t\n")
    if text.startswith("WEBVTT") or filename.lower().endswith(".vtt"):
        found = read_webvtt(text)
    elif _ASS_HEAD.search(text[:_HEAD_CHARACTERS]):
        found = _read_ass(text)
    else:
        found = _read_srt(text)
    cues = []
    for cue in found:
        cues.append(cue)
        if len(cues) > MAX_CUES or len(cue.text) > MAX_CUE_CHARACTERS:
            raise MediaRefused("caption_too_large", detail=f"cue {len(cues)} of {len(cue.text)} characters")
    return cues


def read_webvtt(text: str) -> Iterator[Cue]:
    """Yield the cues of WebVTT text; notes, styles and regions are left out (W3C WebVTT, 6.1)."""
    timing: re.Match[str] | None = None
    lines: list[str] = []
    is_skipping = False
    for line in [*text.split("\n"), ""]:
        found = None if is_skipping else _find_timing(line)
        if timing is not None and (found is not None or not line.strip()):
            yield _cue(timing, "\n".join(lines))
            timing = None
        if found is not None:
            timing, lines = found, []
        elif timing is not None:
            lines.append(line)
        else:
            is_skipping = bool(line.strip()) and (is_skipping or line.startswith(("NOTE", "STYLE", "REGION")))


def _read_srt(text: str) -> Iterator[Cue]:
    """Yield the cues of SRT text: what stands below a timing up to the number of the next one, blank lines and all."""
    timing: re.Match[str] | None = None
    lines: list[str] = []
    for line in text.split("\n"):
        found = _find_timing(line)
        if found is None:
            lines.append(line)
            continue
        if lines and lines[-1].strip().isdecimal():
            lines.pop()
        if timing is not None:
            yield _cue(timing, "\n".join(lines))
        timing, lines = found, []
    if timing is not None:
        yield _cue(timing, "\n".join(lines))


def _read_ass(text: str) -> Iterator[Cue]:
    try:
        events = pysubs2.SSAFile.from_string(text, format_="ass").events
    except (Pysubs2Error, ValueError, KeyError, IndexError) as error:
        raise MediaRefused("bad_caption", detail=type(error).__name__) from error
    for event in events:
        if not event.is_comment:
            yield Cue(max(0, event.start), event.end, plain_text(_ass_words(event.text)))


def _ass_words(text: str) -> str:
    r"""Drop override blocks and what is drawn between them; `\N` and `\n` end a line (Aegisub, ASS tags)."""
    words, is_drawing, last = [], False, 0
    for block in _ASS_BLOCK.finditer(text):
        words.append("" if is_drawing else text[last : block.start()])
        for switch in _DRAWING.finditer(block[1]):
            is_drawing = switch[1] != "0"
        last = block.end()
    words.append("" if is_drawing else text[last:])
    return "".join(words).replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")


def _find_timing(line: str) -> re.Match[str] | None:
    if "-->" not in line or len(line) > _MAX_TIMING_CHARACTERS:
        return None
    return _TIMING.fullmatch(line.translate(_WIDE_CLOCK))


def _cue(timing: re.Match[str], body: str) -> Cue:
    return Cue(_millis(timing[1]), _millis(timing[2]), plain_text(body), clean_settings(timing[3]))


def clean_settings(text: str) -> str:
    """Return those of a cue's settings that place it, and nothing else."""
    return " ".join([word for word in text.split() if _SETTING.fullmatch(word)][:_MAX_SETTINGS])


def plain_text(marked_up: str) -> str:
    """Return words without markup, escaped so that they can open neither a tag nor another cue."""
    return escape(clean_words(unescape(_MARKUP.sub("", _OVERRIDE.sub("", marked_up)))), quote=False)


def clean_words(words: str) -> str:
    """Return what somebody wrote without control characters, needless blanks and empty lines; not escaped."""
    lines = (_SPACES.sub(" ", line).strip() for line in words.replace("\r", "\n").translate(_STRAY).split("\n"))
    return "\n".join(line for line in lines if line)


def write_webvtt(cues: Iterable[Cue]) -> str:
    """Write cues, in order and with text, as a WebVTT file."""
    blocks = (
        f"{f'{timestamp(cue.start_ms)} --> {timestamp(cue.end_ms)} {cue.settings}'.rstrip()}\n{cue.text}\n"
        for cue in cues
    )
    return "\n".join(["WEBVTT\n", *blocks])


def timestamp(millis: int) -> str:
    """Write milliseconds as WebVTT does: hours of two digits or more."""
    return f"{millis // 3_600_000:02d}:{millis // 60_000 % 60:02d}:{millis // 1000 % 60:02d}.{millis % 1000:03d}"


def _millis(clock: str) -> int:
    *hours_minutes, seconds = clock.replace(",", ".").split(":")
    whole, _, fraction = seconds.partition(".")
    minutes = 0
    for part in hours_minutes:
        minutes = minutes * 60 + int(part)
    return (minutes * 60 + int(whole)) * 1000 + int(fraction[:3].ljust(3, "0"))
