"""Run inside the probing child: what a file carries beside picture and sound, subtitles and chapters.

Self-contained; not here: taking the words out (`embedded.py`), which chapters fit a lecture (`chapters.py`).
"""

from __future__ import annotations

from typing import Any, TypeAlias

# PyAV's containers and streams.
_Av: TypeAlias = Any

TEXT_SUBTITLES = ("subrip", "ass", "mov_text", "webvtt")
# Of these the caller keeps what fits a lecture.
MOST_CHAPTERS = 200
TITLE_CHARACTERS = 200


def describe(container: _Av, start_s: float) -> dict[str, Any]:
    """Return what the headers say; `start_s` is when the file says it starts."""
    return {
        "subtitles": [_describe_subtitle(stream) for stream in container.streams.subtitles],
        "chapters": list(_read_chapters(container, start_s)),
    }


def _describe_subtitle(stream: _Av) -> dict[str, Any]:
    context = stream.codec_context
    name = context.codec.canonical_name if context is not None else ""
    return {
        "stream_index": stream.index,
        "codec": name,
        "language": stream.metadata.get("language", "")[:16],
        "title": stream.metadata.get("title", "")[:TITLE_CHARACTERS],
        "is_text": name in TEXT_SUBTITLES,
    }


def _read_chapters(container: _Av, start_s: float) -> _Av:
    """Yield when each of the file's own chapters begins, from its start, and what it is called."""
    for chapter in container.chapters()[:MOST_CHAPTERS]:
        if chapter["time_base"]:
            begins_s = float(chapter["start"] * chapter["time_base"]) - start_s
            yield begins_s, chapter["metadata"].get("title", "")[:TITLE_CHARACTERS]
