"""analyse(): one look through a whole source for what a teacher may want to know before residents do.

Not here: the command (`command/analysis.py`), its lines (`analysis_log.py`), what is good or bad (`preflight.py`), the
loudness the encode is levelled by (`loudness.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from .analysis_log import Frame, PictureFacts, SoundFacts, Span, read_frames, read_picture, read_sound
from .command.analysis import PICTURE_FILE, SOUND_FILE, analyse_argv, looked_at_px
from .command.shared import SourceFile
from .errors import EncodingFailed
from .reading import call_reading
from .types import MediaInfo, RunLimits

if TYPE_CHECKING:
    from .ports import CancelToken, Progress
    from .preflight_policy import MeasureRules
    from .types import Tools

__all__ = ["Analysis", "Span", "analyse", "analysis_from_json", "analysis_to_json", "media_info_from_json"]

_STEP = "analyse"
_MAX_FACT_BYTES = 256 * 1024**2


@dataclass(frozen=True, slots=True)
class Analysis:
    """What one look through the source found; None for a stream it lacks or that gave nothing."""

    duration_s: float
    sound: SoundFacts | None
    picture: PictureFacts | None


def analyse(
    place: Path | str,
    info: MediaInfo,
    rules: MeasureRules,
    *,
    work_dir: Path,
    tools: Tools,
    progress: Progress,
    cancel: CancelToken,
    limits: RunLimits | None = None,
) -> Analysis:
    """Decode the sound once and the key frames of the picture, and say what is in them.

    Args:
        place: a source that `probe` let through, or a signed address of it; it is read once.
        info: what `probe` found.
        rules: from where on something is silent, black, blurred …
        work_dir: an empty folder of this attempt; two files of facts are left in it.
        tools: the ffmpeg to use.
        progress: told how far the look is.
        cancel: asked five times a second.
        limits: bounds of the process.

    Raises:
        EncodingFailed: code "analysis_failed"; the source may still be encoded.
        Cancelled: when asked to stop.
    """
    source = SourceFile(place.resolve() if isinstance(place, Path) else place, info.container)
    bounds = limits or RunLimits()
    bounds = replace(bounds, max_file_bytes=min(_MAX_FACT_BYTES, bounds.max_file_bytes))
    argv, report = analyse_argv(tools, source, info), partial(progress.report, _STEP)
    with _failing_as_analysis():
        call_reading(
            source.place, argv, cwd=work_dir, duration_s=info.duration_s, limits=bounds, cancel=cancel,
            on_fraction=report,
        )  # fmt: skip
    return _read(work_dir, info, rules)


def _read(work_dir: Path, info: MediaInfo, rules: MeasureRules) -> Analysis:
    sound = picture = None
    if info.audio is not None:
        with _frames(work_dir / SOUND_FILE) as frames:
            sound = read_sound(frames, rules, info.duration_s)
    if info.video is not None:
        with _frames(work_dir / PICTURE_FILE) as frames:
            picture = read_picture(frames, rules, info.duration_s, looked_at_px(info.video))
    return Analysis(info.duration_s, sound, picture)


@contextmanager
def _failing_as_analysis() -> Iterator[None]:
    """Give a failure its own name: the encode has sentences of its own, and this must not sound like one."""
    try:
        yield
    except EncodingFailed as error:
        tail, is_transient = error.stderr_tail, error.is_transient
        raise EncodingFailed(
            "analysis_failed", stderr_tail=tail, is_transient=is_transient, detail=error.code
        ) from error


@contextmanager
def _frames(path: Path) -> Iterator[Iterator[Frame]]:
    """Read the facts line by line: those of six hours are too many to hold as one text."""
    path.touch()  # a stream without a single frame leaves no file
    with path.open(encoding="utf-8", errors="replace") as lines:
        yield read_frames(lines)


_ANALYSIS: TypeAdapter[Analysis] = TypeAdapter(Analysis)
_MEDIA_INFO: TypeAdapter[MediaInfo] = TypeAdapter(MediaInfo)


def analysis_to_json(analysis: Analysis) -> dict[str, Any]:
    """Return plain JSON values to keep."""
    kept: dict[str, Any] = _ANALYSIS.dump_python(analysis, mode="json")
    return kept


def analysis_from_json(mapping: Mapping[str, Any]) -> Analysis:
    """Return a kept analysis.

    Raises:
        ValueError: when it was kept in another shape.
    """
    return _ANALYSIS.validate_python(mapping)


def media_info_from_json(mapping: Mapping[str, Any]) -> MediaInfo:
    """Return a MediaInfo whose fractions were kept as text.

    Raises:
        ValueError: when it was kept in another shape.
    """
    return _MEDIA_INFO.validate_python(mapping)
