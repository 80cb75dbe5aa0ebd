"""What two public video platforms run for the same rungs, as commands: recipe P (PeerTube) and recipe M (MediaCMS).

Their documented choices, configured to our rungs and to HLS; pure but for `read_video_bps` and `run_all`. PeerTube
encodes each rung in a process of its own from an "optimized" copy of the source; MediaCMS likewise, with a slower
preset and the sound in every rung.
Sources: PeerTube packages/ffmpeg and packages/core-utils/src/videos/bitrate.ts; MediaCMS files/helpers.py.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, sqrt
from pathlib import Path

Argv = list[str]

_PEERTUBE_BITS = {2160: 0.08, 1440: 0.09, 1080: 0.10, 720: 0.11, 480: 0.12, 360: 0.15, 240: 0.17, 144: 0.19}
_PEERTUBE_LARGEST_BITS = {2160: 0.14, 1440: 0.16, 1080: 0.17, 720: 0.19, 480: 0.22, 360: 0.26, 240: 0.29, 144: 0.32}
_PEERTUBE_SPRITES = 11 * 11
_MEDIACMS_KBPS = {240: 300, 360: 500, 480: 1000, 720: 2500, 1080: 4500, 1440: 9000, 2160: 18000}
_HLS = "-hls_time 4 -hls_list_size 0 -hls_playlist_type vod"
_NO_TAGS = "-movflags faststart -max_muxing_queue_size 1024 -map_metadata -1"


@dataclass(frozen=True)
class Facts:
    """What the recipes ask of a source; sizes as shown, nothing but zeros where there is only sound."""

    path: Path
    width_px: int
    height_px: int
    rate: Fraction
    duration_s: float
    video_bps: float
    has_sound: bool = True

    @property
    def has_picture(self) -> bool:
        """Return whether there is more than sound."""
        return self.width_px > 0

    @property
    def short_side_px(self) -> int:
        """Return the side rungs are named by."""
        return min(self.width_px, self.height_px)

    @property
    def ratio(self) -> float:
        """Return width over height."""
        return self.width_px / self.height_px

    @property
    def bits_per_pixel(self) -> float:
        """Return the picture's bits for each pixel of each frame: how demanding a source is."""
        return self.video_bps / float(self.width_px * self.height_px * self.rate)


def read_video_bps(ffmpeg: str, path: Path, duration_s: float) -> float:
    """Return the rate of the picture alone, from the bytes of its packets."""
    argv = [ffmpeg, "-hide_banner", "-nostdin", "-i", str(path), "-map", "0:v:0", "-c", "copy", "-f", "null", "-"]
    said = subprocess.run(argv, check=True, capture_output=True, text=True).stderr
    return int(re.findall(r"video:\s*(\d+)\s*Ki?B", said, re.IGNORECASE)[-1]) * 1024 * 8 / duration_s


def run_all(commands: Sequence[Argv], folder: Path) -> None:
    """Run commands one after the other inside a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for argv in commands:
        subprocess.run(argv, cwd=folder, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def peertube_cap_bps(height_px: int, ratio: float, rate: Fraction, input_bps: float) -> int:
    """Return the rate cap of a rung: pixels x frames x bits for each, but not 30 % above the input's own rate."""
    return round(min(_theoretical_bps(_PEERTUBE_BITS, height_px, ratio, rate), input_bps * 1.3))


def peertube_transcodes_first(source: Facts) -> bool:
    """Return whether the source fails the quick-transcode test, so that all rungs but the largest come from a copy."""
    largest = _theoretical_bps(_PEERTUBE_LARGEST_BITS, source.short_side_px, source.ratio, source.rate)
    return source.video_bps > largest


def peertube(ffmpeg: str, source: Facts, heights_px: Sequence[int]) -> list[Argv]:
    """Return the commands in their order: the copy, the largest rung, the sound, the smaller rungs."""
    start = [ffmpeg, "-v", "error", "-y"]
    top, *others = sorted(heights_px, reverse=True)
    is_light = not peertube_transcodes_first(source)
    if is_light:
        coding = "-c:a copy -c:v copy -map_metadata -1 -movflags faststart"
        largest = _peertube_rung(start, source, top)
    else:
        coding = f"-threads 1 {_NO_TAGS} {_peertube_picture(source, top)} -c:a copy"
        largest = [*start, *f"-i optimized.mp4 {_NO_TAGS} -an -c:v copy {_peertube_hls(f'v{top}')}".split()]
    return [
        [*start, "-i", str(source.path), *coding.split(), "-f", "mp4", "optimized.mp4"],
        largest,
        *([_peertube_sound(start, "aac -ac 2" if is_light else "copy")] if source.has_sound else []),
        *(_peertube_rung(start, source, height_px) for height_px in others),
    ]


def peertube_extras(ffmpeg: str, source: Facts) -> list[Argv]:
    """Return the storyboard and thumbnail passes, each with a decode of its own."""
    start = [ffmpeg, "-v", "error", "-y"]
    every_s = ceil(source.duration_s / min(ceil(source.duration_s), _PEERTUBE_SPRITES))
    edge = ceil(sqrt(ceil(source.duration_s / every_s)))
    width_px = 192 if source.ratio >= 1 else round(192 * source.ratio)
    graph = (
        f"setpts='N/FRAME_RATE/TB',select='isnan(prev_selected_t)+gte(t-prev_selected_t,{every_s})',"
        f"scale={width_px}:{round(width_px / source.ratio)},tile={edge}x{edge}"
    )
    return [
        [*start, "-i", "optimized.mp4", "-filter_complex", graph, "-frames:v", "1", "storyboard.jpg"],
        [*start, *f"-ss {source.duration_s / 2:.3f} -i optimized.mp4 -vf thumbnail=50 -frames:v 1 t.jpg".split()],
    ]


def _peertube_rung(start: Argv, source: Facts, height_px: int) -> Argv:
    coding = f"-an {_peertube_picture(source, height_px)} {_peertube_hls(f'v{height_px}')}"
    return [*start, *f"-i optimized.mp4 -threads 1 {_NO_TAGS} {coding}".split()]


def _peertube_picture(source: Facts, height_px: int) -> str:
    cap_bps = peertube_cap_bps(height_px, source.ratio, source.rate, source.video_bps)
    scale = f"w=-2:h={height_px}" if source.ratio >= 1 else f"w={height_px}:h=-2"
    return (
        f"-pix_fmt yuv420p -c:v libx264 -vf scale={scale} -preset veryfast "
        f"-maxrate:v {cap_bps} -bufsize:v {2 * cap_bps} -b_strategy 1 -bf 16 "
        f"-r {source.rate} -g:v {round(2 * source.rate)}"
    )


def _peertube_sound(start: Argv, codec: str) -> Argv:
    return [*start, *f"-i optimized.mp4 -threads 1 {_NO_TAGS} -vn -c:a {codec} {_peertube_hls('audio')}".split()]


def _peertube_hls(name: str) -> str:
    return f"{_HLS} -hls_segment_filename {name}.mp4 -hls_segment_type fmp4 -f hls -hls_flags single_file {name}.m3u8"


def _theoretical_bps(bits: dict[int, float], height_px: int, ratio: float, rate: Fraction) -> int:
    across = height_px * ratio if ratio >= 1 else height_px / ratio
    per_pixel = next(bits[known] for known in bits if known <= height_px or known == 144)
    return floor(height_px * across * float(rate) * per_pixel)


def mediacms(ffmpeg: str, source: Facts, heights_px: Sequence[int]) -> list[Argv]:
    """Return an encode with sound and a packaging into transport stream HLS for each rung."""
    start = [ffmpeg, "-v", "error", "-y"]
    commands = []
    for height_px in sorted(heights_px):
        width_px = 2 * round(height_px * 16 / 9 / 2)
        rate_kbps = round(1.5 * _mediacms_kbps(height_px))
        graph = (
            rf"scale=if(lt(iw\,ih)\,{height_px}\,{width_px}):if(lt(iw\,ih)\,{width_px}\,{height_px})"
            f":force_original_aspect_ratio=decrease:force_divisible_by=2:flags=lanczos,fps=fps={source.rate}"
        )
        keys = f"keyint={round(8 * source.rate)}:keyint_min={round(4 * source.rate)}"
        coding = (
            f"-pix_fmt yuv420p -crf 23 -c:a aac -b:a 128k -ac 2 -maxrate {rate_kbps}k -bufsize {rate_kbps}k "
            f"-force_key_frames expr:gte(t,n_forced*4) -x264-params {keys} -preset medium -profile:v main -level 4.2 "
            f"-strict -2 {height_px}.mp4"
        )
        given = ["-i", str(source.path), "-c:v", "libx264", "-filter:v", graph]
        commands.append([*start, *given, *coding.split()])
        packaging = f"-i {height_px}.mp4 -c copy -f hls {_HLS} -hls_segment_type mpegts -hls_flags single_file"
        commands.append([*start, *packaging.split(), "-hls_segment_filename", f"{height_px}.ts", f"{height_px}.m3u8"])
    return commands


def _mediacms_kbps(height_px: int) -> int:
    return next((rate for known, rate in _MEDIACMS_KBPS.items() if known >= height_px), 18000)
