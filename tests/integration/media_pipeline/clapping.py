"""Cutting the clapper's set, and reading off its picture and sound what second it is and when it claps."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from pathlib import Path

import av
from PIL import ImageStat

from media_pipeline.cutting import Cutting
from tests.factories.clips import AIGC, COPYRIGHT
from tests.integration.media_pipeline import measuring
from tests.integration.media_pipeline.conftest import Recorder

# The restless clapper gets segments of 4 s; the frames of its sound meet that grid every 8 s alone.
START_S, END_S, LENGTH_S = 12.0, 32.0, 20.0
ASKED = (13.5, 30.2)
TAGS = (("AIGC", AIGC), ("copyright", COPYRIGHT))
AAC_S = 1024 / 48000


def cutting(encoded, policy, tools, work_dir, asked=ASKED, recorder=None):  # noqa: PLR0917 - as many as it has
    recorder = recorder or Recorder()
    parent = encoded.prefix.rpartition("/")[0]
    return Cutting(
        storage=encoded.storage, prefix_of=lambda digest: f"{parent}/{digest}" if parent else digest,
        digest=encoded.prefix.rpartition("/")[2], start_s=asked[0], end_s=asked[1], tags=TAGS, policy=policy,
        work_dir=work_dir, tools=tools, progress=recorder, cancel=recorder,
    )  # fmt: skip


@dataclass(frozen=True)
class Cut:
    """A finished cut, and what it was cut from."""

    result: object
    folder: Path
    original: object
    recorder: Recorder


def cut_of(original, policy, tools, work_dir, asked=ASKED):
    recorder = Recorder()
    job = cutting(original, policy, tools, work_dir, asked, recorder)
    result = job.run()
    return Cut(result, original.storage.root / job.prefix_of(result.digest), original, recorder)


def frame_s(cut):
    return 1 / float(cut.result.published.renditions[0].frame_rate)


def second_shown(image):
    """Read the six bits of the clapper's picture."""
    unit = image.width / 640
    places = [(round((10 + 80 * bit) * unit), round(10 * unit)) for bit in range(6)]
    side = round(60 * unit)
    grey = image.convert("L")
    means = [ImageStat.Stat(grey.crop((x, y, x + side, y + side))).mean[0] for x, y in places]
    return sum(1 << bit for bit, mean in enumerate(means) if mean > 128)


def flashes_s(path):
    """Return when the white field comes on."""
    found, was_on = [], False
    for frame in measuring.frames(path):
        image = frame.to_image().convert("L")
        unit = image.width / 640
        box = tuple(round(side * unit) for side in (530, 20, 610, 60))
        is_on = ImageStat.Stat(image.crop(box)).mean[0] > 128
        if is_on and not was_on:
            found.append(frame.time)
        was_on = is_on
    return found


def tones_s(path):
    """Return when the tone comes on after silence."""
    found, last_loud_s = [], -1.0
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            levels = array("f", bytes(frame.planes[0])[: 4 * frame.samples])
            for index, level in enumerate(levels):
                if abs(level) > 0.1:
                    at_s = frame.time + index / frame.sample_rate
                    if at_s - last_loud_s > 0.3:
                        found.append(at_s)
                    last_loud_s = at_s
    return found


def drift_s(flashes, tones):
    """Return the largest distance of a flash to the tone that belongs to it."""
    return max(min(abs(flash - tone) for tone in tones) for flash in flashes)
