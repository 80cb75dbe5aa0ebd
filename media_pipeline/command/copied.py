"""The command that writes a picture as it is, in segments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ffmpeg

from .shared import SourceFile, clean_metadata, compile_argv, global_options, hls_options, open_input, until

if TYPE_CHECKING:
    from media_pipeline.steps import CopyStep
    from media_pipeline.types import Tools

# A segment is whole when frames of the next one have come.
_POST_ROLL_S = 1


def copy_argv(tools: Tools, source: SourceFile, step: CopyStep) -> list[str]:
    """Return the command that copies the source's picture without decoding it.

    It begins at the start of the source, and goes a little beyond a stretch that ends: so segments are cut as in one
    piece, whatever the stretch. Those outside of the stretch are the caller's to leave out.
    """
    options: dict[str, Any] = {
        "c:v": "copy",
        "avoid_negative_ts": "disabled",
        **hls_options(step.folder, step.segment_s, first_segment=0),
        **clean_metadata(source.tags),
    }
    length_s = step.range.length_s
    reader = open_input(source, **until(None if length_s is None else length_s + _POST_ROLL_S))
    output = ffmpeg.output(reader[str(step.stream_index)], f"{step.folder}/ffmpeg.m3u8", **options)
    return [*global_options(tools, "error"), *compile_argv(output)]
