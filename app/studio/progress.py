"""From a job's step and fraction to what a teacher reads: one percentage, steps done. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

#: How much of the work each step is, from measured encodes; only encoding is long.
STEP_SHARES: Final = {"probe": 0.02, "encode": 0.9, "package": 0.03, "publish": 0.05}
#: Failures that may pass by themselves or with the operator's help; any other is the file's fault.
PASSING_FAILURES: Final = frozenset({
    "encode_failed", "encode_killed", "encode_stalled", "encode_timeout", "out_of_space", "store_full",
    "store_unavailable", "store_unreachable", "tool_missing", "unexpected", "unknown_kind", "worker_lost",
})


class Phase(StrEnum):
    """Where the media of a lecture stand, told by the newest file."""

    EMPTY = "empty"
    UPLOADING = "uploading"
    FINISHING = "finishing"
    WAITING = "waiting"
    WORKING = "working"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: The page asks again while it may still change by itself.
LIVE_PHASES: Final = frozenset({Phase.UPLOADING, Phase.FINISHING, Phase.WAITING, Phase.WORKING})


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the newest file is."""

    phase: Phase
    step: str = ""
    percent: int | None = None
    remaining_s: float | None = None
    #: Jobs that go first.
    ahead: int = 0
    error_code: str = ""
    #: The job's own sentence; while it waits, what keeps it.
    sentence: str = ""
    can_retry: bool = False
    can_cancel: bool = False

    @property
    def is_live(self) -> bool:
        """It may change while the page is open."""
        return self.phase in LIVE_PHASES

    @property
    def needs_other_file(self) -> bool:
        """Trying again with the same file is pointless."""
        return self.phase is Phase.FAILED and self.error_code not in PASSING_FAILURES

    def step_states(self) -> dict[str, str]:
        """Return 'done', 'current', 'todo' or 'failed' for uploading and each step of the pipeline, in order."""
        names = ["upload", *STEP_SHARES]
        if self.phase is Phase.READY:
            return dict.fromkeys(names, "done")
        if self.phase in {Phase.EMPTY, Phase.UPLOADING}:
            return dict.fromkeys(names, "todo") | ({"upload": "current"} if self.phase is Phase.UPLOADING else {})
        reached = names.index(self.step) if self.step in STEP_SHARES else 1
        states = {name: "done" if names.index(name) < reached else "todo" for name in names}
        if self.phase is not Phase.CANCELLED:
            states[names[reached]] = "failed" if self.phase is Phase.FAILED else "current"
        return states


def overall_fraction(step: str, fraction: float) -> float:
    """Put a step's own fraction into the whole; an unknown step counts as the beginning."""
    done = 0.0
    for name, share in STEP_SHARES.items():
        if name == step:
            return done + share * min(max(fraction, 0.0), 1.0)
        done += share
    return 0.0
