"""Captions made from speech, behind one port; the engines are extras, their models folders an operator put there.

Nothing is downloaded here, ever: an engine that is not installed, or a model folder without its files, is the state
"not installed" and not an error of the lecture. Not here: who may ask for it, and keeping what it makes.
"""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from .caption_cues import Cue, plain_text
from .captions import mend, split_cue, wrap
from .errors import Cancelled, PipelineError
from .sound import RATE_HZ, read_samples, sound_length_s

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .ports import CancelToken, Progress

Engine = Literal["none", "faster_whisper", "sherpa_onnx"]

STEP = "listen"
#: Files a model folder must hold; a name with | is any of several.
_MODEL_FILES = {
    "faster_whisper": ("model.bin", "config.json", "tokenizer.json"),
    "sherpa_onnx": ("model.int8.onnx|model.onnx", "tokens.txt", "silero_vad.onnx"),
}
#: Whisper writes Mandarin in the characters and with the marks it has just read.
_PROMPTS = {"zh": "以下是普通话的句子，使用简体字和标点。"}
_MAX_PIECE_S = 12.0
_WINDOW = 512


class SpeechUnavailable(PipelineError):
    """No engine is chosen, or its package or model is not installed; only an operator can change that."""

    def __init__(self, detail: str) -> None:
        super().__init__("speech_not_installed", detail=detail)


class SpeechFailed(PipelineError):
    """The engine gave up, or heard nobody speak."""


class SpeechToText(Protocol):
    """Writes down what is said."""

    def transcribe(self, path: Path, *, language: str, progress: Progress, cancel: CancelToken) -> list[Cue]:
        """Return cues in order, without overlaps; `language` is a primary tag such as "zh".

        Raises:
            SpeechFailed: code "speech_failed" or "no_speech".
            Cancelled: when `cancel` asked for it.
        """


def what_is_missing(engine: Engine, model_path: Path | None) -> str:
    """Say for the log what an engine lacks; "" when it can be opened."""
    if engine == "none" or model_path is None:
        return "no engine is chosen"
    if importlib.util.find_spec(engine) is None:
        return f"the package {engine} is not installed"
    gone = [
        names for names in _MODEL_FILES[engine] if not any((model_path / name).is_file() for name in names.split("|"))
    ]
    return f"{model_path} lacks {', '.join(gone)}" if gone else ""


def open_speech(engine: Engine, model_path: Path | None) -> SpeechToText:
    """Return the chosen engine; its model is loaded with the first lecture.

    Raises:
        SpeechUnavailable: when the package or the model is not there.
    """
    missing = what_is_missing(engine, model_path)
    if missing or model_path is None:
        raise SpeechUnavailable(missing)
    return FasterWhisper(model_path) if engine == "faster_whisper" else SherpaOnnx(model_path)


@dataclass(frozen=True, slots=True)
class FasterWhisper:
    """A Whisper model converted for CTranslate2 (`faster-whisper`), int8 on the CPU."""

    model_path: Path

    def transcribe(self, path: Path, *, language: str, progress: Progress, cancel: CancelToken) -> list[Cue]:
        """See SpeechToText."""
        library = importlib.import_module("faster_whisper")
        found: list[Cue] = []
        try:
            model = library.WhisperModel(str(self.model_path), device="cpu", compute_type="int8", local_files_only=True)
            # Without the text before: a phrase made up in silence would be repeated to the end.
            segments, info = model.transcribe(
                str(path), language=language, vad_filter=True, condition_on_previous_text=False,
                initial_prompt=_PROMPTS.get(language),
            )  # fmt: skip
            for segment in segments:
                _go_on(progress, cancel, segment.end, info.duration)
                found.append(_heard(segment.start, segment.end, segment.text))
        except (RuntimeError, ValueError, OSError) as error:
            raise SpeechFailed("speech_failed", detail=f"{type(error).__name__}: {error}") from error
        return _finished(found)


@dataclass(frozen=True, slots=True)
class SherpaOnnx:
    """A SenseVoice model with Silero's voice detector (`sherpa-onnx`): small, quick, and good at Mandarin."""

    model_path: Path

    def transcribe(self, path: Path, *, language: str, progress: Progress, cancel: CancelToken) -> list[Cue]:
        """See SpeechToText."""
        library = importlib.import_module("sherpa_onnx")
        found: list[Cue] = []
        try:
            recognizer, detector = self._open(library, language)
            length_s, done = sound_length_s(path), 0
            for samples in read_samples(path, _WINDOW):
                detector.accept_waveform(samples)
                done += len(samples)
                found += _drain(recognizer, detector)
                _go_on(progress, cancel, done / RATE_HZ, length_s)
            detector.flush()
            found += _drain(recognizer, detector)
        except (RuntimeError, ValueError, OSError) as error:
            raise SpeechFailed("speech_failed", detail=f"{type(error).__name__}: {error}") from error
        return _finished(found)

    def _open(self, library: Any, language: str) -> tuple[Any, Any]:  # noqa: ANN401 - a package without types
        model = self.model_path / "model.int8.onnx"
        recognizer = library.OfflineRecognizer.from_sense_voice(
            model=str(model if model.is_file() else self.model_path / "model.onnx"),
            tokens=str(self.model_path / "tokens.txt"), num_threads=2, use_itn=True, language=language,
        )  # fmt: skip
        config = library.VadModelConfig()
        config.silero_vad.model = str(self.model_path / "silero_vad.onnx")
        config.silero_vad.max_speech_duration = _MAX_PIECE_S
        config.sample_rate = RATE_HZ
        return recognizer, library.VoiceActivityDetector(config, buffer_size_in_seconds=60)


def _drain(recognizer: Any, detector: Any) -> Iterable[Cue]:  # noqa: ANN401 - a package without types
    """Yield what was said in the stretches of speech the detector has finished."""
    while not detector.empty():
        stretch = detector.front
        start_s, length_s, samples = stretch.start / RATE_HZ, len(stretch.samples) / RATE_HZ, stretch.samples
        stream = recognizer.create_stream()
        stream.accept_waveform(RATE_HZ, samples)
        recognizer.decode_stream(stream)
        detector.pop()
        yield _heard(start_s, start_s + length_s, stream.result.text)


def _go_on(progress: Progress, cancel: CancelToken, done_s: float, length_s: float) -> None:
    if cancel.is_cancelled():
        raise Cancelled
    progress.report(STEP, min(1.0, done_s / length_s) if length_s > 0 else 0.0)


def _heard(start_s: float, end_s: float, text: str) -> Cue:
    return Cue(round(start_s * 1000), round(end_s * 1000), plain_text(text))


def _finished(found: Iterable[Cue]) -> list[Cue]:
    cues = mend(piece for cue in found for piece in split_cue(cue))
    if not cues:
        raise SpeechFailed("no_speech", detail="nothing was heard")
    return [Cue(cue.start_ms, cue.end_ms, wrap(cue.text)) for cue in cues]
