"""The last step into the store: plain files and stills, media manifests, the multivariant manifest last.

Segments are there before. Readers look for the master manifest, so a half-written set is never seen. `published.json`
beside it is our own note: a later run of the same plan reads it back and changes nothing. Not here: manifest text
(`manifest.py`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .errors import Cancelled
from .manifest import MASTER_NAME, SAVER_NAME
from .types import Published, Rendition

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from .ports import CancelToken, Progress, Storage

NOTE_NAME = "published.json"
#: Manifests that grow while the lecture is being made, and what only they refer to.
LIVE_FOLDER = "live"
_TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".mp4": "video/mp4",
    ".m4s": "video/mp4",
    ".m4a": "audio/mp4",
    ".jpg": "image/jpeg",
    ".vtt": "text/vtt",
    ".json": "application/json",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One object to store: its name under the prefix, and the file or text it comes from."""

    name: str
    content: Path | str

    @property
    def content_type(self) -> str:
        """Return the type the object is served with."""
        if f"/{self.name}".rpartition("/")[0].endswith("/audio") and self.name.endswith((".mp4", ".m4s")):
            return "audio/mp4"
        return _TYPES[self.name[self.name.rindex(".") :]]

    @property
    def size_bytes(self) -> int:
        """Return the bytes the object takes."""
        return len(self.content.encode()) if isinstance(self.content, str) else self.content.stat().st_size


def find_published(storage: Storage, prefix: str) -> Published | None:
    """Return what an earlier run put under the prefix, or None unless all of it is there."""
    if storage.stat(f"{prefix}/{MASTER_NAME}") is None or storage.stat(f"{prefix}/{NOTE_NAME}") is None:
        return None
    return _from_note(b"".join(storage.open_range(f"{prefix}/{NOTE_NAME}")))


def publish(
    items: Sequence[Item],
    published: Published,
    storage: Storage,
    prefix: str,
    *,
    kept: Iterable[str] = (),
    progress: Progress,
    cancel: CancelToken,
) -> None:
    """Store everything in the order that keeps readers safe, and remove what nobody needs any more.

    Args:
        items: what is not in the store yet.
        published: what there will be.
        storage: where to.
        prefix: of the set.
        kept: names of objects already in the store that belong to the set.
        progress: told the step publish.
        cancel: asked before every object; cancelling leaves a set without master manifest.

    Side effects: objects under the prefix. What viewers may still be following under `live/` stays.
    """
    ordered = sorted([*items, Item(NOTE_NAME, _to_note(published))], key=_turn)
    for number, item in enumerate(ordered):
        if cancel.is_cancelled():
            raise Cancelled
        put_item(storage, prefix, item)
        progress.report("publish", (number + 1) / len(ordered))
    # Only now: until the master was there, chunks' notes were what a next attempt would have gone on from.
    wanted = {f"{prefix}/{name}" for name in (*kept, *(item.name for item in ordered))}
    for key in [info.key for info in storage.list_keys(f"{prefix}/")]:
        if key not in wanted and not key.startswith(f"{prefix}/{LIVE_FOLDER}/"):
            storage.delete(key)


def put_item(storage: Storage, prefix: str, item: Item) -> None:
    """Store one object under the prefix."""
    key = f"{prefix}/{item.name}"
    if isinstance(item.content, str):
        storage.put_bytes(key, item.content.encode(), item.content_type)
    else:
        storage.put_file(key, item.content, item.content_type)


def _turn(item: Item) -> tuple[int, str]:
    """Return an object's place in the order: media, media manifests, our note, the saver's manifest, the master."""
    late = {NOTE_NAME: 2, SAVER_NAME: 3, MASTER_NAME: 4}
    return late.get(item.name, 1 if item.name.endswith(".m3u8") else 0), item.name


def _to_note(published: Published) -> str:
    return json.dumps(asdict(published), default=str, ensure_ascii=False, indent=1) + "\n"


def _from_note(data: bytes) -> Published:
    fields: dict[str, Any] = json.loads(data)
    renditions = [
        Rendition(**{**rendition, "frame_rate": Fraction(rendition["frame_rate"]) if rendition["frame_rate"] else None})
        for rendition in fields.pop("renditions")
    ]
    return Published(renditions=tuple(renditions), **fields)
