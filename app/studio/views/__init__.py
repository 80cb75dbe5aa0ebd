"""Pages of the studio: `listing` all, `editing` what is said of one, its page `lecture`, and parts of that."""

from __future__ import annotations

from flask import Blueprint

from app.kernel.storage import ManagedStorage
from app.studio.views import (
    caption_desk,
    captions,
    chapters,
    courses,
    defaults,
    deletion,
    desk,
    desk_sheet,
    editing,
    extras,
    known_files,
    lecture,
    lecture_course,
    listing,
    splitting,
    uploads,
    versions,
)
from config.settings import MediaSection, StoreSection


def create_blueprint(media: MediaSection, store: StoreSection, storage: ManagedStorage) -> Blueprint:
    """Build the blueprint; the sections say where uploads are kept and how large they may be."""
    blueprint = Blueprint("studio", __name__, template_folder="../templates")
    listing.register(blueprint)
    editing.register(blueprint, max_upload_bytes=media.max_upload_bytes)
    lecture.register(blueprint, max_upload_bytes=media.max_upload_bytes)
    captions.register(blueprint, max_upload_bytes=media.max_upload_bytes)
    caption_desk.register(blueprint)
    chapters.register(blueprint, max_upload_bytes=media.max_upload_bytes)
    splitting.register(blueprint)
    courses.register(blueprint)
    lecture_course.register(blueprint)
    deletion.register(blueprint)
    desk.register(blueprint, max_upload_bytes=media.max_upload_bytes)
    desk_sheet.register(blueprint)
    extras.register(blueprint)
    defaults.register(blueprint)
    known_files.register(blueprint)
    versions.register(blueprint)
    uploads.register(blueprint, media, store, storage)
    return blueprint
