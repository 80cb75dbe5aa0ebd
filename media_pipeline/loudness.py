"""From ffmpeg's loudness summary (EBU R 128) to the gain of the encode.

Pure; not here: running the measurement (`pipeline.py`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .command import Gain

if TYPE_CHECKING:
    from .ladder import AudioPolicy

_INTEGRATED = re.compile(r"^\s*I:\s+(\S+) LUFS", re.MULTILINE)
_SILENCE_LUFS = -69.0
# Where a lifted quiet voice should stand, so that the compressor's threshold is reached.
_LIFTED_LUFS = -24.0


def read_loudness(text: str) -> float | None:
    """Return the integrated loudness in LUFS from the end of a measuring run; None for digital silence or no answer."""
    found = _INTEGRATED.findall(text)
    try:
        loudness_lufs = float(found[-1]) if found else None
    except ValueError:
        return None
    # The gate's floor is -70; a source that never passes it has nothing to level. NaN compares false.
    return loudness_lufs if loudness_lufs is not None and loudness_lufs > _SILENCE_LUFS else None


def lift_for(loudness_lufs: float | None, audio: AudioPolicy) -> float:
    """Return the coarse gain a quiet source needs before the speech filters, which then must be measured again; 0 for others."""
    if loudness_lufs is None or loudness_lufs >= audio.quiet_below_lufs:
        return 0.0
    return min(audio.max_gain_db, _LIFTED_LUFS - loudness_lufs)


def gain_for(loudness_lufs: float | None, lift_db: float, audio: AudioPolicy) -> Gain:
    """Return the gains that bring a measured source to the target; nothing for silence."""
    if loudness_lufs is None:
        return Gain()
    wanted_db = audio.loudness_lufs - loudness_lufs
    return Gain(lift_db=lift_db, gain_db=round(min(wanted_db, audio.max_gain_db - lift_db), 2))
