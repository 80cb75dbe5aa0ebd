"""A lecture frozen as it was sent in: its parts as JSON, their digests, and what differs between two of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.library.beside import BESIDE, Beside, beside_from_json, beside_to_json
from app.library.models import Lecture
from app.library.parts import CaptionText, caption_to_json, text_from_json, text_to_json
from app.library.pending import WorkingCopy, working_copy
from app.media.files_beside import keys_of
from app.media.models import MediaSet
from app.media.queries import current_set, waiting_set
from app.review.models import Review
from app.review.screening import Passage, passages_of
from media_pipeline.caption_cues import read_webvtt

#: Parts of a lecture in the order reviewers look at them.
PARTS: Final = ("media", "text", "captions", "chapters", BESIDE)


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
        BESIDE: beside_to_json(copy.beside or Beside()),
        "source_id": media.source_id if media is not None else None,
        "filename": media.source.filename if media is not None else "",
    }
    # A file encoded anew by other rules is the same content; a stretch of a file is not the whole of it.
    content = [media.source.sha256, media.source.cut] if media is not None else None
    digests = {part: _digest(content if part == "media" else snapshot[part]) for part in PARTS}
    return Frozen(snapshot, digests, media)


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:32]


#: What reviews of before cover and handouts were a part of them say of these: there were none.
_NOTHING: Final = {BESIDE: _digest(beside_to_json(Beside()))}


def thaw(snapshot: Mapping[str, Any]) -> WorkingCopy:
    """Return the parts of a snapshot as they are put on a lecture."""
    captions = {language: CaptionText(**value) for language, value in snapshot["captions"].items()}
    chapters = [(start_s, title) for start_s, title in snapshot["chapters"]]
    return WorkingCopy(text_from_json(snapshot["text"]), captions, chapters, beside_in(snapshot), frozenset())


def beside_in(snapshot: Mapping[str, Any]) -> Beside | None:
    """Return the cover and the handouts of a snapshot; None of one from before they were reviewed."""
    return beside_from_json(snapshot[BESIDE]) if BESIDE in snapshot else None


def changed_parts(digests: Mapping[str, str], before: Mapping[str, str] | None) -> list[str]:
    """Return the parts that differ from what was passed before; all of them when nothing was."""
    return [part for part in PARTS if before is None or digests[part] != before.get(part, _NOTHING.get(part))]


def keys_under_review(db: Session) -> set[str]:
    """Return where the covers and handouts of open reviews lie: passed, they go on the shelf as they were sent in."""
    snapshots = db.scalars(select(Review.snapshot).where(Review.closed_at.is_(None)))
    besides = [beside_in(each) or Beside() for each in snapshots]
    return set[str]().union(*(keys_of(each) for each in besides))


def sources_under_review(db: Session) -> set[int]:
    """Return the files of open reviews: passed, they go on the shelf although a newer one may have come."""
    of_open = Review.snapshot["source_id"].as_integer()
    return set(db.scalars(select(of_open).where(Review.closed_at.is_(None), of_open.is_not(None))))


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
    found.extend(_differences_beside(beside_in(after) or Beside(), beside_in(before) or Beside()))
    if after["source_id"] != before["source_id"]:
        found.append(Difference("media", before["filename"], after["filename"]))
    return found


def _differences_beside(after: Beside, before: Beside) -> list[Difference]:
    found = []
    if after.cover_sha256 != before.cover_sha256:
        found.append(Difference("cover", before.cover_sha256, after.cover_sha256))
    if after.handouts != before.handouts:
        names, names_before = ([each.filename for each in one.handouts] for one in (after, before))
        found.append(Difference("handouts", names_before, names))
    return found


def _lines(caption: Mapping[str, Any] | None) -> list[str]:
    return [unescape(cue.text) for cue in read_webvtt(caption["webvtt"])] if caption is not None else []
