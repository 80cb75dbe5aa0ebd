"""What all commands share: the input and its bounds, global options, segments, numbers as ffmpeg writes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import ffmpeg

from media_pipeline.steps import LARGE_PIXELS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction
    from pathlib import Path

    from media_pipeline.types import Tools

SEGMENT_PATTERN = "%05d.m4s"
INIT_NAME = "init.mp4"

# Microseconds after which a store that sends nothing counts as gone.
_READ_TIMEOUT_US = 30_000_000

# ffmpeg-python knows an option only once for each output; `compile_argv` takes several tags apart again. Probing lets
# no control characters into tags.
_BETWEEN_TAGS = "\x1e"
# A node or stream of ffmpeg-python, which has no types.
Stream: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The input of a command: where it lies and the one container format it may be opened as.

    A string is an address a store signed for us: ffmpeg reads only the ranges it needs.
    """

    place: Path | str
    container: str
    tags: tuple[tuple[str, str], ...] = ()


def global_options(tools: Tools, level: str) -> list[str]:
    """Return the program and what it is told before all else."""
    # In front, because ffmpeg-python puts global arguments after the last output, where ffmpeg warns about them.
    # What cannot be decoded is stepped over, however much of a stretch it is.
    words = "-hide_banner -nostdin -y -max_error_rate 1 -nostats -stats_period 0.5 -progress pipe:1 -v"
    return [str(tools.ffmpeg), *words.split(), level]


def compile_argv(spec: Stream) -> list[str]:
    """Return the words of a graph of ffmpeg-python."""
    argv: list[str] = []
    for word in (str(word) for word in ffmpeg.get_args(spec)):
        if argv and argv[-1] == "-metadata":
            first, *others = word.split(_BETWEEN_TAGS)
            argv += [first, *(each for tag in others for each in ("-metadata", tag))]
        else:
            argv.append(word)
    return argv


def open_input(source: SourceFile, **options: str | None) -> Stream:
    """Return the input, bound to the one format probing found and to the one way it is read."""
    if isinstance(source.place, str):
        protocols, address = "http,https,tcp,tls", source.place
        options["rw_timeout"] = str(_READ_TIMEOUT_US)
    else:
        protocols, address = "file,pipe", f"file:{source.place}"
    return ffmpeg.input(address, protocol_whitelist=protocols, format_whitelist=source.container, **options)


def bounded_decoder(stored_px: tuple[int, int]) -> dict[str, str]:
    """Return the input options that keep a decoder's memory bounded: each of its threads holds a few whole frames."""
    return {"threads": "2"} if stored_px[0] * stored_px[1] > LARGE_PIXELS else {}


def until(length_s: Fraction | None) -> dict[str, str]:
    """Return the input option that ends a stretch; none for one to the end."""
    return {} if length_s is None else {"t": decimal(length_s)}


def clean_metadata(tags: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Drop the source's metadata except the labels that must survive; no writer name: equal input gives equal bytes."""
    options: dict[str, Any] = {"map_metadata": -1, "map_chapters": -1, "fflags": "+bitexact"}
    if tags:
        options["metadata"] = _BETWEEN_TAGS.join(f"{key}={value}" for key, value in tags)
    return options


def hls_options(name: str, segment_s: Fraction, first_segment: int) -> dict[str, Any]:
    """Return the options by which a rendition is written as numbered segments into a folder of its name."""
    return {
        "format": "hls",
        "hls_time": decimal(segment_s),
        "hls_list_size": 0,
        "hls_playlist_type": "vod",
        "hls_segment_type": "fmp4",
        "hls_flags": "independent_segments",
        "hls_fmp4_init_filename": INIT_NAME,
        "hls_segment_filename": f"{name}/{SEGMENT_PATTERN}",
        # Times as they are given, not counted from the first frame: chunks then follow each other without a seam.
        "hls_segment_options": "movflags=+frag_discont+use_metadata_tags",
        "start_number": first_segment,
    }


def fraction(value: Fraction) -> str:
    """Write a frame rate."""
    return f"{value.numerator}/{value.denominator}"


def decimal(seconds: Fraction) -> str:
    """Write seconds with the microseconds ffmpeg counts in, rounded down: a grid never runs ahead of its frames."""
    micros = int(seconds * 1_000_000)
    return f"{micros // 1_000_000}.{micros % 1_000_000:06d}".rstrip("0").rstrip(".")
