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
_MAX_ENTRIES = 20_000
_MAX_DEPTH = 8


@dataclass(slots=True)
class Structure:
    """What the outermost structure says; `is_cut` means that it promises more bytes than there are."""

    has_index: bool = True
    is_cut: bool = False
    leads_elsewhere: bool = False
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
    for kind, start, end in _boxes(file, 0, size_bytes):
        found.is_cut |= end > size_bytes
        if kind == b"moov" and end > size_bytes:
            continue
        found.seen.add(kind)
        if kind == b"moov":
            found.leads_elsewhere |= _refers(file, start, end)


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


def _links(file: BinaryIO, start: int, end: int, depth: int) -> bool:
    """Return whether a Matroska file says that its other parts lie in other files."""
    offset = start
    for _ in range(_MAX_ENTRIES):
        if offset >= end:
            return False
        file.seek(offset)
        head = file.read(12)
        id_length = _vint_length(head[:1])
        size_length = _vint_length(head[id_length : id_length + 1])
        if not 0 < id_length <= 4 or not size_length:
            return False
        kind = int.from_bytes(head[:id_length], "big")
        mask = (1 << (7 * size_length)) - 1
        size = int.from_bytes(head[id_length : id_length + size_length], "big") & mask
        content = offset + id_length + size_length
        # All ones: the writer did not know the size yet, as recorders that stream.
        last = end if size == mask else min(end, content + size)
        if kind in _EBML_LINKS:
            return True
        if kind in _EBML_FOLDERS and depth < _MAX_DEPTH and _links(file, content, last, depth + 1):
            return True
        offset = last
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
