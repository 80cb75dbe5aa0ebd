"""Whether a picture that phones play already is handed on as it is, and in what segments. Pure.

A source is encoded again only where that saves the resident bytes, or where its key frames do not lie on the segment
grid. In the latter case those who come at once get a copy for the time until the rungs are made. Not here: looking at
the stream (`probe_ready.py`), the step (`plan.py`).
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import ConfigDict, Field

if TYPE_CHECKING:
    from .types import Ladder, MediaInfo, ReadyPicture, Rung, VideoInfo

# The early copy is cut at the first key frame after each multiple of this.
EARLY_SEGMENT_S = Fraction(2)
# The index and the tail of the file agree about the end.
_END_S = 0.5


@dataclass(frozen=True, slots=True)
class CopyPolicy:
    """Which pictures phones play as they are; what a copy may cost stands with each rung."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    max_level: Annotated[int, Field(ge=10, le=52)]
    max_short_side_px: Annotated[int, Field(gt=0, multiple_of=2)]
    max_early_segment_s: Annotated[int, Field(ge=2, le=12)]


@dataclass(frozen=True, slots=True)
class CopyChoice:
    """A copy to make; `is_kept`: it is the highest rung of the set, else it only serves until the rungs are there.

    `starts_s` are the seconds at which its segments begin, `longest_s` the length of the longest.
    """

    frame_rate: Fraction
    segment_s: Fraction
    starts_s: tuple[Fraction, ...]
    longest_s: Fraction
    is_kept: bool


def choose_copy(
    info: MediaInfo, ladder: Ladder, rules: CopyPolicy, *, max_frame_rate: int, kept_below_bps: int | None
) -> CopyChoice | None:
    """Return how the picture is copied, or None where every phone needs it encoded first.

    Args:
        info: what probing found.
        ladder: the rungs of this source.
        rules: of the policy.
        max_frame_rate: of the policy.
        kept_below_bps: the highest rung becomes a copy up to this average; None never.
    """
    video = info.video
    if video is None or video.ready is None or not _is_playable(info, video, video.ready, rules):
        return None
    ready, top = video.ready, ladder.rungs[-1]
    rate = _standard_rate(ready, ladder, max_frame_rate)
    if rate is None or abs(ready.frames / rate - (video.end_s or info.duration_s)) > _END_S:
        return None
    average_bps = 8 * sum(ready.group_bytes) * rate / ready.frames
    is_cheap = kept_below_bps is not None and average_bps <= kept_below_bps
    is_whole = info.held_until_s(video.end_s) is None and (top.width_px, top.height_px) == (
        video.width_px,
        video.height_px,
    )
    if is_cheap and is_whole and len(ladder.rungs) > 1 and _keeps_grid(ready, ladder, rate, top):
        return _cut(ready, rate, ladder.segment_s, is_kept=True)
    longest = max(after - before for before, after in pairwise((*ready.key_frames, ready.frames)))
    if average_bps <= top.max_bitrate_bps and longest <= rules.max_early_segment_s * rate:
        return _cut(ready, rate, EARLY_SEGMENT_S, is_kept=False)
    return None


def _cut(ready: ReadyPicture, rate: Fraction, segment_s: Fraction, *, is_kept: bool) -> CopyChoice:
    """Cut as ffmpeg's HLS muxer does: the n-th time at the first key frame that is not before n segments' time."""
    starts_s = [Fraction(0)]
    for frame in ready.key_frames[1:]:
        if frame / rate >= len(starts_s) * segment_s:
            starts_s.append(frame / rate)
    lengths_s = [after - before for before, after in pairwise((*starts_s, ready.frames / rate))]
    if len(lengths_s) > 1 and lengths_s[-1] < _END_S:
        # It may become a part of the one before it.
        lengths_s[-2] += lengths_s[-1]
    return CopyChoice(rate, segment_s, tuple(starts_s), max(lengths_s), is_kept=is_kept)


def _is_playable(info: MediaInfo, video: VideoInfo, ready: ReadyPicture, rules: CopyPolicy) -> bool:
    """Return whether nothing about the picture must be mended."""
    is_plain = video.pixel_format == "yuv420p" and video.transfer == "sdr" and video.sample_aspect == 1
    is_steady = not (video.is_interlaced or video.is_variable or video.rotation_deg or info.is_cut)
    is_small = min(video.width_px, video.height_px) <= rules.max_short_side_px and ready.level <= rules.max_level
    return is_plain and is_steady and is_small and info.is_seekable


def _standard_rate(ready: ReadyPicture, ladder: Ladder, max_frame_rate: int) -> Fraction | None:
    """Return the picture's rate if it is exactly the ladder's, or twice that."""
    rate = ready.frame_rate
    return rate if rate in (ladder.frame_rate, 2 * ladder.frame_rate) and rate <= max_frame_rate else None


def _keeps_grid(ready: ReadyPicture, ladder: Ladder, rate: Fraction, top: Rung) -> bool:
    """Return whether every segment of the grid begins with a key frame and stays below the rung's cap."""
    times = int(rate / ladder.frame_rate)
    length = ladder.frames_per_segment * times
    starts = range(0, ready.frames, length)
    left_over = ready.frames - starts[-1]
    # A rest of less than two frames of the other rungs may not become a segment there.
    if left_over < 2 * times or not set(starts) <= set(ready.key_frames):
        return False
    groups = [bisect_left(ready.key_frames, start) for start in starts]
    sizes = [sum(ready.group_bytes[one:other]) for one, other in pairwise((*groups, len(ready.key_frames)))]
    lengths = [*[length] * (len(sizes) - 1), max(left_over, length // 2)]
    return all(8 * size * rate <= top.max_bitrate_bps * frames for size, frames in zip(sizes, lengths, strict=True))
