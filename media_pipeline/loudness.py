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
    from .command.sound import Treatment
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
# A correction larger than this rests too much on that slope, and is measured itself.
LARGE_CORRECTION_DB = 1.0
_LEAST_SLOPE = 0.25
# Two equal channels are louder than one by this.
_TWO_CHANNELS_DB = 3.01


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


def laid_out(loudness: Loudness | None, treatment: Treatment) -> Loudness | None:
    """Return the loudness a source measured in stereo has when two equal channels have become one."""
    if loudness is None or treatment.layout != "mono":
        return loudness
    return replace(loudness, integrated_lufs=loudness.integrated_lufs - _TWO_CHANNELS_DB)


def needs_another_look(gain: Gain) -> bool:
    """Return whether the speech filters will meet another sound than the one that was measured."""
    treatment = gain.treatment
    is_filtered = bool(treatment.hum_hz) or treatment.hiss_db is not None
    return gain.lift_db > 0 or is_filtered or treatment.layout in ("left", "right")


def gain_for(loudness: Loudness | None, lift: Lift, begun: Gain, audio: AudioPolicy) -> Gain:
    """Return the gains that bring a measured source to the target; nothing for silence."""
    if loudness is None:
        return Gain(treatment=begun.treatment)
    wanted_db = audio.loudness_lufs - lift.shortfall_db - loudness.integrated_lufs
    return replace(begun, lift_db=round(lift.gain_db, 2), gain_db=round(wanted_db, 2))


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
    # Too loud it is only where less was expected than there was; less gain then frees the limiter.
    correction_db = min(missing_db / _LIMITED_SLOPE, _LARGEST_CORRECTION_DB) if missing_db > 0 else missing_db
    return replace(gain, gain_db=round(gain.gain_db + correction_db, 2))


def correct_again(
    first: tuple[Gain, Loudness | None], second: tuple[Gain, Loudness | None], lift: Lift, audio: AudioPolicy
) -> Gain:
    """Return the gain on the line through two measured ones, as far as the limiter lets a gain bring loudness."""
    (before, quieter), (gain, louder) = first, second
    if quieter is None or louder is None:
        return gain
    slope = (louder.integrated_lufs - quieter.integrated_lufs) / (gain.gain_db - before.gain_db)
    missing_db = audio.loudness_lufs - lift.shortfall_db - louder.integrated_lufs
    correction_db = missing_db / min(max(slope, _LEAST_SLOPE), 1.0)
    bounded_db = min(gain.gain_db + correction_db, before.gain_db + 2 * _LARGEST_CORRECTION_DB)
    return replace(gain, gain_db=round(bounded_db, 2))
