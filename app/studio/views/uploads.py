"""The door for files: tus 1.0.0 over HTTP, thin above `tus` (words), `parts` (bytes) and `uploads` (rows).

No transaction is open while bytes arrive. A sender that falls silent is let go, so that its lock does not keep the
sender's next attempt out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog
from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ClientDisconnected

from app.kernel.db import reading, unit_of_work
from app.kernel.errors import TooLarge
from app.kernel.ids import new_public_id
from app.studio import tus, uploads
from app.studio.models import Upload, UploadState
from app.studio.parts import CutOff, OffsetMismatch, PartFolder, RunningDigests
from app.studio.queries import get_upload
from app.web import access, edge
from config.settings import MediaSection, StoreSection

log = structlog.get_logger(__name__)

#: A phone that changed networks leaves a connection on which nothing ever comes.
SILENCE_S: Final = 30.0
_ENDPOINT: Final = "studio.upload"


@dataclass(frozen=True, slots=True)
class Door:
    """What the routes share."""

    parts: PartFolder
    max_bytes: int
    expires_after: timedelta
    work_path: Path
    store_path: Path | None
    quota_bytes: int | None
    digests: RunningDigests = field(default_factory=RunningDigests)

    def room(self, public_id: str) -> uploads.Room:
        """Look how much fits, for an upload whose file is there."""
        is_same = self.store_path is not None and uploads.is_same_disk(self.work_path, self.store_path)
        is_copied = is_same and not edge.platform().storage.can_adopt(self.parts.path(public_id))
        return uploads.Room(self.parts.free_bytes(), is_copied, self.quota_bytes)


def register(blueprint: Blueprint, media: MediaSection, store: StoreSection) -> None:
    """Add the routes."""
    is_folder = store.kind == "folder"
    door = Door(
        PartFolder(media.work_path, min_free_bytes=media.min_free_bytes), media.max_upload_bytes,
        timedelta(hours=media.upload_expires_h), media.work_path, store.path if is_folder else None,
        store.quota_bytes if is_folder else None,
    )
    _register_limits(blueprint, door)
    _register_collection(blueprint, door)
    _register_upload(blueprint, door)


def _register_limits(blueprint: Blueprint, door: Door) -> None:
    @blueprint.url_value_preprocessor
    def allow_large_bodies(endpoint: str | None, _values: object) -> None:
        # Runs before the CSRF check, whose look at the form would refuse a body above the application's limit.
        if endpoint == _ENDPOINT and request.method == "PATCH":
            request.max_content_length = door.max_bytes

    @blueprint.after_request
    def speak_tus(response: Response) -> Response:
        if (request.endpoint or "").startswith(_ENDPOINT):
            response.headers["Tus-Resumable"] = tus.VERSION
            response.headers["Cache-Control"] = "no-store"
            if response.status_code == 412:
                response.headers["Tus-Version"] = tus.VERSION
        return response


def _register_collection(blueprint: Blueprint, door: Door) -> None:
    @blueprint.route("/studio/uploads", endpoint="uploads", methods=["POST"], provide_automatic_options=False)
    @access.manages_transactions
    @access.contributors
    def begin() -> ResponseReturnValue:
        tus.check_version(request.headers)
        size_bytes = tus.upload_length(request.headers, max_bytes=door.max_bytes)
        values = tus.metadata(request.headers)
        file = uploads.NewFile(tus.file_name(values), size_bytes, values.get("fingerprint", ""))
        public_id = _open(door, values.get("lecture", ""), file)
        location = url_for("studio.upload", public_id=public_id)
        return "", 201, {"Location": location, "Upload-Offset": "0"}

    @blueprint.route("/studio/uploads", endpoint="upload_options", methods=["OPTIONS"], provide_automatic_options=False)
    @access.contributors
    def tell() -> ResponseReturnValue:
        return "", 204, tus.discovery(door.max_bytes)


def _open(door: Door, lecture_id: str, file: uploads.NewFile) -> str:
    public_id = new_public_id()
    actor = edge.current_actor()
    edge.session().rollback()  # looking up the actor has begun a reading transaction
    door.parts.create(public_id)
    try:
        with unit_of_work() as db:
            given_up = uploads.begin_upload(db, actor, lecture_id, file, public_id=public_id, room=door.room(public_id))
    except BaseException:
        door.parts.delete(public_id)
        raise
    for older in given_up:
        door.parts.delete(older)
    return public_id


def _register_upload(blueprint: Blueprint, door: Door) -> None:
    @blueprint.route(
        "/studio/uploads/<public_id>", endpoint="upload", methods=["HEAD", "PATCH", "DELETE"],
        provide_automatic_options=False,
    )
    @access.manages_transactions
    @access.contributors
    def one(public_id: str) -> ResponseReturnValue:
        tus.check_version(request.headers)
        actor = edge.current_actor()
        with reading() as db:
            upload = get_upload(db, actor, public_id)
        if request.method == "DELETE":
            return _terminate(door, public_id)
        if upload.state is UploadState.ABORTED:
            raise tus.Gone(upload=public_id)
        return _tell(door, upload) if request.method == "HEAD" else _receive(door, upload)


def _terminate(door: Door, public_id: str) -> ResponseReturnValue:
    with unit_of_work() as db:
        uploads.abort_upload(db, edge.current_actor(), public_id)
    door.parts.delete(public_id)
    return "", 204


def _tell(door: Door, upload: Upload) -> ResponseReturnValue:
    offset_bytes = upload.size_bytes
    if upload.state is UploadState.RECEIVING:
        offset_bytes = _settled(door, upload)
        if offset_bytes == upload.size_bytes:
            # The request that brought the last byte died before it could say so.
            _note(upload.public_id, offset_bytes, None)
    return "", 200, _position(door, upload, offset_bytes) | {"Upload-Length": str(upload.size_bytes)}


def _settled(door: Door, upload: Upload) -> int:
    length = door.parts.settle(upload.public_id)
    if length is None or length < upload.offset_bytes:
        log.error("upload_bytes_missing", upload=upload.public_id, length=length, offset_bytes=upload.offset_bytes)
        raise tus.Gone(upload=upload.public_id)
    return min(length, upload.size_bytes)


def _receive(door: Door, upload: Upload) -> ResponseReturnValue:
    if request.mimetype != tus.CONTENT_TYPE:
        raise tus.WrongType(mimetype=request.mimetype)
    offset_bytes = tus.upload_offset(request.headers)
    if upload.state is not UploadState.RECEIVING:
        if offset_bytes != upload.size_bytes:
            raise OffsetMismatch(upload=upload.public_id, offset_bytes=offset_bytes)
        return "", 204, _position(door, upload, upload.size_bytes)
    if offset_bytes + (request.content_length or 0) > upload.size_bytes:
        raise TooLarge("发来的内容比文件还大，请重新选择文件。", code="beyond_length", upload=upload.public_id)
    kept_bytes = _append(door, upload, offset_bytes)
    return "", 204, _position(door, upload, kept_bytes)


def _append(door: Door, upload: Upload, offset_bytes: int) -> int:
    """Write the body behind what is there. Whatever ends it, what was kept is recorded and told."""
    public_id = upload.public_id
    try:
        with door.parts.writing(public_id) as writer:
            if writer.offset_bytes != offset_bytes:
                raise OffsetMismatch(upload=public_id, offset_bytes=offset_bytes, kept_bytes=writer.offset_bytes)
            digest = door.digests.take(public_id, offset_bytes)
            try:
                writer.append(_body(), up_to_bytes=upload.size_bytes, digest=digest)
            except CutOff:
                log.info("upload_cut_off", upload=public_id, kept_bytes=writer.offset_bytes)
            finally:
                is_whole = writer.offset_bytes == upload.size_bytes
                state = _note(public_id, writer.offset_bytes, digest.hexdigest() if digest and is_whole else None)
                if not is_whole:
                    door.digests.give_back(public_id, writer.offset_bytes, digest)
    except FileNotFoundError as error:
        raise tus.Gone(upload=public_id) from error
    if state is None or state is UploadState.ABORTED:
        raise tus.Gone(upload=public_id)
    return writer.offset_bytes


def _body() -> Callable[[int], bytes]:
    """Return a reader of the request's body that tells an end from a sender who went away."""
    for name in ("gunicorn.socket", "werkzeug.socket"):
        socket = request.environ.get(name)
        if socket is not None:
            socket.settimeout(SILENCE_S)

    def read(size_bytes: int) -> bytes:
        try:
            return request.stream.read(size_bytes)
        except (ClientDisconnected, OSError) as error:
            raise CutOff from error

    return read


def _note(public_id: str, offset_bytes: int, sha256: str | None) -> UploadState | None:
    with unit_of_work() as db:
        state = uploads.note_received(db, public_id, offset_bytes=offset_bytes, sha256=sha256)
    if state is UploadState.FINISHING:
        edge.platform().wake()
    return state


def _position(door: Door, upload: Upload, offset_bytes: int) -> dict[str, str]:
    headers = {"Upload-Offset": str(offset_bytes)}
    if upload.state is UploadState.RECEIVING and offset_bytes < upload.size_bytes:
        headers["Upload-Expires"] = tus.expires(upload.updated_at + door.expires_after)
    return headers
