"""The words of tus 1.0.0: headers to values and back. No HTTP library.

Extensions: creation (with upload), termination, expiration, checksum, concatenation (of unfinished pieces too).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Final, Protocol

from app.kernel.errors import AppError, InvalidInput
from app.studio.intake import check_size

VERSION: Final = "1.0.0"
EXTENSIONS: Final = (
    "creation,creation-with-upload,termination,expiration,checksum,concatenation,concatenation-unfinished"
)
CHECKSUM_ALGORITHMS: Final = ("sha1", "sha256", "md5")
METADATA_MAX: Final = 4000
CONTENT_TYPE: Final = "application/offset+octet-stream"


class Headers(Protocol):
    """Request headers, however they are kept."""

    def get(self, key: str, default: str, /) -> str:
        """Return a header's value."""


class VersionMismatch(AppError):
    """The client speaks another version of the protocol."""

    status = 412
    default_code = "tus_version"
    default_message = "上传程序的版本不对，请刷新页面再试。"


class WrongType(AppError):
    """The bytes are not declared as tus wants them."""

    status = 415
    default_code = "wrong_content_type"
    default_message = "上传的格式不对，请刷新页面再试。"


class Gone(AppError):
    """The upload was given up or swept."""

    status = 410
    default_code = "upload_gone"
    default_message = "这次上传已经取消或过期，请重新选择文件上传。"


class UnknownAlgorithm(AppError):
    """The checksum is of a kind we do not compute."""

    status = 400
    default_code = "unknown_checksum_algorithm"
    default_message = "上传请求有误，请刷新页面再试。"


class ChecksumMismatch(AppError):
    """The bytes that came are not the ones that were sent."""

    status = 460
    default_code = "checksum_mismatch"
    default_message = "这一段在路上出了错，没有保存，会自动重传。"


class NotForFinal(AppError):
    """A file made of pieces takes no bytes itself."""

    status = 403
    default_code = "final_upload"
    default_message = "这个文件由几段组成，请分段上传。"


class Checksum:
    """What the sender says the body's digest is, and the digest of what came."""

    def __init__(self, algorithm: str, expected: bytes) -> None:
        self._running = hashlib.new(algorithm, usedforsecurity=False)
        self._expected = expected

    def update(self, data: bytes | memoryview, /) -> None:
        """Take more of the body."""
        self._running.update(data)

    def hexdigest(self) -> str:
        """Return the digest of what came."""
        return self._running.hexdigest()

    def check(self) -> None:
        """Raise ChecksumMismatch unless what came is what was sent."""
        if self._running.digest() != self._expected:
            raise ChecksumMismatch(algorithm=self._running.name)


@dataclass(frozen=True, slots=True)
class Concatenation:
    """Upload-Concat: a piece, or a file made of the uploads at these addresses."""

    is_final: bool
    addresses: tuple[str, ...] = ()


def check_version(headers: Headers) -> None:
    """Raise VersionMismatch unless the request speaks our version."""
    if headers.get("Tus-Resumable", "") != VERSION:
        raise VersionMismatch(version=headers.get("Tus-Resumable", ""))


def upload_length(headers: Headers, *, max_bytes: int) -> int:
    """Read the size of the file to come.

    Raises:
        InvalidInput: when it is missing, malformed or zero.
        TooLarge: when it is above the limit.
    """
    size_bytes = _number(headers, "Upload-Length")
    check_size(size_bytes, max_bytes=max_bytes)
    return size_bytes


def upload_offset(headers: Headers) -> int:
    """Read where the sender continues."""
    return _number(headers, "Upload-Offset")


def metadata(headers: Headers) -> dict[str, str]:
    """Read Upload-Metadata: comma-separated pairs of a key and a Base64 value (which may be missing).

    Raises:
        InvalidInput: when it cannot be read.
    """
    text = headers.get("Upload-Metadata", "")
    if len(text) > METADATA_MAX:
        raise InvalidInput("上传请求有误，请刷新页面再试。", code="bad_metadata", length=len(text))
    values: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        key, _, encoded = pair.partition(" ")
        try:
            values[key] = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise InvalidInput("上传请求有误，请刷新页面再试。", code="bad_metadata", key=key) from error
    return values


def checksum(headers: Headers) -> Checksum | None:
    """Read Upload-Checksum: the name of an algorithm and a Base64 digest.

    Raises:
        UnknownAlgorithm: for one we do not compute.
        InvalidInput: when it cannot be read.
    """
    text = headers.get("Upload-Checksum", "")
    if not text:
        return None
    algorithm, _, encoded = text.partition(" ")
    if algorithm not in CHECKSUM_ALGORITHMS:
        raise UnknownAlgorithm(algorithm=algorithm[:40])
    try:
        return Checksum(algorithm, base64.b64decode(encoded, validate=True))
    except binascii.Error as error:
        raise InvalidInput("上传请求有误，请刷新页面再试。", code="bad_header", header="Upload-Checksum") from error


def concatenation(headers: Headers) -> Concatenation | None:
    """Read Upload-Concat: `partial`, or `final;` and the addresses of its pieces in order.

    Raises:
        InvalidInput: when it is neither, or a file in pieces tells a length of its own.
    """
    text = headers.get("Upload-Concat", "").strip()
    if not text:
        return None
    kind, _, rest = text.partition(";")
    if text == "partial":
        return Concatenation(is_final=False)
    if kind != "final" or headers.get("Upload-Length", ""):
        raise InvalidInput("上传请求有误，请刷新页面再试。", code="bad_header", header="Upload-Concat")
    return Concatenation(is_final=True, addresses=tuple(rest.split()))


def file_name(values: Mapping[str, str]) -> str:
    """Return the name to show for the file: no folders, no control characters, never empty."""
    name = values.get("filename", "").replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in name if letter.isprintable()).strip()[-255:] or "video"


def discovery(max_bytes: int) -> dict[str, str]:
    """Return the headers that tell what this server can do."""
    return {
        "Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(max_bytes),
        "Tus-Checksum-Algorithm": ",".join(CHECKSUM_ALGORITHMS),
    }


def expires(moment: datetime) -> str:
    """Write a moment for Upload-Expires."""
    return format_datetime(moment, usegmt=True)


def _number(headers: Headers, name: str) -> int:
    text = headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise InvalidInput("上传请求有误，请刷新页面再试。", code="bad_header", header=name)
    return int(text)
