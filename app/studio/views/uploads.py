"""The door for files: tus 1.0.0 over HTTP, thin above `tus` (words), `receiving` (bodies) and `uploads` (rows)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue

from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.kernel.errors import InvalidInput
from app.kernel.ids import new_public_id
from app.kernel.storage import ManagedStorage
from app.studio import concatenation, tus, uploads
from app.studio.intake import Intake, OffsetMismatch
from app.studio.keepers import open_intake
from app.studio.models import Upload, UploadKind, UploadState
from app.studio.upload_limits import UploadLimits
from app.studio.upload_queries import get_upload, list_pieces_of
from app.studio.views.receiving import Door, check_body, has_body, note, receive
from app.web import access, edge
from config.settings import MediaSection, StoreSection

log = structlog.get_logger(__name__)

_ENDPOINT: Final = "studio.upload"
_OVERRIDE: Final = "X-HTTP-Method-Override"


def register(blueprint: Blueprint, media: MediaSection, store: StoreSection, storage: ManagedStorage) -> None:
    """Add the routes."""
    is_folder = store.kind == "folder"
    intake: Intake = open_intake(storage, media)
    limits = UploadLimits(media.open_uploads_per_user, media.open_uploads_per_institution, media.uploads_per_hour)
    door = Door(
        intake, media.max_upload_bytes, limits, timedelta(hours=media.upload_expires_h), media.work_path,
        store.path if is_folder else None, store.quota_bytes if is_folder else None,
    )
    _register_limits(blueprint, door)
    _register_collection(blueprint, door)
    _register_upload(blueprint, door)


def _register_limits(blueprint: Blueprint, door: Door) -> None:
    @blueprint.url_value_preprocessor
    def allow_large_bodies(endpoint: str | None, _values: object) -> None:
        # Runs before the CSRF check, whose look at the form would refuse a body above the application's limit.
        is_upload = endpoint in {_ENDPOINT, f"{_ENDPOINT}s"} and request.mimetype == tus.CONTENT_TYPE
        if is_upload and request.method in {"PATCH", "POST"}:
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
    @access.accepts_programs
    @access.contributors
    def begin() -> ResponseReturnValue:
        tus.check_version(request.headers)
        concat = tus.concatenation(request.headers)
        values = tus.metadata(request.headers)
        name, mark = tus.file_name(values), values.get("fingerprint", "")
        metadata_header = request.headers.get("Upload-Metadata", "")
        if concat is not None and concat.is_final:
            file = uploads.NewFile(name, 0, mark, metadata_header)
            return _join(door, values.get("lecture", ""), file, concat.addresses)
        size_bytes = tus.upload_length(request.headers, max_bytes=door.max_bytes)
        if has_body():
            check_body(size_bytes, 0)
            tus.checksum(request.headers)  # one that cannot be read is told before anything is made
        file = uploads.NewFile(name, size_bytes, mark, metadata_header)
        public_id = _open(door, values.get("lecture", ""), file, is_piece=concat is not None)
        kept_bytes = _receive_first(door, public_id) if has_body() else 0
        headers = {"Location": _address(public_id), "Upload-Offset": str(kept_bytes)}
        if kept_bytes < size_bytes:
            headers["Upload-Expires"] = tus.expires(utc_now() + door.expires_after)
        return "", 201, headers

    @blueprint.route("/studio/uploads", endpoint="upload_options", methods=["OPTIONS"], provide_automatic_options=False)
    @access.accepts_programs
    @access.contributors
    def tell() -> ResponseReturnValue:
        return "", 204, tus.discovery(door.max_bytes)


def _open(door: Door, lecture_id: str, file: uploads.NewFile, *, is_piece: bool) -> str:
    public_id = new_public_id()
    actor = edge.current_actor()
    edge.session().rollback()  # looking up the actor has begun a reading transaction
    door.intake.create(public_id)
    given_up = []
    try:
        room = door.room(public_id)
        with unit_of_work() as db:
            if is_piece:
                concatenation.begin_piece(db, actor, file, public_id=public_id, room=room)
            else:
                given_up = list(uploads.begin_upload(db, actor, lecture_id, file, public_id=public_id, room=room))
    except BaseException:
        door.intake.delete(public_id)
        raise
    for older in given_up:
        door.intake.delete(older)
    return public_id


def _receive_first(door: Door, public_id: str) -> int:
    """Take the body that came with the request for an upload; one that was damaged on its way leaves no upload."""
    with reading() as db:
        upload = get_upload(db, edge.current_actor(), public_id)
    try:
        return receive(door, upload, 0)
    except tus.ChecksumMismatch:
        _terminate(door, public_id)
        raise


def _join(door: Door, lecture_id: str, file: uploads.NewFile, addresses: tuple[str, ...]) -> ResponseReturnValue:
    public_id = new_public_id()
    actor = edge.current_actor()
    pieces = [_id_in(address) for address in addresses]
    edge.session().rollback()  # looking up the actor has begun a reading transaction
    door.intake.create(public_id)
    try:
        with unit_of_work() as db:
            joined = concatenation.join_pieces(
                db, actor, lecture_id, file, pieces, public_id=public_id, max_bytes=door.max_bytes
            )
    except BaseException:
        door.intake.delete(public_id)
        raise
    for older in joined.given_up:
        door.intake.delete(older)
    if joined.public_id != public_id:
        door.intake.delete(public_id)
    edge.platform().wake()
    return "", 201, {"Location": _address(joined.public_id)}


def _id_in(address: str) -> str:
    """Return the id in an upload's address, which may be absolute or not."""
    head, _, public_id = urlsplit(address).path.rpartition("/")
    if head != url_for("studio.uploads") or not public_id.isalnum():
        raise InvalidInput("上传请求有误，请刷新页面再试。", code="bad_header", header="Upload-Concat")
    return public_id


def _address(public_id: str) -> str:
    return url_for(_ENDPOINT, public_id=public_id)


def _register_upload(blueprint: Blueprint, door: Door) -> None:
    @blueprint.route(
        "/studio/uploads/<public_id>", endpoint="upload", methods=["HEAD", "PATCH", "DELETE", "POST"],
        provide_automatic_options=False,
    )
    @access.manages_transactions
    @access.accepts_programs
    @access.contributors
    def one(public_id: str) -> ResponseReturnValue:
        tus.check_version(request.headers)
        actor = edge.current_actor()
        method = _method()
        with reading() as db:
            upload = get_upload(db, actor, public_id)
            pieces = list_pieces_of(db, upload)
        if method == "DELETE":
            return _terminate(door, public_id)
        if upload.state is UploadState.ABORTED:
            raise tus.Gone(upload=public_id)
        return _tell(door, upload, pieces) if method == "HEAD" else _continue(door, upload)


def _method() -> str:
    """Return what is asked; networks that let only POST through say it in a header."""
    method = request.headers.get(_OVERRIDE, request.method).upper() if request.method == "POST" else request.method
    if method not in {"HEAD", "PATCH", "DELETE"}:
        raise InvalidInput("上传请求有误，请刷新页面再试。", code="bad_header", header=_OVERRIDE)
    return method


def _terminate(door: Door, public_id: str) -> ResponseReturnValue:
    with unit_of_work() as db:
        given_up = uploads.abort_upload(db, edge.current_actor(), public_id)
    for each in given_up:
        door.intake.delete(each)
    return "", 204


def _tell(door: Door, upload: Upload, pieces: list[str]) -> ResponseReturnValue:
    headers = {"Upload-Length": str(upload.size_bytes)}
    if upload.metadata_header:
        headers["Upload-Metadata"] = upload.metadata_header
    if upload.kind is UploadKind.PARTIAL:
        headers["Upload-Concat"] = "partial"
    if upload.kind is UploadKind.FINAL:
        headers["Upload-Concat"] = "final;" + " ".join(_address(each) for each in pieces)
        if upload.state is UploadState.RECEIVING:
            return "", 200, headers  # the protocol wants no offset while pieces are missing
    offset_bytes = upload.size_bytes
    if upload.state is UploadState.RECEIVING:
        offset_bytes = _settled(door, upload)
        if offset_bytes == upload.size_bytes:
            # Perhaps the request that brought the last byte died before it could say so.
            note(upload.public_id, offset_bytes, None)
    return "", 200, headers | _position(door, upload, offset_bytes)


def _settled(door: Door, upload: Upload) -> int:
    length = door.intake.settle(upload.public_id)
    if length is None or length < upload.offset_bytes:
        with reading() as db:
            state = get_upload(db, edge.current_actor(), upload.public_id).state
        if state in {UploadState.FINISHING, UploadState.DONE}:
            return upload.size_bytes  # the last bytes came, and the store took them, since the row was read
        log.error("upload_bytes_missing", upload=upload.public_id, length=length, offset_bytes=upload.offset_bytes)
        raise tus.Gone(upload=upload.public_id)
    return min(length, upload.size_bytes)


def _continue(door: Door, upload: Upload) -> ResponseReturnValue:
    if upload.kind is UploadKind.FINAL:
        raise tus.NotForFinal(upload=upload.public_id)
    offset_bytes = tus.upload_offset(request.headers)
    check_body(upload.size_bytes, 0)
    if upload.state is not UploadState.RECEIVING:
        if offset_bytes != upload.size_bytes:
            raise OffsetMismatch(upload=upload.public_id, offset_bytes=offset_bytes)
        return "", 204, _position(door, upload, upload.size_bytes)
    check_body(upload.size_bytes, offset_bytes)
    kept_bytes = receive(door, upload, offset_bytes)
    return "", 204, _position(door, upload, kept_bytes)


def _position(door: Door, upload: Upload, offset_bytes: int) -> dict[str, str]:
    headers = {"Upload-Offset": str(offset_bytes)}
    if upload.state is UploadState.RECEIVING and offset_bytes < upload.size_bytes:
        headers["Upload-Expires"] = tus.expires(upload.updated_at + door.expires_after)
    return headers
