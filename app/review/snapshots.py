"""A lecture frozen as it was sent in: its parts as JSON, their digests, and what differs between two of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any, Final

from sqlalchemy.orm import Session

from app.library.models import Lecture
from app.library.parts import CaptionText, caption_to_json, text_from_json, text_to_json
from app.library.pending import WorkingCopy, working_copy
from app.media.models import MediaSet
from app.media.queries import current_set, waiting_set
from app.review.screening import Passage, passages_of
from media_pipeline.caption_cues import read_webvtt

#: Parts of a lecture in the order reviewers look at them.
PARTS: Final = ("media", "text", "captions", "chapters")


@dataclass(frozen=True, slots=True)
class Frozen:
    """What a review keeps of a lecture."""

    snapshot: dict[str, Any]
    digests: dict[str, str]
    media: MediaSet | None


def freeze(db: Session, lecture: Lecture) -> Frozen:
    """Freeze a lecture as its people have it now (its terms must be loaded)."""
    copy = working_copy(db, lecture)
    media = waiting_set(db, lecture.id) or current_set(db, lecture.id)
    snapshot = {
        "text": text_to_json(copy.text),
        "captions": {language: caption_to_json(caption) for language, caption in sorted(copy.captions.items())},
        "chapters": [list(chapter) for chapter in copy.chapters],
        "source_id": media.source_id if media is not None else None,
        "filename": media.source.filename if media is not None else "",
    }
    # A file encoded anew by other rules is the same content; a stretch of a file is not the whole of it.
    content = [media.source.sha256, media.source.cut] if media is not None else None
    digests = {part: _digest(content if part == "media" else snapshot[part]) for part in PARTS}
    return Frozen(snapshot, digests, media)


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:32]


def thaw(snapshot: Mapping[str, Any]) -> WorkingCopy:
    """Return the parts of a snapshot as they are put on a lecture."""
    captions = {language: CaptionText(**value) for language, value in snapshot["captions"].items()}
    chapters = [(start_s, title) for start_s, title in snapshot["chapters"]]
    return WorkingCopy(text_from_json(snapshot["text"]), captions, chapters, frozenset())


def changed_parts(digests: Mapping[str, str], before: Mapping[str, str] | None) -> list[str]:
    """Return the parts that differ from what was passed before; all of them when nothing was."""
    return [part for part in PARTS if before is None or digests[part] != before.get(part)]


def passages(snapshot: Mapping[str, Any]) -> list[Passage]:
    """Return everything a frozen lecture says."""
    cues: dict[str, Sequence[tuple[float, str]]] = {
        language: [(cue.start_ms / 1000, unescape(cue.text)) for cue in read_webvtt(value["webvtt"])]
        for language, value in snapshot["captions"].items()
    }
    spoken = passages_of(snapshot["text"], cues)
    return [*spoken, *(Passage("chapters", title, [(0, start_s)]) for start_s, title in snapshot["chapters"])]


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is not what it was: a field of the text, a caption, the chapters, the file."""

    name: str
    before: Any
    after: Any


def differences(after: Mapping[str, Any], before: Mapping[str, Any] | None) -> list[Difference]:
    """Return what changed between two snapshots, the larger ones shortened by the page."""
    if before is None:
        return []
    found = [
        Difference(name, before["text"].get(name), value)
        for name, value in after["text"].items()
        if value != before["text"].get(name)
    ]
    for language in sorted(after["captions"].keys() | before["captions"].keys()):
        old, new = before["captions"].get(language), after["captions"].get(language)
        if old != new:
            lines_before, lines_after = _lines(old), _lines(new)
            gone = [line for line in lines_before if line not in lines_after]
            come = [line for line in lines_after if line not in lines_before]
            found.append(Difference(f"caption:{language}", "\n".join(gone), "\n".join(come)))
    if after["chapters"] != before["chapters"]:
        found.append(Difference("chapters", before["chapters"], after["chapters"]))
    if after["source_id"] != before["source_id"]:
        found.append(Difference("media", before["filename"], after["filename"]))
    return found


def _lines(caption: Mapping[str, Any] | None) -> list[str]:
    return [unescape(cue.text) for cue in read_webvtt(caption["webvtt"])] if caption is not None else []
