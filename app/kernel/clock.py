"""The time, always aware and UTC; pages turn it into Asia/Shanghai, nothing else does."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)
