"""Files beside a lecture's media: an own cover, slides and handouts. What they are is told by their content.

Checking (`read_cover`, `read_attachment`) touches no database and storing no row; the functions that write rows work in
the caller's transaction. A stored object whose row never came is the sweep's.
"""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import IO, Final

import structlog
from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.kernel.errors import InvalidInput, NotFound, TooLarge
from app.kernel.ids import new_public_id
from app.kernel.sentences import Sentence
from app.library import pending, policies
from app.library.beside import BESIDE, Beside, Handout, beside_of
from app.library.holdings import FILENAME_MAX, Attachment
from app.library.models import Lecture, PendingChange
from app.library.services import get_lecture_for_edit, touch

log = structlog.get_logger(__name__)

COVER_PREFIX: Final = "covers"
ATTACHMENT_PREFIX: Final = "attachments"
COVER_MAX_BYTES: Final = 8 * 1024**2
ATTACHMENT_MAX_BYTES: Final = 50 * 1024**2
ATTACHMENTS_MAX: Final = 20
_COVER_SIZE: Final = (1280, 720)
_COVER_LEAST_PX: Final = 320
_PIXELS_MAX: Final = 50_000_000
_COVER_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_PARTS_MAX: Final = 5000
#: A list of that many parts, with long names; longer ones are not even read.
_PARTS_LIST_MAX_BYTES: Final = 2 * 1024**2
#: Whoever opens a handout unpacks it.
_UNPACKED_MAX_BYTES: Final = 20 * ATTACHMENT_MAX_BYTES
#: Content types by kind; downloads carry these and nothing a file claims of itself.
CONTENT_TYPES: Final = {
    "pdf": "application/pdf",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "txt": "text/plain",
}
_REFUSED: Final = "讲义只能是 PDF、PPTX、DOCX 或 TXT。旧的 .ppt、.doc 请另存为新格式，压缩包请解开后再传。"


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """An attachment that may be stored."""

    filename: str
    kind: str
    size_bytes: int
    sha256: str


def cover_key(sha256: str) -> str:
    """Name a cover by its content."""
    return f"{COVER_PREFIX}/{sha256}.webp"


def attachment_key(sha256: str) -> str:
    """Name an attachment by its content."""
    return f"{ATTACHMENT_PREFIX}/{sha256[:2]}/{sha256}"


def read_cover(data: bytes) -> tuple[str, bytes]:
    """Return (sha256, WebP bytes) of a picture: turned upright, cut to 16:9, made anew, so without what it carried.

    Raises:
        TooLarge, InvalidInput.
    """
    if len(data) > COVER_MAX_BYTES:
        raise TooLarge("图片太大，最大 8 MB。", code="cover_too_large")
    wrong = InvalidInput(fields={"cover": "打不开这张图片。请用 JPG、PNG 或 WebP。"})
    try:
        with Image.open(io.BytesIO(data), formats=_COVER_FORMATS) as picture:
            if picture.width * picture.height > _PIXELS_MAX:
                raise TooLarge("图片的尺寸太大，请缩小后再传。", code="cover_too_large")
            if min(picture.size) < _COVER_LEAST_PX:
                sentence = Sentence("图片太小，长和宽至少要 %(least)d 像素。", least=_COVER_LEAST_PX)
                raise InvalidInput(fields={"cover": sentence})
            upright = ImageOps.exif_transpose(picture).convert("RGB")
            fitted = ImageOps.fit(upright, _COVER_SIZE, Image.Resampling.LANCZOS)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise wrong from error
    out = io.BytesIO()
    fitted.save(out, "WEBP", quality=82, method=4)
    made = out.getvalue()
    return hashlib.sha256(made).hexdigest(), made


def set_cover(db: Session, actor: Actor, public_id: str, sha256: str) -> Lecture:
    """Use a stored picture as a lecture's poster; an empty digest brings the automatic one back."""
    lecture = get_lecture_for_edit(db, actor, public_id)
    beside = pending.working_beside(db, lecture)
    if beside.cover_sha256 != sha256:
        _change(db, actor, lecture, replace(beside, cover_sha256=sha256))
        log.info("cover_set", lecture_id=lecture.id, is_own=bool(sha256))
    return lecture


def _change(db: Session, actor: Actor, lecture: Lecture, beside: Beside) -> None:
    pending.change_beside(db, lecture, beside, made_by_id=actor.user_id)
    touch(db, lecture)


def read_attachment(stream: IO[bytes], filename: str) -> CheckedFile:
    """Tell what a file is and whether it may be an attachment; leaves the stream at its beginning.

    Raises:
        TooLarge, InvalidInput.
    """
    digest, size = hashlib.sha256(), 0
    while block := stream.read(1024**2):
        size += len(block)
        if size > ATTACHMENT_MAX_BYTES:
            raise TooLarge("讲义太大，最大 50 MB。", code="attachment_too_large")
        digest.update(block)
    if size == 0:
        raise InvalidInput(fields={"attachment": "文件是空的，请重新选择。"})
    stream.seek(0)
    kind = _kind_of(stream)
    stream.seek(0)
    if kind is None:
        raise InvalidInput(fields={"attachment": _REFUSED})
    return CheckedFile(_safe_name(filename, kind), kind, size, digest.hexdigest())


def _kind_of(stream: IO[bytes]) -> str | None:
    head = stream.read(4096)
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head[:4] == b"PK\x03\x04":
        return _office_kind(stream)
    stream.seek(0)
    return "txt" if _is_text(stream.read()) else None


def _office_kind(stream: IO[bytes]) -> str | None:
    """Tell a document or slides from any other zip by what is in it; ones with macros are refused."""
    try:
        end = zipfile._EndRecData(stream)  # type: ignore[attr-defined]  # noqa: SLF001  # what ZipFile will go by
        if end is None or end[zipfile._ECD_SIZE] > _PARTS_LIST_MAX_BYTES:  # type: ignore[attr-defined]  # noqa: SLF001
            return None
        with zipfile.ZipFile(stream) as package:
            parts = package.infolist()
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, OSError):
        return None
    names = {part.filename for part in parts}
    if len(parts) > _PARTS_MAX or "[Content_Types].xml" not in names:
        return None
    if sum(part.file_size for part in parts) > _UNPACKED_MAX_BYTES:
        raise TooLarge("讲义解开以后太大，请另存一份小一点的再传。", code="attachment_bomb")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise InvalidInput(fields={"attachment": "文件里有宏，请另存为不带宏的 PPTX 或 DOCX。"})
    if "word/document.xml" in names:
        return "docx"
    return "pptx" if "ppt/presentation.xml" in names else None


def _is_text(data: bytes) -> bool:
    controls = bytes(code for code in range(32) if code not in b"\t\n\r\f\x1b")
    if data.translate(None, controls) != data:
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False


def _safe_name(filename: str, kind: str) -> str:
    """Return a file name without folders, marks that systems refuse, or an extension that is not its own."""
    name = unicodedata.normalize("NFC", filename.replace("\\", "/").rpartition("/")[2])
    name = "".join(letter for letter in name if letter.isprintable())
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", name)
    stem = re.sub(r'[<>:"|?*;%]+', "_", stem).strip(" ._")
    return f"{stem[: FILENAME_MAX - 10] or 'handout'}.{kind}"


def add_attachment(db: Session, actor: Actor, public_id: str, checked: CheckedFile) -> Handout:
    """Note a stored file as an attachment; the same content again is the same attachment.

    Raises:
        InvalidInput: when there are too many.
    """
    lecture = get_lecture_for_edit(db, actor, public_id)
    beside = pending.working_beside(db, lecture)
    same = next((each for each in beside.handouts if each.sha256 == checked.sha256), None)
    if same is not None:
        return same
    if len(beside.handouts) >= ATTACHMENTS_MAX:
        sentence = Sentence("一讲最多 %(count)d 份讲义。", count=ATTACHMENTS_MAX)
        raise InvalidInput(fields={"attachment": sentence})
    added = Handout(
        new_public_id(), checked.filename, checked.kind, checked.size_bytes, checked.sha256, actor.user_id
    )
    _change(db, actor, lecture, replace(beside, handouts=(*beside.handouts, added)))
    log.info("attachment_added", lecture_id=lecture.id, kind=added.kind, size_bytes=added.size_bytes)
    return added


def remove_attachment(db: Session, actor: Actor, public_id: str, attachment_id: str) -> None:
    """Take an attachment away; one that is not there is fine. Its object goes with the next sweep."""
    lecture = get_lecture_for_edit(db, actor, public_id)
    beside = pending.working_beside(db, lecture)
    if beside.handout(attachment_id) is not None:
        left = tuple(each for each in beside.handouts if each.public_id != attachment_id)
        _change(db, actor, lecture, replace(beside, handouts=left))
        log.info("attachment_removed", lecture_id=lecture.id)


def get_attachment(db: Session, actor: Actor, lecture: Lecture, attachment_id: str) -> Handout:
    """Return one attachment of a lecture the actor may see; whoever may work on it also gets those that wait.

    Raises:
        NotFound: when it has none of this id.
    """
    found = beside_of(db, lecture).handout(attachment_id)
    if found is None and policies.can_view_work_on(actor, lecture):
        found = pending.working_beside(db, lecture).handout(attachment_id)
    if found is None:
        raise NotFound(attachment=attachment_id)
    return found


def lectures_with_cover(db: Session, sha256: str) -> Sequence[Lecture]:
    """Return the lectures that show a cover."""
    return db.scalars(select(Lecture).where(Lecture.cover_sha256 == sha256)).all() if sha256 else []


def lectures_awaiting_cover(db: Session, sha256: str) -> Sequence[Lecture]:
    """Return the held lectures of which a cover waits."""
    value = PendingChange.value["cover_sha256"].as_string()
    waiting = select(PendingChange.lecture_id).where(PendingChange.part == BESIDE, value == sha256)
    return db.scalars(select(Lecture).where(Lecture.id.in_(waiting))).all() if sha256 else []


def keys_of(beside: Beside) -> set[str]:
    """Return where the bytes of a cover and of handouts lie."""
    covers = {cover_key(beside.cover_sha256)} if beside.cover_sha256 else set()
    return covers | {attachment_key(each.sha256) for each in beside.handouts}


def known_keys(db: Session) -> set[str]:
    """Return the keys of every cover and attachment a row knows, shown or waiting."""
    covers = db.scalars(select(Lecture.cover_sha256).where(func.length(Lecture.cover_sha256) > 0).distinct())
    attachments = db.scalars(select(Attachment.sha256).distinct())
    shown = {cover_key(each) for each in covers} | {attachment_key(each) for each in attachments}
    return shown.union(*(keys_of(each) for each in pending.waiting_beside(db)))
