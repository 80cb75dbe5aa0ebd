"""What one finished step left in the store, and the note by which any worker finds it again.

Media lie where the finished set wants them; a chunk's note under `chunks/` is written after them, so a note that is
there speaks of a chunk that is whole. Not here: making chunks (`encoder.py`), putting them together (`assembly.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from .command.sound import Gain
from .images import SHEET_FOLDER, Sheet
from .ports import ObjectMissing, StorageFull
from .publish import Item, put_item
from .steps import plan_from_json, plan_to_json
from .types import Track

if TYPE_CHECKING:
    from pathlib import Path

    from .ports import Storage
    from .steps import Plan

CHUNK_FOLDER = "chunks"
POSTER_CANDIDATE = "poster.jpg"


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a step made: tracks of a chunk, or a measured gain. Without either: the source had ended before."""

    digest: str
    took_s: float
    tracks: tuple[Track, ...] = ()
    gain: Gain | None = None
    poster_score: tuple[bool, float] | None = None
    sheets: tuple[Sheet, ...] = ()


_ADAPTER: TypeAdapter[Chunk] = TypeAdapter(Chunk)


def note_key(prefix: str, digest: str) -> str:
    """Return where a chunk's note lies."""
    return f"{prefix}/{CHUNK_FOLDER}/{digest}.json"


def store_plan(storage: Storage, prefix: str, plan: Plan) -> None:
    """Keep a plan beside the chunks to come, for workers that did not make it."""
    storage.put_bytes(_plan_key(prefix), plan_to_json(plan), "application/json")


def find_plan(storage: Storage, prefix: str) -> Plan | None:
    """Return the plan under way under a prefix, or None; one that another release wrote does not count."""
    try:
        return plan_from_json(b"".join(storage.open_range(_plan_key(prefix))))
    except (ObjectMissing, ValueError):
        return None


def _plan_key(prefix: str) -> str:
    return f"{prefix}/{CHUNK_FOLDER}/plan.json"


def poster_key(prefix: str, digest: str) -> str:
    """Return where a chunk's poster candidate lies."""
    return f"{prefix}/{_poster_name(digest)}"


def _poster_name(digest: str) -> str:
    return f"{CHUNK_FOLDER}/{digest}.jpg"


def find_chunk(storage: Storage, prefix: str, digest: str) -> Chunk | None:
    """Return what a step left, or None when it has not been done."""
    try:
        return _ADAPTER.validate_json(b"".join(storage.open_range(note_key(prefix, digest))))
    except ObjectMissing:
        return None


def find_chunks(storage: Storage, prefix: str, plan: Plan) -> dict[str, Chunk]:
    """Return everything already made of a plan, by digest."""
    listed = {info.key for info in storage.list_keys(f"{prefix}/{CHUNK_FOLDER}/")}
    digests = [step.digest for step in plan.chunk_steps if note_key(prefix, step.digest) in listed]
    found = ((digest, find_chunk(storage, prefix, digest)) for digest in digests)
    return {digest: chunk for digest, chunk in found if chunk is not None}


def store_chunk(storage: Storage, prefix: str, chunk: Chunk, work_dir: Path, *, has_init: bool) -> None:
    """Store a chunk's media and then its note.

    Args:
        storage: where to.
        prefix: of the set.
        chunk: what was made.
        work_dir: the folder its files lie in, named as in the set.
        has_init: whether this chunk's init segments are those of the set: only the first chunk's are.
    """
    items = []
    for track in chunk.tracks:
        names = [track.init_name] if has_init else []
        names += [segment.name for segment in track.segments]
        items += [Item(f"{track.name}/{name}", work_dir / track.name / name) for name in names]
    items += [Item(f"{SHEET_FOLDER}/{sheet.name}", work_dir / "sheets" / sheet.name) for sheet in chunk.sheets]
    if chunk.poster_score is not None:
        items.append(Item(_poster_name(chunk.digest), work_dir / POSTER_CANDIDATE))
    try:
        for item in items:
            put_item(storage, prefix, item)
        storage.put_bytes(note_key(prefix, chunk.digest), _ADAPTER.dump_json(chunk), "application/json")
    except StorageFull:
        # Half a chunk helps nobody, and there is no room.
        for item in items:
            storage.delete(f"{prefix}/{item.name}")
        raise
