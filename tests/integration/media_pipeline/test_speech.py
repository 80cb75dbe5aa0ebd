"""Engines of speech recognition behind their port, with fakes at the library's edge and real sound."""

from __future__ import annotations

import importlib.machinery
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType, SimpleNamespace

import av
import pytest

from media_pipeline.caption_cues import Cue
from media_pipeline.captions import LINE_COLUMNS, machine_webvtt, split_cue, transcript_text
from media_pipeline.errors import Cancelled
from media_pipeline.sound import RATE_HZ, read_samples, sound_length_s
from media_pipeline.speech import SpeechFailed, SpeechUnavailable, open_speech, what_is_missing


class Watcher:
    """Notes progress; cancels after so many reports."""

    def __init__(self, cancel_after: int = 10**9) -> None:
        self.fractions: list[float] = []
        self.cancel_after = cancel_after

    def report(self, _step: str, fraction: float) -> None:
        self.fractions.append(fraction)

    def is_cancelled(self) -> bool:
        return len(self.fractions) >= self.cancel_after


class FakeDetector:
    """Takes every two seconds of samples for one stretch of speech."""

    def __init__(self, config: object, **_options: object) -> None:
        assert Path(config.silero_vad.model).is_file()
        self.waiting: list[float] = []
        self.done: list[SimpleNamespace] = []
        self.start = 0

    def accept_waveform(self, samples: object) -> None:
        assert len(samples) <= 512
        self.waiting.extend(samples)
        if len(self.waiting) >= 2 * RATE_HZ:
            self.flush()

    def flush(self) -> None:
        if self.waiting:
            self.done.append(SimpleNamespace(start=self.start, samples=self.waiting))
            self.start, self.waiting = self.start + len(self.waiting), []

    def empty(self) -> bool:
        return not self.done

    @property
    def front(self) -> SimpleNamespace:
        return self.done[0]

    def pop(self) -> None:
        del self.done[0]


class FakeRecognizer:
    """Says how loud what it heard was; raises for a broken model."""

    @classmethod
    def from_sense_voice(cls, *, model: str, tokens: str, language: str, **_options: object) -> FakeRecognizer:
        if Path(model).read_bytes() == b"broken":
            raise RuntimeError("bad model")
        assert Path(tokens).is_file()
        assert language == "zh"
        return cls()

    def create_stream(self) -> SimpleNamespace:
        stream = SimpleNamespace()
        stream.accept_waveform = lambda rate, samples: setattr(stream, "heard", (rate, max(map(abs, samples))))
        return stream

    def decode_stream(self, stream: SimpleNamespace) -> None:
        rate, loudest = stream.heard
        stream.result = SimpleNamespace(text="有人说话。" if rate == RATE_HZ and 0.01 < loudest <= 1.01 else "")


@pytest.fixture
def sherpa(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    module = ModuleType("sherpa_onnx")
    module.__spec__ = importlib.machinery.ModuleSpec("sherpa_onnx", None)
    module.OfflineRecognizer, module.VoiceActivityDetector = FakeRecognizer, FakeDetector
    module.VadModelConfig = lambda: SimpleNamespace(silero_vad=SimpleNamespace())
    monkeypatch.setitem(sys.modules, "sherpa_onnx", module)
    for name in ("model.onnx", "tokens.txt", "silero_vad.onnx"):
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def test_sherpa_hears_the_whole_file(sherpa: Path, shelf) -> None:
    watcher = Watcher()
    path = shelf.speech
    cues = open_speech("sherpa_onnx", sherpa).transcribe(path, language="zh", progress=watcher, cancel=watcher)
    length_s = sound_length_s(path)
    assert cues[0] == Cue(0, cues[1].start_ms, "有人说话。")
    assert 2000 <= cues[1].start_ms <= 2100
    assert cues[-1].end_ms == pytest.approx(length_s * 1000, abs=100)
    assert watcher.fractions == sorted(watcher.fractions)
    assert watcher.fractions[-1] == pytest.approx(1, abs=0.02)


def test_it_stops_when_nobody_wants_it_any_more(sherpa: Path, shelf) -> None:
    watcher = Watcher(cancel_after=3)
    with pytest.raises(Cancelled):
        open_speech("sherpa_onnx", sherpa).transcribe(shelf.speech, language="zh", progress=watcher, cancel=watcher)
    assert len(watcher.fractions) == 3


def test_a_broken_model_and_a_broken_file_are_failures(sherpa: Path, shelf, tmp_path: Path) -> None:
    engine, watcher = open_speech("sherpa_onnx", sherpa), Watcher()
    (tmp_path / "bad.m4a").write_bytes(b"not sound")
    with pytest.raises(SpeechFailed, match="speech_failed"):
        engine.transcribe(tmp_path / "bad.m4a", language="zh", progress=watcher, cancel=watcher)
    (sherpa / "model.onnx").write_bytes(b"broken")
    with pytest.raises(SpeechFailed, match="bad model"):
        engine.transcribe(shelf.speech, language="zh", progress=watcher, cancel=watcher)


@pytest.mark.parametrize("engine", ["faster_whisper", "sherpa_onnx"])
def test_what_is_not_installed_is_said(engine, tmp_path: Path) -> None:
    assert what_is_missing(engine, tmp_path) == f"the package {engine} is not installed"
    with pytest.raises(SpeechUnavailable) as caught:
        open_speech(engine, tmp_path)
    assert caught.value.code == "speech_not_installed"
    assert what_is_missing("none", None) == "no engine is chosen"


def test_a_model_folder_must_be_whole(sherpa: Path) -> None:
    assert what_is_missing("sherpa_onnx", sherpa) == ""
    (sherpa / "tokens.txt").unlink()
    (sherpa / "model.onnx").rename(sherpa / "model.int8.onnx")
    assert what_is_missing("sherpa_onnx", sherpa).endswith("lacks tokens.txt")


def test_samples_are_all_there_at_the_rate_engines_want(shelf) -> None:
    path = shelf.speech
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        length_s = float(stream.duration * stream.time_base)
    blocks = list(read_samples(path, 1000))
    samples = [sample for block in blocks for sample in block]
    assert {len(block) for block in blocks[:-1]} == {1000}
    assert len(samples) == pytest.approx(length_s * RATE_HZ, abs=RATE_HZ / 50)
    assert 0.05 < max(map(abs, samples)) <= 1.01


def test_long_stretches_become_cues_for_a_phone() -> None:
    text = (
        "今天我们一起学习怎样使用手机，先打开设置，再把字体调大，然后学会用微信和家人视频，最后说说怎样防止上当受骗。"
        * 2
    )
    pieces = split_cue(Cue(1000, 21_000, text))
    assert "".join(piece.text for piece in pieces) == text
    assert all(len(piece.text) * 2 <= 2 * LINE_COLUMNS for piece in pieces)
    assert (pieces[0].start_ms, pieces[-1].end_ms) == (1000, 21_000)
    assert all(left.end_ms == right.start_ms for left, right in pairwise(pieces))
    assert transcript_text(machine_webvtt(pieces)).replace("\n", "") == text
