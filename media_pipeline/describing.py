"""What a finished set is, told from its measured tracks and the objects it consists of. Pure.

Not here: making any of it (`assembly.py`, `cutting.py`), storing it (`publish.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .command.plain import M4A_NAME, mp4_name
from .images import POSTER_NAME, STORYBOARD_NAME
from .manifest import (
    MASTER_NAME,
    SAVER_NAME,
    average_bitrate_bps,
    media_manifest,
    media_name,
    multivariant_manifest,
    peak_bitrate_bps,
    target_duration_s,
)
from .publish import Item
from .types import Published, Rendition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .types import Track


def manifests(tracks: Sequence[Track], start_bitrate_bps: int) -> list[Item]:
    """Return every manifest of a set: one for each track, the whole choice, and the saver's."""
    videos = [track for track in tracks if track.kind == "video"]
    audio = _audio(tracks)
    target_s = max(target_duration_s(track.segments) for track in tracks)
    items = [Item(media_name(track), media_manifest(track, target_s)) for track in tracks]
    for name, offered in ((MASTER_NAME, videos), (SAVER_NAME, videos[:1])):
        items.append(Item(name, multivariant_manifest(offered, audio, start_bitrate_bps)))
    return items


def describe_set(
    tracks: Sequence[Track], video_name: str | None, items: Sequence[Item], kept: Mapping[str, int], recipe: str
) -> Published:
    """Return the description of a set.

    Args:
        tracks: of all renditions.
        video_name: the rung inside the plain MP4, None without a picture.
        items: objects that are still to be stored.
        kept: bytes of the objects already in the store, by name.
        recipe: by which it was made.
    """
    audio, names = _audio(tracks), {item.name for item in items}
    length = next((track for track in tracks if track.kind == "video"), tracks[0])
    return Published(
        duration_s=round(float(length.duration_s), 3),
        master_name=MASTER_NAME,
        saver_name=SAVER_NAME,
        audio_name=media_name(audio) if audio is not None else None,
        mp4_name=mp4_name(video_name) if video_name is not None else None,
        m4a_name=M4A_NAME if audio is not None else None,
        poster_name=POSTER_NAME if POSTER_NAME in names else None,
        storyboard_name=STORYBOARD_NAME if STORYBOARD_NAME in names else None,
        renditions=tuple(_rendition(track) for track in tracks),
        size_bytes=sum(item.size_bytes for item in items) + sum(kept.values()),
        recipe=recipe,
    )


def _audio(tracks: Sequence[Track]) -> Track | None:
    return next((track for track in tracks if track.kind == "audio"), None)


def _rendition(track: Track) -> Rendition:
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
