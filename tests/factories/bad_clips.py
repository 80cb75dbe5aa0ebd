"""Files that are no lectures and must be refused: torn, disguised, or leading to other files.

`bad(shelf, name)` returns the path of one of BAD_SOURCES. Not here: odd but honest sources (`odd_clips.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.factories.clips import X264

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.factories.clips import ClipShelf


def bad(shelf: ClipShelf, name: str) -> Path:
    """Return one of BAD_SOURCES as a file."""
    return shelf._once(f"bad-{name}", lambda target: target.write_bytes(BAD_SOURCES[name](shelf)))


def _index_lost(shelf: ClipShelf) -> bytes:
    """An MP4 that was never finished: the index at its end is missing."""
    data = shelf.moving().read_bytes()
    return data[: data.rindex(b"moov") - 4]


def _index_cut(shelf: ClipShelf) -> bytes:
    """An MP4 cut off inside its index."""
    data = shelf.moving().read_bytes()
    return data[: data.rindex(b"moov") + 300]


def _other_file_named(shelf: ClipShelf) -> bytes:
    """An MP4 whose data reference names another file instead of itself."""
    data = bytearray(shelf.moving().read_bytes())
    place = b"file:///etc/passwd\0"
    at = data.index(b"url \0\0\0\1", data.rindex(b"moov"))
    data[at + 4 : at + 8] = b"\0\0\0\0"
    data[at + 8 : at + 8] = place
    # Every box around it grows; the index lies at the end, so the offsets of the media stay.
    kinds = [b"url ", b"dref", b"dinf", b"minf", b"mdia", b"trak", b"moov"]
    for kind in kinds:
        start = data.rindex(kind, 0, at + 4) - 4
        data[start : start + 4] = (int.from_bytes(data[start : start + 4], "big") + len(place)).to_bytes(4, "big")
    return bytes(data)


def _goes_on_elsewhere(shelf: ClipShelf) -> bytes:
    """A Matroska file that says its next part is another file."""
    target = shelf._once("linked.mkv", lambda path: shelf._ffmpeg("-i", shelf.moving(), "-c", "copy", path))
    data = target.read_bytes()
    at = data.index(b"\x73\xa4\x90")
    return data[:at] + b"\x3e\xb9\x23\x8f" + data[at + 3 : at + 18] + data[at + 19 :]


def _huge_picture(shelf: ClipShelf) -> bytes:
    """Some kilobytes that unfold to pictures of 10000 by 10000."""
    coding = ("-frames:v", 2, "-c:v", "png", "-pix_fmt", "gray")
    return shelf._lavfi("huge.mkv", "color=c=gray:s=10000x10000:r=1:d=2", None, *coding).read_bytes()


def _endless_claim(shelf: ClipShelf) -> bytes:
    """Some kilobytes that say of themselves to be thirteen hours: one sample a second."""
    data = bytearray(shelf._lavfi("claim.wav", None, "sine=d=6:r=8000", "-c:a", "pcm_s16le").read_bytes())
    rate = data.index(b"fmt ") + 12
    data[rate : rate + 8] = (1).to_bytes(4, "little") + (2).to_bytes(4, "little")
    return bytes(data)


def _many_frames(shelf: ClipShelf) -> bytes:
    """A short file that says it shows a thousand pictures a second."""
    data = bytearray(shelf._lavfi("rate.avi", "testsrc2=s=64x48:r=25:d=60", None, "-c:v", "mpeg4").read_bytes())
    header = data.index(b"strh") + 8
    data[header + 20 : header + 28] = (1).to_bytes(4, "little") + (1000).to_bytes(4, "little")
    return bytes(data)


def _many_streams(shelf: ClipShelf) -> bytes:
    """A transport stream with more sounds than any lecture has."""
    sounds = [word for _ in range(40) for word in ("-map", "0:a")]
    given = ("-f", "lavfi", "-i", "sine=d=2:r=8000", *sounds, "-c:a", "mp2", "-ar", 16000, "-b:a", "8k", "-f", "mpegts")
    return shelf._once("streams.ts", lambda target: shelf._ffmpeg(*given, target)).read_bytes()


def _twice(shelf: ClipShelf, name: str, *coding: object) -> bytes:
    """Two recordings put one after the other by copying their bytes."""
    data = shelf._lavfi(name, "testsrc2=s=160x120:r=25:d=6", "sine=d=6", *coding).read_bytes()
    # A second header of FLV would be noise; recorders that go on writing leave it out.
    return data + (data[13:] if data.startswith(b"FLV") else data)


def _runs_back(shelf: ClipShelf) -> bytes:
    """A Matroska file in which a late cluster says that it begins at the start."""
    coding = (*X264, "-g", 25, "-cluster_time_limit", 1000, "-c:a", "aac")
    data = bytearray(shelf._lavfi("clusters.mkv", "testsrc2=s=160x120:r=25:d=12", "sine=d=12", *coding).read_bytes())
    at = 0
    for _ in range(6):
        at = data.index(b"\x1f\x43\xb6\x75", at + 1)
    at = data.index(b"\xe7", at) + 1
    length = data[at] & 0x7F
    data[at + 1 : at + 1 + length] = bytes(length)
    return bytes(data)


BAD_SOURCES: dict[str, Callable[[ClipShelf], bytes]] = {
    "empty.mp4": lambda _: b"",
    "text.mp4": lambda _: "这不是视频，这是一份讲稿。\n".encode() * 200,
    "noise.mp4": lambda _: bytes((index * index * 31 + index // 7) % 256 for index in range(60_000)),
    "picture.mp4": lambda shelf: shelf.picture().read_bytes(),
    "index-lost.mp4": _index_lost,
    "index-cut.mp4": _index_cut,
    "hls.mp4": lambda shelf: (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n{shelf.moving()}\n#EXT-X-ENDLIST\n".encode()
    ),
    "concat.mp4": lambda shelf: f"ffconcat version 1.0\nfile '{shelf.moving()}'\n".encode(),
    "asx.mp4": lambda _: b'<ASX version="3.0"><Entry><Ref href="http://example.org/a.wmv"/></Entry></ASX>',
    "reference.mp4": lambda _: b"[Reference]\r\nRef1=http://example.org/a.wmv\r\n",
    "session.mp4": lambda _: b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=video 5004 RTP/AVP 96\r\n",
    "script.mp4": lambda shelf: f'LoadPlugin("x.dll")\nDirectShowSource("{shelf.moving()}")\n'.encode(),
    "addresses.mp4": lambda _: b"http://example.org/lecture.mp4\n",
    "drawing.mp4": lambda _: (
        b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'><image href='a.png'/></svg>"
    ),
    "other-file-named.mp4": _other_file_named,
    "goes-on-elsewhere.mkv": _goes_on_elsewhere,
    "huge-picture.mkv": _huge_picture,
    "endless-claim.wav": _endless_claim,
    "many-frames.avi": _many_frames,
    "many-streams.ts": _many_streams,
    "twice.mp4": lambda shelf: _twice(shelf, "once.mp4", *X264, "-c:a", "aac"),
    "twice-fragmented.mp4": lambda shelf: _twice(
        shelf, "fragments.mp4", *X264, "-g", 25, "-c:a", "aac", "-movflags", "+frag_keyframe+empty_moov"
    ),
    "twice.mkv": lambda shelf: _twice(shelf, "once.mkv", *X264, "-c:a", "aac"),
    "twice.webm": lambda shelf: _twice(
        shelf, "once.webm", "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", 8, "-c:a", "libopus", "-live", 1
    ),
    "twice.flv": lambda shelf: _twice(shelf, "once.flv", *X264, "-c:a", "aac"),
    "runs-back.mkv": _runs_back,
    "dash.mp4": lambda shelf: f"<?xml version='1.0'?><MPD><BaseURL>file:{shelf.moving()}</BaseURL></MPD>".encode(),
}
