"""Sets of all kinds of sources, each made once, by the pipeline as it is but in small chunks and quickly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from media_pipeline.ladder import LadderPolicy
from media_pipeline.types import Tools
from tests.factories.clips import ClipShelf
from tests.integration.media_pipeline.conftest import (
    Encoded,
    encoding_policy,
    fast_policy,
    policy,
    run_once,
    shelf,
    tools,
)

__all__ = ["encoding_policy", "fast_policy", "policy", "shelf", "tools"]

SECONDS = 36
#: Sources by name; the last two can only be made in one piece.
SOURCES: dict[str, Callable[[ClipShelf], Path]] = {
    "slides": lambda shelf: shelf.lecture(SECONDS),
    "camera": lambda shelf: shelf.moving(SECONDS),
    "thirty-drop-frame": lambda shelf: shelf.moving(30, 640, 360, "30000/1001"),
    "without-sound": lambda shelf: shelf.silent_picture(),
    "sound-alone": lambda shelf: shelf.speech_variant("normal", SECONDS),
    "short-sound": lambda shelf: shelf.audio_with_cover(),
    "late-picture": lambda shelf: shelf.late_picture(),
    "browser-recording": lambda shelf: shelf.recorder_webm(),
    "broadcast": lambda shelf: shelf.interlaced(),
}


@pytest.fixture(scope="session")
def small_chunks(fast_policy: LadderPolicy) -> LadderPolicy:
    """Many chunks of each kind in a short clip, and an early start."""
    return replace(fast_policy, chunk_s=24, audio_chunk_s=24, early_sound_above_s=20)


@pytest.fixture(scope="session")
def made(
    shelf: ClipShelf, small_chunks: LadderPolicy, tools: Tools, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Encoded]:
    """Return a function that makes the set of a named source the first time it is asked for."""
    done: dict[str, Encoded] = {}

    def make(name: str) -> Encoded:
        if name not in done:
            done[name] = run_once(SOURCES[name](shelf), small_chunks, tools, tmp_path_factory.mktemp(name))
        return done[name]

    return make
