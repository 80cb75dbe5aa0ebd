"""The sound of a file as samples for speech recognition: mono, 16 kHz, floats from -1 to 1.

Meant for files this workshop published itself: hostile ones are decoded by ffmpeg in a process of its own.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

import av

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RATE_HZ: Final = 16_000
_BYTES_PER_SAMPLE = 4


def sound_length_s(path: Path) -> float:
    """Return how long a file plays; 0 when it does not say."""
    with av.open(str(path)) as container:
        return (container.duration or 0) / 1_000_000


def read_samples(path: Path, block: int) -> Iterator[array[float]]:
    """Yield all samples in blocks of `block`; the last one may be shorter."""
    waiting = array("f")
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            for made in resampler.resample(frame):
                waiting.frombytes(bytes(made.planes[0])[: made.samples * _BYTES_PER_SAMPLE])
            while len(waiting) >= block:
                yield waiting[:block]
                del waiting[:block]
        for made in resampler.resample(None):
            waiting.frombytes(bytes(made.planes[0])[: made.samples * _BYTES_PER_SAMPLE])
    for start in range(0, len(waiting), block):
        yield waiting[start : start + block]
