"""From all chunks of a plan to the published set: measured whole tracks, plain files, stills, manifests.

Nothing is encoded here. Needs nothing but the store, so any worker can do it. Not here: making chunks (`encoder.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from . import images
from .calling import call_ffmpeg
from .chunks import Chunk, find_chunks, note_key, poster_key
from .command.plain import JOINED_FOLDER, M4A_NAME, mp4_name, package_argv
from .describing import describe_set, manifests
from .errors import EncodingFailed
from .growing import grow
from .package import check_tracks, lost_of, merge_track
from .publish import Item, publish
from .silence import Silence
from .steps import AUDIO_FOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .ports import CancelToken, Progress, Storage
    from .steps import Plan
    from .types import Published, RunLimits, Tools, Track


class ChunksMissing(EncodingFailed):
    """Steps of the plan have not been done, or what they left is gone; doing them again helps."""

    def __init__(self, digests: Sequence[str]) -> None:
        super().__init__(is_transient=True, detail=f"{len(digests)} chunks are missing")
        self.digests = tuple(digests)


@dataclass(frozen=True, slots=True)
class Assembly:
    """One try at putting a plan's chunks together, inside one folder.

    Attributes:
        plan: whose chunks.
        storage: where they lie, and where the result goes.
        prefix: of the set.
        work_dir: a folder of its own; made if missing, left to the caller afterwards.
        tools: from `find_tools`.
        limits: bounds of the one remux.
        progress: told the steps package and publish.
        cancel: asked often.
    """

    plan: Plan
    storage: Storage
    prefix: str
    work_dir: Path
    tools: Tools
    limits: RunLimits
    progress: Progress
    cancel: CancelToken

    def run(self) -> Published:
        """Publish the set and return its description.

        Raises:
            ChunksMissing: when not all steps have been done.
            EncodingFailed: when chunks do not fit together, or hardly anything of the source could be read.
            OutOfSpace, StorageError, Cancelled: as elsewhere.
        """
        self.work_dir.mkdir(parents=True, exist_ok=True)
        chunks = self._chunks()
        tracks = self._tracks(chunks)
        kept = self._kept(tracks, chunks)
        items, published = self._items(tracks, chunks, kept)
        # Those who follow the growing manifests get their end before others get the finished set.
        grow(self.plan, self.storage, self.prefix)
        publish(items, published, self.storage, self.prefix, kept=kept, progress=self.progress, cancel=self.cancel)
        return published

    def _chunks(self) -> dict[str, Chunk]:
        chunks = find_chunks(self.storage, self.prefix, self.plan)
        missing = [step.digest for step in self.plan.chunk_steps if step.digest not in chunks]
        if missing:
            raise ChunksMissing(missing)
        return chunks

    def _tracks(self, chunks: dict[str, Chunk]) -> list[Track]:
        ladder = self.plan.ladder
        names = [rung.name for rung in ladder.rungs] if ladder is not None else []
        tracks = self._aligned([self._merged(chunks, name) for name in names])
        check_tracks(tracks)
        if self.plan.audios:
            silence = Silence(self.plan, self.storage, self.prefix, self.work_dir, self.tools, self.limits, self.cancel)
            tracks.append(merge_track(silence.fill(chunks, tracks[0].duration_s if tracks else None)))
        return tracks

    def _aligned(self, tracks: list[Track]) -> list[Track]:
        """Let a copied rung of a damaged source end where decoding, and so the other rungs, did."""
        if not self.plan.copies or self.plan.early_copies:
            return tracks
        *encoded, copy = tracks
        return [*encoded, replace(copy, segments=copy.segments[: len(encoded[-1].segments)])]

    def _merged(self, chunks: dict[str, Chunk], name: str) -> Track:
        steps = self.plan.steps_of(name)
        parts = [track for step in steps for track in chunks[step.digest].tracks if track.name == name]
        if not parts:
            raise EncodingFailed("source_damaged", detail=f"{name}: nothing could be read")
        return merge_track(parts)

    def _kept(self, tracks: Sequence[Track], chunks: dict[str, Chunk]) -> dict[str, int]:
        """Return the media in the store that the set consists of, with their sizes; each must be whole."""
        wanted: dict[str, int | None] = {}
        for track in tracks:
            wanted[f"{track.name}/{track.init_name}"] = track.init_bytes
            wanted |= {f"{track.name}/{segment.name}": segment.size_bytes for segment in track.segments}
        wanted |= {f"{images.SHEET_FOLDER}/{sheet.name}": None for chunk in chunks.values() for sheet in chunk.sheets}
        there = {
            info.key.removeprefix(f"{self.prefix}/"): info.size_bytes
            for info in self.storage.list_keys(f"{self.prefix}/")
        }
        torn = {name for name, size in wanted.items() if there.get(name) is None or size not in (None, there[name])}
        if torn:
            self._forget(torn, chunks)
        return {name: there[name] for name in wanted}

    def _forget(self, torn: set[str], chunks: dict[str, Chunk]) -> None:
        """Take back the notes of chunks whose media are not whole, so that they are made again."""
        owners = [digest for digest, chunk in chunks.items() if any(name in torn for name in _media_names(chunk))]
        for digest in owners:
            self.storage.delete(note_key(self.prefix, digest))
        raise ChunksMissing(owners)

    def _items(
        self, tracks: Sequence[Track], chunks: dict[str, Chunk], kept: dict[str, int]
    ) -> tuple[list[Item], Published]:
        """Make what is still missing; returns it and the description of everything."""
        duration_s = float(next((track for track in tracks if track.kind == "video"), tracks[0]).duration_s)
        lost_s = lost_of(duration_s, self.plan.duration_s)
        items = self._plain_files(tracks)
        items += manifests(tracks, self.plan.start_bitrate_bps)
        items += self._stills(chunks, duration_s)
        self.progress.report("package", 1.0)
        published = describe_set(tracks, self.plan.package.video_name, items, kept, self.plan.recipe)
        return items, replace(published, lost_s=lost_s)

    def _plain_files(self, tracks: Sequence[Track]) -> list[Item]:
        """Remux segments into plain files."""
        step = self.plan.package
        wanted = {step.video_name, AUDIO_FOLDER}
        joined = [self._join(track) for track in tracks if track.name in wanted]
        call_ffmpeg(
            package_argv(self.tools, step, self.plan.tags),
            cwd=self.work_dir,
            duration_s=self.plan.duration_s,
            limits=self.limits,
            cancel=self.cancel,
            on_fraction=lambda fraction: self.progress.report("package", 0.9 * fraction),
        )
        for path in joined:
            path.unlink()
        names = [] if step.video_name is None else [mp4_name(step.video_name)]
        names += [M4A_NAME] if step.has_audio else []
        return [Item(name, self.work_dir / name) for name in names]

    def _join(self, track: Track) -> Path:
        """Write init and media segments one after the other: a fragmented MP4 that ffmpeg can remux."""
        path = self.work_dir / JOINED_FOLDER / f"{track.name}.mp4"
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as target:
            for name in (track.init_name, *(segment.name for segment in track.segments)):
                for block in self.storage.open_range(f"{self.prefix}/{track.name}/{name}"):
                    target.write(block)
        return path

    def _stills(self, chunks: dict[str, Chunk], duration_s: float) -> list[Item]:
        items: list[Item] = []
        scored = [(chunk.poster_score, digest) for digest, chunk in chunks.items() if chunk.poster_score is not None]
        if scored:
            path = self.work_dir / images.POSTER_NAME
            self.storage.fetch(poster_key(self.prefix, max(scored)[1]), path)
            items.append(Item(images.POSTER_NAME, path))
        target = next((step.storyboard for step in self.plan.videos if step.storyboard is not None), None)
        sheets = sorted((sheet for chunk in chunks.values() for sheet in chunk.sheets), key=lambda sheet: sheet.first)
        if target is not None and sheets:
            items.append(Item(images.STORYBOARD_NAME, images.storyboard_text(sheets, target, duration_s)))
        return items


def _media_names(chunk: Chunk) -> list[str]:
    names = [f"{images.SHEET_FOLDER}/{sheet.name}" for sheet in chunk.sheets]
    for track in chunk.tracks:
        names += [f"{track.name}/{name}" for name in (track.init_name, *(part.name for part in track.segments))]
    return names
