"""From a file to MediaInfo: asks a bounded child process, then judges what it found.

The child (`probe_child.py`) may crash, hang or lie; this side survives all three. Not here: opening the file.
"""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .chapters import from_container
from .errors import MediaRefused
from .ports import StorageUnavailable
from .runner import ProcessLimits, ProcessStopped, run_process
from .scenes import judge_scene
from .types import AudioInfo, MediaInfo, ProbeLimits, ReadyPicture, SubtitleInfo, VideoInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .ports import CancelToken

# Containers round times to milliseconds: the fastest allowed source may look this much faster.
_ROUNDED_STEP = 0.9
_CHILD = Path(__file__).with_name("probe_child.py")


def probe(place: Path | str, *, limits: ProbeLimits | None = None, cancel: CancelToken | None = None) -> MediaInfo:
    """Find out what a source is, without believing it.

    Args:
        place: a file, or the HTTP address of a stored one, of which only the ranges that tell something are read.
        limits: what a source must keep, and what the looking may cost.
        cancel: asked five times a second.

    Raises:
        MediaRefused: with the code of what is wrong; nothing was changed.
        StorageUnavailable: when the address does not give the file.
        Cancelled: when asked to stop.
    """
    limits = limits or ProbeLimits()
    bounds = ProcessLimits(
        timeout_s=limits.timeout_s,
        cpu_s=int(limits.timeout_s) + 5,
        memory_bytes=limits.memory_bytes,
        max_file_bytes=1024**2,
        niceness=limits.niceness,
    )
    if isinstance(place, Path) and not place.is_file():
        raise FileNotFoundError(place)
    argv = [sys.executable, "-I", str(_CHILD), place if isinstance(place, str) else str(place.resolve())]
    try:
        finished = run_process(argv, limits=bounds, cancel=cancel)
    except ProcessStopped as stopped:
        raise MediaRefused("probe_timeout", detail=stopped.reason) from stopped
    try:
        answer = json.loads(finished.stdout)
    except ValueError as error:
        detail = f"exit {finished.exit_code}: {finished.stderr_tail[-300:]}"
        raise MediaRefused("probe_failed", detail=detail) from error
    if "unavailable" in answer:
        raise StorageUnavailable(answer["unavailable"])
    if "refused" in answer:
        raise MediaRefused(answer["refused"])
    return judge(answer["found"], limits)


def judge(found: Mapping[str, Any], limits: ProbeLimits) -> MediaInfo:
    """Turn the child's facts into MediaInfo, or refuse what lies outside the limits. Pure."""
    if found["streams"] > limits.max_streams:
        raise MediaRefused("too_many_streams", detail=str(found["streams"]))
    timing = found["timing"]
    duration_s = float(timing["duration_s"])
    if not duration_s <= limits.max_duration_s:
        raise MediaRefused("too_long", detail=f"{duration_s:.0f} s")
    if duration_s < limits.min_duration_s:
        raise MediaRefused("too_short", detail=f"{duration_s:.3f} s")
    video = _judge_video(found["video"], timing, limits) if found["video"] is not None else None
    audio = _judge_audio(found["audio"], found["audio_tracks"], timing) if found["audio"] is not None else None
    if video is None and audio is None:
        raise MediaRefused("no_playable_stream")
    tags = dict(found["tags"])
    subtitles = tuple(SubtitleInfo(**subtitle) for subtitle in found["subtitles"])
    return MediaInfo(
        container=found["container"],
        duration_s=round(duration_s, 3),
        size_bytes=found["size_bytes"],
        video=video,
        audio=audio,
        has_cover=found["has_cover"],
        aigc=tags.pop("AIGC", None),
        rights=tags,
        subtitles=subtitles,
        chapters=from_container(found["chapters"], duration_s=duration_s),
        is_seekable=bool(timing["is_seekable"]),
        is_cut=bool(timing["is_cut"]),
        lost_s=round(float(timing["lost_s"]), 3),
    )


def _judge_video(found: Mapping[str, Any], timing: Mapping[str, Any], limits: ProbeLimits) -> VideoInfo:
    width_px, height_px = found["width_px"], found["height_px"]
    if min(width_px, height_px) < limits.min_side_px:
        raise MediaRefused("too_small_picture", detail=f"{width_px}x{height_px}")
    if width_px > limits.max_width_px or height_px > limits.max_height_px or width_px * height_px > limits.max_pixels:
        raise MediaRefused("too_large_picture", detail=f"{width_px}x{height_px}")
    aspect = Fraction(found["sample_aspect"])
    if not Fraction(1, 8) <= aspect <= 8:  # nonsense written by a broken muxer
        aspect = Fraction(1)
    display = (round(width_px * aspect), height_px)
    rotation_deg = found["rotation_deg"]
    if rotation_deg % 180 == 90:
        display = (display[1], display[0])
    rates = [Fraction(rate) for rate in found["rates"]]
    step_s = timing["usual_step_s"]
    # Whatever the headers say: each of these frames would have to be decoded.
    if step_s is not None and step_s * limits.max_frame_rate < _ROUNDED_STEP:
        raise MediaRefused("too_many_frames", detail=f"{step_s:.6f} s apart")
    return VideoInfo(
        stream_index=found["stream_index"],
        codec=found["codec"],
        width_px=width_px,
        height_px=height_px,
        display_width_px=display[0],
        display_height_px=display[1],
        rotation_deg=rotation_deg,
        sample_aspect=aspect,
        frame_rate=_judge_rate(rates, limits),
        is_interlaced=found["is_interlaced"],
        is_hdr=found["transfer"] != "sdr",
        bit_depth=found["bit_depth"],
        pixel_format=found["pixel_format"],
        transfer=found["transfer"],
        is_mirrored=found["is_mirrored"],
        color_codes=tuple(found["color_codes"]) if found["color_codes"] is not None else None,
        is_variable=bool(timing["is_variable"]) or _is_uneven(rates),
        end_s=_end(found, timing),
        scene=judge_scene(found["scene"], float(timing["duration_s"])),
        ready=_judge_ready(found["ready"]),
    )


def _judge_ready(ready: Mapping[str, Any] | None) -> ReadyPicture | None:
    if ready is None:
        return None
    return ReadyPicture(
        level=ready["level"],
        frame_rate=Fraction(ready["frame_rate"]),
        frames=ready["frames"],
        key_frames=tuple(ready["key_frames"]),
        group_bytes=tuple(ready["group_bytes"]),
    )


def _end(found: Mapping[str, Any], timing: Mapping[str, Any]) -> float | None:
    """Return when a stream ends; JSON has turned its number into text."""
    end_s = timing["ends_s"].get(str(found["stream_index"]))
    return round(float(end_s), 3) if end_s is not None else None


def _is_uneven(rates: list[Fraction]) -> bool:
    """Return whether the average rate lies off the rate the recorder aimed at; exactly double is a count of fields."""
    if len(rates) < 2:
        return False
    average, aimed = rates[0], rates[1]
    return abs(average - aimed) > average / 100 and abs(2 * average - aimed) > aimed / 100


def _judge_rate(rates: list[Fraction], limits: ProbeLimits) -> Fraction:
    """Return the believable rate out of average, guessed and nominal; 25 where the file knows none."""
    usable = [rate for rate in rates if rate >= 1]
    if not usable:
        return Fraction(25)
    believable = [rate for rate in usable if rate <= limits.max_frame_rate]
    if not believable:
        raise MediaRefused("too_many_frames", detail=f"{float(usable[0]):.0f} fps")
    average = believable[0]
    # Recorders that drop frames: the rate they aim at lies above the average. Exactly double is a count of fields.
    aimed = [rate for rate in believable if average * Fraction(51, 50) < rate < average * Fraction(19, 10)]
    return min(aimed, default=average).limit_denominator(10_000)


def _judge_audio(found: Mapping[str, Any], tracks: int, timing: Mapping[str, Any]) -> AudioInfo | None:
    if found["channels"] < 1 or found["sample_rate_hz"] < 1:
        return None
    return AudioInfo(
        stream_index=found["stream_index"],
        codec=found["codec"],
        sample_rate_hz=found["sample_rate_hz"],
        channels=found["channels"],
        tracks=tracks,
        end_s=_end(found, timing),
    )
