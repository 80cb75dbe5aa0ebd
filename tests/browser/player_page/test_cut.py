"""A stretch of a lecture plays from its own beginning: its segments keep the times of the whole lecture."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import replace
from statistics import median

import pytest
from PIL import Image

import media_pipeline
from media_pipeline.cutting import Cutting
from media_pipeline.folder import FolderStorage
from tests.browser.player_page.clip import Clip
from tests.browser.player_page.conftest import PHONE, ROOT, Visit
from tests.browser.player_page.server import Site, serve
from tests.factories.clips import ClipShelf, shared_folder

pytestmark = pytest.mark.browser

START_S, LENGTH_S, FRAME_S = 12, 20, 1 / 25

WATCH_BUFFERS = """
window.buffers = {};
const add = MediaSource.prototype.addSourceBuffer;
MediaSource.prototype.addSourceBuffer = function (type) {
  const buffer = add.call(this, type);
  window.buffers[type.split('/')[0]] = buffer;
  return buffer;
};
"""
# The clapper shows its second in six bits at the top of the picture.
SHOWN_SECOND = """() => {
  const video = document.querySelector('video');
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [640, 360];
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(video, 0, 0, 640, 360);
  let second = 0;
  for (let bit = 0; bit < 6; bit += 1) {
    if (context.getImageData(40 + 80 * bit, 40, 1, 1).data[1] > 128) second += 2 ** bit;
  }
  return second;
}"""
# None while the player opens anew, as it does where it stalls.
BUFFERED = """() => {
  const isReady = window.buffers.video && window.buffers.audio && document.querySelector('video').readyState > 2;
  return isReady ? Object.fromEntries(Object.entries(window.buffers).map(([kind, buffer]) => [
    kind, [buffer.timestampOffset, buffer.buffered.start(0)],
  ])) : null;
}"""
# When the white field comes on by the picture's own clock, and when the tone is heard.
FLASHES_AND_TONES = """async () => {
  const video = document.querySelector('video');
  const audio = new AudioContext();
  await audio.resume();
  const meter = audio.createAnalyser();
  meter.fftSize = 256;
  audio.createMediaElementSource(video).connect(meter).connect(audio.destination);
  const [levels, flashes, tones] = [new Float32Array(256), [], []];
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [64, 36];
  const context = canvas.getContext('2d', { willReadFrequently: true });
  let [isLit, isLoud, silentTurns] = [true, true, 0];
  const look = (_now, frame) => {
    context.drawImage(video, 0, 0, 64, 36);
    const isOn = context.getImageData(57, 4, 1, 1).data[1] > 128;
    if (isOn && !isLit) flashes.push(frame.mediaTime);
    isLit = isOn;
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  const listening = setInterval(() => {
    meter.getFloatTimeDomainData(levels);
    silentTurns = levels.some((level) => Math.abs(level) > 0.05) ? 0 : silentTurns + 1;
    if (silentTurns === 0 && !isLoud) tones.push(video.currentTime);
    isLoud = silentTurns === 0 || (isLoud && silentTurns < 10);
  }, 4);
  await new Promise((resolve) => { setTimeout(resolve, 7000); });
  clearInterval(listening);
  return [flashes, tones];
}"""
SEEK = "timeS => { document.querySelector('video').currentTime = timeS; }"


class Quiet:
    def report(self, step, fraction):
        pass

    def is_cancelled(self):
        return False


class CutSite(Site):
    """The player's page over the cut set."""

    def media(self, query):
        found = {
            **super().media(query),
            "duration_s": float(LENGTH_S),
            "captions": [],
            "poster_url": "/media/poster.jpg",
        }
        return {**found, "mp4_url": "/media/360p.mp4", "m4a_url": "/media/audio.m4a"}


@pytest.fixture(scope="session")
def cut_site(player_assets, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cut")
    path = ClipShelf(shared_folder(tmp_path_factory)).clapper()
    policy = media_pipeline.parse_policy(tomllib.loads((ROOT / "config/ladder.toml").read_text(encoding="utf-8")))
    profiles = tuple(
        replace(each, rungs=tuple(replace(rung, preset="ultrafast") for rung in each.rungs)) for each in policy.profiles
    )
    policy = replace(policy, profiles=profiles)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    plan = media_pipeline.make_plan(media_pipeline.probe(path), policy, sha256)
    shared = {
        "storage": FolderStorage(folder / "store"), "tools": media_pipeline.find_tools(), "progress": Quiet(),
        "cancel": Quiet(),
    }  # fmt: skip
    media_pipeline.run(plan, path, work_dir=folder / "run", prefix=plan.digest, **shared)
    result = Cutting(
        prefix_of=str, digest=plan.digest, start_s=13.0, end_s=31.0, tags=(), policy=policy, work_dir=folder / "cut",
        **shared,
    ).run()  # fmt: skip
    renditions = tuple(
        {
            "name": each.name, "label": each.name, "height_px": each.height_px or 0, "size_bytes": each.size_bytes,
            "bandwidth_bps": each.bandwidth_bps,
        }
        for each in result.published.renditions
    )  # fmt: skip
    made = folder / "store" / result.digest
    with Image.open(made / "poster.jpg") as poster:
        poster.save(made / "poster.webp")  # the test page's icon
    return CutSite(Clip(made, renditions), player_assets)


@pytest.fixture
def watch(chromium, cut_site):
    with serve(cut_site) as address:
        context = chromium.new_context(**PHONE)
        context.set_default_timeout(15_000)
        context.add_init_script(WATCH_BUFFERS)
        one = Visit(context, address, cut_site)
        yield one
        context.close()


def shown_at(one, time_s):
    one.page.evaluate(SEEK, time_s)
    one.wait_until(lambda: one.page.evaluate("!document.querySelector('video').seeking"))
    one.page.wait_for_timeout(150)  # the frame is on the screen after the event
    return one.page.evaluate(SHOWN_SECOND)


@pytest.mark.parametrize("engine", ["hls", "mp4"])
def test_it_begins_at_zero_with_the_frame_that_was_wanted_and_ends(watch, engine):
    watch.open(f"player={engine}")
    watch.play()
    watch.wait_until_past(0.5)
    watch.page.locator("[data-player-toggle]").tap()
    watch.wait_for("state", "paused")
    assert watch.page.evaluate("document.querySelector('video').duration") == pytest.approx(LENGTH_S, abs=0.1)
    for time_s in (0, 7.5, 16.5):
        assert shown_at(watch, time_s) == START_S + int(time_s)
    watch.page.evaluate(SEEK, LENGTH_S - 0.6)
    watch.page.locator("[data-player-toggle]").tap()
    watch.wait_for("state", "ended")
    assert watch.is_clean()


def test_picture_and_sound_are_moved_by_the_same_and_both_are_there_from_the_start(watch):
    watch.open("player=hls")
    watch.play()
    watch.wait_until_past(0.5)
    watch.wait_until(lambda: watch.page.evaluate(BUFFERED) is not None)
    found = watch.page.evaluate(BUFFERED)
    assert found["video"][0] == found["audio"][0] == pytest.approx(-START_S, abs=0.05)
    for kind in ("video", "audio"):
        assert found[kind][1] < 0.03
    assert watch.is_clean()


def test_lips_and_voice_agree_to_the_eye_and_ear(watch):
    watch.open("player=hls")
    watch.play()
    flashes, tones = watch.page.evaluate(FLASHES_AND_TONES)
    assert len(flashes) >= 4
    # The middle one: a busy machine may look or listen late, now and then.
    assert median(min(abs(flash - tone) for tone in tones) for flash in flashes) < FRAME_S
    assert watch.is_clean()


def test_the_sound_alone_begins_at_zero_too(watch):
    watch.open("player=hls")
    watch.play()
    watch.wait_until_past(0.3)
    watch.page.evaluate("document.querySelector(\"button[data-player-choice='audio']\").click()")
    watch.wait_for("level", "audio")
    watch.page.evaluate(SEEK, 0)
    watch.wait_until_past(1)
    assert watch.page.evaluate("document.querySelector('video').duration") == pytest.approx(LENGTH_S, abs=0.1)
    assert watch.is_clean()
