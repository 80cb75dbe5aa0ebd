"""The command that takes subtitles out of a source: one reading for all of them, picture and sound are stepped over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ffmpeg

from .shared import compile_argv, global_options, open_input

if TYPE_CHECKING:
    from collections.abc import Mapping

    from media_pipeline.types import Tools

    from .shared import SourceFile


def subtitle_argv(tools: Tools, source: SourceFile, wanted: Mapping[int, tuple[str, str]]) -> list[str]:
    """Return the command that writes each wanted stream (by index) to a file, given as (name, format)."""
    reader = open_input(source)
    outputs = [
        ffmpeg.output(reader[str(index)], name, format=kind, **{"c:s": kind}) for index, (name, kind) in wanted.items()
    ]
    return [*global_options(tools, "error"), *compile_argv(ffmpeg.merge_outputs(*outputs))]
