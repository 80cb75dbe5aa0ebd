"""Subtitles out of the inside of a source, as WebVTT. Not here: caption files by themselves (`captions.py`)."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .captions import MAX_BYTES, to_webvtt
from .errors import MediaRefused
from .runner import ProcessLimits, ProcessStopped, run_process

if TYPE_CHECKING:
    from .ports import CancelToken
    from .types import MediaInfo, Tools

# Text kinds and the file that keeps all of their words; pictures of text have none.
_KINDS = {"subrip": "srt", "mov_text": "srt", "ass": "ass", "webvtt": "webvtt"}
_TIMEOUT_S = 600.0


def extract_subtitle(
    tools: Tools, path: Path, info: MediaInfo, stream_index: int, *, cancel: CancelToken | None = None
) -> str:
    """Return one of `info.subtitles` of a source as clean WebVTT, on the clock of the published lecture.

    Raises:
        MediaRefused: code "bad_caption", when it is no text or holds no cue.
        Cancelled: when asked to stop.
    """
    kind = next((_KINDS.get(each.codec) for each in info.subtitles if each.stream_index == stream_index), None)
    if kind is None:
        raise MediaRefused("bad_caption", detail=f"stream {stream_index} holds no text")
    limits = ProcessLimits(timeout_s=_TIMEOUT_S, max_file_bytes=MAX_BYTES, memory_bytes=2 * 1024**3)
    given = ("-protocol_whitelist", "file,pipe", "-format_whitelist", info.container, "-i", f"file:{path.resolve()}")
    with tempfile.TemporaryDirectory(prefix="subtitle-") as folder:
        target = Path(folder) / f"words.{kind}"
        # Only this stream is read; picture and sound are stepped over.
        argv = [str(tools.ffmpeg), "-hide_banner", "-nostdin", "-v", "error", *given, "-map", f"0:{stream_index}"]
        argv += ["-c:s", kind, "-f", kind, str(target)]
        try:
            done = run_process(argv, limits=limits, cancel=cancel)
        except ProcessStopped as stopped:
            raise MediaRefused("bad_caption", detail=stopped.reason) from stopped
        if done.exit_code != 0 or not target.is_file():
            raise MediaRefused("bad_caption", detail=done.stderr_tail[-300:])
        return to_webvtt(target.read_bytes(), target.name.replace("webvtt", "vtt"))
