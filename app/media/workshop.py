"""What an encode needs from outside, and the bounds set by the operator. Not here: reading sources (`source_files`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.kernel.storage import ManagedStorage
from media_pipeline.types import ProbeLimits, RunLimits

if TYPE_CHECKING:
    from config.settings import MediaSection
    from media_pipeline.ladder import LadderPolicy
    from media_pipeline.types import Tools


@dataclass(frozen=True, slots=True)
class MediaWorkshop:
    """Everything an encode needs from outside."""

    storage: ManagedStorage
    tools: Callable[[], Tools]
    policy: LadderPolicy
    #: Bounds of each process of ffmpeg.
    limits: RunLimits = field(default_factory=RunLimits)
    #: Bounds of looking at what a source is.
    probe_limits: ProbeLimits = field(default_factory=ProbeLimits)


def run_limits(section: MediaSection) -> RunLimits:
    """Return the bounds of each process of ffmpeg."""
    largest = RunLimits().max_file_bytes
    return RunLimits(
        memory_bytes=section.encode_memory_bytes,
        max_file_bytes=min(largest, section.encode_scratch_bytes),
        max_total_bytes=section.encode_scratch_bytes,
    )


def probe_limits(section: MediaSection) -> ProbeLimits:
    """Return the bounds of looking at what a source is."""
    return ProbeLimits(memory_bytes=section.probe_memory_bytes)
