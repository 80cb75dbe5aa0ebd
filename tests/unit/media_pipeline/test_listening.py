"""What is wrong with a sound, from its levels alone; 300 windows are a minute."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, repeat

import pytest

from media_pipeline.command.sound import HUM_BANDS_HZ, Treatment
from media_pipeline.listening import Heard, agreed_layout, find_layout, find_noises, read_levels

NOTHING = -120.0


def levels(*runs):
    return tuple(chain.from_iterable(repeat(float(level), count) for count, level in runs))


def mixed(left, right, side):
    return Heard((left, right, side, levels((len(left), -60))), ())


def voice(level=-20.0, pause=-90.0, windows=300):
    """Two seconds of speech, then a pause as long as one window in ten."""
    return tuple(pause if number % 10 == 0 else level for number in range(windows))


def heard(treble=None, bands=None):
    spoken = voice()
    quiet = tuple(voice(-60, -95) for _ in HUM_BANDS_HZ)
    found = dict(zip(HUM_BANDS_HZ, quiet, strict=True)) | (bands or {})
    return Heard((spoken, spoken, levels((300, NOTHING)), treble or voice(-35, -100)), tuple(found.values()))


def test_levels_are_read_for_each_channel():
    lines = [
        "frame:0    pts:0       pts_time:0",
        "lavfi.astats.1.RMS_level=-20.5",
        "lavfi.astats.2.RMS_level=-inf",
        "frame:1    pts:1600    pts_time:0.2",
        "lavfi.astats.1.RMS_level=nan",
        "lavfi.astats.2.RMS_level=-31",
    ]
    assert read_levels(lines, 2) == ((-20.5, NOTHING), (NOTHING, -31.0))


@pytest.mark.parametrize(
    ("left", "right", "side", "layout"),
    [
        (voice(), voice(), levels((300, NOTHING)), "mono"),
        (voice(), voice(), voice(-55), "mono"),
        (voice(), voice(), voice(-45), "source"),
        (voice(), levels((300, NOTHING)), voice(-26), "left"),
        (voice(), levels((300, -70)), voice(-26), "left"),
        (levels((300, NOTHING)), voice(), voice(-26), "right"),
        (voice(), levels((299, NOTHING), (1, -24)), voice(-26), "source"),
        (voice(), voice(), voice(), "left"),
        (levels((300, NOTHING)), levels((300, NOTHING)), levels((300, NOTHING)), "source"),
        ((), (), (), "source"),
    ],
    ids=["equal", "almost-equal", "stereo", "left", "left-with-noise", "right", "one-question", "cable-turned",
         "silence", "nothing"],
)  # fmt: skip
def test_layout_is_found(left, right, side, layout):
    assert find_layout(mixed(left, right, side)) == layout


def test_a_whole_that_begins_in_stereo_stays_in_stereo():
    both = voice(windows=3000)
    # A jingle so short that it would not count on the whole.
    jingle = mixed(both, both, levels((120, -42), (2880, NOTHING)))
    assert (find_layout(jingle), agreed_layout(jingle, 0)) == ("mono", "mono")
    assert agreed_layout(jingle, 120) == "source"
    assert agreed_layout(mixed(both, both, levels((3000, NOTHING))), 120) == "mono"


def test_clean_speech_gets_no_filter(policy):
    assert find_noises(heard(), policy.audio) == Treatment()


def test_steady_treble_in_the_pauses_is_hiss(policy):
    assert find_noises(heard(treble=voice(-35, -60)), policy.audio) == Treatment(hiss_db=-46)


@pytest.mark.parametrize(
    "treble",
    [
        levels((300, -40)),
        tuple(-60.0 + 10 * (number // 75) + 15 * (number % 50) / 50 for number in range(300)),
        levels((6, NOTHING), (20, -60), (274, -35)),
        levels((300, NOTHING)),
    ],
    ids=["tone", "music", "microphone-opened-late", "nothing"],
)
def test_what_is_no_speech_over_steady_noise_is_left_alone(policy, treble):
    assert find_noises(heard(treble=treble), policy.audio).hiss_db is None


def test_hum_is_stopped_only_where_it_stands_out(policy):
    found = find_noises(heard(bands={50: voice(-50, -50), 150: voice(-48, -52)}), policy.audio)
    assert found == Treatment(hum_hz=(50, 150))
    rumble = {50: voice(-50, -50), 75: voice(-52, -52), 100: voice(-56, -56), 125: voice(-58, -58)}
    assert find_noises(heard(bands=rumble), policy.audio) == Treatment()
    inaudible = {50: voice(-60, -70)}
    assert find_noises(heard(bands=inaudible), policy.audio) == Treatment()


def test_policy_decides_over_filters(policy):
    noisy = heard(treble=voice(-35, -60), bands={50: voice(-50, -50)})
    assert find_noises(noisy, policy.audio) == Treatment(hum_hz=(50,), hiss_db=-46)
    assert find_noises(noisy, replace(policy.audio, removes_hum=False, hiss_reduction_db=0)) == Treatment()
    assert find_noises(noisy, replace(policy.audio, is_speech=False)) == Treatment()
    assert find_noises(noisy.first(20), policy.audio) == Treatment()
