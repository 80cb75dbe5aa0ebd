"""What published HLS media really are, read without the pipeline: PyAV for streams, a few bytes of boxes for clocks."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from math import ceil
from pathlib import Path

import av
import m3u8


@dataclass(frozen=True)
class Piece:
    """One media segment; `clock_s` is its decode time on the track's clock, key frames count from the track's start."""

    path: Path
    size_bytes: int
    duration_s: Fraction
    clock_s: Fraction
    frames: int
    keyframes_s: tuple[Fraction, ...]
    begins_with_idr: bool


@dataclass(frozen=True)
class Described:
    """What an init segment says, as a decoder understands it."""

    kind: str
    codecs: str
    width_px: int
    height_px: int
    channels: int
    timescale: int


@dataclass(frozen=True)
class Listed:
    """A media manifest and what it lists."""

    path: Path
    text: str
    manifest: m3u8.M3U8
    pieces: tuple[Piece, ...]
    described: tuple[Described, ...]

    @property
    def is_whole(self) -> bool:
        return bool(self.manifest.is_endlist)

    @property
    def duration_s(self) -> Fraction:
        return sum((piece.duration_s for piece in self.pieces), Fraction(0))

    @property
    def starts_s(self) -> list[Fraction]:
        return list(accumulate((piece.duration_s for piece in self.pieces), initial=Fraction(0)))[:-1]

    @property
    def average_bps(self) -> int:
        return ceil(8 * sum(piece.size_bytes for piece in self.pieces) / self.duration_s)

    def peak_bps(self) -> Fraction:
        """Return the largest rate of neighbouring segments, together 0.5 to 1.5 target durations (RFC 8216, 4.1)."""
        target_s = self.manifest.target_duration
        rates = []
        for first in range(len(self.pieces)):
            for last in range(first, len(self.pieces)):
                run = self.pieces[first : last + 1]
                length_s = sum((piece.duration_s for piece in run), Fraction(0))
                if length_s * 2 > 3 * target_s:
                    break
                if length_s * 2 >= target_s:
                    rates.append(8 * sum(piece.size_bytes for piece in run) / length_s)
        return max(rates, default=Fraction(self.average_bps))


def read_listed(path: Path) -> Listed:
    """Read a media manifest and measure everything it lists."""
    text = path.read_text(encoding="utf-8")
    manifest = m3u8.loads(text)
    inits = [path.parent / segment.init_section.uri for segment in manifest.segments]
    pieces = tuple(
        read_piece(init.resolve(), (path.parent / segment.uri).resolve())
        for init, segment in zip(inits, manifest.segments, strict=True)
    )
    described = tuple(
        describe(init.resolve(), pieces[inits.index(init)].path) for init in sorted(set(inits), key=inits.index)
    )
    return Listed(path, text, manifest, pieces, described)


@lru_cache(maxsize=4096)
def read_piece(init: Path, path: Path) -> Piece:
    """Measure one media segment behind its init segment."""
    data, head = path.read_bytes(), init.read_bytes()
    timescale = _timescale(head)
    (tfdt, *_) = _contents(data, b"moof", b"traf", b"tfdt")
    ticks = struct.unpack_from(">Q" if tfdt[0] else ">I", tfdt, 4)[0]
    with av.open(io.BytesIO(head + data), format="mp4") as container:
        stream = container.streams[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        base = stream.time_base
        # Where pictures are shown, from the first segment's decode time on: the same shift in every rung of a set.
        keys = sorted(packet.pts * base for packet in packets if packet.is_keyframe and packet.pts is not None)
        first = bytes(packets[0])
        is_video = stream.type == "video"
        length_s = sum((packet.duration for packet in packets), 0) * base
    return Piece(
        path, len(data), length_s, Fraction(ticks, timescale), len(packets), tuple(keys) if is_video else (),
        _is_idr(first) if is_video else True,
    )  # fmt: skip


@lru_cache(maxsize=256)
def describe(init: Path, path: Path) -> Described:
    """Let a decoder read an init segment; it needs a media segment behind it."""
    head = init.read_bytes()
    with av.open(io.BytesIO(head + path.read_bytes()), format="mp4") as container:
        (stream,) = container.streams
        context, extra = stream.codec_context, bytes(stream.codec_context.extradata)
        if stream.type == "video":
            codecs = f"avc1.{extra[1:4].hex().upper()}"
            return Described("video", codecs, context.width, context.height, 0, _timescale(head))
        codecs = f"mp4a.40.{extra[0] >> 3}"
        return Described("audio", codecs, 0, 0, context.layout.nb_channels, _timescale(head))


def kinds(data: bytes) -> list[bytes]:
    """Return the kinds of the outermost boxes, in order."""
    return [kind for kind, _ in _boxes(data)]


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        assert 8 <= size <= len(data) - at, f"box {kind!r} at {at} does not fit"
        yield kind, data[at + 8 : at + size]
        at += size


def _contents(data: bytes, *path: bytes) -> Iterator[bytes]:
    for kind, content in _boxes(data):
        if kind == path[0]:
            if len(path) == 1:
                yield content
            else:
                yield from _contents(content, *path[1:])


def _timescale(head: bytes) -> int:
    (header,) = _contents(head, b"moov", b"trak", b"mdia", b"mdhd")
    found: int = struct.unpack_from(">I", header, 20 if header[0] else 12)[0]
    return found


def _is_idr(packet: bytes) -> bool:
    """Return whether the first picture of an H.264 access unit is one that needs nothing before it (NAL type 5)."""
    at = 0
    while at + 5 <= len(packet):
        (size,) = struct.unpack_from(">I", packet, at)
        kind = packet[at + 4] & 0x1F
        if 1 <= kind <= 5:
            return kind == 5
        at += 4 + size
    return False
