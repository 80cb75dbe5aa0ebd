"""The commands that measure the sound and write one stretch of it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import ffmpeg

from .shared import (
    SourceFile,
    Stream,
    clean_metadata,
    compile_argv,
    decimal,
    global_options,
    hls_options,
    open_input,
    until,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from media_pipeline.ladder import AudioPolicy
    from media_pipeline.steps import AudioStep, LoudnessStep, MediaRange
    from media_pipeline.types import Tools

# Rumble off, a gentle compressor for wandering voices, presence for consonants on a phone speaker.
_SPEECH: tuple[tuple[str, dict[str, Any]], ...] = (
    ("highpass", {"f": 90}),
    ("acompressor", {"threshold": "-30dB", "ratio": 3, "attack": 8, "release": 180, "makeup": 1, "knee": 6}),
    ("equalizer", {"f": 3000, "t": "q", "w": 1, "g": 3}),
)

# Samples in one AAC frame; the encoder's first frame lies one before zero, which the init segment's edit cuts off.
AAC_FRAME = 1024
# A stretch from the middle begins this much earlier, so that filters and encoder have settled at its first kept frame.
_PRE_ROLL = 64 * AAC_FRAME
# What the frames at a stretch's end need to see of the sound behind it.
_POST_ROLL = 4 * AAC_FRAME


@dataclass(frozen=True, slots=True)
class Gain:
    """What the loudness step decided: a lift before the speech filters, and the final gain after them."""

    lift_db: float = 0.0
    gain_db: float = 0.0


def measure_argv(
    tools: Tools, source: SourceFile, step: LoudnessStep, gain: Gain, *, is_limited: bool = False
) -> list[str]:
    """Return the command that decodes only the sound and prints its loudness after the speech filters.

    With `is_limited` it measures behind final gain and limiter, at half the encode's limiter rate: peaks
    between samples decide over clipping, not over loudness.
    """
    reader = open_input(source, **until(step.range.length_s))
    stream = _prepared_audio(reader[str(step.stream_index)], step.channels, step.audio, gain.lift_db)
    if is_limited:
        stream = _limited(stream.filter("volume", f"{gain.gain_db:.2f}dB"), step.audio)
    stream = stream.filter("ebur128", framelog="verbose", peak="sample")
    return [*global_options(tools, "info"), *compile_argv(ffmpeg.output(stream, "-", format="null"))]


def audio_argv(tools: Tools, source: SourceFile, step: AudioStep, gain: Gain) -> list[str]:
    """Return the command that writes one stretch of the sound."""
    rate_hz = step.audio.sample_rate_hz
    pre_roll_s = Fraction(0 if step.range.start_s == 0 else _PRE_ROLL, rate_hz)
    seek = {} if step.range.start_s == 0 else {"ss": decimal(step.range.start_s - pre_roll_s)}
    length_s = step.range.length_s
    end_s = None if length_s is None else pre_roll_s + length_s + Fraction(_POST_ROLL, rate_hz)
    reader = open_input(source, **seek, **until(end_s))
    output = _audio_output(reader[str(step.stream_index)], step, gain, source.tags, pre_roll_s)
    return [*global_options(tools, "error"), *compile_argv(output)]


def _prepared_audio(stream: Stream, channels: int, audio: AudioPolicy, lift_db: float) -> Stream:
    """Give the sound one clock and one layout, fill holes with silence, then make speech clear."""
    stream = stream.filter("aresample", audio.sample_rate_hz, first_pts=0, **{"async": 1})
    stream = stream.filter("aformat", channel_layouts="mono" if channels == 1 else "stereo")
    if lift_db:
        stream = stream.filter("volume", f"{lift_db:.2f}dB")
    for name, options in _SPEECH if audio.is_speech else ():
        stream = stream.filter(name, **options)
    return stream


def _limited(stream: Stream, audio: AudioPolicy) -> Stream:
    return stream.filter("alimiter", limit=audio.limiter_ceiling, attack=3, release=60, level=0)


def _audio_output(
    stream: Stream, step: AudioStep, gain: Gain, tags: Sequence[tuple[str, str]], pre_roll_s: Fraction
) -> Stream:
    audio = step.audio
    stream = _prepared_audio(stream, step.channels, audio, gain.lift_db)
    if step.filled_until_s is not None and step.range.length_s is None:
        begun_s = step.range.start_s - pre_roll_s
        stream = stream.filter("apad", whole_dur=decimal(step.filled_until_s - begun_s))
    stream = stream.filter("volume", f"{gain.gain_db:.2f}dB")
    # Twice the rate, so that the limiter also sees peaks between samples.
    stream = stream.filter("aresample", 2 * audio.sample_rate_hz)
    stream = _limited(stream, audio).filter("aresample", audio.sample_rate_hz)
    options: dict[str, Any] = {
        "c:a": "aac",
        "b:a": audio.bitrate_bps,
        # The encoder's first frame is silence before zero: kept there by an edit, not moved in front of the sound.
        "avoid_negative_ts": "disabled",
        **hls_options(step.folder, step.segment_s, step.range.first_segment),
        **clean_metadata(tags),
    }
    if kept := _kept_frames(step.range, audio.sample_rate_hz, pre_roll_s):
        options["bsf:a"] = kept
    if step.range.start_s:
        # All stretches share the init segment of the first, whose edit moves everything one frame towards zero.
        shift_s = step.range.start_s - pre_roll_s + Fraction(AAC_FRAME, audio.sample_rate_hz)
        options["output_ts_offset"] = decimal(shift_s)
    return ffmpeg.output(stream, f"{step.folder}/ffmpeg.m3u8", **options)


def _kept_frames(stretch: MediaRange, rate_hz: int, pre_roll_s: Fraction) -> str:
    """Return the filter that drops encoded frames before and after a stretch, counted in samples from its pre-roll.

    Frames at a seam saw the same sound in both encodes, so the decoder's overlap of neighbours stays whole.
    """
    first = int(pre_roll_s * rate_hz) - AAC_FRAME
    bounds = [f"lt(pts\\,{first})"] if stretch.start_s else []
    if stretch.length_s is not None:
        bounds.append(f"gte(pts\\,{first + int(stretch.length_s * rate_hz)})")
    return f"noise=drop={'+'.join(bounds)}" if bounds else ""
