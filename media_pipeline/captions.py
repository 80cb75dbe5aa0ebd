"""Caption files of any usual kind and encoding to clean WebVTT, and WebVTT to plain transcript text.

Pure, over bytes and text.

Cue settings of WebVTT sources survive; their style, region and note blocks do not, nor any markup of SRT and ASS:
what is published can hold nothing but words. Not here: making captions from speech.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from html import escape, unescape
from typing import TYPE_CHECKING

import charset_normalizer
import pysubs2
from pysubs2.exceptions import Pysubs2Error

from .errors import MediaRefused

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_BYTES = 8 * 1024 * 1024
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_TIMING = re.compile(r"^\s*((?:\d+:)?\d{1,2}:\d{1,2}[.,]\d{1,3})\s*-->\s*((?:\d+:)?\d{1,2}:\d{1,2}[.,]\d{1,3})(.*)$")
_SETTING = re.compile(r"^(?:vertical:(?:rl|lr)|(?:line|position|size|align):[-a-z0-9.,%]{1,24})$")
_MARKUP = re.compile(r"</?[a-zA-Z0-9][^<>]*>|<[/]?>")
_SPACES = re.compile(r"[ \t\u00a0]+")
_SENTENCE_END = re.compile(r"[。！？!?…；;][”’」』)）]*$")
_MIN_CUE_MS = 200
_FALLBACK_CUE_MS = 2000
_PARAGRAPH_GAP_MS = 4000


@dataclass(frozen=True, slots=True)
class _Cue:
    start_ms: int
    end_ms: int
    text: str
    settings: str = ""


def to_webvtt(data: bytes, filename: str) -> str:
    """Return a caption file as WebVTT: UTF-8, in order, without overlaps or empty cues.

    Args:
        data: the file as uploaded: SRT, WebVTT or ASS/SSA, in UTF-8, UTF-16, GB18030 or Big5.
        filename: only its ending is looked at, and only where the content does not tell.

    Raises:
        MediaRefused: code "bad_caption", when no cue can be read.
    """
    if not data.strip(b"\x00\xff\xfe\xef\xbb\xbf \t\r\n") or len(data) > MAX_BYTES:
        raise MediaRefused("bad_caption", detail=f"{len(data)} bytes")
    text = decode(data).replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    cues = mend(_read(text, filename))
    if not cues:
        raise MediaRefused("bad_caption", detail="no cues")
    blocks = []
    for cue in cues:
        timing = f"{_timestamp(cue.start_ms)} --> {_timestamp(cue.end_ms)} {cue.settings}".rstrip()
        blocks.append(f"{timing}\n{cue.text}\n")
    return "\n".join(["WEBVTT\n", *blocks])


def transcript_text(vtt: str) -> str:
    """Return the words of a WebVTT file as plain text: one paragraph for what belongs together."""
    paragraphs: list[str] = []
    line, last_end_ms, last_text = "", 0, ""
    for cue in _read_vtt(vtt):
        words = _SPACES.sub(" ", unescape(_MARKUP.sub("", cue.text)).replace("\n", " ")).strip()
        if not words or words == last_text:
            continue
        is_new = bool(_SENTENCE_END.search(line)) or cue.start_ms - last_end_ms > _PARAGRAPH_GAP_MS
        if line and is_new:
            paragraphs.append(line)
            line = ""
        line += (" " if line and _needs_space(line[-1], words[0]) else "") + words
        last_end_ms, last_text = cue.end_ms, words
    return "\n".join([*paragraphs, line] if line else paragraphs)


def decode(data: bytes) -> str:
    """Return the text of bytes in an unnamed encoding; never fails, since a wrong guess shows in the preview."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if b"\x00" in data[:400]:
        is_little = data[1:400:2].count(0) >= data[0:400:2].count(0)
        return data.decode("utf-16-le" if is_little else "utf-16-be", "replace")
    guess = charset_normalizer.from_bytes(data, cp_isolation=["gb18030", "big5"]).best()
    encoding = guess.encoding if guess is not None else "gb18030"
    return data.decode(encoding, "replace")


def mend(cues: Iterable[_Cue]) -> list[_Cue]:
    """Sort cues, join those of one moment, end each before the next begins, and drop empty ones."""
    mended: list[_Cue] = []
    for cue in sorted((cue for cue in cues if cue.text.strip()), key=lambda cue: cue.start_ms):
        if cue.end_ms <= cue.start_ms:
            cue = replace(cue, end_ms=cue.start_ms + _FALLBACK_CUE_MS)  # noqa: PLW2901 - the mended cue takes its place
        before = mended[-1] if mended else None
        if before is not None and cue.start_ms - before.start_ms < _MIN_CUE_MS and cue.start_ms < before.end_ms:
            lines = before.text if cue.text in before.text.split("\n") else f"{before.text}\n{cue.text}"
            mended[-1] = replace(before, text=lines, end_ms=max(before.end_ms, cue.end_ms))
            continue
        if before is not None and before.end_ms > cue.start_ms:
            mended[-1] = replace(before, end_ms=cue.start_ms)
        mended.append(cue)
    return mended


def _read(text: str, filename: str) -> list[_Cue]:
    start = text.lstrip("\ufeff \t\n")
    if start.startswith("WEBVTT") or filename.lower().endswith(".vtt"):
        return _read_vtt(start)
    is_ass = re.search(r"^\[(?:Script Info|V4\+? Styles|Events)\]", start, re.MULTILINE | re.IGNORECASE) is not None
    try:
        if is_ass:
            events = pysubs2.SSAFile.from_string(start, format_="ass").events
        else:
            # Only what looks like a tag is one: "a < b" is part of a lecture on arithmetic.
            events = pysubs2.SSAFile.from_string(start, format_="srt", keep_unknown_html_tags=True).events
    except (Pysubs2Error, ValueError, KeyError, IndexError) as error:
        raise MediaRefused("bad_caption", detail=type(error).__name__) from error
    shown = [event for event in events if not event.is_comment and not event.is_drawing]
    return [_Cue(max(0, event.start), event.end, _plain(event.plaintext)) for event in shown]


def _read_vtt(text: str) -> list[_Cue]:
    """Read WebVTT cue blocks; every other kind of block is left out."""
    cues = []
    for block in re.split(r"\n\s*\n", text):
        lines = block.split("\n")
        for number, line in enumerate(lines[:3]):
            timing = _TIMING.match(line)
            if timing is not None and not lines[0].startswith(("NOTE", "STYLE", "REGION")):
                body = "\n".join(row.strip() for row in lines[number + 1 :] if row.strip())
                settings = " ".join(word for word in timing[3].split() if _SETTING.match(word))
                cues.append(_Cue(_millis(timing[1]), _millis(timing[2]), _safe(body), settings))
                break
    return cues


def _plain(text: str) -> str:
    lines = (_SPACES.sub(" ", line).strip() for line in _MARKUP.sub("", text).split("\n"))
    return escape("\n".join(line for line in lines if line), quote=False)


def _safe(text: str) -> str:
    """Escape again what must be escaped, so that text out of a sloppy WebVTT cannot open a cue or a tag."""
    return escape(unescape(_MARKUP.sub("", text)), quote=False)


def _millis(timestamp: str) -> int:
    *hours_minutes, seconds = timestamp.replace(",", ".").split(":")
    whole, _, fraction = seconds.partition(".")
    minutes = 0
    for part in hours_minutes:
        minutes = minutes * 60 + int(part)
    return (minutes * 60 + int(whole)) * 1000 + int(fraction.ljust(3, "0"))


def _timestamp(millis: int) -> str:
    return f"{millis // 3_600_000:02d}:{millis // 60_000 % 60:02d}:{millis // 1000 % 60:02d}.{millis % 1000:03d}"


def _needs_space(left: str, right: str) -> bool:
    """Return whether two pieces need a space between them: words of Latin letters do, Chinese does not."""
    return left.isascii() and right.isascii() and not left.isspace()
