"""Caption files of any usual kind and encoding to clean WebVTT, and WebVTT to plain transcript text.

Pure, over bytes and text.

Cue settings of WebVTT sources survive; their style, region and note blocks do not, nor any markup of SRT and ASS:
what is published can hold nothing but words. Long lines are broken in two for a phone. Not here: making captions from
speech (`speech`).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from html import escape, unescape
from typing import TYPE_CHECKING

from .caption_cues import MAX_CUE_CHARACTERS, Cue, read_cues, read_webvtt, write_webvtt
from .caption_encoding import decode
from .errors import MediaRefused

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_BYTES = 8 * 1024 * 1024
#: Columns of one line on a phone: a Chinese character takes two, a Latin letter one.
LINE_COLUMNS = 40
MACHINE_NOTE = "AIGC: 字幕由机器生成 captions made by a machine"
_PHRASE = re.compile(r"[^，。、；：？！…,;?!]*[，。、；：？！…,;?!]+\s*|[^，。、；：？！…,;?!]+")
_SENTENCE_END = re.compile(r"[。！？!?…；;][”’」』)）]*$")
_MIN_CUE_MS = 200
_FALLBACK_CUE_MS = 2000
_PARAGRAPH_GAP_MS = 4000
_NOT_FIRST = frozenset("，。、；：？！…—）》」』”’％,.;:?!)]}%")
_NOT_LAST = frozenset("（《「『“‘([{#$￥")
_GOOD_END = frozenset("，。、；：？！…,;:?!")


def to_webvtt(data: bytes, filename: str) -> str:
    """Return a caption file as WebVTT: UTF-8, in order, without overlaps or empty cues.

    Args:
        data: the file as uploaded: SRT, WebVTT or ASS/SSA, in UTF-8, UTF-16, GB18030, Big5 or CP949.
        filename: only its ending is looked at, and only where the content does not tell.

    Raises:
        MediaRefused: code "bad_caption", when no cue can be read; "caption_too_large", when there is far too much.
    """
    if len(data) > MAX_BYTES:
        raise MediaRefused("caption_too_large", detail=f"{len(data)} bytes")
    cues = mend(read_cues(decode(data), filename))
    if not cues:
        raise MediaRefused("bad_caption", detail="no cues")
    return write_webvtt(replace(cue, text=wrap(cue.text)) for cue in cues)


def transcript_text(vtt: str) -> str:
    """Return the words of a WebVTT file as plain text: one paragraph for what belongs together."""
    paragraphs: list[str] = []
    line, last_end_ms, last_text = "", 0, ""
    for cue in read_webvtt(vtt):
        words = _join(unescape(cue.text).split("\n"))
        if not words or words == last_text:
            continue
        is_new = bool(_SENTENCE_END.search(line[-8:])) or cue.start_ms - last_end_ms > _PARAGRAPH_GAP_MS
        if line and is_new:
            paragraphs.append(line)
            line = ""
        line = _join([line, words]) if line else words
        last_end_ms, last_text = cue.end_ms, words
    return "\n".join([*paragraphs, line] if line else paragraphs)


def mend(cues: Iterable[Cue]) -> list[Cue]:
    """Sort cues, join those of one moment, end each before the next begins, and drop empty ones."""
    mended: list[Cue] = []
    lines: dict[str, None] = {}  # of the last cue, in order, each once
    for cue in sorted((cue for cue in cues if cue.text.strip()), key=lambda cue: cue.start_ms):
        if cue.end_ms <= cue.start_ms:
            cue = replace(cue, end_ms=cue.start_ms + _FALLBACK_CUE_MS)  # noqa: PLW2901 - the mended cue takes its place
        before = mended[-1] if mended else None
        if before is not None and cue.start_ms - before.start_ms < _MIN_CUE_MS and cue.start_ms < before.end_ms:
            lines.update(dict.fromkeys(cue.text.split("\n")))
            text = "\n".join(lines)
            if len(text) > MAX_CUE_CHARACTERS:
                raise MediaRefused("caption_too_large", detail=f"too much at {cue.start_ms} ms")
            mended[-1] = replace(before, text=text, end_ms=max(before.end_ms, cue.end_ms))
            continue
        if before is not None and before.end_ms > cue.start_ms:
            mended[-1] = replace(before, end_ms=cue.start_ms)
        mended.append(cue)
        lines = dict.fromkeys(cue.text.split("\n"))
    return mended


def split_cue(cue: Cue) -> list[Cue]:
    """Split a cue of more than two lines at its punctuation; each piece gets its share of the time."""
    words = " ".join(unescape(cue.text).split())
    if _columns(words) <= 2 * LINE_COLUMNS:
        return [replace(cue, text=escape(words, quote=False))]
    pieces = [""]
    for phrase in _PHRASE.findall(words):
        if pieces[-1] and _columns(pieces[-1] + phrase.rstrip()) > 2 * LINE_COLUMNS:
            pieces.append("")
        pieces[-1] += phrase
    total, done, cues = max(1, _columns(words)), 0, []
    for piece in pieces:
        start_ms = cue.start_ms + (cue.end_ms - cue.start_ms) * done // total
        done += _columns(piece)
        end_ms = cue.start_ms + (cue.end_ms - cue.start_ms) * done // total
        cues.append(replace(cue, start_ms=start_ms, end_ms=end_ms, text=escape(piece.strip(), quote=False)))
    return cues


def machine_webvtt(cues: Iterable[Cue]) -> str:
    """Write cues a machine made, saying so inside of the file too (GB 45438-2025: labels stay with what is copied)."""
    return write_webvtt(cues).replace("WEBVTT\n", f"WEBVTT\n\nNOTE {MACHINE_NOTE}\n", 1)


def cut_webvtt(webvtt: str, start_s: float, end_s: float, *, is_machine: bool = False) -> str | None:
    """Return the cues of a stretch as WebVTT of their own, counted from its start; None when nothing is said in it.

    Args:
        webvtt: as `to_webvtt` or `machine_webvtt` wrote it.
        start_s: seconds.
        end_s: seconds.
        is_machine: whether a machine made it: the new file says so too.
    """
    start_ms, end_ms = round(start_s * 1000), round(end_s * 1000)
    moved = (
        replace(cue, start_ms=max(cue.start_ms, start_ms) - start_ms, end_ms=min(cue.end_ms, end_ms) - start_ms)
        for cue in read_webvtt(webvtt)
    )
    # Of what is said across an end, too little to be read is left out.
    cues = [cue for cue in moved if cue.end_ms - cue.start_ms >= _MIN_CUE_MS]
    if not cues:
        return None
    return machine_webvtt(cues) if is_machine else write_webvtt(cues)


def wrap(text: str) -> str:
    """Break a single line that is too long for a phone in two, where a reader would pause.

    Text that has its own line breaks, or would need three lines, is left alone: players break it themselves.
    """
    words = unescape(text)
    columns = _columns(words)
    if "\n" in words or not LINE_COLUMNS < columns <= 2 * LINE_COLUMNS:
        return text
    cuts = [at for at in range(1, len(words)) if _may_break(words, at)]
    fitting = [at for at in cuts if max(_columns(words[:at].rstrip()), _columns(words[at:].lstrip())) <= LINE_COLUMNS]
    if not fitting:
        return text
    cut = min(fitting, key=lambda at: abs(_columns(words[:at]) - columns / 2) - 12 * (words[at - 1] in _GOOD_END))
    return escape(f"{words[:cut].rstrip()}\n{words[cut:].lstrip()}", quote=False)


def _may_break(words: str, at: int) -> bool:
    """Return whether a line may end before this character: not inside a Latin word, nor with a lonely bracket."""
    left, right = words[at - 1], words[at]
    if right in _NOT_FIRST or left in _NOT_LAST or unicodedata.combining(right):
        return False
    return left == " " or right == " " or not (_is_narrow(left) and _is_narrow(right))


def _is_narrow(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) not in "WF"


def _columns(words: str) -> int:
    return sum(1 if _is_narrow(letter) else 2 for letter in words)


def _join(pieces: Iterable[str]) -> str:
    """Join pieces of running text: words of Latin letters need a space between them, Chinese ones do not."""
    text = ""
    for piece in pieces:
        is_spaced = bool(text and piece) and _is_narrow(text[-1]) and _is_narrow(piece[0])
        text += (" " if is_spaced else "") + piece
    return text
