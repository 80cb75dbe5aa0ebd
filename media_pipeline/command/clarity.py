"""The filters that make a voice clear on a phone's loudspeaker, for old ears."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10
from typing import Any


@dataclass(frozen=True, slots=True)
class Compressor:
    """From which level on sound is turned down, how many decibels are then needed for one, how soft the corner is."""

    threshold_db: float
    ratio: float
    knee: float

    @property
    def knee_db(self) -> float:
        """Return how many decibels lie between both ends of the corner."""
        return 20 * log10(self.knee)


COMPRESSOR = Compressor(-30, 3, 6)
# Rumble off, a gentle compressor for wandering voices, presence for consonants on a phone speaker.
CLARITY: tuple[tuple[str, dict[str, Any]], ...] = (
    ("highpass", {"f": 90}),
    (
        "acompressor",
        {
            "threshold": f"{COMPRESSOR.threshold_db}dB", "ratio": COMPRESSOR.ratio,
            "attack": 8, "release": 180, "makeup": 1, "knee": COMPRESSOR.knee,
        },
    ),
    ("equalizer", {"f": 3000, "t": "q", "w": 1, "g": 3}),
)
