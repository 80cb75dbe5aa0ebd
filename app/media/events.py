"""Facts about encodes that other rooms react to (notices)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MediaReady:
    """A file can be watched for the first time; making it anew by newer rules is no news."""

    lecture_id: int
    source_id: int


@dataclass(frozen=True, slots=True)
class MediaFailed:
    """A file could not be encoded, and trying again by itself has ended."""

    lecture_id: int
    source_id: int
    #: A sentence for the person whose file it is.
    why: str
