"""run(): a plan in, a published streaming set out. The only place where steps meet processes and the store.

Not here: what to do (`plan.py`), how to say it (`command.py`), how to watch it (`runner.py`).
"""

from __future__ import annotations

import errno
import logging
import shutil
import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import command, images
from .errors import EncodingFailed, OutOfSpace
from .loudness import Loudness, correct, gain_for, is_limiting, lift_for, read_loudness
from .manifest import (
    MASTER_NAME,
    MEDIA_NAME,
    SAVER_NAME,
    average_bitrate_bps,
    media_manifest,
    media_name,
    multivariant_manifest,
    peak_bitrate_bps,
)
from .package import check_tracks, collect_track, join_track
from .ports import StorageFull
from .progress import ProgressReader
from .publish import Item, find_published, publish
from .runner import ProcessLimits, ProcessStopped, run_process
from .types import Published, Rendition, RunLimits, Track

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .plan import LoudnessStep, Plan, VideoStep
    from .ports import CancelToken, Progress, Storage
    from .types import Tools

log = logging.getLogger(__name__)
_SPARE_BYTES = 8 * 1024**2
_CODES = {"timeout": "encode_timeout", "stalled": "encode_stalled", "output_limit": "output_too_large"}


def run(  # noqa: PLR0913 - one call is the whole contract of the workshop
    plan: Plan,
    source: Path,
    *,
    work_dir: Path,
    storage: Storage,
    prefix: str,
    tools: Tools,
    progress: Progress,
    cancel: CancelToken,
    limits: RunLimits | None = None,
) -> Published:
    """Do everything a plan says and publish the result under the prefix.

    Args:
        plan: from `make_plan`, for exactly this source.
        source: local file; only read.
        work_dir: an attempt folder of its own; made if missing, left to the caller afterwards.
        storage: where the result goes.
        prefix: named by the plan's digest, without a slash at the end. If the set is already there, nothing is done.
        tools: from `find_tools`.
        progress: told the steps loudness, encode, package and publish.
        cancel: asked often; cancelling kills ffmpeg's whole process group.
        limits: bounds of every process.

    Raises:
        EncodingFailed: ffmpeg did not finish, or what it wrote is not whole.
        OutOfSpace: working disk or store is full.
        StorageUnavailable: the store does not answer (it passes through as the port raised it).
        Cancelled: when asked to stop; nothing is running any more.
    """
    attempt = _Attempt(
        plan=plan,
        source=command.SourceFile(source.resolve(), plan.container, plan.tags),
        work_dir=work_dir,
        tools=tools,
        progress=progress,
        cancel=cancel,
        limits=limits or RunLimits(),
    )
    try:
        earlier = find_published(storage, prefix)
        if earlier is not None:
            progress.report("publish", 1.0)
            return earlier
        work_dir.mkdir(parents=True, exist_ok=True)
        tracks = attempt.encode(attempt.measure())
        items, published = attempt.package(tracks)
        publish(items, published, storage, prefix, progress=progress, cancel=cancel)
    except StorageFull as error:
        raise OutOfSpace(str(error)) from error
    except EncodingFailed as error:
        # Some versions lose the error of a full disk on the way and leave torn files with exit code 0.
        if shutil.disk_usage(work_dir).free < _SPARE_BYTES:
            raise OutOfSpace(error.detail) from error
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutOfSpace(str(error)) from error
        raise
    return published


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One try at a plan, inside one folder."""

    plan: Plan
    source: command.SourceFile
    work_dir: Path
    tools: Tools
    progress: Progress
    cancel: CancelToken
    limits: RunLimits
    measured: list[float] = field(default_factory=list)

    def measure(self) -> command.Gain:
        """Find the gain: one pass over the sound; one more for a quiet source, one more where peaks get limited."""
        step = self.plan.loudness
        if step is None:
            return command.Gain()
        measured = self._loudness(step, command.Gain())
        lift = lift_for(measured, step.audio)
        if lift.gain_db:
            measured = self._loudness(step, command.Gain(lift_db=lift.gain_db))
        gain = gain_for(measured, lift, step.audio)
        if is_limiting(measured, gain, step.audio):
            gain = correct(gain, self._loudness(step, gain, is_limited=True), lift, step.audio)
        self.progress.report("loudness", 1.0)
        return gain

    def _loudness(self, step: LoudnessStep, gain: command.Gain, *, is_limited: bool = False) -> Loudness | None:
        argv = command.measure_argv(self.tools, self.source, step, gain, is_limited=is_limited)
        # Nobody knows beforehand how many passes there will be: each takes half of what is left of the step.
        done = self.measured[-1] if self.measured else 0.0
        self.measured.append((1 + done) / 2)
        return read_loudness(self._ffmpeg("loudness", argv, (done, (1 + done) / 2)))

    def encode(self, gain: command.Gain) -> list[Track]:
        """Write every rendition.

        The sound rides along with the first stretch of picture, so the source is read once.
        """
        audio = self.plan.audio
        videos: Sequence[VideoStep | None] = self.plan.videos or (None,)
        for video in videos:
            for name in command.output_folders(video, audio):
                (self.work_dir / name).mkdir(exist_ok=True)
            self._ffmpeg("encode", command.encode_argv(self.tools, self.source, video=video, audio=audio, gain=gain))
            audio = None
        tracks = self._collect()
        check_tracks(tracks, self.plan.duration_s)
        self.progress.report("encode", 1.0)
        return tracks

    def _collect(self) -> list[Track]:
        ladder = self.plan.ladder
        tracks = (
            []
            if ladder is None
            else [collect_track(self.work_dir, "video", rung.name, ladder.frame_rate) for rung in ladder.rungs]
        )
        if self.plan.audio is not None:
            tracks.append(collect_track(self.work_dir, "audio", command.AUDIO_NAME))
        return tracks

    def package(self, tracks: list[Track]) -> tuple[list[Item], Published]:
        """Remux, choose the stills and write the manifests; returns all objects and their description."""
        step = self.plan.package
        wanted = {step.video_name, command.AUDIO_NAME}
        joined = [join_track(self.work_dir, track) for track in tracks if track.name in wanted]
        self._ffmpeg("package", command.package_argv(self.tools, step, self.plan.tags))
        for path in joined:
            path.unlink()
        videos = [track for track in tracks if track.kind == "video"]
        audio = next((track for track in tracks if track.kind == "audio"), None)
        duration_s = float((videos or tracks)[0].duration_s)
        plain = [] if step.video_name is None else [command.mp4_name(step.video_name)]
        plain += [command.M4A_NAME] if step.has_audio else []
        items = [Item(name, self.work_dir / name) for name in plain]
        items += [item for track in tracks for item in self._track_items(track)]
        items += self._stills(duration_s)
        for name, offered in ((MASTER_NAME, videos), (SAVER_NAME, videos[:1])):
            items.append(Item(name, multivariant_manifest(offered, audio, self.plan.start_bitrate_bps)))
        self.progress.report("package", 1.0)
        names = {item.name for item in items}
        return items, Published(
            duration_s=round(duration_s, 3),
            master_name=MASTER_NAME,
            saver_name=SAVER_NAME,
            audio_name=media_name(audio) if audio is not None else None,
            mp4_name=command.mp4_name(step.video_name) if step.video_name is not None else None,
            m4a_name=command.M4A_NAME if audio is not None else None,
            poster_name=images.POSTER_NAME if images.POSTER_NAME in names else None,
            storyboard_name=images.STORYBOARD_NAME if images.STORYBOARD_NAME in names else None,
            renditions=tuple(_describe(track) for track in tracks),
            size_bytes=sum(item.size_bytes for item in items),
            recipe=self.plan.recipe,
        )

    def _track_items(self, track: Track) -> list[Item]:
        folder = self.work_dir / track.name
        names = [track.init_name, *(segment.name for segment in track.segments)]
        files = [Item(f"{track.name}/{name}", folder / name) for name in names]
        return [*files, Item(f"{track.name}/{MEDIA_NAME}", media_manifest(track))]

    def _stills(self, duration_s: float) -> list[Item]:
        items: list[Item] = []
        video = self.plan.videos[0] if self.plan.videos else None
        if video is not None and video.poster is not None:
            path = self.work_dir / images.POSTER_NAME
            if images.write_poster(self.work_dir / command.POSTER_FOLDER, path, video.poster.policy.quality):
                items.append(Item(images.POSTER_NAME, path))
        if video is not None and video.storyboard is not None:
            folder = self.work_dir / "sheets"
            stills = self.work_dir / command.STORYBOARD_FOLDER
            names, text = images.write_storyboard(stills, folder, video.storyboard, duration_s)
            if names:
                items += [Item(f"{images.SHEET_FOLDER}/{name}", folder / name) for name in names]
                items.append(Item(images.STORYBOARD_NAME, text))
        return items

    def _ffmpeg(self, step: str, argv: list[str], share: tuple[float, float] = (0.0, 1.0)) -> str:
        """Run one command to its end and return the tail of what it said; progress goes to the caller."""
        reader = ProgressReader(self.plan.duration_s)
        start, end = share

        def take(line: str) -> bool:
            has_moved = reader.feed(line)
            if line.startswith("progress="):
                self.progress.report(step, start + (end - start) * reader.fraction)
            return has_moved

        timeout_s = self.limits.timeout_s(self.plan.duration_s)
        bounds = ProcessLimits(
            timeout_s=timeout_s,
            stall_timeout_s=self.limits.stall_timeout_s,
            memory_bytes=self.limits.memory_bytes,
            cpu_s=int(8 * timeout_s),
            max_file_bytes=self.limits.max_file_bytes,
            max_total_bytes=self.limits.max_total_bytes,
            niceness=self.limits.niceness,
        )
        started = time.monotonic()
        self.progress.report(step, start)
        try:
            done = run_process(argv, limits=bounds, cwd=self.work_dir, cancel=self.cancel, on_line=take)
        except ProcessStopped as stopped:
            is_transient = stopped.reason != "output_limit"
            raise EncodingFailed(
                _CODES[stopped.reason], stderr_tail=stopped.stderr_tail, is_transient=is_transient
            ) from stopped
        took_s = round(time.monotonic() - started, 2)
        log.info("ffmpeg_finished", extra={"step": step, "exit_code": done.exit_code, "took_s": took_s})
        _check_exit(done.exit_code, done.stderr_tail)
        return done.stderr_tail


def _check_exit(exit_code: int, stderr_tail: str) -> None:
    # A muxer may meet the full disk in its last write and still exit with 0.
    if "No space left on device" in stderr_tail or "Disk quota exceeded" in stderr_tail:
        raise OutOfSpace(stderr_tail[-300:])
    if exit_code == 0:
        return
    if exit_code == -signal.SIGXFSZ or "File too large" in stderr_tail:
        raise EncodingFailed("output_too_large", stderr_tail=stderr_tail)
    if exit_code == -signal.SIGXCPU:
        raise EncodingFailed("encode_timeout", stderr_tail=stderr_tail)
    if exit_code < 0:
        raise EncodingFailed("encode_killed", stderr_tail=stderr_tail, is_transient=exit_code in (-9, -15))
    is_damaged = "Invalid data found" in stderr_tail
    raise EncodingFailed("source_damaged" if is_damaged else "encode_failed", stderr_tail=stderr_tail)


def _describe(track: Track) -> Rendition:
    return Rendition(
        kind=track.kind,
        name=track.name,
        manifest_name=media_name(track),
        width_px=track.width_px,
        height_px=track.height_px,
        frame_rate=track.frame_rate,
        bandwidth_bps=peak_bitrate_bps(track.segments),
        average_bandwidth_bps=average_bitrate_bps(track.segments),
        codecs=track.codecs,
        size_bytes=track.size_bytes,
    )
