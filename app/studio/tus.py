"""The words of tus 1.0.0 (core, creation, termination, expiration): headers to values and back. No HTTP library."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Final, Protocol

from app.kernel.errors import AppError, InvalidInput, TooLarge
from app.kernel.sentences import Sentence

VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,termination,expiration"
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
    if size_bytes == 0:
        raise InvalidInput("文件是空的，请重新选择。", code="empty_file", fields={"file": "文件是空的，请重新选择。"})
    if size_bytes > max_bytes:
        sentence = Sentence("文件太大，最大 %(limit)s。请先压缩，或分成几讲上传。", limit=_size_words(max_bytes))
        raise TooLarge(sentence, size_bytes=size_bytes, max_bytes=max_bytes)
    return size_bytes


def upload_offset(headers: Headers) -> int:
    """Read where the sender continues."""
    return _number(headers, "Upload-Offset")


def metadata(headers: Headers) -> dict[str, str]:
    """Read Upload-Metadata: comma-separated pairs of a key and a Base64 value (which may be missing).

    Raises:
        InvalidInput: when it cannot be read.
    """
    values: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in headers.get("Upload-Metadata", "").split(","))):
        key, _, encoded = pair.partition(" ")
        try:
            values[key] = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise InvalidInput("上传请求有误，请刷新页面再试。", code="bad_metadata", key=key) from error
    return values


def file_name(values: Mapping[str, str]) -> str:
    """Return the name to show for the file: no folders, no control characters, never empty."""
    name = values.get("filename", "").replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in name if letter.isprintable()).strip()[-255:] or "video"


def discovery(max_bytes: int) -> dict[str, str]:
    """Return the headers that tell what this server can do."""
    return {"Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(max_bytes)}


def expires(moment: datetime) -> str:
    """Write a moment for Upload-Expires."""
    return format_datetime(moment, usegmt=True)


def _number(headers: Headers, name: str) -> int:
    text = headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise InvalidInput("上传请求有误，请刷新页面再试。", code="bad_header", header=name)
    return int(text)


def _size_words(size_bytes: int) -> str:
    for unit, name in ((1024**3, "GB"), (1024**2, "MB"), (1024, "KB")):
        if size_bytes >= unit:
            return f"{size_bytes / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{size_bytes} B"
