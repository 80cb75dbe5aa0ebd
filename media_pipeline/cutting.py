"""From a published set and a stretch of it to a published set of its own, without encoding picture or sound.

Segments are copied inside the store, with the times they have: a manifest need not begin at zero (RFC 8216 section
3), and players count from its first segment. New are the manifests, the plain files, the stills and the two ends of
the sound. Nothing but the store is needed, and every step may be repeated. Not here: which segments, which frames
(`cut_tracks.py`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from . import images
from .boxes import BoxError
from .calling import call_ffmpeg
from .command.plain import JOINED_FOLDER, M4A_NAME, keyframes_argv, mp4_name, package_argv
from .cut_stills import join_stills, stills_inside
from .cut_tracks import Piece, SetTrack, cut_digest, cut_track, read_set_track, snap, sound_pieces, whole_pieces
from .describing import describe_set, manifests
from .errors import Cancelled, EncodingFailed, MediaRefused
from .ports import ObjectMissing
from .publish import Item, find_published, publish
from .steps import AUDIO_FOLDER, PackageStep
from .types import RunLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from .ladder import LadderPolicy
    from .ports import CancelToken, Progress, Storage
    from .types import Published, Tools, Track

#: Written first: the copies behind it may be as old as the original, and a store's sweep goes by age.
BEGUN_NAME = "chunks/cut.json"
_STILLS = "stills"


@dataclass(frozen=True, slots=True)
class CutResult:
    """A cut that is published: its digest, what it consists of, and the stretch of the original it really covers."""

    digest: str
    published: Published
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Cutting:
    """One try at cutting a stretch out of a set, inside one folder.

    Attributes:
        storage: where the set lies and the cut goes.
        prefix_of: returns the prefix of the set a digest names.
        digest: of the original set.
        start_s: seconds from its beginning; the cut begins at the segment this lies in.
        end_s: likewise; the cut goes to the end of the segment before it.
        tags: labels that plain files must carry, as the original's do.
        policy: how stills are made and with which rung players start.
        work_dir: a folder of its own; made if missing, left to the caller afterwards.
        tools: from `find_tools`.
        limits: bounds of ffmpeg, which remuxes and decodes a few key frames.
        progress: told the steps encode (copying), package and publish.
        cancel: asked often.
    """

    storage: Storage
    prefix_of: Callable[[str], str]
    digest: str
    start_s: float
    end_s: float
    tags: Sequence[tuple[str, str]]
    policy: LadderPolicy
    work_dir: Path
    tools: Tools
    progress: Progress
    cancel: CancelToken
    limits: RunLimits = field(default_factory=RunLimits)

    def run(self) -> CutResult:
        """Publish the cut and return its description; one that is there already is left as it is.

        Raises:
            MediaRefused: code "cut_original_missing" or "cut_beyond_end".
            EncodingFailed, OutOfSpace, StorageError, Cancelled: as elsewhere.
        """
        self.work_dir.mkdir(parents=True, exist_ok=True)
        try:
            return self._run()
        except (ObjectMissing, KeyError) as error:
            raise MediaRefused("cut_original_missing", detail=str(error)) from error
        except BoxError as error:
            raise EncodingFailed(detail=str(error)) from error

    @property
    def _from(self) -> str:
        return self.prefix_of(self.digest)

    def _run(self) -> CutResult:
        original = find_published(self.storage, self._from)
        if original is None:
            raise ObjectMissing(self._from)
        tracks = self._set_tracks(original)
        grid = tracks[0].track.segments
        first, last = snap(grid, self.start_s, self.end_s)
        digest = cut_digest(self.digest, first, last)
        prefix = self.prefix_of(digest)
        start_s = float(grid[first].start_s - grid[0].start_s)
        published = find_published(self.storage, prefix)
        if published is None:
            begun = json.dumps({"of": self.digest, "first": first, "last": last})
            self.storage.put_bytes(f"{prefix}/{BEGUN_NAME}", begun.encode(), "application/json")
            published = self._publish(original, tracks, (first, last), prefix, start_s)
        self.progress.report("publish", 1.0)
        return CutResult(digest, published, start_s, start_s + published.duration_s)

    def _set_tracks(self, original: Published) -> list[SetTrack]:
        """Return the set's tracks, a picture first where there is one."""
        there = self.storage.list_keys(f"{self._from}/")
        sizes = {info.key.removeprefix(f"{self._from}/"): info.size_bytes for info in there}
        found = [read_set_track(self.storage, self._from, each, sizes) for each in original.renditions]
        return sorted(found, key=lambda each: each.track.kind == "audio")

    def _publish(
        self, original: Published, tracks: Sequence[SetTrack], span: tuple[int, int], prefix: str, start_s: float
    ) -> Published:
        pieces = self._pieces(tracks, span)
        made = [cut_track(each, pieces[each.track.name]) for each in tracks if pieces[each.track.name]]
        kept = self._store_media(made, pieces, prefix)
        zero_s = made[0].segments[0].start_s
        step = PackageStep("", _stem(original.mp4_name), has_audio=any(track.kind == "audio" for track in made))
        items = self._plain_files(made, step, prefix, zero_s)
        items += self._poster(step.video_name, made[0])
        items += self._storyboard(original, start_s, float(made[0].duration_s))
        items += manifests(made, self.policy.start_bitrate_bps)
        self.progress.report("package", 1.0)
        published = describe_set(made, step.video_name, items, kept, original.recipe)
        publish(items, published, self.storage, prefix, kept=kept, progress=self.progress, cancel=self.cancel)
        return published

    def _pieces(self, tracks: Sequence[SetTrack], span: tuple[int, int]) -> dict[str, list[Piece]]:
        pieces: dict[str, list[Piece]] = {}
        for each in tracks:

            def read(name: str, folder: str = each.track.name) -> bytes:
                return b"".join(self.storage.open_range(f"{self._from}/{folder}/{name}"))

            if each.track.kind == "video" or not pieces:
                pieces[each.track.name] = whole_pieces(each, *span, read)
                continue
            picture = [piece.segment for piece in pieces[tracks[0].track.name]]
            end_s = picture[-1].start_s + picture[-1].duration_s
            pieces[each.track.name] = sound_pieces(each, picture[0].start_s, end_s, read)
        starts = {pieces[each.track.name][0].segment.start_s for each in tracks if each.track.kind == "video"}
        if len(starts) > 1:
            raise EncodingFailed(detail="the segments of the rungs do not line up")
        return pieces

    def _store_media(self, made: Sequence[Track], pieces: dict[str, list[Piece]], prefix: str) -> dict[str, int]:
        """Bring init and media segments to where the cut wants them; returns their sizes by name."""
        there = {info.key: info.size_bytes for info in self.storage.list_keys(f"{prefix}/")}
        total = sum(len(track.segments) + 1 for track in made)
        kept: dict[str, int] = {}
        for track in made:
            init = Piece(track.segments[0], track.init_name)
            names = [(track.init_name, track.init_bytes, init)]
            names += [(each.segment.name, each.segment.size_bytes, each) for each in pieces[track.name]]
            for name, size_bytes, piece in names:
                if self.cancel.is_cancelled():
                    raise Cancelled
                target = f"{track.name}/{name}"
                if there.get(f"{prefix}/{target}") != size_bytes:
                    self._store_piece(f"{prefix}/{target}", track.name, piece)
                kept[target] = size_bytes
                self.progress.report("encode", len(kept) / total)
        return kept

    def _store_piece(self, key: str, folder: str, piece: Piece) -> None:
        if piece.copied_from is None:
            self.storage.put_bytes(key, piece.data, "audio/mp4")
        else:
            self.storage.copy(f"{self._from}/{folder}/{piece.copied_from}", key)

    def _plain_files(self, made: Sequence[Track], step: PackageStep, prefix: str, zero_s: Fraction) -> list[Item]:
        """Remux segments into plain files whose times begin at zero."""
        (self.work_dir / JOINED_FOLDER).mkdir(exist_ok=True)
        for track in made:
            if track.name in {step.video_name, AUDIO_FOLDER}:
                parts = (track.init_name, *(segment.name for segment in track.segments))
                self._join(f"{prefix}/{track.name}", parts, self.work_dir / JOINED_FOLDER / f"{track.name}.mp4")
        self._call(package_argv(self.tools, step, self.tags, start_s=zero_s), made[0], (0.0, 0.7))
        names = [] if step.video_name is None else [mp4_name(step.video_name)]
        names += [M4A_NAME] if step.has_audio else []
        return [Item(name, self.work_dir / name) for name in names]

    def _join(self, folder: str, names: Sequence[str], path: Path) -> None:
        with path.open("wb") as target:
            for name in names:
                target.writelines(self.storage.open_range(f"{folder}/{name}"))

    def _call(self, argv: Sequence[str], track: Track, share: tuple[float, float]) -> None:
        """Run ffmpeg; `share` is where in the step it begins, and how much of it it is."""
        begun, part = share
        call_ffmpeg(
            argv, cwd=self.work_dir, duration_s=float(track.duration_s), limits=self.limits, cancel=self.cancel,
            on_fraction=lambda fraction: self.progress.report("package", begun + part * fraction),
        )  # fmt: skip

    def _poster(self, video_name: str | None, picture: Track) -> list[Item]:
        """Choose the most telling of some key frames; none where all are black."""
        if video_name is None:
            return []
        (self.work_dir / _STILLS).mkdir(exist_ok=True)
        every = max(1, len(picture.segments) // self.policy.poster.candidates)
        self._call(keyframes_argv(self.tools, video_name, every, _STILLS), picture, (0.7, 0.2))
        path = self.work_dir / images.POSTER_NAME
        score = images.write_poster(self.work_dir / _STILLS, path, self.policy.poster.quality)
        return [Item(images.POSTER_NAME, path)] if score is not None else []

    def _storyboard(self, original: Published, start_s: float, length_s: float) -> list[Item]:
        if original.storyboard_name is None:
            return []
        text = b"".join(self.storage.open_range(f"{self._from}/{original.storyboard_name}")).decode()
        stills = stills_inside(text, start_s, start_s + length_s)
        if not stills:
            return []

        def fetch(name: str) -> Path:
            path = self.work_dir / f"original-{PurePosixPath(name).name}"
            self.storage.fetch(f"{self._from}/{name}", path)
            return path

        sheets, vtt = join_stills(stills, fetch, self.work_dir / images.SHEET_FOLDER, self.policy.storyboard)
        items = [Item(f"{images.SHEET_FOLDER}/{path.name}", path) for path in sheets]
        return [*items, Item(images.STORYBOARD_NAME, vtt)]


def _stem(mp4_name_: str | None) -> str | None:
    """Return the rung inside a plain MP4."""
    return PurePosixPath(mp4_name_).stem if mp4_name_ is not None else None
