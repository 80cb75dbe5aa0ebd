"""The steps of a plan as values, and a plan's JSON.

A digest names everything that decides a step's bytes: source, recipe, and the step's own parameters. Any worker that
finds the digest's note in the store need not do the step again. Not here: deciding steps (`plan.py`), argv
(`command.py`), execution (`encoder.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from pydantic import TypeAdapter

from .ladder import AudioPolicy, PosterPolicy, StoryboardPolicy
from .types import Ladder, Rung

#: Of pictures larger than 4K a frame takes tens of megabytes.
LARGE_PIXELS = 4096 * 2304
AUDIO_FOLDER = "audio"
#: What is made for the first minutes only, while the whole is not there yet.
EARLY_AUDIO_FOLDER = "live/audio"
EARLY_VIDEO_FOLDER = "live/video"


@dataclass(frozen=True, slots=True)
class MediaRange:
    """A stretch of the source on the segment grid; no length means to the end."""

    start_s: Fraction = Fraction(0)
    length_s: Fraction | None = None
    first_segment: int = 0

    @property
    def is_whole(self) -> bool:
        """Return whether this is the source from start to end."""
        return self.start_s == 0 and self.length_s is None


@dataclass(frozen=True, slots=True)
class PosterTarget:
    """Candidate stills taken while encoding, one of which becomes the poster."""

    rate: Fraction
    width_px: int
    height_px: int
    policy: PosterPolicy


@dataclass(frozen=True, slots=True)
class StoryboardTarget:
    """Small stills on a fixed rhythm, joined into sheets; `first` numbers a chunk's stills within the lecture."""

    width_px: int
    height_px: int
    policy: StoryboardPolicy
    first: int = 0


@dataclass(frozen=True, slots=True)
class LoudnessStep:
    """Measure the sound, so that the encode can set one gain."""

    digest: str
    stream_index: int
    channels: int
    range: MediaRange
    audio: AudioPolicy


@dataclass(frozen=True, slots=True)
class VideoStep:
    """Decode one chunk once and write some or all rungs of it, with the stills from the same decode."""

    digest: str
    stream_index: int
    is_interlaced: bool
    range: MediaRange
    ladder: Ladder
    rungs: tuple[Rung, ...]
    encoder_threads: int
    poster: PosterTarget | None
    storyboard: StoryboardTarget | None
    transfer: Literal["sdr", "pq", "hlg"] = "sdr"
    #: The size of the first frames as they are stored. Frames of another size, later on, are fitted into it.
    stored_px: tuple[int, int] = (0, 0)
    #: Quarter turns by which stored frames are to be shown, clockwise in degrees; None leaves turning to ffmpeg.
    turned_deg: int | None = None
    color_codes: tuple[int, int, int] | None = None
    #: A picture that ends before the sound stands still until then.
    held_until_s: Fraction | None = None

    @property
    def is_large(self) -> bool:
        """Return whether decoding takes so much memory that a machine does one such step at a time."""
        return self.stored_px[0] * self.stored_px[1] > LARGE_PIXELS


@dataclass(frozen=True, slots=True)
class CopyStep:
    """Write a stretch of the picture as it is, in segments that begin at its own key frames."""

    digest: str
    stream_index: int
    range: MediaRange
    frame_rate: Fraction
    segment_s: Fraction
    #: Of all stretches.
    longest_segment_s: Fraction
    #: That of the rung it stands for, or the folder of what early viewers get.
    folder: str


@dataclass(frozen=True, slots=True)
class AudioStep:
    """Write one stretch of the one audio rendition, with the gain a loudness step found."""

    digest: str
    stream_index: int
    channels: int
    range: MediaRange
    segment_s: Fraction
    audio: AudioPolicy
    loudness: str
    folder: str = AUDIO_FOLDER
    #: Sound that ends before the picture goes on as silence until then.
    filled_until_s: Fraction | None = None
    #: The measurement whose gain the stretch begins with, to end with its own: nobody hears one sound follow another.
    fades_from: str | None = None

    @property
    def measurements(self) -> tuple[str, ...]:
        """Return the loudness steps that must have been done before."""
        return (self.loudness,) if self.fades_from is None else (self.loudness, self.fades_from)


@dataclass(frozen=True, slots=True)
class PackageStep:
    """Remux what was encoded into plain files; `video_name` is the rung inside the MP4."""

    digest: str
    video_name: str | None
    has_audio: bool


ChunkStep: TypeAlias = LoudnessStep | VideoStep | CopyStep | AudioStep


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything to be done to one source under one policy.

    Video steps are in the order in which they are best begun: the lowest rung of the first range, or of all ranges, may
    come alone and before the others. Those of one rung are in the order of their ranges. The early steps give the first
    minutes a sound before the whole sound has been measured; the last of them waits for that, and goes over to the gain
    of the whole. Copies stand for the highest rung, or serve in its place until the rungs are made.
    """

    digest: str
    recipe: str
    source_sha256: str
    container: str
    duration_s: float
    start_bitrate_bps: int
    tags: tuple[tuple[str, str], ...]
    ladder: Ladder | None
    loudness: LoudnessStep | None
    audios: tuple[AudioStep, ...]
    videos: tuple[VideoStep, ...]
    early_loudness: LoudnessStep | None
    early_audios: tuple[AudioStep, ...]
    package: PackageStep
    copies: tuple[CopyStep, ...]

    def steps_of(self, rung: str) -> tuple[VideoStep | CopyStep, ...]:
        """Return the steps that together leave a rung, in the order of their time."""
        if self.copies and self.copies[0].folder == rung:
            return self.copies
        return tuple(step for step in self.videos if any(each.name == rung for each in step.rungs))

    @property
    def early_copies(self) -> tuple[CopyStep, ...]:
        """Return the copies if they are not part of the set."""
        return tuple(step for step in self.copies if step.folder == EARLY_VIDEO_FOLDER)

    @property
    def first_steps(self) -> tuple[ChunkStep, ...]:
        """Return what must have been done before somebody can begin to watch a long lecture; nothing of a short one."""
        if self.early_loudness is None:
            return ()
        picture = self.copies[:1] or self.videos[:1]
        return (*picture, self.early_loudness, *self.early_audios[:1])

    @property
    def chunk_steps(self) -> tuple[ChunkStep, ...]:
        """Return all steps that leave a chunk, in the order in which they are best begun.

        What the first minute needs comes first, then the sound, which all of the picture's chunks can overtake.
        """
        first = (*self.copies[:1], self.early_loudness, *self.early_audios[:1], *self.copies[1:])
        early = [step for step in first if step is not None]
        bridge = (*self.early_audios[1:-1], self.loudness, *self.early_audios[-1:])
        sound = [step for step in (*bridge, *self.audios) if step is not None]
        return (*early, *self.videos[:1], *sound, *self.videos[1:])


_ADAPTER: TypeAdapter[Plan] = TypeAdapter(Plan)


def plan_to_json(plan: Plan) -> bytes:
    """Return a plan as JSON, for workers that did not make it."""
    return _ADAPTER.dump_json(plan)


def plan_from_json(data: bytes) -> Plan:
    """Return the plan `plan_to_json` wrote.

    Raises:
        ValueError: when it was written by a release that knew other steps.
    """
    return _ADAPTER.validate_json(data)
