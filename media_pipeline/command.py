"""From a step to ffmpeg's arguments; beside `analysis_command.py` the only module that knows ffmpeg-python.

Pure; golden files in the tests hold every argument.

Every output path is relative: the process runs inside its attempt folder. Not here: starting anything (`runner.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

import ffmpeg

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .ladder import AudioPolicy
    from .plan import AudioStep, LoudnessStep, PackageStep, VideoStep
    from .types import Ladder, Rung, Tools

SEGMENT_PATTERN = "%05d.m4s"
INIT_NAME = "init.mp4"
AUDIO_NAME = "audio"
POSTER_FOLDER = "poster"
STORYBOARD_FOLDER = "storyboard"
JOINED_FOLDER = "joined"
M4A_NAME = "audio.m4a"

# Rumble off, a gentle compressor for wandering voices, presence for consonants on a phone speaker.
_SPEECH: tuple[tuple[str, dict[str, Any]], ...] = (
    ("highpass", {"f": 90}),
    ("acompressor", {"threshold": "-30dB", "ratio": 3, "attack": 8, "release": 180, "makeup": 1, "knee": 6}),
    ("equalizer", {"f": 3000, "t": "q", "w": 1, "g": 3}),
)


# ffmpeg-python knows an option only once for each output; `_compile` takes several tags apart again. Probing lets no
# control characters into tags.
_BETWEEN_TAGS = "\x1e"
# A node or stream of ffmpeg-python, which has no types.
_Stream: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Gain:
    """What the loudness step decided: a lift before the speech filters, and the final gain after them."""

    lift_db: float = 0.0
    gain_db: float = 0.0


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The input of a command: where it lies and the one container format it may be opened as."""

    path: Path
    container: str
    tags: tuple[tuple[str, str], ...] = ()


def measure_argv(
    tools: Tools, source: SourceFile, step: LoudnessStep, gain: Gain, *, is_limited: bool = False
) -> list[str]:
    """Return the command that decodes only the sound and prints its loudness after the speech filters.

    With `is_limited` it measures behind final gain and limiter, at half the encode's limiter rate: peaks
    between samples decide over clipping, not over loudness.
    """
    stream = _prepared_audio(_input(source)[str(step.stream_index)], step.channels, step.audio, gain.lift_db)
    if is_limited:
        stream = _limited(stream.filter("volume", f"{gain.gain_db:.2f}dB"), step.audio)
    stream = stream.filter("ebur128", framelog="verbose", peak="sample")
    return [*_globals(tools, "info"), *_compile(ffmpeg.output(stream, "-", format="null"))]


def encode_argv(
    tools: Tools, source: SourceFile, *, video: VideoStep | None, audio: AudioStep | None, gain: Gain
) -> list[str]:
    """Return one command with one decode that writes every rung, the sound, and the stills of a step."""
    reader = _input(source, video)
    outputs: list[_Stream] = []
    if video is not None:
        outputs += _video_outputs(reader[str(video.stream_index)], video, source.tags)
    if audio is not None:
        outputs.append(_audio_output(reader[str(audio.stream_index)], audio, gain, source.tags))
    return [*_globals(tools, "error"), *_compile(ffmpeg.merge_outputs(*outputs))]


def output_folders(video: VideoStep | None, audio: AudioStep | None) -> list[str]:
    """Return the folders `encode_argv` writes into; ffmpeg makes none."""
    rungs = [rung.name for rung in video.ladder.rungs] if video is not None else []
    stills = [POSTER_FOLDER, STORYBOARD_FOLDER] if video is not None else []
    return [*rungs, *stills, *([AUDIO_NAME] if audio is not None else [])]


def package_argv(tools: Tools, step: PackageStep, tags: Sequence[tuple[str, str]]) -> list[str]:
    """Return the command that remuxes joined fragments into a faststart MP4 and an M4A."""
    # Both inputs are our own files: nothing but fragmented MP4 is believed.
    picture, sound = (
        ffmpeg.input(f"{JOINED_FOLDER}/{name}.mp4", protocol_whitelist="file,pipe", format_whitelist="mov")
        if name is not None
        else None
        for name in (step.video_name, AUDIO_NAME if step.has_audio else None)
    )
    shared = {"c": "copy", "movflags": "+faststart+use_metadata_tags", **_clean(tags)}
    outputs: list[_Stream] = []
    if picture is not None:
        streams = [picture["v:0"], *([sound["a:0"]] if sound is not None else [])]
        outputs.append(ffmpeg.output(*streams, mp4_name(step.video_name or ""), format="mp4", **shared))
    if sound is not None:
        outputs.append(ffmpeg.output(sound["a:0"], M4A_NAME, format="ipod", **shared))
    # Without -copyts old versions move each input to zero; the sound, whose first frame lies before it, would be late.
    return [*_globals(tools, "error"), "-copyts", *_compile(ffmpeg.merge_outputs(*outputs))]


def mp4_name(video_name: str) -> str:
    """Return the name of the plain MP4 made from a rung."""
    return f"{video_name}.mp4"


def _globals(tools: Tools, level: str) -> list[str]:
    # In front, because ffmpeg-python puts global arguments after the last output, where ffmpeg warns about them.
    words = "-hide_banner -nostdin -y -nostats -stats_period 0.5 -progress pipe:1 -v"
    return [str(tools.ffmpeg), *words.split(), level]


def _compile(spec: _Stream) -> list[str]:
    argv: list[str] = []
    for word in (str(word) for word in ffmpeg.get_args(spec)):
        if argv and argv[-1] == "-metadata":
            first, *others = word.split(_BETWEEN_TAGS)
            argv += [first, *(each for tag in others for each in ("-metadata", tag))]
        else:
            argv.append(word)
    return argv


def _input(source: SourceFile, video: VideoStep | None = None) -> _Stream:
    options: dict[str, Any] = {"protocol_whitelist": "file,pipe", "format_whitelist": source.container}
    if video is not None and not video.range.is_whole:
        options["ss"] = _decimal(video.range.start_s)
        if video.range.length_s is not None:
            options["t"] = _decimal(video.range.length_s)
    return ffmpeg.input(f"file:{source.path}", **options)


def _clean(tags: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Drop the source's metadata except the labels that must survive; no writer name: equal input gives equal bytes."""
    options: dict[str, Any] = {"map_metadata": -1, "map_chapters": -1, "fflags": "+bitexact"}
    if tags:
        options["metadata"] = _BETWEEN_TAGS.join(f"{key}={value}" for key, value in tags)
    return options


def _video_outputs(stream: _Stream, step: VideoStep, tags: Sequence[tuple[str, str]]) -> list[_Stream]:
    """Build the cascade: the largest rung is scaled from the source, each smaller one from the next larger."""
    if step.is_interlaced:
        stream = stream.filter("bwdif", mode="send_frame", deint="interlaced")
    stream = stream.filter("fps", fps=_rate(step.ladder.frame_rate), start_time=0)
    outputs: list[_Stream] = []
    still_sources = _still_sources(step)
    for rung in reversed(step.ladder.rungs):
        stream = _scaled(stream, rung.width_px, rung.height_px, rung.scaler).filter("format", "yuv420p")
        takers = still_sources.get(rung.name, [])
        has_next = rung is not step.ladder.rungs[0]
        branches = _split(stream, 1 + has_next + len(takers))
        outputs.append(_rung_output(branches.pop(0), rung, step, tags))
        outputs += [_still_output(branches.pop(0), step, folder) for folder in takers]
        if has_next:
            stream = branches.pop(0)
    return outputs


def _still_sources(step: VideoStep) -> dict[str, list[str]]:
    """Return for each rung the stills that are taken from its picture: the smallest that is large enough."""
    found: dict[str, list[str]] = {}
    for folder, target in ((POSTER_FOLDER, step.poster), (STORYBOARD_FOLDER, step.storyboard)):
        if target is not None:
            side = min(target.width_px, target.height_px)
            rungs = step.ladder.rungs
            rung = next((rung for rung in rungs if rung.short_side_px >= side), rungs[-1])
            found.setdefault(rung.name, []).append(folder)
    return found


def _split(stream: _Stream, count: int) -> list[_Stream]:
    if count == 1:
        return [stream]
    node = stream.filter_multi_output("split", count)
    return [node[index] for index in range(count)]


def _scaled(stream: _Stream, width_px: int, height_px: int, scaler: str) -> _Stream:
    return stream.filter("scale", width_px, height_px, flags=scaler).filter("setsar", 1)


def _rung_output(stream: _Stream, rung: Rung, step: VideoStep, tags: Sequence[tuple[str, str]]) -> _Stream:
    ladder = step.ladder
    options: dict[str, Any] = {
        "c:v": "libx264",
        "preset": rung.preset,
        "profile:v": "high",
        "crf": f"{rung.crf:g}",
        "maxrate": rung.max_bitrate_bps,
        "bufsize": 2 * rung.max_bitrate_bps,
        "threads": step.encoder_threads,
        "fps_mode": "passthrough",
        # Key frames exactly on the segment grid in every rung. The encoder's own scene cuts stay cheap intra
        # frames: a key frame closer than keyint_min to the last one is refused, and x264 wants keyint_min at
        # most half of g.
        "force_key_frames": f"expr:not(mod(n,{ladder.frames_per_segment}))",
        "keyint_min": ladder.frames_per_segment,
        "g": 2 * ladder.frames_per_segment,
        # Decode times may be negative at the very start instead of shifting all times: pieces made apart then
        # join without a gap.
        "avoid_negative_ts": "disabled",
        **_hls(rung.name, ladder, "frag_discont", step.range.first_segment),
        **_clean(tags),
    }
    if not step.range.is_whole:
        options["output_ts_offset"] = _decimal(step.range.start_s)
    return ffmpeg.output(stream, f"{rung.name}/ffmpeg.m3u8", **options)


def _hls(name: str, grid: Ladder | Fraction, flags: str, first_segment: int = 0) -> dict[str, Any]:
    segment_s = grid if isinstance(grid, Fraction) else grid.segment_s
    return {
        "format": "hls",
        "hls_time": _decimal(segment_s),
        "hls_list_size": 0,
        "hls_playlist_type": "vod",
        "hls_segment_type": "fmp4",
        "hls_flags": "independent_segments",
        "hls_fmp4_init_filename": INIT_NAME,
        "hls_segment_filename": f"{name}/{SEGMENT_PATTERN}",
        "hls_segment_options": "movflags=" + "".join(f"+{flag}" for flag in (flags, "use_metadata_tags") if flag),
        "start_number": first_segment,
    }


def _still_output(stream: _Stream, step: VideoStep, folder: str) -> _Stream:
    if folder == POSTER_FOLDER and step.poster is not None:
        poster = step.poster
        stream = stream.filter("fps", fps=_rate(poster.rate))
        stream = _scaled(stream, poster.width_px, poster.height_px, "bicubic").filter("thumbnail", 3)
    elif step.storyboard is not None:
        story = step.storyboard
        stream = stream.filter("fps", fps=f"1/{story.policy.interval_s}", start_time=0)
        stream = _scaled(stream, story.width_px, story.height_px, "area")
    stream = stream.filter("scale", out_range="pc").filter("format", "yuvj420p")
    options: dict[str, Any] = {"c:v": "mjpeg", "q:v": 2, "fps_mode": "passthrough", "format": "image2"}
    # One thread: frame threads would cost the start of another few encoders for a handful of pictures.
    return ffmpeg.output(stream, f"{folder}/%05d.jpg", threads=1, map_metadata=-1, **options)


def _prepared_audio(stream: _Stream, channels: int, audio: AudioPolicy, lift_db: float) -> _Stream:
    """Give the sound one clock and one layout, fill holes with silence, then make speech clear."""
    stream = stream.filter("aresample", audio.sample_rate_hz, first_pts=0, **{"async": 1})
    stream = stream.filter("aformat", channel_layouts="mono" if channels == 1 else "stereo")
    if lift_db:
        stream = stream.filter("volume", f"{lift_db:.2f}dB")
    for name, options in _SPEECH if audio.is_speech else ():
        stream = stream.filter(name, **options)
    return stream


def _limited(stream: _Stream, audio: AudioPolicy) -> _Stream:
    return stream.filter("alimiter", limit=audio.limiter_ceiling, attack=3, release=60, level=0)


def _audio_output(stream: _Stream, step: AudioStep, gain: Gain, tags: Sequence[tuple[str, str]]) -> _Stream:
    audio = step.audio
    stream = _prepared_audio(stream, step.channels, audio, gain.lift_db)
    stream = stream.filter("volume", f"{gain.gain_db:.2f}dB")
    # Twice the rate, so that the limiter also sees peaks between samples.
    stream = stream.filter("aresample", 2 * audio.sample_rate_hz)
    stream = _limited(stream, audio).filter("aresample", audio.sample_rate_hz)
    options: dict[str, Any] = {
        "c:a": "aac",
        "b:a": audio.bitrate_bps,
        # The encoder's first frame is silence before zero: kept there by an edit, not moved in front of the sound.
        "avoid_negative_ts": "disabled",
        **_hls(AUDIO_NAME, step.segment_s, ""),
    }
    return ffmpeg.output(stream, f"{AUDIO_NAME}/ffmpeg.m3u8", **options, **_clean(tags))


def _rate(rate: Fraction) -> str:
    return f"{rate.numerator}/{rate.denominator}"


def _decimal(seconds: Fraction) -> str:
    """Write seconds with the microseconds ffmpeg counts in, rounded down: a grid never runs ahead of its frames."""
    micros = int(seconds * 1_000_000)
    return f"{micros // 1_000_000}.{micros % 1_000_000:06d}".rstrip("0").rstrip(".")
