"""Subtitles out of the inside of a source, as WebVTT. Not here: caption files by themselves (`captions.py`)."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from .captions import MAX_BYTES, to_webvtt
from .command.shared import SourceFile
from .command.subtitles import subtitle_argv
from .errors import EncodingFailed, MediaRefused
from .runner import ProcessLimits, ProcessStopped, run_process

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .ports import CancelToken
    from .types import MediaInfo, SubtitleInfo, Tools

log = logging.getLogger(__name__)

#: More than these are not taken out of one source.
MAX_SUBTITLES = 8
# Text kinds and the format that keeps all of their words; pictures of text have none.
_KINDS = {"subrip": "srt", "mov_text": "srt", "ass": "ass", "webvtt": "webvtt"}
_ENDINGS = {"webvtt": "vtt"}
_TIMEOUT_S = 1800.0


def text_subtitles(info: MediaInfo) -> tuple[SubtitleInfo, ...]:
    """Return the subtitles of a source that can become captions."""
    return tuple(each for each in info.subtitles if each.codec in _KINDS)[:MAX_SUBTITLES]


def extract_subtitles(
    tools: Tools, place: Path | str, info: MediaInfo, *, work_dir: Path, cancel: CancelToken | None = None
) -> Mapping[int, str]:
    """Return the text subtitles of a source by stream index as clean WebVTT, on the clock of the published lecture.

    A stream without any readable cue is left out.

    Args:
        tools: the ffmpeg to use.
        place: the source, or a signed address of it; it is read once.
        info: what `probe` found.
        work_dir: an existing folder of this attempt; the files as ffmpeg wrote them are left in it.
        cancel: asked five times a second.

    Raises:
        EncodingFailed: code "subtitles_failed"; the source may still be encoded.
        Cancelled: when asked to stop.
    """
    kinds = {each.stream_index: _KINDS[each.codec] for each in text_subtitles(info)}
    if not kinds:
        return {}
    wanted = {index: (f"{index}.{_ENDINGS.get(kind, kind)}", kind) for index, kind in kinds.items()}
    source = SourceFile(place.resolve() if isinstance(place, Path) else place, info.container)
    limits = ProcessLimits(timeout_s=_TIMEOUT_S, max_file_bytes=MAX_BYTES, memory_bytes=2 * 1024**3)
    try:
        done = run_process(subtitle_argv(tools, source, wanted), limits=limits, cwd=work_dir, cancel=cancel)
    except ProcessStopped as stopped:
        raise EncodingFailed("subtitles_failed", stderr_tail=stopped.stderr_tail, is_transient=True) from stopped
    if done.exit_code != 0:
        # Half of the words would look like all of them.
        is_transient = isinstance(place, str)
        raise EncodingFailed("subtitles_failed", stderr_tail=done.stderr_tail, is_transient=is_transient)
    texts = ((index, work_dir / name) for index, (name, _kind) in wanted.items())
    read = {index: _read(path) for index, path in texts if path.is_file()}
    return {index: webvtt for index, webvtt in read.items() if webvtt}


def _read(path: Path) -> str:
    try:
        return to_webvtt(path.read_bytes(), path.name)
    except MediaRefused as refused:
        log.info("subtitle_left_out", extra={"code": refused.code, "detail": refused.detail})
        return ""
