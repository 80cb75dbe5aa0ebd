"""What a viewer of a published set sees and hears, as numbers."""

from __future__ import annotations

import av
import numpy as np
import pytest

from tests.integration.media_pipeline import measuring

FRAME_S = 0.04


def grey(frame):
    return frame.to_ndarray(format="gray").astype(float)


def pictures(result):
    return measuring.frames(result.folder / result.published.mp4_name)


def samples(result):
    """Return the sound of the published M4A as one channel of numbers, and its rate."""
    with av.open(str(result.folder / "audio.m4a")) as container:
        rate = container.streams.audio[0].rate
        resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
        blocks = [block for frame in container.decode(audio=0) for block in resampler.resample(frame)]
        start_s = float(blocks[0].pts * blocks[0].time_base)
    sound = np.concatenate([block.to_ndarray()[0] for block in blocks])
    return sound[int(max(0.0, -start_s) * rate) :], rate


def pitch_hz(result):
    sound, rate = samples(result)
    middle = sound[len(sound) // 4 : len(sound) // 4 + rate]
    return float(np.argmax(np.abs(np.fft.rfft(middle)))) * rate / len(middle)


def signals_s(result):
    """Return when the flash is seen and when the tone is heard."""
    flash = next(frame for frame in pictures(result) if grey(frame).mean() > 180)
    sound, rate = samples(result)
    loud = np.abs(sound) > np.abs(sound).max() / 4
    return float(flash.pts * flash.time_base), float(np.argmax(loud)) / rate


def assert_lengths(result, expected_s, tolerance_s=0.1):
    ends = {
        rendition.name: measuring.packets(measuring.joined(result.folder / rendition.name), rendition.kind).end_s
        for rendition in result.published.renditions
    }
    assert all(end_s == pytest.approx(expected_s, abs=tolerance_s) for end_s in ends.values()), ends


def combing(picture):
    """Return how much neighbouring lines differ more than lines of the same field do."""
    return np.abs(picture[1:-1] - (picture[:-2] + picture[2:]) / 2).mean()
