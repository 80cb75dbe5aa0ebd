"""From the levels of a sound in every fifth of a second to what is wrong with it: one channel twice, hum, hiss. Pure.

Noises are looked for in the quietest windows only, where nobody speaks, and a filter is chosen only for what was
found there: a clean voice gets none. Not here: measuring (`command/sound.py`), loudness and gain (`loudness.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log10
from typing import TYPE_CHECKING

from .command.sound import HUM_BANDS_HZ, Treatment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .command.sound import Layout
    from .ladder import AudioPolicy

_NOTHING_DB = -120.0
# Both channels say the same when their difference is this far below their sum; in no window may it be near speech.
_EQUAL_DB = 30.0
_EQUAL_WINDOW_DB = 20.0
# A channel is empty when it never holds more than an unused input's noise. One question of a student's fills it.
_EMPTY_DB = 40.0
_EMPTY_WINDOW_DB = 30.0
# Below this many windows there are too few pauses to tell noise from speech.
_FEWEST_WINDOWS = 25
# Even who reads without a break draws breath in so many of a hundred windows; the quietest may be a fade.
_PAUSES_PERCENT = 4
_QUIETEST_PERCENT = 2
# Speech stands this far above its pauses even in bad recordings; music and tones do not, and are left alone.
_SPEECH_RANGE_DB = 9.0
# Hiss is heard from here on: its level in the pauses under the level of speech in the same treble.
_HISS_BELOW_SPEECH_DB = 36.0
# Noise is as loud in one quarter's pauses as in another's; what swells and fades is music, or a microphone closed.
_STEADY_DB = 4.0
_QUARTERS = 4
# From the treble band's level to that of white noise in the whole sound.
_WHITE_ABOVE_TREBLE_DB = 14.0
# Hum stands this far above the bands beside it, which rumble and low voices fill alike...
_HUM_ABOVE_BESIDE_DB = 10.0
# ...and not further than this below the voice, or nobody hears it.
_HUM_BELOW_SPEECH_DB = 45.0


@dataclass(frozen=True, slots=True)
class Heard:
    """Levels in dB, one for each window: of the channels as they are listened to, and of the bands where hum is."""

    channels: tuple[tuple[float, ...], ...]
    bands: tuple[tuple[float, ...], ...]

    def first(self, windows: int) -> Heard:
        """Return only the beginning."""
        return Heard(
            tuple(levels[:windows] for levels in self.channels), tuple(levels[:windows] for levels in self.bands)
        )


def read_levels(lines: Iterable[str], channels: int) -> tuple[tuple[float, ...], ...]:
    """Return the level of every window for each channel, from what ffmpeg's ametadata wrote."""
    found: tuple[list[float], ...] = tuple([] for _ in range(channels))
    for line in lines:
        name, is_level, value = line.partition(".RMS_level=")
        if is_level:
            # Digital silence is -inf; torn floats give nan, which never is the larger one.
            found[int(name.rpartition(".")[2]) - 1].append(max(_NOTHING_DB, float(value)))
    return tuple(tuple(levels) for levels in found)


def find_layout(heard: Heard) -> Layout:
    """Return how the channels are to be mixed: a voice in one ear or twice the same becomes one channel."""
    left, right, side, _ = heard.channels
    if not left or max(*left, *right) <= _NOTHING_DB:
        return "source"
    # |L|² + |R|² = 2 (|M|² + |S|²), where M and S are halves of sum and difference.
    halves = zip(left, right, side, strict=True)
    mid = tuple(_db(max(0.0, (_power(one) + _power(other)) / 2 - _power(half))) for one, other, half in halves)
    if _is_empty(side, mid, _EQUAL_DB, _EQUAL_WINDOW_DB):
        return "mono"
    if _is_empty(mid, side, _EQUAL_DB, _EQUAL_WINDOW_DB):
        # One cable is wired the wrong way round: a phone's one loudspeaker would add up to silence.
        return "left"
    if _is_empty(right, left, _EMPTY_DB, _EMPTY_WINDOW_DB):
        return "left"
    return "right" if _is_empty(left, right, _EMPTY_DB, _EMPTY_WINDOW_DB) else "source"


def agreed_layout(heard: Heard, early_windows: int) -> Layout:
    """Return the layout of a whole whose first windows were measured, and perhaps published, before the rest.

    Players dislike a change of channels within one manifest, so both decide the same wherever that loses nothing:
    a whole that begins in stereo stays in stereo. Only a beginning in mono before real stereo changes over.
    """
    layout = find_layout(heard)
    if layout != "source" and early_windows and find_layout(heard.first(early_windows)) == "source":
        return "source"
    return layout


def find_noises(heard: Heard, audio: AudioPolicy) -> Treatment:
    """Return the filters for what is heard in the pauses; none for a clean voice, music, silence."""
    if not audio.is_speech or len(heard.channels[0]) < _FEWEST_WINDOWS:
        return Treatment()
    left, right, _, treble = heard.channels
    loud = [max(pair) for pair in zip(left, right, strict=True)]
    voice_db = _percentile(loud, 90)
    return Treatment(
        hum_hz=_find_hum(heard.bands, voice_db) if audio.removes_hum else (),
        hiss_db=_find_hiss(treble) if audio.hiss_reduction_db else None,
    )


def _find_hiss(treble: Sequence[float]) -> float | None:
    """Return the level of white noise that would sound like the pauses, or None if they are quiet enough."""
    floor_db, speech_db = _percentile(treble, _PAUSES_PERCENT), _percentile(treble, 90)
    is_speech = speech_db - floor_db > _SPEECH_RANGE_DB
    is_heard = speech_db - floor_db < _HISS_BELOW_SPEECH_DB
    is_found = is_speech and is_heard and _is_steady(treble)
    return round(floor_db + _WHITE_ABOVE_TREBLE_DB, 1) if is_found else None


def _find_hum(bands: Sequence[Sequence[float]], voice_db: float) -> tuple[int, ...]:
    floors_db = [_percentile(levels, _PAUSES_PERCENT) for levels in bands]
    found = []
    for at in range(0, len(HUM_BANDS_HZ), 2):
        beside_db = max(floors_db[max(0, at - 1) : at] + floors_db[at + 1 : at + 2])
        least_db = max(beside_db + _HUM_ABOVE_BESIDE_DB, voice_db - _HUM_BELOW_SPEECH_DB)
        if floors_db[at] > least_db and _is_steady(bands[at]):
            found.append(HUM_BANDS_HZ[at])
    return tuple(found)


def _is_steady(levels: Sequence[float]) -> bool:
    """Return whether the quietest windows are alike: among themselves, and in all quarters of a sound."""
    if _percentile(levels, _PAUSES_PERCENT) - _percentile(levels, _QUIETEST_PERCENT // 2) >= _STEADY_DB:
        return False
    size = len(levels) // _QUARTERS
    floors_db = [_percentile(levels[at * size : (at + 1) * size], _QUIETEST_PERCENT) for at in range(_QUARTERS)]
    return max(floors_db) - min(floors_db) < _STEADY_DB


def _is_empty(quiet: Sequence[float], loud: Sequence[float], mean_db: float, window_db: float) -> bool:
    """Return whether one channel holds nothing beside another: on the whole, and in no single window."""
    is_less = _mean(quiet) < _mean(loud) - mean_db
    return is_less and max(quiet) < _percentile(loud, 95) - window_db


def _percentile(levels: Sequence[float], percent: int) -> float:
    return sorted(levels)[min(len(levels) - 1, len(levels) * percent // 100)]


def _mean(levels: Sequence[float]) -> float:
    return _db(sum(map(_power, levels)) / len(levels))


def _power(level_db: float) -> float:
    return 0.0 if level_db <= _NOTHING_DB else float(10 ** (level_db / 10))


def _db(power: float) -> float:
    return 10 * log10(power) if power > 0 else _NOTHING_DB
