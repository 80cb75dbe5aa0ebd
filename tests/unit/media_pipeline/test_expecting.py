"""Loudness reckoned from levels instead of measured again."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from media_pipeline.command.sound import HUM_BANDS_HZ, Gain, Treatment
from media_pipeline.expecting import expected
from media_pipeline.listening import Heard
from media_pipeline.loudness import Loudness

WINDOWS = 50
SILENT_DB = -120.0


def heard(left_db: float, right_db: float | None = None, windows: int = WINDOWS) -> Heard:
    right_db = left_db if right_db is None else right_db
    levels = (left_db, right_db, SILENT_DB, left_db - 20)
    return Heard(
        tuple((level,) * windows for level in levels), tuple((SILENT_DB,) * windows for _ in range(len(HUM_BANDS_HZ)))
    )


def louder_db(levels: Heard, gain: Gain, audio) -> float:
    found = expected(Loudness(-40, -20), levels, gain, audio)
    assert found is not None
    return found.integrated_lufs + 40


def test_far_below_the_compressor_a_lift_is_all_heard(policy):
    assert louder_db(heard(-70), Gain(lift_db=9), policy.audio) == pytest.approx(9)


def test_above_its_threshold_a_third_is_heard(policy):
    assert louder_db(heard(-20), Gain(lift_db=9), policy.audio) == pytest.approx(3)


def test_where_nothing_compresses_a_lift_is_all_heard(policy):
    music = replace(policy.audio, is_speech=False)
    assert louder_db(heard(-20), Gain(lift_db=9), music) == pytest.approx(9)


def test_between_both_it_bends_without_a_step(policy):
    heard_db = [louder_db(heard(level), Gain(lift_db=6), policy.audio) for level in range(-70, -20)]
    steps = [before - after for before, after in itertools.pairwise(heard_db)]
    assert min(steps) >= -1e-9
    assert max(steps) < 0.5


def test_one_ear_alone_meets_the_compressor_louder_than_beside_an_empty_channel(policy):
    gain = Gain(treatment=Treatment(layout="left"))
    # The mean amplitude doubles: 6 dB more, of which the compressor leaves 2.
    assert louder_db(heard(-20, SILENT_DB), gain, policy.audio) == pytest.approx(-4, abs=0.02)


def test_of_two_turned_channels_one_is_left(policy):
    gain = Gain(treatment=Treatment(layout="left"))
    assert louder_db(heard(-20), gain, policy.audio) == pytest.approx(-3.01, abs=0.01)


def test_pauses_do_not_count(policy):
    voice, pause = heard(-70, windows=30), heard(-100, windows=20)
    mixed = Heard(
        tuple(one + other for one, other in zip(voice.channels, pause.channels, strict=True)),
        tuple(one + other for one, other in zip(voice.bands, pause.bands, strict=True)),
    )
    assert louder_db(mixed, Gain(lift_db=9), policy.audio) == pytest.approx(9)


def test_peaks_rise_at_most_by_the_lift(policy):
    found = expected(Loudness(-40, -20), heard(-20), Gain(lift_db=9), policy.audio)
    assert found is not None
    assert found.peak_dbfs == -11


def test_silence_stays_silence(policy):
    assert expected(None, heard(SILENT_DB), Gain(lift_db=9), policy.audio) is None


def test_nothing_heard_changes_nothing(policy):
    assert louder_db(heard(-20, windows=0), Gain(lift_db=9), policy.audio) == 0
