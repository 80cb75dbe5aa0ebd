"""The command that remuxes what was encoded into plain files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ffmpeg

from media_pipeline.steps import AUDIO_FOLDER

from .shared import Stream, clean_metadata, compile_argv, global_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from media_pipeline.steps import PackageStep
    from media_pipeline.types import Tools

JOINED_FOLDER = "joined"
M4A_NAME = "audio.m4a"


def package_argv(tools: Tools, step: PackageStep, tags: Sequence[tuple[str, str]]) -> list[str]:
    """Return the command that remuxes joined fragments into a faststart MP4 and an M4A."""
    # Both inputs are our own files: nothing but fragmented MP4 is believed.
    picture, sound = (
        ffmpeg.input(f"{JOINED_FOLDER}/{name}.mp4", protocol_whitelist="file,pipe", format_whitelist="mov")
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


def mp4_name(video_name: str) -> str:
    """Return the name of the plain MP4 made from a rung."""
    return f"{video_name}.mp4"
