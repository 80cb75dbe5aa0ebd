"""From the files an encode left in its attempt folder to measured tracks, and back to one joined file for remuxing.

Not here: manifests (`manifest.py`), uploading (`publish.py`), starting ffmpeg (`pipeline.py`).
"""

from __future__ import annotations

import shutil
import struct
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from .boxes import BoxError, FragmentBox, InitBox, read_fragment, read_init
from .command import INIT_NAME, JOINED_FOLDER
from .errors import EncodingFailed
from .types import Segment, Track

if TYPE_CHECKING:
    from pathlib import Path

# A damaged source may end early; a container may also overstate its length a little.
_TOLERATED_SHARE = 0.9
_TOLERATED_S = 2.0


def collect_track(
    work_dir: Path, kind: Literal["video", "audio"], name: str, frame_rate: Fraction | None = None
) -> Track:
    """Read what an encode wrote under `work_dir/name` and check that it is whole.

    Raises:
        EncodingFailed: when something is missing, torn, or does not follow its predecessor without a gap.
    """
    folder = work_dir / name
    try:
        init_bytes = (folder / INIT_NAME).read_bytes()
        init = read_init(init_bytes)
        paths = sorted(folder.glob("*.m4s"))
        segments = tuple(_measure(path, init) for path in paths)
    except (BoxError, FileNotFoundError, struct.error, IndexError) as error:
        raise EncodingFailed(detail=f"{name}: {error}") from error
    _check_grid(name, segments, Fraction(1, init.timescale))
    return Track(
        kind=kind,
        name=name,
        init_name=INIT_NAME,
        init_bytes=len(init_bytes),
        codecs=init.codecs,
        segments=segments,
        width_px=init.width_px,
        height_px=init.height_px,
        frame_rate=frame_rate,
        channels=init.channels,
    )


def check_tracks(tracks: list[Track], expected_s: float) -> None:
    """Refuse a result that is much shorter than its source, or whose rungs disagree."""
    longest_s = max(float(track.duration_s) for track in tracks)
    if longest_s < expected_s * _TOLERATED_SHARE - _TOLERATED_S:
        raise EncodingFailed("source_damaged", detail=f"{longest_s:.1f} of {expected_s:.1f} s could be read")
    starts = {tuple(segment.start_s for segment in track.segments) for track in tracks if track.kind == "video"}
    if len(starts) > 1:
        raise EncodingFailed(detail="the segments of the rungs do not line up")
    for track in tracks:
        if not all(segment.starts_with_keyframe for segment in track.segments):
            raise EncodingFailed(detail=f"{track.name}: a segment does not start with a key frame")


def join_track(work_dir: Path, track: Track) -> Path:
    """Write init and media segments one after the other: a fragmented MP4 that ffmpeg can remux."""
    folder = work_dir / JOINED_FOLDER
    folder.mkdir(exist_ok=True)
    joined = folder / f"{track.name}.mp4"
    with joined.open("wb") as target:
        for name in (track.init_name, *(segment.name for segment in track.segments)):
            with (work_dir / track.name / name).open("rb") as part:
                shutil.copyfileobj(part, target, 1024 * 1024)
    return joined


def _measure(path: Path, init: InitBox) -> Segment:
    fragments = [read_fragment(moof, init) for moof in _fragments(path)]
    if not fragments:
        raise BoxError(f"{path.name} has no fragment")
    return Segment(
        name=path.name,
        duration_s=sum((fragment.duration_s for fragment in fragments), Fraction(0)),
        size_bytes=path.stat().st_size,
        start_s=_first(fragments).start_s,
        starts_with_keyframe=_first(fragments).starts_with_keyframe,
    )


def _first(fragments: list[FragmentBox]) -> FragmentBox:
    return min(fragments, key=lambda fragment: fragment.start_s)


def _fragments(path: Path) -> list[bytes]:
    """Read only the index boxes of a segment, stepping over its media bytes."""
    found = []
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        offset = 0
        while offset < size_bytes:
            file.seek(offset)
            length, kind = struct.unpack(">I4s", file.read(8))
            if length < 8 or offset + length > size_bytes:
                raise BoxError(f"{path.name} is torn")
            if kind == b"moof":
                found.append(file.read(length - 8))
            offset += length
    return found


def _check_grid(name: str, segments: tuple[Segment, ...], tick_s: Fraction) -> None:
    if not segments:
        raise EncodingFailed(detail=f"{name}: no segments")
    for number, segment in enumerate(segments):
        if segment.name != f"{number:05d}.m4s":
            raise EncodingFailed(detail=f"{name}: segment {number} is missing")
    for before, after in pairwise(segments):
        if abs(before.start_s + before.duration_s - after.start_s) > tick_s:
            raise EncodingFailed(detail=f"{name}: a gap before {after.name}")
