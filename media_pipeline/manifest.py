"""The text of HLS manifests (RFC 8216, fMP4), from measured tracks. Pure.

Not here: measuring (`package.py`), writing (`publish.py`). The word playlist is left to curators.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .types import Segment, Track

MASTER_NAME = "master.m3u8"
SAVER_NAME = "saver.m3u8"
MEDIA_NAME = "index.m3u8"
_AUDIO_GROUP = "audio"
_HALF = Fraction(1, 2)
_HEAD = ("#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS")


def media_manifest(track: Track, target_s: int) -> str:
    """Return the manifest of one rendition; names are relative to its own folder.

    Args:
        track: what it lists.
        target_s: longest segment of all renditions of the set, rounded: it has to be the same (RFC 8216 section 6.2.4).
    """
    lines = [
        *_HEAD,
        f"#EXT-X-TARGETDURATION:{target_s}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        f'#EXT-X-MAP:URI="{track.init_name}"',
    ]
    for segment in track.segments:
        lines += [f"#EXTINF:{float(segment.duration_s):.6f},", segment.name]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def growing_manifest(
    parts: Sequence[Track], target_s: int, *, begun: str = "", first: Track | None = None, is_complete: bool
) -> str:
    """Return the manifest of a rendition still being made; names are relative to the `live` folder beside it.

    Lines are only ever added at its end (RFC 8216 section 4.3.3.5, type EVENT). Players that would join such a
    manifest at its end are told to begin at its start.

    Args:
        parts: tracks that follow each other; one with another init segment than its predecessor names it.
        target_s: longest segment, rounded; known beforehand, because it must not change.
        begun: the manifest so far, which is gone on with.
        first: the track it was begun with; who has the same init segment needs no other.
        is_complete: nothing more will come.
    """
    head = [
        *_HEAD,
        f"#EXT-X-TARGETDURATION:{target_s}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:EVENT",
        "#EXT-X-START:TIME-OFFSET=0,PRECISE=YES",
    ]
    lines = begun.splitlines() or head
    init = next((line for line in reversed(lines) if line.startswith("#EXT-X-MAP:")), "")
    first = first or next(iter(parts), None)
    for part in parts:
        owner = first if first is not None and _shares_init(first, part) else part
        named = f'#EXT-X-MAP:URI="../{owner.name}/{owner.init_name}"'
        if named != init:
            init = named
            lines.append(named)
        for segment in part.segments:
            lines += [f"#EXTINF:{float(segment.duration_s):.6f},", f"../{part.name}/{segment.name}"]
    return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if is_complete else []), ""])


def _shares_init(first: Track, part: Track) -> bool:
    """Return whether a track can be played behind another one's init segment; stretches of sound are made for that."""
    is_sound = (first.kind, first.channels, first.codecs) == ("audio", part.channels, part.codecs)
    return is_sound or first.init_sha256 == part.init_sha256


def multivariant_manifest(
    videos: Sequence[Track],
    audio: Track | None,
    start_bitrate_bps: int,
    name_of: Callable[[Track], str] | None = None,
    expected_bps: Mapping[str, int] | None = None,
) -> str:
    """Return the manifest that offers renditions to choose from; names are relative to the prefix.

    Players begin with the first variant, so the best one that a weak network surely carries comes first, then the
    rest from small to large.

    Args:
        videos: rungs, from small to large.
        audio: the one sound.
        start_bitrate_bps: what a weak network surely carries.
        name_of: where a track's manifest lies, if not in its own folder.
        expected_bps: the peak bit rate of tracks that go on behind what was measured, by name (RFC 8216 section
            4.3.4.2 allows an estimate until all segments are there).
    """
    name_of, expected_bps = name_of or media_name, expected_bps or {}
    lines = list(_HEAD)
    if videos and audio is not None:
        lines.append(
            f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{_AUDIO_GROUP}",NAME="主音轨",DEFAULT=YES,AUTOSELECT=YES,'
            f'CHANNELS="{audio.channels}",URI="{name_of(audio)}"'
        )
    if not videos and audio is not None:
        lines += [_variant((audio,), expected_bps), name_of(audio)]
    for video in _start_first(videos, audio, start_bitrate_bps, expected_bps):
        lines += [_variant((video, audio), expected_bps), name_of(video)]
    return "\n".join([*lines, ""])


def media_name(track: Track) -> str:
    """Return where a track's own manifest lies under the prefix."""
    return f"{track.name}/{MEDIA_NAME}"


def target_duration_s(segments: Sequence[Segment]) -> int:
    """Return the target of a manifest of these segments."""
    return target_of_longest_s(max(segment.duration_s for segment in segments))


def target_of_longest_s(longest_s: Fraction) -> int:
    """Return the longest segment rounded to the nearest second, as RFC 8216 section 4.3.3.1 compares it."""
    return max(1, floor(longest_s + _HALF))


def peak_bitrate_bps(segments: Sequence[Segment]) -> int:
    """Return the highest rate of any run of segments between half and one and a half target durations long.

    Source: RFC 8216 section 4.1, "peak segment bit rate".
    """
    target_s = target_duration_s(segments)
    peak: Fraction | int = 0
    for first in range(len(segments)):
        duration_s: Fraction | int = 0
        size_bytes = 0
        for segment in segments[first:]:
            duration_s += segment.duration_s
            size_bytes += segment.size_bytes
            if 2 * duration_s > 3 * target_s:
                break
            if 2 * duration_s >= target_s:
                peak = max(peak, 8 * size_bytes / duration_s)
    return ceil(peak) or average_bitrate_bps(segments)


def average_bitrate_bps(segments: Sequence[Segment]) -> int:
    """Return the rate of all segments together."""
    return ceil(8 * sum(segment.size_bytes for segment in segments) / sum(segment.duration_s for segment in segments))


def _variant(tracks: Sequence[Track | None], expected_bps: Mapping[str, int]) -> str:
    played = [track for track in tracks if track is not None]
    video = played[0]
    parts = [
        f"BANDWIDTH={_peak_bps(played, expected_bps)}",
        f"AVERAGE-BANDWIDTH={sum(average_bitrate_bps(track.segments) for track in played)}",
        f'CODECS="{",".join(track.codecs for track in played)}"',
    ]
    if video.kind == "video":
        parts.append(f"RESOLUTION={video.width_px}x{video.height_px}")
        if video.frame_rate is not None:
            parts.append(f"FRAME-RATE={float(video.frame_rate):.3f}")
        if len(played) > 1:
            parts.append(f'AUDIO="{_AUDIO_GROUP}"')
    return "#EXT-X-STREAM-INF:" + ",".join(parts)


def _peak_bps(tracks: Sequence[Track | None], expected_bps: Mapping[str, int]) -> int:
    """Return the peak of tracks played together."""
    played = [track for track in tracks if track is not None]
    return sum(max(peak_bitrate_bps(track.segments), expected_bps.get(track.name, 0)) for track in played)


def _start_first(
    videos: Sequence[Track], audio: Track | None, start_bitrate_bps: int, expected_bps: Mapping[str, int]
) -> list[Track]:
    carried = [video for video in videos if _peak_bps((video, audio), expected_bps) <= start_bitrate_bps]
    start = max(carried, key=lambda video: video.height_px or 0, default=videos[0] if videos else None)
    return [*([start] if start is not None else []), *(video for video in videos if video is not start)]
