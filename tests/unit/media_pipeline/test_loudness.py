"""From ffmpeg's words to decibels."""

from __future__ import annotations

import pytest

from media_pipeline.command.sound import Gain, Treatment
from media_pipeline.loudness import (
    Lift,
    Loudness,
    correct,
    correct_again,
    gain_for,
    is_limiting,
    laid_out,
    lift_for,
    needs_another_look,
    read_loudness,
)

SUMMARY = """[Parsed_ebur128_5 @ 0x1] Summary:

  Integrated loudness:
    I:         {loudness} LUFS
    Threshold: -32.8 LUFS

  Loudness range:
    LRA:         1.7 LU
    Threshold: -42.8 LUFS

  Sample peak:
    Peak:      {peak} dBFS
"""


def test_summary_is_read():
    assert read_loudness(SUMMARY.format(loudness="-22.8", peak="-4.1")) == Loudness(-22.8, -4.1)


@pytest.mark.parametrize(("loudness", "peak"), [("-70.0", "-inf"), ("nan", "-inf"), ("-inf", "-inf"), ("-69.5", "-60")])
def test_silence_has_no_loudness(loudness, peak):
    assert read_loudness(SUMMARY.format(loudness=loudness, peak=peak)) is None


@pytest.mark.parametrize("text", ["", "Conversion failed!", "    I:   what LUFS\n    Peak: 1 dBFS"])
def test_no_summary_is_no_loudness(text):
    assert read_loudness(text) is None


def test_the_last_summary_counts():
    text = SUMMARY.format(loudness="-30", peak="-9") + SUMMARY.format(loudness="-20", peak="-3")
    assert read_loudness(text) == Loudness(-20, -3)


def test_ordinary_speech_needs_one_gain(policy):
    measured = Loudness(-22.75, -9)
    assert lift_for(measured, policy.audio) == Lift()
    assert gain_for(measured, Lift(), Gain(), policy.audio) == Gain(0, 6.75)


def test_loud_music_is_turned_down(policy):
    assert gain_for(Loudness(-8, 0), Lift(), Gain(), policy.audio).gain_db == -8


def test_quiet_speech_is_lifted_first(policy):
    assert lift_for(Loudness(-42, -20), policy.audio) == Lift(18)


def test_nearly_silent_sound_stays_quieter_than_speech(policy):
    lift = lift_for(Loudness(-60, -50), policy.audio)
    assert lift == Lift(30, 6)
    assert gain_for(Loudness(-30, -15), lift, Gain(), policy.audio) == Gain(30, 8)


def test_silence_gets_no_gain(policy):
    assert lift_for(None, policy.audio) == Lift()
    assert gain_for(None, Lift(), Gain(), policy.audio) == Gain()
    assert not is_limiting(None, Gain(), policy.audio)


def test_peaks_over_the_limiter_ask_for_another_look(policy):
    assert not is_limiting(Loudness(-20, -6), Gain(0, 4), policy.audio)
    assert is_limiting(Loudness(-30, -12), Gain(0, 14), policy.audio)


def test_correction_makes_up_for_the_limiter_within_bounds(policy):
    gain = Gain(0, 14)
    assert correct(gain, Loudness(-17.3, -4), Lift(), policy.audio).gain_db == 16
    assert correct(gain, Loudness(-40, -4), Lift(), policy.audio).gain_db == 20
    assert correct(gain, Loudness(-15, -4), Lift(), policy.audio).gain_db == 13
    assert correct(gain, None, Lift(), policy.audio) == gain


def test_two_equal_channels_are_quieter_as_one():
    assert laid_out(Loudness(-20, -3), Treatment("mono")).integrated_lufs == pytest.approx(-23.01)
    assert laid_out(Loudness(-20, -3), Treatment("left")) == Loudness(-20, -3)
    assert laid_out(None, Treatment("mono")) is None


@pytest.mark.parametrize(
    ("gain", "is_needed"),
    [
        (Gain(), False),
        (Gain(0, 12), False),
        (Gain(treatment=Treatment("mono")), False),
        (Gain(9), True),
        (Gain(treatment=Treatment("right")), True),
        (Gain(treatment=Treatment(hum_hz=(50,))), True),
        (Gain(treatment=Treatment(hiss_db=-50)), True),
    ],
)
def test_ordinary_sources_are_decoded_once_for_measuring(gain, is_needed):
    assert needs_another_look(gain) is is_needed


def test_treatment_goes_with_the_gain(policy):
    treated = Gain(treatment=Treatment("left", (50,), -48))
    assert gain_for(Loudness(-20, -6), Lift(), treated, policy.audio) == Gain(0, 4, treated.treatment)
    assert gain_for(None, Lift(), treated, policy.audio) == Gain(0, 0, treated.treatment)


def test_second_correction_follows_the_line_through_two_measurements(policy):
    first, second = (Gain(0, 10), Loudness(-19, 0)), (Gain(0, 14), Loudness(-17, 0))
    assert correct_again(first, second, Lift(), policy.audio).gain_db == 16
    assert correct_again(first, (Gain(0, 14), Loudness(-15, 0)), Lift(), policy.audio).gain_db == 13
    assert correct_again(first, (Gain(0, 14), Loudness(-18.9, 0)), Lift(), policy.audio).gain_db == 22
    assert correct_again(first, (Gain(0, 14), None), Lift(), policy.audio).gain_db == 14
