"""Finding the ffmpeg of this machine. Not here: running it (`runner.py`)."""

from __future__ import annotations

import os
import re
import shutil
from functools import lru_cache
from pathlib import Path

from .errors import EncodingFailed
from .runner import ProcessLimits, ProcessStopped, run_process
from .types import Tools

# 5.1 brought -fps_mode, which replaced -vsync; both spellings never worked in one version range.
OLDEST_VERSION = (5, 1)
_VERSION = re.compile(r"^ffmpeg version (\S+)", re.MULTILINE)
_NUMBER = re.compile(r"^n?(\d+)\.(\d+)")


def find_tools(ffmpeg: str | None = None) -> Tools:
    """Return the first usable ffmpeg: the given one, FFMPEG_BIN, the one on PATH, the one of the imageio-ffmpeg wheel.

    A path that was given explicitly must work; silently taking another one would hide the mistake.
    """
    named = ffmpeg or os.environ.get("FFMPEG_BIN")
    if named:
        found = shutil.which(named)
        tools = _ask(found) if found is not None else None
        if tools is None:
            raise EncodingFailed("tool_missing", detail=f"{named} is not an ffmpeg that runs")
        return tools
    for candidate in (shutil.which("ffmpeg"), _wheel_binary()):
        tools = _ask(candidate) if candidate is not None else None
        if tools is not None and is_new_enough(tools.version):
            return tools
    raise EncodingFailed("tool_missing", detail="no ffmpeg of version 5.1 or newer on PATH or in imageio-ffmpeg")


def is_new_enough(version: str) -> bool:
    """Return whether a version text names a supported ffmpeg; development builds without a number are believed."""
    found = _NUMBER.match(version)
    return found is None or (int(found[1]), int(found[2])) >= OLDEST_VERSION


@lru_cache(maxsize=8)
def _ask(program: str) -> Tools | None:
    path = Path(program).resolve()
    try:
        finished = run_process([str(path), "-hide_banner", "-version"], limits=ProcessLimits(timeout_s=20))
    except (OSError, ProcessStopped):
        return None
    found = _VERSION.search(finished.stdout)
    if finished.exit_code != 0 or not found:
        return None
    return Tools(ffmpeg=path, version=found[1], has_zscale="--enable-libzimg" in finished.stdout)


def _wheel_binary() -> str | None:
    try:
        import imageio_ffmpeg  # noqa: PLC0415 - optional, and only looked at when PATH has nothing
    except ImportError:
        return None
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:
        return None
