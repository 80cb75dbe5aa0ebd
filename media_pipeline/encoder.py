"""One step of a plan done: looked for in the store first, else made in a folder of its own and stored.

Not here: the order of steps (`pipeline.py`, or whoever spreads them over machines), putting chunks together
(`assembly.py`).
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, overload

from . import images
from .chunks import POSTER_CANDIDATE, Chunk, find_chunk, store_chunk
from .command.copied import copy_argv
from .command.picture import POSTER_FOLDER, STORYBOARD_FOLDER, video_argv, video_folders
from .command.shared import SourceFile
from .command.sound import (
    AAC_FRAME,
    BAND_LEVELS,
    CHANNEL_LEVELS,
    HUM_BANDS_HZ,
    LISTENED_CHANNELS,
    WINDOW_S,
    Gain,
    Treatment,
    audio_argv,
    listen_argv,
    measure_argv,
)
from .errors import EncodingFailed
from .expecting import expected
from .listening import Heard, agreed_layout, find_noises, read_levels
from .loudness import (
    LARGE_CORRECTION_DB,
    Loudness,
    correct,
    correct_again,
    gain_for,
    is_limiting,
    laid_out,
    lift_for,
    needs_another_look,
    read_loudness,
)
from .package import check_tracks, collect_track, written
from .reading import call_reading, found_nothing
from .steps import AudioStep, CopyStep, LoudnessStep, VideoStep

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .ports import CancelToken, Storage
    from .steps import ChunkStep, MediaRange, Plan
    from .types import RunLimits, Tools


@dataclass(frozen=True, slots=True)
class Encoder:
    """Does steps of one plan; safe to use from several threads at once.

    Attributes:
        plan: from `make_plan`, for exactly this source.
        source: a local file, or an address the store signed; only read.
        storage: where chunks go.
        prefix: of the set, named by the plan's digest.
        tools: from `find_tools`.
        limits: bounds of every process.
        cancel: asked often; cancelling kills ffmpeg's whole process group.
    """

    plan: Plan
    source: Path | str
    storage: Storage
    prefix: str
    tools: Tools
    limits: RunLimits
    cancel: CancelToken

    def do(self, step: ChunkStep, work_dir: Path, on_fraction: Callable[[float], None]) -> Chunk:
        """Return what a step leaves, making it unless it is in the store.

        Args:
            step: of this plan.
            work_dir: a folder of its own; made if missing, removed when the chunk is stored.
            on_fraction: told from 0 to 1 how far it is.

        Raises:
            EncodingFailed: ffmpeg did not finish, or what it wrote is not whole.
            OutOfSpace: the working disk is full. StorageError passes through.
            Cancelled: when asked to stop; nothing is running any more.
        """
        found = find_chunk(self.storage, self.prefix, step.digest)
        if found is not None:
            on_fraction(1.0)
            return found
        started = time.monotonic()
        work_dir.mkdir(parents=True, exist_ok=True)
        job = _Work(self, work_dir, self._length_s(step.range), on_fraction)
        if isinstance(step, LoudnessStep):
            chunk = Chunk(step.digest, 0.0, gain=job.measure(step))
        elif isinstance(step, AudioStep):
            chunk = job.sound(step, self._gain(step.loudness), self._gain(step.fades_from))
        elif isinstance(step, CopyStep):
            chunk = job.copy(step)
        else:
            chunk = job.picture(step)
        chunk = Chunk(
            chunk.digest,
            round(time.monotonic() - started, 2),
            chunk.tracks,
            chunk.gain,
            chunk.poster_score,
            chunk.sheets,
        )
        store_chunk(self.storage, self.prefix, chunk, work_dir, has_init=step.range.start_s == 0)
        shutil.rmtree(work_dir)
        on_fraction(1.0)
        return chunk

    @overload
    def _gain(self, digest: str) -> Gain: ...

    @overload
    def _gain(self, digest: str | None) -> Gain | None: ...

    def _gain(self, digest: str | None) -> Gain | None:
        """Return what a loudness step found."""
        if digest is None:
            return None
        measured = find_chunk(self.storage, self.prefix, digest)
        if measured is None or measured.gain is None:
            raise EncodingFailed(is_transient=True, detail="the sound has not been measured yet")
        return measured.gain

    def _length_s(self, stretch: MediaRange) -> float:
        left_s = max(1.0, self.plan.duration_s - float(stretch.start_s))
        return left_s if stretch.length_s is None else min(left_s, float(stretch.length_s))


@dataclass(frozen=True, slots=True)
class _Work:
    """One step under way in its folder."""

    encoder: Encoder
    work_dir: Path
    length_s: float
    on_fraction: Callable[[float], None]

    @property
    def _source(self) -> SourceFile:
        return SourceFile(self.encoder.source, self.encoder.plan.container, self.encoder.plan.tags)

    def measure(self, step: LoudnessStep) -> Gain:
        """Find treatment and gain: one pass over the sound; more for noisy, quiet or one-eared ones, and for peaks."""
        text = self._ffmpeg(listen_argv(self.encoder.tools, self._source, step), (0.0, 0.4))
        heard = self._heard()
        treatment = self._treatment(step, heard)
        measured = laid_out(read_loudness(text), treatment)
        lift = lift_for(measured, step.audio)
        gain = Gain(lift_db=lift.gain_db, treatment=treatment)
        is_changed = needs_another_look(gain)
        if is_changed:
            measured = expected(measured, heard, gain, step.audio)
        gain = gain_for(measured, lift, gain, step.audio)
        if not step.range.is_whole:
            # A provisional sound has viewers waiting for it; what the limiter takes away there is put up with.
            return gain
        if is_changed and not is_limiting(measured, gain, step.audio):
            measured = self._loudness(step, gain, (0.4, 0.6))
            gain = gain_for(measured, lift, gain, step.audio)
        if is_limiting(measured, gain, step.audio):
            limited = self._loudness(step, gain, (0.6, 0.8), is_limited=True)
            first, gain = gain, correct(gain, limited, lift, step.audio)
            if gain.gain_db - first.gain_db > LARGE_CORRECTION_DB:
                again = self._loudness(step, gain, (0.8, 1.0), is_limited=True)
                gain = correct_again((first, limited), (gain, again), lift, step.audio)
        return gain

    def _heard(self) -> Heard:
        """Read the levels that listening left."""
        levels = ((CHANNEL_LEVELS, LISTENED_CHANNELS), (BAND_LEVELS, len(HUM_BANDS_HZ)))
        read = []
        for name, count in levels:
            with (self.work_dir / name).open(encoding="ascii") as lines:
                read.append(read_levels(lines, count))
        return Heard(*read)

    def _treatment(self, step: LoudnessStep, heard: Heard) -> Treatment:
        """Return noises, and the layout early and whole measurement agree on."""
        if step.channels == 1:
            return find_noises(heard, step.audio)
        early = self.encoder.plan.early_loudness
        windows = int(early.range.length_s / WINDOW_S) if early is not None and early.range.length_s is not None else 0
        return replace(find_noises(heard, step.audio), layout=agreed_layout(heard, windows))

    def _loudness(
        self, step: LoudnessStep, gain: Gain, share: tuple[float, float], *, is_limited: bool = False
    ) -> Loudness | None:
        argv = measure_argv(self.encoder.tools, self._source, step, gain, is_limited=is_limited)
        return read_loudness(self._ffmpeg(argv, share))

    def sound(self, step: AudioStep, gain: Gain, before: Gain | None) -> Chunk:
        """Write one stretch of the sound; with `before` it begins with that gain."""
        folder = self.work_dir / step.folder
        folder.mkdir(parents=True, exist_ok=True)
        argv = audio_argv(self.encoder.tools, self._source, step, gain, before=before)
        if not self._finds_something(argv, step.range, folder):
            return Chunk(step.digest, 0.0)
        track = collect_track(
            folder,
            "audio",
            step.folder,
            first_segment=step.range.first_segment,
            edit_ticks=AAC_FRAME if step.range.start_s else None,
        )
        return Chunk(step.digest, 0.0, (track,))

    def copy(self, step: CopyStep) -> Chunk:
        """Write a stretch of the picture as it is."""
        folder = self.work_dir / step.folder
        folder.mkdir(parents=True)
        self._ffmpeg(copy_argv(self.encoder.tools, self._source, step))
        copies = self.encoder.plan.copies
        for after in copies[copies.index(step) + 1 :][:1]:
            for path in written(folder)[after.range.first_segment :]:
                path.unlink()
        track = collect_track(folder, "video", step.folder, frame_rate=step.frame_rate)
        track = replace(track, segments=track.segments[step.range.first_segment :])
        check_tracks([track])
        return Chunk(step.digest, 0.0, (track,))

    def picture(self, step: VideoStep) -> Chunk:
        """Write the rungs of one chunk, and what its stills are good for."""
        for name in video_folders(step):
            (self.work_dir / name).mkdir(exist_ok=True)
        argv = video_argv(self.encoder.tools, self._source, step)
        if not self._finds_something(argv, step.range, self.work_dir / step.rungs[0].name):
            return Chunk(step.digest, 0.0)
        rate, first = step.ladder.frame_rate, step.range.first_segment
        tracks = tuple(
            collect_track(self.work_dir / rung.name, "video", rung.name, frame_rate=rate, first_segment=first)
            for rung in step.rungs
        )
        check_tracks(tracks)
        score: tuple[bool, float] | None = None
        sheets: tuple[images.Sheet, ...] = ()
        if step.poster is not None:
            stills, target = self.work_dir / POSTER_FOLDER, self.work_dir / POSTER_CANDIDATE
            score = images.write_poster(stills, target, step.poster.policy.quality)
        if step.storyboard is not None:
            stills = self.work_dir / STORYBOARD_FOLDER
            sheets = tuple(images.write_sheets(stills, self.work_dir / "sheets", step.storyboard))
        return Chunk(step.digest, 0.0, tracks, poster_score=score, sheets=sheets)

    def _finds_something(self, argv: list[str], stretch: MediaRange, folder: Path) -> bool:
        """Run a command; return False where the source holds nothing of a stretch but its first that can be decoded.

        A container may promise more than there is, or the rest is damaged: the lecture ends earlier.
        """
        is_found = self._leaves_something(argv, stretch, folder)
        # An address that was not answered gives nothing either: it is asked once more.
        return is_found or (isinstance(self.encoder.source, str) and self._leaves_something(argv, stretch, folder))

    def _leaves_something(self, argv: list[str], stretch: MediaRange, folder: Path) -> bool:
        try:
            self._ffmpeg(argv)
        except EncodingFailed as failure:
            if stretch.start_s and found_nothing(failure):
                return False
            raise
        return stretch.start_s == 0 or bool(written(folder))

    def _ffmpeg(self, argv: list[str], share: tuple[float, float] = (0.0, 1.0)) -> str:
        start, end = share
        return call_reading(
            self.encoder.source,
            argv,
            cwd=self.work_dir,
            duration_s=self.length_s,
            limits=self.encoder.limits,
            cancel=self.encoder.cancel,
            on_fraction=lambda fraction: self.on_fraction(start + (end - start) * fraction),
        )
