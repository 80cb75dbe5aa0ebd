"""Spoilt recordings of a voice, as a listener gets them: decoded from the coded rendition."""

from __future__ import annotations

import logging
import shutil
import subprocess
from dataclasses import replace

import av
import m3u8
import numpy as np
import pytest

from media_pipeline import RunLimits
from media_pipeline.boxes import read_init
from media_pipeline.command.shared import SourceFile
from media_pipeline.command.sound import Gain, Treatment, audio_argv
from media_pipeline.encoder import Encoder
from media_pipeline.folder import FolderStorage
from media_pipeline.steps import MediaRange
from tests.integration.media_pipeline import measuring
from tests.integration.media_pipeline.conftest import Recorder, plan_for, run_once

pytestmark = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs a voice with pauses: espeak-ng")


def encoder_for(path, policy, tools, folder):
    _, plan = plan_for(path, policy)
    return Encoder(plan, path, FolderStorage(folder / "store"), "p", tools, RunLimits(), Recorder())


def gain_of(path, policy, tools, folder) -> Gain:
    encoder = encoder_for(path, policy, tools, folder)
    return encoder.do(encoder.plan.loudness, folder / "measuring", lambda _: None).gain


def samples(path) -> np.ndarray:
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("fltp", "mono", 48_000)
        parts = [out.to_ndarray()[0] for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    return np.concatenate(parts).astype(float)


def uncoded(path, policy, tools, gain, target) -> np.ndarray:
    """Return what goes into the encoder with a given gain and treatment."""
    _, plan = plan_for(path, policy)
    argv = audio_argv(tools, SourceFile(path, plan.container), replace(plan.audios[0], range=MediaRange()), gain)
    to_file = [*argv[: argv.index("-map") + 2], "-c:a", "pcm_f32le", str(target)]
    subprocess.run(to_file, check=True, stdout=subprocess.DEVNULL)
    return samples(target)


def snr_db(voice, heard) -> float:
    """Return by how much a voice stands above everything else in a sound, at the level that fits best."""
    length = min(len(voice), len(heard))
    voice, heard = voice[:length], heard[:length]
    voice = voice * (voice @ heard) / (voice @ voice)
    return 10 * np.log10((voice**2).sum() / ((heard - voice) ** 2).sum())


NAMES = (
    "normal",
    "levelled",
    "quiet",
    "clipped",
    "alternating",
    "hum-and-hiss",
    "twice",
    "left",
    "right",
    "turned",
    "stereo",
)


@pytest.mark.parametrize("name", NAMES)
def test_every_voice_comes_out_equally_loud_and_whole(encoded, shelf, tools, name):
    result = encoded(shelf.speech_variant(name))
    lufs, peak_dbtp = measuring.loudness(tools.ffmpeg, measuring.joined(result.folder / "audio"))
    assert lufs == pytest.approx(-16, abs=1)
    assert peak_dbtp <= -1.5
    (offered,) = [rendition for rendition in result.published.renditions if rendition.kind == "audio"]
    assert offered.codecs == "mp4a.40.2"
    channels = read_init((result.folder / "audio" / "init.mp4").read_bytes()).channels
    assert channels == (2 if name == "stereo" else 1)


@pytest.mark.parametrize(
    "case",
    [
        ("normal", Treatment()),
        ("levelled", Treatment()),
        ("quiet", Treatment()),
        ("clipped", Treatment()),
        ("alternating", Treatment()),
        ("stereo", Treatment()),
        ("twice", Treatment("mono")),
        ("left", Treatment("left")),
        ("right", Treatment("right")),
        ("turned", Treatment("left")),
    ],
)
def test_only_what_is_wrong_is_treated(shelf, policy, tools, tmp_path, case):
    name, treatment = case
    assert gain_of(shelf.speech_variant(name), policy, tools, tmp_path).treatment == treatment


def test_an_ordinary_lecture_is_decoded_once_for_measuring(shelf, policy, tools, tmp_path, caplog):
    with caplog.at_level(logging.INFO, logger="media_pipeline.calling"):
        gain_of(shelf.speech_variant("levelled"), policy, tools, tmp_path)
    assert [record.message for record in caplog.records] == ["ffmpeg_finished"]


def test_hum_and_hiss_are_heard_and_lowered(shelf, policy, tools, tmp_path):
    path, voice_path = (shelf.speech_variant(f"{where}hum-and-hiss", 48) for where in ("", "beneath-"))
    gain = gain_of(path, policy, tools, tmp_path)
    assert gain.treatment.hum_hz == (50, 100, 150)
    # What the clip was made of: white noise of amplitude 0.012, evenly spread.
    assert gain.treatment.hiss_db == pytest.approx(20 * np.log10(0.012 / np.sqrt(3)), abs=2)
    # Linear from here on, so that only noise makes a difference.
    plain = replace(policy, audio=replace(policy.audio, is_speech=False))
    voice = uncoded(voice_path, plain, tools, Gain(), tmp_path / "voice.wav")
    before = uncoded(path, plain, tools, Gain(), tmp_path / "before.wav")
    after = uncoded(path, plain, tools, Gain(treatment=gain.treatment), tmp_path / "after.wav")
    assert snr_db(voice, after) > snr_db(voice, before) + 8
    clean = uncoded(voice_path, plain, tools, Gain(treatment=gain.treatment), tmp_path / "clean.wav")
    assert snr_db(voice, clean) > 15


def test_treated_sound_keeps_its_time_and_length(shelf, policy, tools, tmp_path):
    path = shelf.speech_variant("normal")
    plain = uncoded(path, policy, tools, Gain(), tmp_path / "plain.wav")
    treated = uncoded(path, policy, tools, Gain(treatment=Treatment(hiss_db=-60)), tmp_path / "treated.wav")
    assert len(treated) == len(plain)
    spectrum = np.fft.rfft(plain, 2 * len(plain)) * np.conj(np.fft.rfft(treated, 2 * len(plain)))
    assert np.argmax(np.fft.irfft(spectrum)) == 0


@pytest.mark.parametrize("case", [("twice", 1), ("jingle", 2), ("left", 1), ("stereo", 2)])
def test_early_and_final_sound_have_the_same_channels(shelf, policy, tools, tmp_path, case):
    """Whoever follows the growing manifest goes from one to the other without a change of the decoder."""
    name, channels = case
    hasty = replace(policy, chunk_s=24, audio_chunk_s=24, early_sound_above_s=40)
    made = run_once(shelf.speech_variant(name, 52), hasty, tools, tmp_path)
    inits = [(made.folder / name / "init.mp4").read_bytes() for name in ("live/audio", "audio")]
    assert [read_init(data).channels for data in inits] == [channels, channels]
    manifest = m3u8.load(str(made.folder / "live" / "audio.m3u8"))
    assert len({segment.init_section.uri for segment in manifest.segments}) == 1
    assert manifest.is_endlist
