"""The body of an upload's request on its way to the intake: what is kept is recorded, whatever ends it.

No transaction is open while bytes arrive. A sender that falls silent is let go, so that its lock does not keep the
sender's next attempt out.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog
from flask import request

from app.kernel.db import unit_of_work
from app.kernel.errors import TooLarge
from app.studio import tus, uploads
from app.studio.intake import BLOCK_BYTES, CutOff, Intake, NoSuchBytes, OffsetMismatch, RunningDigests, Writer
from app.studio.models import Upload, UploadState
from app.studio.upload_limits import UploadLimits
from app.web import edge

log = structlog.get_logger(__name__)

#: A phone that changed networks leaves a connection on which nothing ever comes.
SILENCE_S: Final = 30.0
#: What a silent sender has sent of the block that is being read is lost, so blocks are small as long as it is slow.
STEP_BYTES: Final = 64 * 1024
SLOW_STEP_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Door:
    """What the routes share."""

    intake: Intake
    max_bytes: int
    limits: UploadLimits
    expires_after: timedelta
    work_path: Path
    store_path: Path | None
    quota_bytes: int | None
    digests: RunningDigests = field(default_factory=RunningDigests)

    def room(self, public_id: str) -> uploads.Room:
        """Look how much fits, for an upload whose place is made."""
        is_same = self.store_path is not None and uploads.is_same_disk(self.work_path, self.store_path)
        is_copied = is_same and not self.intake.can_hand_over_uncopied(public_id, edge.platform().storage)
        return uploads.Room(self.limits, self.intake.free_bytes(), is_copied, self.quota_bytes)


def has_body() -> bool:
    """Tell whether the request brings bytes of a file."""
    return bool(request.content_length) or request.headers.get("Transfer-Encoding", "") != ""


def check_body(size_bytes: int, offset_bytes: int) -> None:
    """Refuse, before a byte is taken, a body of another kind or one that is larger than what is missing."""
    if request.mimetype != tus.CONTENT_TYPE:
        raise tus.WrongType(mimetype=request.mimetype)
    if offset_bytes + (request.content_length or 0) > size_bytes:
        raise TooLarge("发来的内容比文件还大，请重新选择文件。", code="beyond_length", offset_bytes=offset_bytes)


def receive(door: Door, upload: Upload, offset_bytes: int) -> int:
    """Write the body behind what is there; return how much is kept now.

    Raises:
        OffsetMismatch: when the upload has reached another byte.
        ChecksumMismatch: when the body is not what was sent; nothing of it is kept.
        Gone: when the upload was given up, even meanwhile.
    """
    checksum = tus.checksum(request.headers)
    try:
        with door.intake.writing(upload.public_id, is_checked=checksum is not None) as writer:
            if writer.offset_bytes != offset_bytes:
                raise OffsetMismatch(
                    upload=upload.public_id, offset_bytes=offset_bytes, kept_bytes=writer.offset_bytes
                )
            append = _append if checksum is None else _append_checked
            kept_bytes, state = append(door, upload, writer, checksum)
    except NoSuchBytes as error:
        raise tus.Gone(upload=upload.public_id) from error
    if state is None or state is UploadState.ABORTED:
        raise tus.Gone(upload=upload.public_id)
    return kept_bytes


def _append(
    door: Door, upload: Upload, writer: Writer, _checksum: tus.Checksum | None
) -> tuple[int, UploadState | None]:
    public_id = upload.public_id
    digest = door.digests.take(public_id, writer.offset_bytes)
    try:
        writer.append(_Body().read, up_to_bytes=upload.size_bytes, digests=[digest] if digest else [])
    except CutOff:
        log.info("upload_cut_off", upload=public_id, kept_bytes=writer.offset_bytes)
    finally:
        is_whole = writer.offset_bytes == upload.size_bytes
        # A writer that failed has shown the digest bytes that it does not keep.
        is_known = digest is not None and digest.offset_bytes == upload.size_bytes
        state = note(public_id, writer.offset_bytes, digest.hexdigest() if digest and is_whole and is_known else None)
        if not is_whole:
            door.digests.give_back(public_id, writer.offset_bytes, digest)
    return writer.offset_bytes, state


def _append_checked(
    _door: Door, upload: Upload, writer: Writer, checksum: tus.Checksum | None
) -> tuple[int, UploadState | None]:
    """Keep all of the body or nothing: half of it cannot be checked."""
    assert checksum is not None, "the caller has read it"
    before_bytes = writer.offset_bytes
    try:
        writer.append(_Body().read, up_to_bytes=upload.size_bytes, digests=[checksum])
    except CutOff:
        log.info("upload_cut_off", upload=upload.public_id, kept_bytes=before_bytes)
        return before_bytes, note(upload.public_id, before_bytes, None)
    checksum.check()
    writer.keep()
    return writer.offset_bytes, note(upload.public_id, writer.offset_bytes, None)


class _Body:
    """The request's body as it comes over the line, told apart: its end, and a sender who went away.

    Read from the server's own stream: the framework's, which would do the same, copies every byte twice more.
    """

    def __init__(self) -> None:
        for name in ("gunicorn.socket", "werkzeug.socket"):
            socket = request.environ.get(name)
            if socket is not None:
                socket.settimeout(SILENCE_S)
        self._stream = request.environ["wsgi.input"]
        # Without a length the body must end by itself, as chunks do.
        is_endless = not request.environ.get("wsgi.input_terminated", False)
        self._left_bytes = request.content_length or (0 if is_endless else None)
        self._step_bytes = STEP_BYTES

    def read(self, size_bytes: int) -> bytes:
        """Return the next bytes, fewer on a slow line; none at the end.

        Raises:
            CutOff: when the sender went away or fell silent.
        """
        wanted = min(size_bytes, self._step_bytes)
        if self._left_bytes is not None:
            wanted = min(wanted, self._left_bytes)
        if not wanted:
            return b""
        began_s = time.monotonic()
        try:
            data: bytes = self._stream.read(wanted)
        except Exception as error:  # each server has its own for a line that breaks and a body that breaks the rules
            log.info("upload_body_broken", reason=type(error).__name__)
            raise CutOff from error
        if self._left_bytes is not None:
            if not data:
                raise CutOff
            self._left_bytes -= len(data)
        is_slow = time.monotonic() - began_s > SLOW_STEP_S
        self._step_bytes = STEP_BYTES if is_slow else min(2 * self._step_bytes, BLOCK_BYTES)
        return data


def note(public_id: str, offset_bytes: int, sha256: str | None) -> UploadState | None:
    """Record what is kept; wake the workers when that was the last byte."""
    with unit_of_work() as db:
        state = uploads.note_received(db, public_id, offset_bytes=offset_bytes, sha256=sha256)
    if state is UploadState.FINISHING:
        edge.platform().wake()
    return state
