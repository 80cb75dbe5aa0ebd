"""A lecture made in chunks: no seam to see or hear, nothing made twice, watchable before it is whole."""

from __future__ import annotations

import hashlib
import random
import subprocess
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import m3u8
import numpy as np
import pytest

from media_pipeline import Cancelled, run
from media_pipeline.assembly import Assembly, ChunksMissing
from media_pipeline.chunks import find_chunks, note_key
from media_pipeline.command.shared import SourceFile
from media_pipeline.command.sound import audio_argv
from media_pipeline.encoder import Encoder
from media_pipeline.folder import FolderStorage
from media_pipeline.growing import grow
from media_pipeline.ladder import LadderPolicy
from media_pipeline.steps import AudioStep, MediaRange
from media_pipeline.types import RunLimits, Tools
from tests.integration.media_pipeline import measuring
from tests.integration.media_pipeline.conftest import Recorder, plan_for, run_once

# A source of 480 lines: where chunks meet, a third rung shows nothing that two do not.
RUNGS = ("240p", "480p")
SECONDS = 44


@pytest.fixture(scope="session")
def chunked_policy(fast_policy):
    """Small chunks, so that a short clip has many of each kind."""
    camera = (fast_policy.fallback,)
    return replace(fast_policy, profiles=camera, chunk_s=8, audio_chunk_s=16, early_sound_above_s=20)


@pytest.fixture(scope="session")
def whole_policy(fast_policy):
    return replace(fast_policy, profiles=(fast_policy.fallback,), chunk_s=120, audio_chunk_s=240)


@pytest.fixture(scope="session")
def source(shelf):
    return shelf.lecture(SECONDS, 854, 480)


@pytest.fixture(scope="session")
def chunked(source, chunked_policy, tools, tmp_path_factory):
    return run_once(source, chunked_policy, tools, tmp_path_factory.mktemp("chunked"))


@pytest.fixture(scope="session")
def whole(source, whole_policy, tools, tmp_path_factory):
    return run_once(source, whole_policy, tools, tmp_path_factory.mktemp("whole"))


def samples(path) -> np.ndarray:
    """Return what a player hears: the edit before zero is cut off."""
    with av.open(str(path)) as container:
        parts = [frame.to_ndarray()[0] for frame in container.decode(audio=0) if frame.time >= 0]
    return np.concatenate(parts).astype(np.float64)


def luma(path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.reformat(320, 180, "gray").to_ndarray().astype(int) for frame in container.decode(video=0)]


def test_it_really_was_made_in_chunks(chunked, whole):
    assert len(chunked.plan.videos) == 7
    assert [float(step.range.start_s) for step in chunked.plan.audios] == [0, 16, 32]
    assert [float(step.range.start_s) for step in chunked.plan.early_audios] == [0, 8]
    assert (len(whole.plan.videos), len(whole.plan.audios)) == (1, 1)


@pytest.mark.parametrize("rung", RUNGS)
def test_picture_has_every_frame_once_and_key_frames_on_the_grid(chunked, rung):
    found = measuring.packets(measuring.joined(chunked.folder / rung))
    assert (found.start_s, found.count) == (0.0, 25 * SECONDS)
    assert found.keyframes_s == [4.0 * number for number in range(SECONDS // 4)]
    with av.open(str(measuring.joined(chunked.folder / rung))) as container:
        times = [frame.pts * frame.time_base for frame in container.decode(video=0)]
    assert times == [Fraction(number, 25) for number in range(25 * SECONDS)]


def test_every_picture_is_the_one_the_source_shows_then(shelf, chunked_policy, tools, tmp_path):
    """The clip counts its frames in the picture, so one frame early or late would be a large difference."""
    path = shelf.moving(17, 640, 360)
    profile = chunked_policy.fallback
    rungs = tuple(replace(rung, crf=18, max_bitrate_bps=20_000_000) for rung in profile.rungs)
    policy = replace(chunked_policy, chunk_s=4, profiles=(replace(profile, rungs=rungs),))
    made = run_once(path, policy, tools, tmp_path)
    assert len(made.plan.videos) > 3
    shown, wanted = luma(measuring.joined(made.folder / "360p")), luma(path)
    assert len(shown) == len(wanted)
    differences = [np.abs(one - other).mean() for one, other in zip(shown, wanted, strict=True)]
    apart = np.mean([np.abs(one - other).mean() for one, other in pairwise(wanted)])
    assert max(differences) < apart


def test_slides_at_half_the_rate_have_no_seam_either(source, fast_policy, tools, tmp_path):
    policy = replace(fast_policy, chunk_s=12, audio_chunk_s=24, early_sound_above_s=20)
    made = run_once(source, policy, tools, tmp_path)
    assert (made.plan.ladder.profile, len(made.plan.videos)) == ("screen", 5)
    for rung in ("360p", "480p"):
        found = measuring.packets(measuring.joined(made.folder / rung))
        assert (found.start_s, found.count) == (0.0, int(12.5 * SECONDS))
        assert found.keyframes_s == [6.0 * number for number in range(-(-SECONDS // 6))]
    assert m3u8.load(str(made.folder / "live" / "360p.m3u8")).target_duration == 6


def before_coding(source, plan, tools, folder) -> np.ndarray:
    """Return the sound as it goes into the encoder: same filters, same gain, in one piece."""
    encoder = Encoder(plan, source, FolderStorage(folder), "p", tools, RunLimits(), Recorder())
    gain = encoder.do(plan.loudness, folder / "measuring", lambda _: None).gain
    whole = replace(plan.audios[0], range=MediaRange())
    argv = audio_argv(tools, SourceFile(source, plan.container), whole, gain)
    to_file = [*argv[: argv.index("-map") + 2], "-c:a", "pcm_f32le", str(folder / "reference.wav")]
    subprocess.run(to_file, check=True, stdout=subprocess.DEVNULL)
    return samples(folder / "reference.wav")


def test_sound_has_no_seam(chunked, whole, source, tools, tmp_path):
    """Where stretches meet, the coded sound is no further from the uncoded than an encode in one piece is."""
    reference = before_coding(source, chunked.plan, tools, tmp_path)
    pieces, one_piece = (samples(measuring.joined(made.folder / "audio")) for made in (chunked, whole))
    assert len(pieces) == len(one_piece)
    length = min(len(reference), len(pieces))
    made, usual = np.abs(pieces[:length] - reference[:length]), np.abs(one_piece[:length] - reference[:length])
    assert made[: 15 * 48_000].max() == usual[: 15 * 48_000].max()
    for seam_s in (16, 32):
        near = slice(int((seam_s - 0.05) * 48_000), int((seam_s + 0.1) * 48_000))
        assert made[near].max() < 1.5 * max(usual[near].max(), np.percentile(usual, 99))
        assert np.sqrt((made[near] ** 2).mean()) < 1.3 * np.sqrt((usual**2).mean())


def test_sound_and_picture_stay_together(chunked, source):
    """At every instant the sound is that of the source: correlated in windows, the shift is below a frame of film."""
    with av.open(str(source)) as container:
        resampler = av.AudioResampler("fltp", "mono", 48_000)
        parts = [out.to_ndarray()[0] for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    original, made = np.concatenate(parts), samples(measuring.joined(chunked.folder / "audio"))
    for start_s in (2, 15, 31, 38):
        window = slice(start_s * 48_000, (start_s + 4) * 48_000)
        first, second = np.abs(original[window]), np.abs(made[window])
        spectrum = np.fft.rfft(first - first.mean()) * np.conj(np.fft.rfft(second - second.mean()))
        correlation = np.fft.irfft(spectrum)
        shift = int(np.argmax(correlation))
        shift = shift - len(correlation) if shift > len(correlation) // 2 else shift
        assert abs(shift) < 48_000 / 50, f"{shift} samples apart at {start_s} s"


def test_growing_manifests_end_as_the_set_does(chunked):
    live = m3u8.load(str(chunked.folder / "live" / "master.m3u8"))
    assert {variant.uri for variant in live.playlists} == {f"{rung}.m3u8" for rung in RUNGS}
    for name in (*RUNGS, "audio"):
        text = (chunked.folder / "live" / f"{name}.m3u8").read_text()
        manifest, final = m3u8.loads(text), m3u8.load(str(chunked.folder / name / "index.m3u8"))
        assert manifest.is_endlist
        assert manifest.playlist_type == "event"
        assert "#EXT-X-START:TIME-OFFSET=0" in text
        assert manifest.target_duration == final.target_duration
        assert [part.duration for part in manifest.segments] == [part.duration for part in final.segments]
        assert all((chunked.folder / "live" / part.uri).resolve().is_file() for part in manifest.segments)
    early = [part.uri for part in m3u8.load(str(chunked.folder / "live" / "audio.m3u8")).segments]
    assert early[:5] == [*(f"../live/audio/0000{number}.m4s" for number in range(4)), "../audio/00004.m4s"]


@dataclass
class StepByStep:
    """A lecture made one chunk after the other; after each, how far it could be watched and what was listed."""

    encoder: Encoder
    storage: FolderStorage
    available_s: list[float] = field(default_factory=list)
    listed: list[dict[str, str]] = field(default_factory=list)
    is_complete: bool = False

    @classmethod
    def made(cls, source: Path, policy: LadderPolicy, tools: Tools, folder: Path) -> StepByStep:
        _, plan = plan_for(source, policy)
        storage = FolderStorage(folder / "store")
        made = cls(Encoder(plan, source, storage, "p", tools, RunLimits(), Recorder()), storage)
        for step in plan.chunk_steps:
            made.encoder.do(step, folder / step.digest, lambda _: None)
            growth = grow(plan, storage, "p")
            made.available_s.append(growth.available_s if growth is not None else 0.0)
            made.is_complete = growth is not None and growth.is_complete
            manifests = (storage.root / "p" / "live").glob("*.m3u8")
            made.listed.append({path.name: path.read_text() for path in manifests})
        return made


@pytest.fixture(scope="session")
def stepwise(source, chunked_policy, tools, tmp_path_factory):
    return StepByStep.made(source, chunked_policy, tools, tmp_path_factory.mktemp("stepwise"))


def test_lowest_rung_can_be_watched_after_three_steps(stepwise):
    assert stepwise.available_s[:3] == [0, 0, pytest.approx(8, abs=0.03)]
    assert stepwise.available_s == sorted(stepwise.available_s)
    assert (stepwise.available_s[-1], stepwise.is_complete) == (pytest.approx(SECONDS, abs=0.05), True)


def test_nothing_listed_in_a_growing_manifest_changes(stepwise):
    for before, after in pairwise(stepwise.listed):
        for name in before.keys() - {"master.m3u8", "saver.m3u8"}:
            assert after[name].startswith(before[name].removesuffix("#EXT-X-ENDLIST\n"))
    assert {"240p.m3u8", "480p.m3u8", "audio.m3u8"} <= stepwise.listed[-1].keys()


def digests(folder):
    # How the growing manifests grew depends on which chunk was there first; they go when the set is finished.
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.parent != folder / "live"
    }


def test_two_workers_in_any_order_give_the_same_bytes(chunked, source, chunked_policy, tools, tmp_path):
    """Each has a scratch folder of its own and knows only the store; nothing but the sound waits, for its measuring."""
    _, plan = plan_for(source, chunked_policy)
    assert plan == chunked.plan
    storage, recorder, dice = FolderStorage(tmp_path / "store"), Recorder(), random.Random(5)
    workers = [Encoder(plan, source, storage, "p", tools, RunLimits(niceness=0), recorder) for _ in range(2)]
    waiting, done = list(plan.chunk_steps), set()
    while waiting:
        ready = [step for step in waiting if not isinstance(step, AudioStep) or done.issuperset(step.measurements)]
        step, worker = dice.choice(ready), dice.randrange(2)
        workers[worker].do(step, tmp_path / f"scratch-{worker}" / step.digest, lambda _: None)
        growth = grow(plan, storage, "p")
        waiting.remove(step)
        done.add(step.digest)
    assert growth.is_complete
    Assembly(plan, storage, "p", tmp_path / "assembly", tools, RunLimits(), recorder, recorder).run()
    assert digests(storage.root / "p") == digests(chunked.folder)


def test_after_a_stop_only_what_is_missing_is_made(source, chunked_policy, tools, tmp_path):
    _, plan = plan_for(source, chunked_policy)
    storage, prefix = FolderStorage(tmp_path / "store"), "p"

    class StopsAfterFour(Recorder):
        def is_cancelled(self):
            return len(find_chunks(storage, prefix, plan)) >= 4

    stopping = StopsAfterFour()
    with pytest.raises(Cancelled):
        run(plan, source, work_dir=tmp_path / "a", storage=storage, prefix=prefix, tools=tools, progress=stopping,
            cancel=stopping)  # fmt: skip
    made = {key.key: key.modified_at for key in storage.list_keys(prefix) if key.key.endswith(".m4s")}
    assert made
    recorder = Recorder()
    run(plan, source, work_dir=tmp_path / "b", storage=storage, prefix=prefix, tools=tools, progress=recorder,
        cancel=recorder)  # fmt: skip
    after = {key.key: key.modified_at for key in storage.list_keys(prefix)}
    untouched = [key for key in made if after[key] == made[key]]
    # At most the chunks under way when it stopped were made again: their notes were not there.
    assert len(untouched) >= len(made) - 2 * len(RUNGS) * 2
    assert f"{prefix}/master.m3u8" in after


def test_a_torn_segment_is_noticed_and_its_chunk_made_again(stepwise, tools, tmp_path):
    encoder, storage = stepwise.encoder, stepwise.storage
    (storage.root / "p" / "480p" / "00007.m4s").write_bytes(b"torn")
    recorder = Recorder()
    assembly = Assembly(encoder.plan, storage, "p", tmp_path / "assembly", tools, RunLimits(), recorder, recorder)
    with pytest.raises(ChunksMissing) as caught:
        assembly.run()
    (digest,) = caught.value.digests
    step = next(step for step in encoder.plan.chunk_steps if step.digest == digest)
    assert (step.range.first_segment, caught.value.is_transient) == (6, True)
    assert storage.stat(note_key("p", digest)) is None
    encoder.do(step, tmp_path / digest, lambda _: None)
    assert assembly.run().duration_s == SECONDS
