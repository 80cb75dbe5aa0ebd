"""Silence where sound could not be read: stretches in the middle, and what the picture goes on behind the last one.

Made while chunks are put together, because only then it is known what else there is. Needs no source. Not here: the
command (`command/sound.py`); sound that is known beforehand to end early is continued by its own last stretch.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from .calling import call_ffmpeg
from .chunks import Chunk, store_chunk
from .command.sound import AAC_FRAME, Gain, silence_argv
from .errors import EncodingFailed
from .package import collect_track
from .publish import Item, put_item
from .steps import AUDIO_FOLDER, MediaRange

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .ports import CancelToken, Storage
    from .steps import AudioStep, Plan
    from .types import RunLimits, Tools, Track

# Players wait at the end for a stream that lacks more than this.
_MISSED_FROM_S = Fraction(1, 4)


@dataclass(frozen=True, slots=True)
class Silence:
    """Makes the sound of a plan whole; attributes as those of `Assembly`."""

    plan: Plan
    storage: Storage
    prefix: str
    work_dir: Path
    tools: Tools
    limits: RunLimits
    cancel: CancelToken

    def fill(self, chunks: dict[str, Chunk], picture_s: Fraction | None) -> list[Track]:
        """Return the sound's stretches in order, without a hole, as long as the picture where that is known.

        Side effects: stores the silence that was missing; stretches of it become chunks.

        Raises:
            EncodingFailed: no sound could be read at all, or ffmpeg failed.
        """
        steps = self.plan.audios
        heard = [number for number, step in enumerate(steps) if chunks[step.digest].tracks]
        if not heard or heard[0]:
            raise EncodingFailed("source_damaged", detail="the sound could not be read")
        parts = []
        for step in steps[: heard[-1] + 1]:
            tracks = chunks[step.digest].tracks
            parts.append(tracks[0] if tracks else self._stretch(step, chunks))
        if picture_s is None:
            return parts
        last = steps[heard[-1]]
        if last is not steps[-1]:
            # Stretches of known length are filled with silence; of the last one nothing was found. The picture says
            # when to stop.
            parts = [_until(part, picture_s) for part in parts if part.segments[0].start_s < picture_s]
        missing_s = picture_s - _end_s(parts[-1])
        return [*parts, *([self._rest(last, parts[-1], missing_s, chunks)] if missing_s > _MISSED_FROM_S else [])]

    def _stretch(self, step: AudioStep, chunks: dict[str, Chunk]) -> Track:
        folder = self.work_dir / f"silence-{step.digest}"
        track = self._made(step, chunks, folder)
        chunks[step.digest] = Chunk(step.digest, 0.0, (track,))
        store_chunk(self.storage, self.prefix, chunks[step.digest], folder, has_init=False)
        shutil.rmtree(folder)
        return track

    def _rest(self, step: AudioStep, before: Track, missing_s: Fraction, chunks: Mapping[str, Chunk]) -> Track:
        """Return silence from the end of a track on, in segments that go on with its numbers."""
        frame_s = Fraction(AAC_FRAME, step.audio.sample_rate_hz)
        start_s = round(_end_s(before) / frame_s) * frame_s
        first = int(before.segments[-1].name.partition(".")[0]) + 1
        folder = self.work_dir / "silence-rest"
        track = self._made(replace(step, range=MediaRange(start_s, missing_s, first)), chunks, folder)
        for segment in track.segments:
            put_item(
                self.storage, self.prefix, Item(f"{track.name}/{segment.name}", folder / track.name / segment.name)
            )
        shutil.rmtree(folder)
        return track

    def _made(self, step: AudioStep, chunks: Mapping[str, Chunk], folder: Path) -> Track:
        (folder / AUDIO_FOLDER).mkdir(parents=True)
        length_s = step.range.length_s or Fraction(0)
        call_ffmpeg(
            silence_argv(self.tools, step, chunks[step.loudness].gain or Gain(), self.plan.tags),
            cwd=folder,
            duration_s=float(length_s),
            limits=self.limits,
            cancel=self.cancel,
            on_fraction=lambda _: None,
        )
        first = step.range.first_segment
        return collect_track(folder / AUDIO_FOLDER, "audio", AUDIO_FOLDER, first_segment=first, edit_ticks=AAC_FRAME)


def _until(track: Track, end_s: Fraction) -> Track:
    return replace(
        track, segments=tuple(segment for segment in track.segments if segment.start_s < end_s - _MISSED_FROM_S)
    )


def _end_s(track: Track) -> Fraction:
    return track.segments[-1].start_s + track.segments[-1].duration_s
