"""The command that writes a picture as it is, in segments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ffmpeg

from .shared import SourceFile, clean_metadata, compile_argv, global_options, hls_options, open_input

if TYPE_CHECKING:
    from media_pipeline.steps import CopyStep
    from media_pipeline.types import Tools


def copy_argv(tools: Tools, source: SourceFile, step: CopyStep) -> list[str]:
    """Return the command that copies the source's picture without decoding it."""
    options: dict[str, Any] = {
        "c:v": "copy",
        "avoid_negative_ts": "disabled",
        **hls_options(step.folder, step.segment_s, step.range.first_segment),
        **clean_metadata(source.tags),
    }
    reader = open_input(source)
    output = ffmpeg.output(reader[str(step.stream_index)], f"{step.folder}/ffmpeg.m3u8", **options)
    return [*global_options(tools, "error"), *compile_argv(output)]
