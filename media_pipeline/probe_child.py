"""Run by path in a bounded process: opens one file with PyAV and prints what it is as one JSON line.

Self-contained (standard library, PyAV and its sisters), so that it starts fast and a hostile file meets nothing of
ours. It prints {"refused": code}, {"found": {...}} or, where a store does not give the file, {"unavailable": reason};
judging the found values is `probe.py`'s business. Usage: probe_child.py FILE|ADDRESS
"""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import sys
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

# Only true containers: no playlist, no image, no script that opens other files. Names as libavformat gives them.
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,avi,flv,asf,ogg,mp3,aac,wav,w64,flac,amr,caf,aiff,rm,mxf,dv,gxf,"
    "nut,live_flv,h264,hevc,mpegvideo,ac3,eac3,dts,ape,wv,tta,m4v"
)
# Larger pictures are not even tried out: one frame of them would fill the memory of the probing.
MOST_PIXELS = 8192 * 8192
DECODE_FRAMES = 12
KEPT_RIGHTS = ("copyright", "license", "publisher")
TAG_CHARACTERS = 4096
TRANSFERS = {16: "pq", 18: "hlg"}  # AVCOL_TRC_SMPTE2084, AVCOL_TRC_ARIB_STD_B67

# What is loaded late and not worth a second description: PyAV's module, containers, streams; modules beside this one.
_Av: TypeAlias = Any
_Source: TypeAlias = Any  # a path, or the `StoredFile` of `probe_address.py`, which opens alike


class RefusedError(Exception):
    """The file is refused for a reason with a code."""


def main(place: str) -> None:
    """Print what the file is."""
    try:
        found = examine(place)
    except RefusedError as refusal:
        leave({"refused": str(refusal)})
    leave({"found": found})


def leave(answer: dict[str, Any]) -> NoReturn:
    """Print the answer and end at once: tearing down decoders of broken files is where crashes hide."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
    os._exit(0)


def examine(place: str) -> dict[str, Any]:
    """Return the facts of a file; raises RefusedError."""
    source: _Source = Path(place)
    if place.startswith(("http://", "https://")):
        # A store that stops answering says nothing about the file: no reader above may take it for a damaged one.
        source = load_sister("probe_address").StoredFile(place, lambda reason: leave({"unavailable": reason}))
    size_bytes = source.stat().st_size if isinstance(source, Path) else source.size_bytes
    if size_bytes == 0:
        raise RefusedError("empty_file")
    with source.open("rb") as file:
        head = file.read(4096)
    code = load_sister("probe_signatures").refused_by_signature(head)
    if code is not None:
        raise RefusedError(code)
    structure = load_sister("probe_boxes").look_at(source, size_bytes, head)
    if structure.leads_elsewhere:
        raise RefusedError("parts_elsewhere")
    if not structure.has_index:
        raise RefusedError("incomplete")
    if structure.runs_back:
        raise RefusedError("clock_runs_back")
    return read_container(source, size_bytes, is_cut=structure.is_cut)


def read_container(source: _Source, size_bytes: int, *, is_cut: bool) -> dict[str, Any]:
    """Open, list and try out the streams."""
    import av  # noqa: PLC0415 - signatures are judged before the library is even loaded

    av.logging.set_level(None)
    reopen = partial(open_container, av, source)
    try:
        container = reopen()
    except (av.FFmpegError, ValueError) as error:
        raise RefusedError("not_media") from error
    with container:
        video = pick_video(container)
        audio = next(iter(rank_audio(container)), None)
        if video is None and audio is None:
            raise RefusedError("no_playable_stream")
        facts: dict[str, Any] = {
            "container": container.format.name,
            "size_bytes": size_bytes,
            "streams": len(container.streams),
            "has_cover": any(is_cover(stream) for stream in container.streams.video),
            "tags": read_tags(container),
            "video": describe_video(video) if video is not None else None,
            "audio": describe_audio(audio) if audio is not None else None,
            "audio_tracks": len(container.streams.audio),
            **load_sister("probe_extras").describe(container, load_sister("probe_timing").start_of(av, container)),
        }
        try:
            audio = try_out(av, container, reopen, facts)
            timing = load_sister("probe_timing").measure(av, reopen, video, audio, is_cut=is_cut)
            facts["timing"] = dataclasses.asdict(timing)
            if timing.runs_back:
                raise RefusedError("clock_runs_back")
            if video is not None:
                facts["video"]["ready"] = load_sister("probe_ready").look_at(av, source, container, video)
        except (av.FFmpegError, EOFError, ValueError) as error:
            raise RefusedError("undecodable") from error
        if video is not None:
            sample_scene = load_sister("scene_child").sample_scene
            facts["video"]["scene"] = sample_scene(av, reopen, video, facts["timing"]["duration_s"], size_bytes)
    return facts


def open_container(av: _Av, source: _Source) -> _Av:
    """Open the file; doing so again is the only way back to its start that every format knows."""
    is_here = isinstance(source, Path)
    # A stored file is read by us: the library needs no protocol at all.
    options = {"format_whitelist": FORMATS, "protocol_whitelist": "file" if is_here else "none"}
    return av.open(str(source) if is_here else source.open("rb"), options=options, metadata_errors="replace")


def load_sister(name: str) -> _Av:
    """Load a file beside this one, without opening the way to all the others: their names shadow the library's."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    if spec is None or spec.loader is None:  # pragma: no cover - a file with this ending always has a loader
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look for the module of their annotations
    spec.loader.exec_module(module)
    return module


def is_cover(stream: _Av) -> bool:
    """Return whether a video stream is the still picture of a sound file."""
    return bool(int(stream.disposition) & 0x400)


def pick_video(container: _Av) -> _Av:
    """Return the largest real picture stream that has a decoder."""
    streams = [stream for stream in container.streams.video if not is_cover(stream) and has_decoder(stream)]
    still = ("mjpeg", "png", "gif", "webp", "bmp", "tiff")
    if container.streams.audio:
        # A cover picture whose writer forgot to mark it: one frame of a picture codec beside sound.
        streams = [stream for stream in streams if not (stream.codec_context.name in still and 0 < stream.frames <= 1)]
    return max(streams, key=lambda stream: stream.codec_context.width * stream.codec_context.height, default=None)


def rank_audio(container: _Av) -> list[_Av]:
    """Return the sound streams in the order in which they are wanted."""
    streams = [stream for stream in container.streams.audio if has_decoder(stream)]
    defaults = [stream for stream in streams if int(stream.disposition) & 1]
    # Some writers mark every stream: that says nothing.
    first = defaults[:1] if len(defaults) < len(streams) else streams[:1]
    return [*first, *(stream for stream in streams if stream not in first)]


def has_decoder(stream: _Av) -> bool:
    """Return whether this stream can be decoded at all."""
    try:
        return stream.codec_context is not None and bool(stream.codec_context.name)
    except (ValueError, AttributeError):
        return False


def read_tags(container: _Av) -> dict[str, str]:
    """Return the AI-content label and the rights of the file, wherever the writer put them."""
    found: dict[str, str] = {}
    for metadata in (container.metadata, *(stream.metadata for stream in container.streams)):
        for key, value in metadata.items():
            name = key.strip().lower()
            text = "".join(letter for letter in value[:TAG_CHARACTERS] if letter >= " " or letter in "\n\t").strip()
            if name == "aigc" or name.endswith((".aigc", ":aigc")) or text.startswith('{"AIGC"'):
                found.setdefault("AIGC", text)
            elif name in KEPT_RIGHTS and text:
                found.setdefault(name, text)
    return found


def describe_video(stream: _Av) -> dict[str, Any]:
    """Return what the headers say of the picture."""
    context = stream.codec_context
    pixel_format = context.format
    rates = [stream.average_rate, stream.guessed_rate, stream.base_rate]
    return {
        "stream_index": stream.index,
        "codec": context.name,
        "width_px": context.width,
        "height_px": context.height,
        "sample_aspect": str(Fraction(stream.sample_aspect_ratio or 1)),
        "rates": [str(Fraction(rate)) for rate in rates if rate],
        "pixel_format": pixel_format.name if pixel_format is not None else "",
        "bit_depth": pixel_format.components[0].bits if pixel_format is not None else 8,
        "rotation_deg": 0,
        "is_interlaced": False,
        "transfer": "sdr",
        "ready": None,
        "is_mirrored": False,
        "color_codes": None,
    }


def describe_audio(stream: _Av) -> dict[str, Any]:
    """Return what the headers say of the sound."""
    context = stream.codec_context
    return {
        "stream_index": stream.index,
        "codec": context.name,
        "sample_rate_hz": context.sample_rate or 0,
        "channels": context.channels or 0,
    }


def try_out(av: _Av, container: _Av, reopen: Callable[[], _Av], facts: dict[str, Any]) -> _Av:
    """Decode a few frames: proves that the streams are what they say, and shows rotation and interlacing.

    Returns the sound stream that really has sound, or None; changes `facts` to what was seen.
    """
    if facts["video"] is not None:
        try_out_video(av, container, container.streams[facts["video"]["stream_index"]], facts["video"])
    # A sound track without a single sample, as some screen recorders write: another one may have some.
    for stream in rank_audio(container):
        with reopen() as again:
            frame = next(decoded(av, again, again.streams[stream.index]), None)
        if frame is not None:
            facts["audio"] = describe_audio(stream)
            facts["audio"]["channels"] = len(frame.layout.channels)
            facts["audio"]["sample_rate_hz"] = frame.sample_rate
            return stream
    facts["audio"] = None
    if facts["video"] is None:
        raise RefusedError("undecodable")
    return None


def try_out_video(av: _Av, container: _Av, video: _Av, facts: dict[str, Any]) -> None:
    """Decode the first frames of the picture and take over what they say of themselves."""
    if facts["width_px"] * facts["height_px"] > MOST_PIXELS:
        raise RefusedError("too_large_picture")
    seen, looks = 0, load_sister("probe_frame")
    for frame in decoded(av, container, video):
        seen += 1
        facts["rotation_deg"] = int(frame.rotation) % 360
        facts["is_interlaced"] |= bool(frame.interlaced_frame)
        facts["is_mirrored"] = looks.is_mirrored(frame)
        facts["transfer"] = TRANSFERS.get(int(frame.color_trc), facts["transfer"])
        # Of the first: an encoder writes those into its header.
        facts["color_codes"] = facts["color_codes"] or looks.color_codes(frame)
        facts["width_px"], facts["height_px"] = frame.width, frame.height
        facts["pixel_format"] = frame.format.name
        facts["bit_depth"] = frame.format.components[0].bits
        if seen >= DECODE_FRAMES:
            return
    if not seen:
        raise RefusedError("undecodable")


def decoded(av: _Av, container: _Av, stream: _Av) -> _Av:
    """Yield frames of one stream, stepping over damaged packets; gives up after many."""
    stream.codec_context.thread_count = 1
    damaged = 0
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.FFmpegError:
            damaged += 1
            if damaged > 300:
                return


if __name__ == "__main__":
    main(sys.argv[1])
