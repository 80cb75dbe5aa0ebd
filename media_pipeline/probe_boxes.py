"""Run inside the probing child: looks at the raw structure of MP4 and Matroska, before any library opens the file.

Tells whether an index is there, and whether the file leads to others. Self-contained, standard library only. Not here:
packets and their times (`probe_timing.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

# A path, or a stored file that opens alike.
_Source: TypeAlias = Any

_MP4_STARTS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
_MP4_FOLDERS = (b"moov", b"trak", b"mdia", b"minf", b"dinf")
_EBML_START = b"\x1a\x45\xdf\xa3"
_EBML_FOLDERS = {0x18538067, 0x1549A966, 0x1043A770, 0x45B9, 0xB6}  # Segment, Info, Chapters, edition, chapter
# PrevUID, NextUID and ChapterSegmentUID: the lecture goes on in a file that was not uploaded.
_EBML_LINKS = {0x3CB923, 0x3EB923, 0x6E67}
_EBML_SEGMENT, _EBML_CLUSTER, _EBML_TIME = 0x18538067, 0x1F43B675, 0xE7
_MAX_ENTRIES = 20_000
# Blocks of a recording whose clusters have no size: each must be stepped over.
_MAX_BLOCKS = 500_000
_MAX_DEPTH = 8


@dataclass(slots=True)
class Structure:
    """What the outermost structure says; `is_cut` means that it promises more bytes than there are."""

    has_index: bool = True
    is_cut: bool = False
    leads_elsewhere: bool = False
    #: Recordings put one after the other: players see the first alone, or their times mixed up.
    runs_back: bool = False
    seen: set[bytes] = field(default_factory=set)


def look_at(source: _Source, size_bytes: int, head: bytes) -> Structure:
    """Return the structure of an MP4, Matroska or RIFF file; of any other nothing is known."""
    found = Structure()
    with source.open("rb") as file:
        if head[4:8] in _MP4_STARTS:
            _look_at_boxes(file, size_bytes, found)
            # A cut inside the index leaves nothing to find frames by; a cut inside the media leaves what came before.
            found.has_index = b"moov" in found.seen or b"mdat" not in found.seen
        elif head.startswith(_EBML_START):
            found.leads_elsewhere = _links(file, 0, size_bytes, 0)
            found.runs_back = _clusters_run_back(file, size_bytes)
            found.is_cut = _is_segment_cut(file, size_bytes)
        elif head.startswith(b"RIFF"):
            found.is_cut = int.from_bytes(head[4:8], "little") + 8 > size_bytes
    return found


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and end of the content of each box; the end of a torn one lies beyond `end`."""
    offset = start
    for _ in range(_MAX_ENTRIES):
        if offset + 8 > end:
            return
        file.seek(offset)
        header = file.read(16)
        length, kind, content = int.from_bytes(header[:4], "big"), header[4:8], offset + 8
        if length == 1:
            length, content = int.from_bytes(header[8:16], "big"), offset + 16
        if length == 0:
            length = end - offset
        if length < content - offset:
            return
        yield kind, content, offset + length
        offset += length


def _look_at_boxes(file: BinaryIO, size_bytes: int, found: Structure) -> None:
    times: dict[bytes, int] = {}
    for kind, start, end in _boxes(file, 0, size_bytes):
        found.is_cut |= end > size_bytes
        if kind == b"moov" and end > size_bytes:
            continue
        found.runs_back |= kind == b"moov" and kind in found.seen
        found.seen.add(kind)
        if kind == b"moov":
            found.leads_elsewhere |= _refers(file, start, end)
        elif kind == b"moof":
            for track, ticks in _fragment_times(file, start, min(end, size_bytes)):
                found.runs_back |= ticks < times.get(track, ticks)
                times[track] = ticks


def _fragment_times(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int]]:
    """Yield each track of a fragment and when it begins there, in ticks (`tfhd`, `tfdt`)."""
    for kind, first, last in _boxes(file, start, end):
        track = b""
        for inner, content, _ in _boxes(file, first, min(last, end)) if kind == b"traf" else ():
            file.seek(content)
            data = file.read(12).ljust(12, b"\0")
            if inner == b"tfhd":
                track = data[4:8]
            elif inner == b"tfdt":
                # Times before zero are written as if they could be.
                yield track, int.from_bytes(data[4 : 12 if data[0] else 8], "big", signed=bool(data[0]))


def _refers(file: BinaryIO, start: int, end: int, depth: int = 0) -> bool:
    """Return whether an index takes media from another file (`dref`), or is only a list of other files (`rmra`)."""
    for kind, first, last in _boxes(file, start, end):
        if kind == b"rmra":
            return True
        if kind == b"dref":
            for _entry, content, entry_end in _boxes(file, first + 8, min(last, end)):
                file.seek(content)
                is_own_file = file.read(4)[3:4] == b"\x01"
                if not is_own_file and entry_end > content + 4:
                    return True
        elif kind in _MP4_FOLDERS and depth < _MAX_DEPTH and _refers(file, first, min(last, end), depth + 1):
            return True
    return False


def _elements(file: BinaryIO, start: int, end: int, most: int = _MAX_ENTRIES) -> Iterator[tuple[int, int, int]]:
    """Yield the number, start and end of the content of each Matroska element; of unknown size it ends at `end`."""
    offset = start
    for _ in range(most):
        if offset >= end:
            return
        file.seek(offset)
        head = file.read(12)
        id_length = _vint_length(head[:1])
        size_length = _vint_length(head[id_length : id_length + 1])
        if not 0 < id_length <= 4 or not size_length:
            return
        kind = int.from_bytes(head[:id_length], "big")
        mask = (1 << (7 * size_length)) - 1
        size = int.from_bytes(head[id_length : id_length + size_length], "big") & mask
        content = offset + id_length + size_length
        # All ones: the writer did not know the size yet, as recorders that stream.
        offset = end if size == mask else min(end, content + size)
        yield kind, content, offset


def _links(file: BinaryIO, start: int, end: int, depth: int) -> bool:
    """Return whether a Matroska file says that its other parts lie in other files."""
    return any(
        kind in _EBML_LINKS or (kind in _EBML_FOLDERS and depth < _MAX_DEPTH and _links(file, first, last, depth + 1))
        for kind, first, last in _elements(file, start, end)
    )


def _clusters_run_back(file: BinaryIO, size_bytes: int) -> bool:
    """Return whether a cluster of a Matroska file begins before one that lies in front of it."""
    latest, waiting = 0, [(0, size_bytes)]
    while waiting:
        start, end = waiting.pop()
        for kind, first, last in _elements(file, start, end, _MAX_BLOCKS):
            if kind == _EBML_TIME:
                file.seek(first)
                ticks = int.from_bytes(file.read(min(8, last - first)), "big")
                if ticks < latest:
                    return True
                latest = ticks
                if end < size_bytes:
                    break
            elif kind in (_EBML_SEGMENT, _EBML_CLUSTER):
                # What has no size of its own holds all that follows, also its successors.
                waiting += [(last, size_bytes), (first, last)]
                break
    return False


def _is_segment_cut(file: BinaryIO, size_bytes: int) -> bool:
    """Return whether the one large element of a Matroska file reaches beyond its end."""
    file.seek(0)
    head = file.read(256)
    at = head.find(b"\x18\x53\x80\x67")
    length = _vint_length(head[at + 4 : at + 5]) if at >= 0 else 0
    if not length:
        return False
    mask = (1 << (7 * length)) - 1
    size = int.from_bytes(head[at + 4 : at + 4 + length], "big") & mask
    return size != mask and at + 4 + length + size > size_bytes


def _vint_length(first: bytes) -> int:
    return 9 - first[0].bit_length() if first and first[0] else 0
