"""run(): a plan in, a published streaming set out, on this machine alone.

Steps run beside each other in a few slots, those of the first minute first. Spreading them over machines is the
caller's business: the same `Encoder` and `Assembly` need only the store. Not here: what to do (`plan.py`), doing one
step (`encoder.py`), putting chunks together (`assembly.py`).
"""

from __future__ import annotations

import errno
import shutil
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from .assembly import Assembly
from .chunks import CHUNK_FOLDER
from .encoder import Encoder
from .errors import Cancelled, EncodingFailed, OutOfSpace
from .growing import grow
from .ports import StorageFull
from .publish import find_published
from .steps import AudioStep, VideoStep
from .types import RunLimits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .ports import CancelToken, Progress, Storage
    from .steps import ChunkStep, Plan
    from .types import Published, Tools

_SPARE_BYTES = 8 * 1024**2
# What a media second costs beside one of all rungs' picture, for progress only: sound, measuring or copying; decoding.
_SMALL_WEIGHT = 0.05
_DECODING_WEIGHT = 0.15


def run(  # noqa: PLR0913 - one call is the whole contract of the workshop
    plan: Plan,
    source: Path,
    *,
    work_dir: Path,
    storage: Storage,
    prefix: str,
    tools: Tools,
    progress: Progress,
    cancel: CancelToken,
    limits: RunLimits | None = None,
) -> Published:
    """Do everything a plan says and publish the result under the prefix.

    Args:
        plan: from `make_plan`, for exactly this source.
        source: local file; only read.
        work_dir: an attempt folder of its own; made if missing, left to the caller afterwards.
        storage: where the result goes; chunks an earlier run left there are not made again.
        prefix: named by the plan's digest, without a slash at the end. If the set is already there, nothing is done.
        tools: from `find_tools`.
        progress: told the steps encode, package and publish.
        cancel: asked often; cancelling kills ffmpeg's whole process group.
        limits: bounds of every process, and how many run at once.

    Raises:
        EncodingFailed: ffmpeg did not finish, or what it wrote is not whole.
        OutOfSpace: working disk or store is full.
        StorageUnavailable: the store does not answer (it passes through as the port raised it).
        Cancelled: when asked to stop; nothing is running any more.
    """
    limits = limits or RunLimits()
    with naming_full_disks(work_dir):
        earlier = find_published(storage, prefix)
        if earlier is not None:
            # Killed right behind its last object, a run leaves the notes of its chunks.
            storage.delete_prefix(f"{prefix}/{CHUNK_FOLDER}/")
            progress.report("publish", 1.0)
            return earlier
        work_dir.mkdir(parents=True, exist_ok=True)
        stop = _Stop(cancel)
        encoder = Encoder(plan, source.resolve(), storage, prefix, tools, limits, stop)
        is_large = any(step.is_large for step in plan.videos)
        # Two decoders of pictures larger than 4K might be too much for the machine, though each keeps its bounds.
        _Slots(encoder, work_dir, progress, stop).run(1 if is_large else limits.slots)
        folder = work_dir / "assembly"
        return Assembly(plan, storage, prefix, folder, tools, limits, progress, cancel).run()


@contextmanager
def naming_full_disks(work_dir: Path) -> Iterator[None]:
    """Turn every sign of a full disk or store into OutOfSpace."""
    try:
        yield
    except StorageFull as error:
        raise OutOfSpace(str(error)) from error
    except EncodingFailed as error:
        # Some versions lose the error of a full disk on the way and leave torn files with exit code 0.
        if work_dir.exists() and shutil.disk_usage(work_dir).free < _SPARE_BYTES:
            raise OutOfSpace(error.detail) from error
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutOfSpace(str(error)) from error
        raise


class _Stop:
    """The caller's cancel token, and our own for the other slots when one has failed."""

    def __init__(self, cancel: CancelToken) -> None:
        self._cancel = cancel
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    def is_cancelled(self) -> bool:
        return self._event.is_set() or self._cancel.is_cancelled()


@dataclass(slots=True)
class _Slots:
    """Threads that take steps in the plan's order, each as soon as what it needs is there."""

    encoder: Encoder
    work_dir: Path
    progress: Progress
    stop: _Stop
    waiting: list[ChunkStep] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    fractions: dict[str, float] = field(default_factory=dict)
    failures: list[BaseException] = field(default_factory=list)
    running: int = 0
    turn: threading.Condition = field(default_factory=threading.Condition)
    growing: threading.Lock = field(default_factory=threading.Lock)

    def run(self, slots: int) -> None:
        """Do all steps; raises what the first failing one raised, when nothing runs any more."""
        self.waiting = list(self.encoder.plan.chunk_steps)
        threads = [threading.Thread(target=self._work, name=f"slot-{number}") for number in range(slots)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.failures:
            raise self.failures[0]
        self.progress.report("encode", 1.0)

    def _work(self) -> None:
        while (step := self._take()) is not None:
            try:
                self.encoder.do(step, self.work_dir / step.digest, partial(self._report, step))
                with self.growing:
                    grow(self.encoder.plan, self.encoder.storage, self.encoder.prefix)
            except BaseException as error:  # noqa: BLE001 - raised again by run(), in the caller's thread
                self._finish(step, error)
            else:
                self._finish(step, None)

    def _take(self) -> ChunkStep | None:
        with self.turn:
            while self.waiting and not self.failures:
                if self.stop.is_cancelled():
                    self.failures.append(Cancelled())
                    break
                step = next((step for step in self.waiting if _is_ready(step, self.done)), None)
                if step is not None:
                    self.waiting.remove(step)
                    return step
                self.turn.wait(0.2)
            return None

    def _finish(self, step: ChunkStep, error: BaseException | None) -> None:
        with self.turn:
            if error is None:
                self.done.add(step.digest)
            else:
                self.failures.append(error)
                self.stop.set()
            self.turn.notify_all()

    def _report(self, step: ChunkStep, fraction: float) -> None:
        with self.turn:
            self.fractions[step.digest] = max(fraction, self.fractions.get(step.digest, 0.0))
            self.progress.report("encode", progress_of(self.encoder.plan, self.fractions))


def _is_ready(step: ChunkStep, done: set[str]) -> bool:
    return not isinstance(step, AudioStep) or done.issuperset(step.measurements)


def progress_of(plan: Plan, fractions: dict[str, float]) -> float:
    """Return how much of a plan's encoding is done, from the fractions of its steps by digest."""
    weights = {step.digest: weight_of(plan, step) for step in plan.chunk_steps}
    total = sum(weights.values())
    return min(1.0, sum(weights[digest] * fraction for digest, fraction in fractions.items()) / total)


def weight_of(plan: Plan, step: ChunkStep) -> float:
    """Return about how much of the work a step is, in seconds of picture."""
    left_s = max(1.0, plan.duration_s - float(step.range.start_s))
    length_s = left_s if step.range.length_s is None else min(left_s, float(step.range.length_s))
    if not isinstance(step, VideoStep):
        return length_s * _SMALL_WEIGHT
    area = sum(rung.width_px * rung.height_px for rung in step.rungs)
    whole = sum(rung.width_px * rung.height_px for rung in step.ladder.rungs)
    return length_s * (_DECODING_WEIGHT + (1 - _DECODING_WEIGHT) * area / whole)
