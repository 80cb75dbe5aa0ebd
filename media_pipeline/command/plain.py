"""The command that remuxes what was encoded into plain files."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import ffmpeg

from media_pipeline.steps import AUDIO_FOLDER

from .shared import Stream, clean_metadata, compile_argv, decimal, global_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from media_pipeline.steps import PackageStep
    from media_pipeline.types import Tools

JOINED_FOLDER = "joined"
M4A_NAME = "audio.m4a"


def package_argv(
    tools: Tools, step: PackageStep, tags: Sequence[tuple[str, str]], *, start_s: Fraction = Fraction(0)
) -> list[str]:
    """Return the command that remuxes joined fragments into a faststart MP4 and an M4A.

    `start_s` is the time in the fragments that becomes zero.
    """
    moved = {"itsoffset": f"-{decimal(start_s)}"} if start_s else {}
    # Both inputs are our own files: nothing but fragmented MP4 is believed.
    picture, sound = (
        ffmpeg.input(f"{JOINED_FOLDER}/{name}.mp4", protocol_whitelist="file,pipe", format_whitelist="mov", **moved)
        if name is not None
        else None
        for name in (step.video_name, AUDIO_FOLDER if step.has_audio else None)
    )
    shared = {"c": "copy", "movflags": "+faststart+use_metadata_tags", **clean_metadata(tags)}
    outputs: list[Stream] = []
    if picture is not None:
        streams = [picture["v:0"], *([sound["a:0"]] if sound is not None else [])]
        outputs.append(ffmpeg.output(*streams, mp4_name(step.video_name or ""), format="mp4", **shared))
    if sound is not None:
        outputs.append(ffmpeg.output(sound["a:0"], M4A_NAME, format="ipod", **shared))
    # Without -copyts old versions move each input to zero; the sound, whose first frame lies before it, would be late.
    return [*global_options(tools, "error"), "-copyts", *compile_argv(ffmpeg.merge_outputs(*outputs))]


def keyframes_argv(tools: Tools, video_name: str, every: int, folder: str) -> list[str]:
    """Return the command that writes every so many-th key frame of a joined rendition as a still into a folder."""
    whitelists = {"protocol_whitelist": "file,pipe", "format_whitelist": "mov"}
    picture = ffmpeg.input(f"{JOINED_FOLDER}/{video_name}.mp4", skip_frame="nokey", **whitelists)["v:0"]
    stream = picture.filter("select", f"not(mod(n,{every}))").filter("scale", out_range="pc")
    options = {"c:v": "mjpeg", "q:v": 2, "fps_mode": "passthrough", "format": "image2", "pix_fmt": "yuvj420p"}
    output = ffmpeg.output(stream, f"{folder}/%05d.jpg", threads=1, map_metadata=-1, **options)
    return [*global_options(tools, "error"), *compile_argv(output)]


def mp4_name(video_name: str) -> str:
    """Return the name of the plain MP4 made from a rung."""
    return f"{video_name}.mp4"
