"""Where a page may send people: only to paths of this site."""

from __future__ import annotations

from urllib.parse import urlsplit


def local_target(value: str | None, *, default: str) -> str:
    """Return `value` when it is a plain path of this site, else `default`.

    Refuses scheme, host, protocol-relative and backslash forms, which browsers read as other hosts.
    """
    if not value or not value.startswith("/") or value.startswith("//") or "\\" in value:
        return default
    if any(ord(letter) < 0x20 for letter in value):
        return default
    parts = urlsplit(value)
    return default if parts.scheme or parts.netloc else value
