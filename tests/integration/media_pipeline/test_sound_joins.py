"""Where the provisional sound of the first minutes goes over to the final one: no click, no step in level."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import m3u8
import numpy as np
import pytest

from tests.integration.media_pipeline.conftest import run_once
from tests.integration.media_pipeline.measuring import joined

RATE_HZ = 48_000
#: The first 24 s are measured and made ahead, as the policy is shipped, and 24 more go over to the final gain.
SEAM_S, FADED_S, SECONDS = 24, 48, 66
WINDOW_S = 2


def heard(data: bytes, path: Path) -> np.ndarray:
    path.write_bytes(data)
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("fltp", "mono", RATE_HZ)
        frames = [frame for frame in container.decode(audio=0) if frame.time >= 0]
        parts = [out.to_ndarray()[0] for frame in frames for out in resampler.resample(frame)]
    return np.concatenate(parts).astype(float)


def followed(folder: Path, path: Path) -> np.ndarray:
    """Return what somebody hears who followed the growing manifest from its beginning to its end."""
    listed = m3u8.load(str(folder / "live" / "audio.m3u8")).segments
    assert listed[0].uri.startswith("../live/")
    assert listed[-1].uri.startswith("../audio/")
    names = [listed[0].init_section.uri, *(segment.uri for segment in listed)]
    return heard(b"".join((folder / "live" / name).read_bytes() for name in names), path)


def levels_db(sound: np.ndarray) -> np.ndarray:
    """Return the level of every stretch of two seconds."""
    size = WINDOW_S * RATE_HZ
    windows = sound[: len(sound) // size * size].reshape(-1, size)
    return 10 * np.log10((windows**2).mean(axis=1))


@pytest.fixture(scope="module")
def hasty(policy):
    """Chunks of the sound so short that a clip of a minute has an early sound and several final stretches."""
    return replace(policy, audio_chunk_s=SEAM_S, early_sound_above_s=SEAM_S)


NAMES = ("normal", "alternating", "hum-and-hiss", "soft-beginning")


@pytest.fixture(scope="module", params=NAMES)
def sounds(request, shelf, hasty, tools, tmp_path_factory):
    """Return name, followed sound, final sound."""
    folder = tmp_path_factory.mktemp(request.param)
    made = run_once(shelf.speech_variant(request.param, SECONDS), hasty, tools, folder)
    final = heard(joined(made.folder / "audio").read_bytes(), folder / "final.mp4")
    return request.param, followed(made.folder, folder / "followed.mp4"), final


def test_the_level_never_steps(sounds):
    """The same seconds as they were followed and as they are in the end: what differs is the gain, and it glides."""
    name, early, final = sounds
    assert len(early) == len(final)
    apart_db = levels_db(final) - levels_db(early)
    # The voice that leaps by 23 dB itself is held by the limiter now here, now there.
    assert np.abs(np.diff(apart_db)).max() < (5.0 if name == "alternating" else 1.0)
    # Before the fade the gains differ by one figure, behind it there is no difference at all.
    assert np.ptp(apart_db[1 : SEAM_S // WINDOW_S]) < (6.0 if name == "alternating" else 1.0)
    assert apart_db[FADED_S // WINDOW_S :] == pytest.approx(0, abs=0.01)
    # Not to the bit: a decoder fills bands that hold noise with noise of its own.
    rest = slice((FADED_S + 2) * RATE_HZ, None)
    assert np.std(early[rest] - final[rest]) < 0.05 * np.std(final[rest])


@pytest.mark.parametrize("seam_s", [SEAM_S, FADED_S])
def test_there_is_no_click_at_a_seam(sounds, seam_s):
    """A click is a corner: the second difference at the seam is not above what the voice itself has around it."""
    _, early, final = sounds
    seam = seam_s * RATE_HZ
    near, around = slice(seam - 1100, seam + 1100), slice(seam - 2 * RATE_HZ, seam + 2 * RATE_HZ)
    corner, usual = np.abs(np.diff(early[near], 2)).max(), np.abs(np.diff(final[around], 2))
    assert corner <= 1.2 * usual.max()
    assert corner <= 1.5 * np.abs(np.diff(final[near], 2)).max() + np.percentile(usual, 90)


def test_the_early_level_is_near_the_final_one(sounds):
    name, early, final = sounds
    apart_db = np.median(levels_db(final)[1 : SEAM_S // WINDOW_S] - levels_db(early)[1 : SEAM_S // WINDOW_S])
    # The early gain is found without a look at what the limiter will take away: somebody waits for it.
    assert abs(apart_db) < (4 if name == "alternating" else 2)
