"""From ffmpeg's loudness summaries (EBU R 128) to the gain of the encode.

Pure; not here: running the measurements (`pipeline.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from math import log10
from typing import TYPE_CHECKING

from .command.sound import Gain

if TYPE_CHECKING:
    from .ladder import AudioPolicy

_INTEGRATED = re.compile(r"^\s*I:\s+(\S+) LUFS", re.MULTILINE)
_PEAK = re.compile(r"^\s*Peak:\s+(\S+) dBFS", re.MULTILINE)
_SILENCE_LUFS = -69.0
# Where a lifted quiet voice should stand, so that the compressor's threshold is reached.
_LIFTED_LUFS = -24.0
# Peaks this far above the limiter cost less loudness than the encoder's own noise.
_HARMLESS_OVERSHOOT_DB = 3.0
# Once a limiter works, a decibel of gain brings about two thirds of a decibel of loudness.
_LIMITED_SLOPE = 0.65
_LARGEST_CORRECTION_DB = 6.0


@dataclass(frozen=True, slots=True)
class Loudness:
    """One measurement: integrated loudness and the highest sample."""

    integrated_lufs: float
    peak_dbfs: float


@dataclass(frozen=True, slots=True)
class Lift:
    """The coarse gain for a quiet source, and how far the policy lets it fall short of what it would need."""

    gain_db: float = 0.0
    shortfall_db: float = 0.0


def read_loudness(text: str) -> Loudness | None:
    """Return the summary at the end of a measuring run; None for digital silence or no answer."""
    found, peaks = _INTEGRATED.findall(text), _PEAK.findall(text)
    try:
        loudness = Loudness(float(found[-1]), float(peaks[-1])) if found and peaks else None
    except ValueError:
        return None
    # The gate's floor is -70; a source that never passes it has nothing to level. NaN compares false.
    return loudness if loudness is not None and loudness.integrated_lufs > _SILENCE_LUFS else None


def lift_for(loudness: Loudness | None, audio: AudioPolicy) -> Lift:
    """Return the coarse gain a quiet source needs before the speech filters, after which it is measured again."""
    if loudness is None or loudness.integrated_lufs >= audio.quiet_below_lufs:
        return Lift()
    wanted_db = _LIFTED_LUFS - loudness.integrated_lufs
    return Lift(min(wanted_db, audio.max_lift_db), max(0.0, wanted_db - audio.max_lift_db))


def gain_for(loudness: Loudness | None, lift: Lift, audio: AudioPolicy) -> Gain:
    """Return the gains that bring a measured source to the target; nothing for silence."""
    if loudness is None:
        return Gain()
    wanted_db = audio.loudness_lufs - lift.shortfall_db - loudness.integrated_lufs
    return Gain(lift_db=round(lift.gain_db, 2), gain_db=round(wanted_db, 2))


def is_limiting(loudness: Loudness | None, gain: Gain, audio: AudioPolicy) -> bool:
    """Return whether the limiter will take so much that the result must be measured behind it."""
    if loudness is None:
        return False
    overshoot_db = loudness.peak_dbfs + gain.gain_db - 20 * log10(audio.limiter_ceiling)
    return overshoot_db > _HARMLESS_OVERSHOOT_DB


def correct(gain: Gain, limited: Loudness | None, lift: Lift, audio: AudioPolicy) -> Gain:
    """Return the gain that makes up for what the limiter took, as measured behind it."""
    if limited is None:
        return gain
    missing_db = audio.loudness_lufs - lift.shortfall_db - limited.integrated_lufs
    correction_db = min(max(0.0, missing_db / _LIMITED_SLOPE), _LARGEST_CORRECTION_DB)
    return replace(gain, gain_db=round(gain.gain_db + correction_db, 2))
