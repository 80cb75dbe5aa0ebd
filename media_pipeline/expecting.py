"""The loudness a sound will have behind treatment and lift, reckoned from its levels instead of measured again. Pure.

On the voices of the tests it is within half a decibel of a second look, and costs nothing. Not here: the
measurements themselves (`listening.py`, `loudness.py`).
"""

from __future__ import annotations

from dataclasses import replace
from math import log10, sqrt
from typing import TYPE_CHECKING

from .command.clarity import COMPRESSOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .command.sound import Gain, Layout
    from .ladder import AudioPolicy
    from .listening import Heard
    from .loudness import Loudness

# The gate of EBU R 128: windows this far below the mean of all do not count.
_GATE_DB = 10.0
_FLOOR_POWER = 1e-12
# It comes down fast and lets go slowly: what it follows lies this far above the mean of a fifth of a second of speech.
_HELD_DB = 8.0


def expected(measured: Loudness | None, heard: Heard, gain: Gain, audio: AudioPolicy) -> Loudness | None:
    """Return what a second measurement would say, `measured` being that of the sound before treatment and lift.

    What hum and hiss leave behind is taken as it was: both lie far below the voice that loudness is about.
    """
    if measured is None:
        return None
    before_db = _loudness_db(_powers(heard, "source"), 0.0, is_compressed=audio.is_speech)
    layout = gain.treatment.layout
    # Of a sound that becomes mono the measurement has been brought to one channel already.
    powers = _powers(heard, layout if layout in {"left", "right"} else "source")
    after_db = _loudness_db(powers, gain.lift_db, is_compressed=audio.is_speech)
    louder_db = after_db - before_db
    return replace(
        measured,
        integrated_lufs=measured.integrated_lufs + louder_db,
        peak_dbfs=measured.peak_dbfs + gain.lift_db,
    )


def _powers(heard: Heard, layout: Layout) -> list[tuple[float, ...]]:
    """Return the power of every channel that is listened to, for each window."""
    left, right = heard.channels[:2]
    chosen = {"left": (left,), "right": (right,)}.get(layout, (left, right))
    return [tuple(max(_FLOOR_POWER, 10 ** (level / 10)) for level in window) for window in zip(*chosen, strict=True)]


def _loudness_db(windows: Sequence[tuple[float, ...]], lift_db: float, *, is_compressed: bool) -> float:
    powers = []
    for window in windows:
        # The compressor follows the channels' mean amplitude and turns all of them down alike.
        level_db = 20 * log10(sum(map(sqrt, window)) / len(window)) + lift_db + _HELD_DB
        turned_db = _turned_down_db(level_db) if is_compressed else 0.0
        powers.append(sum(window) * 10 ** ((lift_db - turned_db) / 10))
    if not powers:
        return 0.0
    gate = sum(powers) / len(powers) / 10 ** (_GATE_DB / 10)
    loud = [power for power in powers if power >= gate]
    return 10 * log10(sum(loud) / len(loud))


def _turned_down_db(level_db: float) -> float:
    """Return how much the compressor takes away at a level; around the threshold its knee is a parabola."""
    above_db, knee_db = level_db - COMPRESSOR.threshold_db, COMPRESSOR.knee_db
    if above_db <= -knee_db / 2:
        return 0.0
    bent_db = above_db if above_db >= knee_db / 2 else (above_db + knee_db / 2) ** 2 / (2 * knee_db)
    return bent_db * (1 - 1 / COMPRESSOR.ratio)
