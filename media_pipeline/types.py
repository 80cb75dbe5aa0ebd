"""The values that travel through the workshop: what a source is, what shall be made, what was made.

Not here: how any of it is computed. Steps of a plan live in `plan.py`, policy values in `ladder.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Literal

from .chapters import Chapter

if TYPE_CHECKING:
    from pathlib import Path

# Players wait at the end for a stream that lacks more than this.
_HELD_FROM_S = 0.25


@dataclass(frozen=True, slots=True)
class Tools:
    """The programs of this machine."""

    ffmpeg: Path
    version: str
    # HDR pictures are converted exactly with it, approximately without.
    has_zscale: bool = True


@dataclass(frozen=True, slots=True)
class ProbeLimits:
    """Bounds a source must keep before anything is decoded, and bounds of the probing itself."""

    max_width_px: int = 8192
    max_height_px: int = 8192
    max_pixels: int = 7680 * 4320
    min_side_px: int = 16
    min_duration_s: float = 1.0
    max_duration_s: float = 6 * 3600.0
    max_streams: int = 32
    max_frame_rate: int = 240
    timeout_s: float = 60.0
    memory_bytes: int = 2 * 1024**3
    niceness: int = 0


@dataclass(frozen=True, slots=True)
class RunLimits:
    """Bounds of one encoding process, and how many of them run at once."""

    stall_timeout_s: float = 120.0
    base_timeout_s: float = 600.0
    timeout_per_media_s: float = 20.0
    memory_bytes: int = 6 * 1024**3
    max_file_bytes: int = 16 * 1024**3
    max_total_bytes: int = 32 * 1024**3
    niceness: int = 10
    slots: int = 2

    def timeout_s(self, duration_s: float) -> float:
        """Return the longest wall time one process may take over a source of this length."""
        return self.base_timeout_s + self.timeout_per_media_s * duration_s


@dataclass(frozen=True, slots=True)
class SceneInfo:
    """How the picture of a source behaves, each as a share of 0 to 1.

    `static_share` is how often it stands still but for a small part, `moving_area` how much of it typically moves,
    `text_share` how much shows sharp edges on flat ground, `flat_share` how much shows no detail at all.
    """

    static_share: float
    moving_area: float
    text_share: float
    flat_share: float


@dataclass(frozen=True, slots=True)
class ReadyPicture:
    """H.264 that phones decode as it is; `level` is ten times its name, `group_bytes` reach from each key frame on."""

    level: int
    frame_rate: Fraction
    frames: int
    key_frames: tuple[int, ...]
    group_bytes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """The picture of a source; display sizes have pixel shape and rotation applied."""

    stream_index: int
    codec: str
    width_px: int
    height_px: int
    display_width_px: int
    display_height_px: int
    rotation_deg: int
    sample_aspect: Fraction
    frame_rate: Fraction
    is_interlaced: bool
    is_hdr: bool
    bit_depth: int
    pixel_format: str
    # How light is coded: pq and hlg are HDR and must be tone-mapped.
    transfer: Literal["sdr", "pq", "hlg"] = "sdr"
    is_variable: bool = False
    # Also reversed, as the front cameras of some phones record; then nothing but the decoder's own way turns it.
    is_mirrored: bool = False
    # Primaries, transfer and matrix of the first frames, as numbers of ITU-T H.273.
    color_codes: tuple[int, int, int] | None = None
    # When the last frame ends, from the start of the file; None where the picture lasts as long as the source.
    end_s: float | None = None
    scene: SceneInfo | None = None
    # None where the picture must be encoded before phones play it, or where its index does not tell.
    ready: ReadyPicture | None = None


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """The sound of a source."""

    stream_index: int
    codec: str
    sample_rate_hz: int
    channels: int
    # How many sound tracks there are; only this one is used.
    tracks: int = 1
    end_s: float | None = None


@dataclass(frozen=True, slots=True)
class SubtitleInfo:
    """Subtitles inside a source; only text can become captions, pictures of text cannot."""

    stream_index: int
    codec: str
    language: str
    title: str
    is_text: bool


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What probing found.

    `aigc` is the AI-content label of GB 45438 as the source carries it, or None. `is_seekable` means that decoding can
    start in the middle and meet the right times. `is_cut` means that the file was longer once: all that is left counts
    as the source, and `lost_s` is what it promised beyond, 0 where nobody knows.
    """

    container: str
    duration_s: float
    size_bytes: int
    video: VideoInfo | None
    audio: AudioInfo | None
    has_cover: bool = False
    aigc: str | None = None
    rights: Mapping[str, str] = field(default_factory=dict)
    subtitles: tuple[SubtitleInfo, ...] = ()
    #: Those of the file itself, made to fit the lecture.
    chapters: tuple[Chapter, ...] = ()
    is_seekable: bool = False
    is_cut: bool = False
    lost_s: float = 0.0

    @property
    def labels(self) -> tuple[tuple[str, str], ...]:
        """Return what every file made of the source must carry: rights, and the label of AI-generated content."""
        return tuple(sorted({**self.rights, **({"AIGC": self.aigc} if self.aigc is not None else {})}.items()))

    def held_until_s(self, end_s: float | None) -> Fraction | None:
        """Return until when a stream that ends at `end_s` must be continued, or None where it lasts long enough."""
        if end_s is None or self.duration_s - end_s < _HELD_FROM_S:
            return None
        return Fraction(self.duration_s).limit_denominator(1000)


@dataclass(frozen=True, slots=True)
class Rung:
    """One video rendition to make: true picture size, never larger than the source."""

    name: str
    width_px: int
    height_px: int
    crf: float
    max_bitrate_bps: int
    preset: str
    scaler: str
    bframes: int | None = None
    b_strategy: int | None = None
    tune: str | None = None
    aq_mode: int | None = None

    @property
    def short_side_px(self) -> int:
        """Return the smaller side, by which rungs are named and compared."""
        return min(self.width_px, self.height_px)

    @property
    def buffer_bits(self) -> int:
        """Return how far the encoder may go beyond the highest rate before it must have saved as much."""
        return 2 * self.max_bitrate_bps

    def peak_bitrate_bps(self, segment_s: Fraction) -> int:
        """Return what no segment's rate exceeds."""
        return ceil(self.max_bitrate_bps + self.buffer_bits / segment_s)


@dataclass(frozen=True, slots=True)
class Ladder:
    """All video renditions of one source, smallest first, and their common clock."""

    rungs: tuple[Rung, ...]
    frame_rate: Fraction
    frames_per_segment: int
    profile: str

    @property
    def segment_s(self) -> Fraction:
        """Return the exact length of every segment but the last."""
        return Fraction(self.frames_per_segment) / self.frame_rate


@dataclass(frozen=True, slots=True)
class Segment:
    """One written media segment, measured from its own boxes."""

    name: str
    duration_s: Fraction
    size_bytes: int
    start_s: Fraction
    starts_with_keyframe: bool


@dataclass(frozen=True, slots=True)
class Track:
    """One written rendition on disk: init segment, media segments, and what they say of themselves."""

    kind: Literal["video", "audio"]
    name: str
    init_name: str
    init_bytes: int
    init_sha256: str
    codecs: str
    segments: tuple[Segment, ...]
    width_px: int | None = None
    height_px: int | None = None
    frame_rate: Fraction | None = None
    channels: int | None = None

    @property
    def duration_s(self) -> Fraction:
        """Return the sum of all segment lengths."""
        return sum((segment.duration_s for segment in self.segments), Fraction(0))

    @property
    def size_bytes(self) -> int:
        """Return the bytes of init and media segments together."""
        return self.init_bytes + sum(segment.size_bytes for segment in self.segments)


@dataclass(frozen=True, slots=True)
class Rendition:
    """One published rendition; the two rates are of this rendition alone, measured, in bits per second."""

    kind: Literal["video", "audio"]
    name: str
    manifest_name: str
    width_px: int | None
    height_px: int | None
    frame_rate: Fraction | None
    bandwidth_bps: int
    average_bandwidth_bps: int
    codecs: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Published:
    """What lies in the store under the prefix; names are relative to it."""

    duration_s: float
    master_name: str
    saver_name: str
    audio_name: str | None
    mp4_name: str | None
    m4a_name: str | None
    poster_name: str | None
    storyboard_name: str | None
    renditions: tuple[Rendition, ...]
    size_bytes: int
    recipe: str
    #: Seconds at the end of the source that could not be read.
    lost_s: float = 0.0
