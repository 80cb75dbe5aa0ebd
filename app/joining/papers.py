"""What is attached to an application: PDF, JPEG or PNG, hostile until looked through. Touches no database and no store.

Pictures are drawn anew, so that nothing they carried (places, other files, tricks) is kept. A PDF is kept as it came,
because stamps and signatures must stay what they are; one that could act by itself is refused.
"""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
import zlib
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from app.joining.models import FILENAME_MAX
from app.kernel.errors import InvalidInput, TooLarge
from app.kernel.sentences import Sentence

PREFIX: Final = "applications"
CONTENT_TYPES: Final = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png"}
_MIB: Final = 1024**2
_PIXELS_MAX: Final = 50_000_000
_SIDE_MAX: Final = 3500
_SIDE_LEAST: Final = 200
#: What inflated object streams of one PDF may come to.
_INFLATED_MAX: Final = 32 * _MIB
#: What lets a document act by itself, or carry other files.
_FORBIDDEN: Final = (
    b"/JavaScript", b"/Launch", b"/EmbeddedFile", b"/RichMedia", b"/Rendition", b"/SubmitForm", b"/ImportData",
)  # fmt: skip
_NAME_ESCAPE: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM: Final = re.compile(rb"(?<!end)stream\r?\n")
#: A dictionary before its stream is no longer than this, and a document of some pages has no more streams.
_HEAD_BYTES: Final = 2000
_STREAMS_MAX: Final = 20_000
_REFUSED: Final = "材料只能是 PDF、JPG 或 PNG。Word 文件请另存为 PDF，手机拍的照片可以直接用。"
_BROKEN: Final = "这个文件打不开，可能没有传完整，请重新选择。"


@dataclass(frozen=True, slots=True)
class CheckedPaper:
    """A paper that may be kept, with the bytes that will be."""

    filename: str
    kind: str
    data: bytes

    @property
    def sha256(self) -> str:
        """Name the paper by its content."""
        return hashlib.sha256(self.data).hexdigest()


def paper_key(application_id: str, paper_id: str, kind: str) -> str:
    """Name the object of a paper; the public ids of both, so that an application's are one folder."""
    return f"{PREFIX}/{application_id}/{paper_id}.{kind}"


def read_paper(data: bytes, filename: str, *, max_bytes: int) -> CheckedPaper:
    """Look through a file and return what may be kept of it.

    Raises:
        TooLarge: beyond `max_bytes`.
        InvalidInput: when it is empty, of another kind, broken, locked or able to act by itself.
    """
    if len(data) > max_bytes:
        raise TooLarge(Sentence("文件太大，最大 %(limit)d MB。", limit=max_bytes // _MIB), code="paper_too_large")
    if not data:
        raise _refusal("文件是空的，请重新选择。")
    if b"%PDF-" in data[:1024]:
        _check_pdf(data)
        kind, kept = "pdf", data
    elif data[:3] == b"\xff\xd8\xff":
        kind, kept = "jpg", _redrawn(data, "JPEG")
    elif data[:8] == b"\x89PNG\r\n\x1a\n":
        kind, kept = "png", _redrawn(data, "PNG")
    else:
        raise _refusal(_REFUSED)
    return CheckedPaper(_safe_name(filename, kind), kind, kept)


def _refusal(sentence: str) -> InvalidInput:
    return InvalidInput(sentence, code="paper_refused", fields={"paper": sentence})


def _redrawn(data: bytes, kind: str) -> bytes:
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as picture:
            if picture.width * picture.height > _PIXELS_MAX:
                raise _refusal("图片的尺寸太大，请缩小后再传。")
            if min(picture.size) < _SIDE_LEAST:
                raise _refusal("图片太小，字看不清，请重新拍。")
            upright = ImageOps.exif_transpose(picture).convert("RGB")
            upright.thumbnail((_SIDE_MAX, _SIDE_MAX), Image.Resampling.LANCZOS)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _refusal(_BROKEN) from error
    out = io.BytesIO()
    upright.save(out, kind, **({"quality": 88, "optimize": True} if kind == "JPEG" else {}))
    return out.getvalue()


def _check_pdf(data: bytes) -> None:
    if b"%%EOF" not in data[-2048:] or b"startxref" not in data:
        raise _refusal(_BROKEN)
    # Object streams are the only place where a dictionary can hide from a look at the bytes, encryption aside.
    hidden = b"".join(_inflated(data))
    plain = _unescaped(data + b"\n" + hidden)
    if re.search(rb"/Encrypt\b", plain):
        raise _refusal("这个 PDF 有密码保护，请去掉密码或者打印成新的 PDF 再传。")
    if any(name in plain for name in _FORBIDDEN):
        raise _refusal("这个 PDF 里有脚本或夹带的文件，请打印成新的 PDF 再传。")


def _inflated(data: bytes) -> list[bytes]:
    """Return what stands in the object streams; every stream's dictionary is looked at, whatever way it is spelt."""
    found, room = [], _INFLATED_MAX
    for count, stream in enumerate(_STREAM.finditer(data)):
        if count > _STREAMS_MAX:
            raise _refusal("这个 PDF 太复杂，请打印成新的 PDF 再传。")
        head = data[max(0, stream.start() - _HEAD_BYTES) : stream.start()]
        if b"/ObjStm" not in _unescaped(head[head.rfind(b" obj") + 4 :]):
            continue
        end = data.find(b"endstream", stream.end())
        try:
            part = zlib.decompressobj().decompress(data[stream.end() : end if end > 0 else None], room)
        except zlib.error as error:
            raise _refusal(_BROKEN) from error
        room -= len(part)
        if room <= 0:
            raise _refusal("这个 PDF 展开以后太大，请打印成新的 PDF 再传。")
        found.append(part)
    return found


def _unescaped(data: bytes) -> bytes:
    """Spell names plainly: /Java#53cript is /JavaScript."""
    return _NAME_ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), data)


def _safe_name(filename: str, kind: str) -> str:
    """Return a file name without folders, marks that systems refuse, or an extension that is not its own."""
    name = unicodedata.normalize("NFC", filename.replace("\\", "/").rpartition("/")[2])
    name = "".join(letter for letter in name if letter.isprintable())
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", name)
    stem = re.sub(r'[<>:"|?*;%]+', "_", stem).strip(" ._")
    return f"{stem[: FILENAME_MAX - 10] or 'paper'}.{kind}"
