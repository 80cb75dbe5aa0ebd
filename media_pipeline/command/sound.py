"""The commands that measure the sound and write one stretch of it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import ffmpeg

from .clarity import CLARITY
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

# Samples in one AAC frame; the encoder's first frame lies one before zero, which the init segment's edit cuts off.
AAC_FRAME = 1024
# A stretch from the middle begins this much earlier, so that filters and encoder have settled at its first kept frame.
_PRE_ROLL = 64 * AAC_FRAME
# What the frames at a stretch's end need to see of the sound behind it.
_POST_ROLL = 4 * AAC_FRAME


# What measuring writes beside the loudness: levels of every window, of the channels and of the bands where hum is.
CHANNEL_LEVELS = "channels.txt"
BAND_LEVELS = "bands.txt"
WINDOW_S = Fraction(1, 5)
# Left, right, half their difference, and the treble of half their sum.
LISTENED_CHANNELS = 4
# Mains hum and its harmonics, each between bands where it is not.
HUM_BANDS_HZ = (50, 75, 100, 125, 150, 175, 200, 225)
# Rates that hold the treble of a telephone, and of hum; nothing listened to lies above.
_LISTENING_RATE_HZ = 8000
_HUM_RATE_HZ = 800
_TREBLE_HZ = 2000
_HUM_WIDTH_HZ = 4
# The denoiser answers half a window late, and wants to be told of a level a little above the noise's own.
_DENOISER_DELAY_S = Fraction(1, 40)
_DENOISER_MARGIN_DB = 3.0

Layout: TypeAlias = Literal["source", "mono", "left", "right"]


@dataclass(frozen=True, slots=True)
class Treatment:
    """What one sound needs before all else: another layout, hum stopped, hiss of a level (before the lift) lowered."""

    layout: Layout = "source"
    hum_hz: tuple[int, ...] = ()
    hiss_db: float | None = None


@dataclass(frozen=True, slots=True)
class Gain:
    """What the loudness step decided: a lift before the speech filters, the final gain after them, a treatment."""

    lift_db: float = 0.0
    gain_db: float = 0.0
    treatment: Treatment = Treatment()


def listen_argv(tools: Tools, source: SourceFile, step: LoudnessStep) -> list[str]:
    """Return the command that decodes only the sound, prints its loudness after the speech filters, and writes levels.

    The levels are those of the source itself, before any filter.
    """
    reader = open_input(source, **until(step.range.length_s))
    stream = _laid_out(reader[str(step.stream_index)], step.channels, step.audio, "source")
    halves = stream.filter_multi_output("asplit")
    measured = _measured(_clarified(halves[0], step.audio))
    channels, bands = _listened(halves[1], step.channels)
    output = ffmpeg.output(measured, channels, bands, "-", format="null")
    return [*global_options(tools, "info"), *compile_argv(output)]


def measure_argv(
    tools: Tools, source: SourceFile, step: LoudnessStep, gain: Gain, *, is_limited: bool = False
) -> list[str]:
    """Return the command that decodes only the sound and prints its loudness after treatment and speech filters.

    With `is_limited` it measures behind final gain and limiter, at half the encode's limiter rate: peaks
    between samples decide over clipping, not over loudness.
    """
    reader = open_input(source, **until(step.range.length_s))
    stream = _prepared_audio(reader[str(step.stream_index)], step.channels, step.audio, gain)
    if is_limited:
        stream = _limited(stream.filter("volume", f"{gain.gain_db:.2f}dB"), step.audio)
    output = ffmpeg.output(_measured(stream), "-", format="null")
    return [*global_options(tools, "info"), *compile_argv(output)]


def silence_argv(tools: Tools, step: AudioStep, gain: Gain, tags: Sequence[tuple[str, str]]) -> list[str]:
    """Return the command that writes a stretch of known length as silence, which joins the sound beside it."""
    rate_hz, end_s = step.audio.sample_rate_hz, _heard_until_s(step)
    assert end_s is not None, "silence has an end"
    pre_roll_s = Fraction(0 if step.range.start_s == 0 else _PRE_ROLL, rate_hz)
    layout = "mono" if step.channels == 1 else "stereo"
    reader = ffmpeg.input(
        f"anullsrc=r={rate_hz}:cl={layout}", format="lavfi", **until(end_s - step.range.start_s + pre_roll_s)
    )
    return [
        *global_options(tools, "error"),
        *compile_argv(_audio_output(reader["a:0"], step, (gain, None), tags, pre_roll_s)),
    ]


def _heard_until_s(step: AudioStep) -> Fraction | None:
    """Return until when a stretch hears the sound, a little beyond its own end; None to the end of the source."""
    if step.range.length_s is None:
        return None
    return step.range.start_s + step.range.length_s + Fraction(_POST_ROLL, step.audio.sample_rate_hz)


def audio_argv(
    tools: Tools, source: SourceFile, step: AudioStep, gain: Gain, *, before: Gain | None = None
) -> list[str]:
    """Return the command that writes one stretch of the sound; with `before` it fades from that gain to its own."""
    rate_hz = step.audio.sample_rate_hz
    pre_roll_s = Fraction(0 if step.range.start_s == 0 else _PRE_ROLL, rate_hz)
    seek = {} if step.range.start_s == 0 else {"ss": decimal(step.range.start_s - pre_roll_s)}
    end_s = _heard_until_s(step)
    reader = open_input(source, **seek, **until(end_s and end_s - step.range.start_s + pre_roll_s))
    length_s = step.range.length_s
    fade = _Fade(before, pre_roll_s, length_s) if before is not None and length_s is not None else None
    output = _audio_output(reader[str(step.stream_index)], step, (gain, fade), source.tags, pre_roll_s)
    return [*global_options(tools, "error"), *compile_argv(output)]


def _prepared_audio(stream: Stream, channels: int, audio: AudioPolicy, gain: Gain, fade: _Fade | None = None) -> Stream:
    stream = _laid_out(stream, channels, audio, gain.treatment.layout)
    return _clarified(_treated(stream, gain, fade, audio), audio)


@dataclass(frozen=True, slots=True)
class _Fade:
    """From which gain a stretch comes, and in which seconds of what is read it goes over to its own."""

    before: Gain
    start_s: Fraction
    length_s: Fraction

    def volume(self, before_db: float, gain_db: float) -> str:
        """Return the volume at every instant: even steps in decibels are even steps for ears."""
        share = f"clip((t-{decimal(self.start_s)})/{decimal(self.length_s)},0,1)"
        return f"pow(10,({before_db:.2f}+{gain_db - before_db:.2f}*{share})/20)"


def _laid_out(stream: Stream, channels: int, audio: AudioPolicy, layout: Layout) -> Stream:
    """Give the sound one clock and one layout, fill holes with silence."""
    stream = stream.filter("aresample", audio.sample_rate_hz, first_pts=0, **{"async": 1})
    stream = stream.filter("aformat", channel_layouts="mono" if channels == 1 else "stereo")
    # Asked for one channel, ffmpeg adds both up in floats but takes their mean in integers: 3 dB apart.
    mixed = {"mono": "mono|c0<c0+c1", "left": "mono|c0<c0", "right": "mono|c0<c1"}
    if channels != 1 and layout in mixed:
        stream = stream.filter("pan", mixed[layout])
    return stream


def _treated(stream: Stream, gain: Gain, fade: _Fade | None, audio: AudioPolicy) -> Stream:
    """Stop hum where it was found, lift a quiet source, lower hiss where it was found."""
    for hum_hz in gain.treatment.hum_hz:
        stream = stream.filter("bandreject", f=hum_hz, t="h", w=_HUM_WIDTH_HZ)
    if fade is not None and fade.before.lift_db != gain.lift_db:
        stream = stream.filter("volume", fade.volume(fade.before.lift_db, gain.lift_db), eval="frame")
    elif gain.lift_db:
        stream = stream.filter("volume", f"{gain.lift_db:.2f}dB")
    if gain.treatment.hiss_db is None:
        return stream
    floor_db = gain.treatment.hiss_db + gain.lift_db + _DENOISER_MARGIN_DB
    delay = int(_DENOISER_DELAY_S * audio.sample_rate_hz)
    stream = stream.filter("apad", pad_len=delay)
    # A fixed level instead of one followed while going on: stretches made apart are treated alike.
    stream = stream.filter("afftdn", nr=audio.hiss_reduction_db, nf=f"{min(max(floor_db, -80), -20):.1f}")
    return stream.filter("atrim", start_sample=delay).filter("asetpts", "N/SR/TB")


def _clarified(stream: Stream, audio: AudioPolicy) -> Stream:
    for name, options in CLARITY if audio.is_speech else ():
        stream = stream.filter(name, **options)
    return stream


def _measured(stream: Stream) -> Stream:
    return stream.filter("ebur128", framelog="verbose", peak="sample")


def _listened(stream: Stream, channels: int) -> tuple[Stream, Stream]:
    """Return two streams that write levels, at rates so low that they cost little beside the loudness."""
    # Floats: noises in pauses are finer than 16 bits. One frame
    # for each window: handing frames from filter to filter is most of the cost.
    stream = stream.filter("aresample", _LISTENING_RATE_HZ).filter("aformat", sample_fmts="fltp")
    stream = _windows(stream, _LISTENING_RATE_HZ)
    # "<" makes factors sum to 1 without their signs: halves of sum and difference.
    mixed = "quad|FL<c0|FR<c0|BL<0*c0|BR<c0" if channels == 1 else "quad|FL<c0|FR<c1|BL<c0-c1|BR<c0+c1"
    halves = stream.filter("pan", mixed).filter_multi_output("asplit")
    treble = halves[0]
    for _ in range(2):
        treble = treble.filter("highpass", f=_TREBLE_HZ, c="BR")
    names = ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR")
    bands = _windows(halves[1].filter("pan", "mono|c0<c3").filter("aresample", _HUM_RATE_HZ), _HUM_RATE_HZ)
    bands = bands.filter("pan", "7.1|" + "|".join(f"{name}<c0" for name in names))
    for name, band_hz in zip(names, HUM_BANDS_HZ, strict=True):
        for _ in range(2):
            bands = bands.filter("bandpass", f=band_hz, t="h", w=_HUM_WIDTH_HZ, c=name)
    return _levels(treble, CHANNEL_LEVELS), _levels(bands, BAND_LEVELS)


def _windows(stream: Stream, rate_hz: int) -> Stream:
    return stream.filter("asetnsamples", n=int(rate_hz * WINDOW_S), p=0)


def _levels(stream: Stream, name: str) -> Stream:
    kept = {"measure_perchannel": "RMS_level", "measure_overall": "none"}
    return stream.filter("astats", metadata=1, reset=1, **kept).filter("ametadata", "print", file=name)


def _limited(stream: Stream, audio: AudioPolicy) -> Stream:
    return stream.filter("alimiter", limit=audio.limiter_ceiling, attack=3, release=60, level=0)


def _audio_output(
    stream: Stream,
    step: AudioStep,
    gains: tuple[Gain, _Fade | None],
    tags: Sequence[tuple[str, str]],
    pre_roll_s: Fraction,
) -> Stream:
    audio, (gain, fade) = step.audio, gains
    stream = _prepared_audio(stream, step.channels, audio, gain, fade)
    # Damage may reach over the end of a stretch; the next one goes on where this one was planned to end.
    end_s = step.filled_until_s if step.range.length_s is None else _heard_until_s(step)
    if end_s is not None:
        stream = stream.filter("apad", whole_dur=decimal(end_s - step.range.start_s + pre_roll_s))
    if fade is not None:
        stream = stream.filter("volume", fade.volume(fade.before.gain_db, gain.gain_db), eval="frame")
    else:
        stream = stream.filter("volume", f"{gain.gain_db:.2f}dB")
    # Twice the rate, so that the limiter also sees peaks between samples.
    stream = stream.filter("aresample", 2 * audio.sample_rate_hz)
    stream = _limited(stream, audio).filter("aresample", audio.sample_rate_hz)
    options: dict[str, Any] = {
        "c:a": "aac",
        "b:a": audio.bitrate_bps,
        "aac_coder": audio.coder,
        "cutoff": audio.cutoff_hz,
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
    else:
        # As given, the first frame's time would be negative, and the edit that allows for it is written only without.
        options["hls_segment_options"] = "movflags=+use_metadata_tags"
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
