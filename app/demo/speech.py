"""The voice side of a demo lecture: espeak-ng sentence by sentence, soft tones of the same length where it is missing.

Returns sentences as plain PCM; how they are strung together is decided in media.py.
"""

from __future__ import annotations

import array
import io
import math
import shutil
import subprocess
import wave
from collections.abc import Callable
from functools import cache

SAMPLE_RATE_HZ = 22050
BYTES_PER_SAMPLE = 2
VOICE = ("-v", "cmn", "-s", "205", "-p", "44", "-a", "140")
SPEAK_TIMEOUT_S = 20
# How fast the voice above reads; the tones take the same time, so that captions stay where they are.
CHARACTERS_PER_S = 3.0
NOTE_S = 0.62
NOTES_HZ = (392.0, 440.0, 523.25, 587.33, 659.25)

Voice = Callable[[str], bytes]


class SpeechFailed(Exception):
    """espeak-ng is there but gave no usable sound."""


def find_voice() -> tuple[str, Voice]:
    """Return the name of the best voice of this machine and the function that speaks one sentence."""
    program = shutil.which("espeak-ng")
    if program is None:
        return "tones", hum
    return "espeak-ng", lambda sentence: speak(program, sentence)


def duration_s(pcm: bytes) -> float:
    """Return how long a piece of sound lasts."""
    return len(pcm) / BYTES_PER_SAMPLE / SAMPLE_RATE_HZ


def silence(seconds: float) -> bytes:
    """Return a pause."""
    return bytes(round(seconds * SAMPLE_RATE_HZ) * BYTES_PER_SAMPLE)


def speak(program: str, sentence: str) -> bytes:
    """Return the sentence spoken in Mandarin as 16-bit mono samples.

    Raises:
        SpeechFailed: when the program fails or answers in another format.
    """
    command = [program, *VOICE, "--stdin", "--stdout"]
    done = subprocess.run(command, input=sentence.encode(), capture_output=True, timeout=SPEAK_TIMEOUT_S, check=False)
    if done.returncode != 0:
        raise SpeechFailed(f"espeak-ng ended with {done.returncode}: {done.stderr.decode(errors='replace')[-300:]}")
    # Written to a pipe, the WAV header cannot know its length: everything after it is sound.
    with wave.open(io.BytesIO(done.stdout)) as file:
        form = (file.getframerate(), file.getnchannels(), file.getsampwidth())
    if form != (SAMPLE_RATE_HZ, 1, BYTES_PER_SAMPLE):
        raise SpeechFailed(f"espeak-ng answered in an unexpected format {form}")
    start = done.stdout.index(b"data") + 8
    pcm = done.stdout[start : start + (len(done.stdout) - start) // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE]
    if duration_s(pcm) < 0.2:
        raise SpeechFailed(f"espeak-ng said nothing for: {sentence}")
    return pcm


def hum(sentence: str) -> bytes:
    """Return soft notes that last about as long as the sentence would, always the same for the same sentence."""
    wanted_s = max(1.0, len(sentence) / CHARACTERS_PER_S)
    steps = [ord(character) % len(NOTES_HZ) for character in sentence]
    notes = b"".join(_note(NOTES_HZ[steps[index % len(steps)]]) for index in range(math.ceil(wanted_s / NOTE_S)))
    return notes[: round(wanted_s * SAMPLE_RATE_HZ) * BYTES_PER_SAMPLE]


@cache
def _note(pitch_hz: float) -> bytes:
    total = round(NOTE_S * SAMPLE_RATE_HZ)
    fade_in = 0.03 * SAMPLE_RATE_HZ
    samples = array.array("h")
    for index in range(total):
        envelope = min(1.0, index / fade_in) * (1 - index / total) ** 1.6
        angle = 2 * math.pi * pitch_hz * index / SAMPLE_RATE_HZ
        samples.append(round(5200 * envelope * (math.sin(angle) + 0.25 * math.sin(2 * angle))))
    return samples.tobytes()
