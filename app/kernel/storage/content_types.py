"""Which content type a name's extension stands for; the system's own tables differ from machine to machine."""

from __future__ import annotations

from typing import Final

DEFAULT_CONTENT_TYPE: Final = "application/octet-stream"

#: What the pipeline writes and what teachers upload.
BY_EXTENSION: Final = {
    "m3u8": "application/vnd.apple.mpegurl",
    "m4s": "video/iso.segment",
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "m4a": "audio/mp4",
    "mov": "video/quicktime",
    "mkv": "video/x-matroska",
    "webm": "video/webm",
    "avi": "video/x-msvideo",
    "wmv": "video/x-ms-wmv",
    "flv": "video/x-flv",
    "mpg": "video/mpeg",
    "ts": "video/mp2t",
    "mp3": "audio/mpeg",
    "wav": "audio/x-wav",
    "flac": "audio/flac",
    "vtt": "text/vtt",
    "srt": "application/x-subrip",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "json": "application/json",
    "txt": "text/plain",
}


def content_type_of(name: str) -> str:
    """Return the content type the extension of `name` stands for."""
    return BY_EXTENSION.get(name.rpartition(".")[2].lower(), DEFAULT_CONTENT_TYPE)
