"""Which keeper of unfinished bytes goes with a store: its own parts where it takes them, else the scratch folder."""

from __future__ import annotations

from app.kernel.storage import ManagedStorage, S3Storage
from app.studio.intake import Intake
from app.studio.parts import PartFolder
from app.studio.pieces_in_store import PiecesInStore
from config.settings import MediaSection


def open_intake(storage: ManagedStorage, media: MediaSection) -> Intake:
    """Return the keeper; nothing is touched until it is used."""
    if isinstance(storage, S3Storage):
        return PiecesInStore(storage)
    return PartFolder(media.work_path, min_free_bytes=media.min_free_bytes)
