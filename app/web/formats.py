"""Jinja filters that write numbers the way people read them: durations, dates, file sizes, counts; Chinese and English.

Days and hours are those of Asia/Shanghai whatever the server's clock says. Nothing here knows a domain object.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from flask import Flask
from flask_babel import get_locale

LOCAL_ZONE: Final = ZoneInfo("Asia/Shanghai")
_KIB: Final = 1024
#: Full-width marks and their English spelling, spaces included.
MARKS: Final = {"：": ": ", "，": ", ", "、": ", ", "（": " (", "）": ")"}


def _locale() -> Locale:
    return get_locale() or Locale.parse("zh_CN")


def _is_english() -> bool:
    return _locale().language == "en"


def clock(duration_s: float) -> str:
    """Write a duration as a player does: 12:05, 1:02:33."""
    seconds = max(0, round(duration_s))
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def duration(duration_s: float) -> str:
    """Write a duration in words: 45秒, 12分钟, 1小时2分钟."""
    seconds = max(0, round(duration_s))
    english = _is_english()
    if seconds < 60:
        return f"{seconds} s" if english else f"{seconds}秒"
    hours, minutes = divmod(round(seconds / 60), 60)
    parts = []
    if hours:
        parts.append(f"{hours} h" if english else f"{hours}小时")
    if minutes:
        parts.append(f"{minutes} min" if english else f"{minutes}分钟")
    return (" " if english else "").join(parts)


def machine_duration(duration_s: float) -> str:
    """Write a duration for <time datetime>: PT12M5S."""
    seconds = max(0, round(duration_s))
    return f"PT{seconds // 60}M{seconds % 60}S"


def local_time(moment: datetime) -> str:
    """Write a moment with its minute: 2026年11月23日 14:05.

    Raises: ValueError for a time without zone.
    """
    local = _to_local(moment)
    return format_datetime(local, "d MMM y, HH:mm" if _is_english() else "y年M月d日 HH:mm", locale=_locale())


def local_date(moment: datetime | date) -> str:
    """Write a day: 2026年11月23日."""
    day = _to_local(moment).date() if isinstance(moment, datetime) else moment
    return format_date(day, "d MMMM y" if _is_english() else "y年M月d日", locale=_locale())


def machine_time(moment: datetime) -> str:
    """Write a moment for <time datetime>."""
    return _to_local(moment).isoformat(timespec="seconds")


def file_size(size_bytes: int, *, about: bool = True) -> str:
    """Write a size as people compare it with their data plan: 约 11 MB. One decimal only below ten."""
    value, unit = float(size_bytes), "B"
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= _KIB
    digits = 1 if unit != "B" and value < 10 and round(value, 1) % 1 else 0
    text = f"{value:.{digits}f} {unit}"
    if not about:
        return text
    return f"about {text}" if _is_english() else f"约 {text}"


def number(value: float) -> str:
    """Write a number with its thousands separated: 10,000."""
    return format_decimal(value, locale=_locale())


def mark(chinese: str) -> str:
    """Write a punctuation mark between two values as the reader's language writes it; `chinese` is one of MARKS."""
    return MARKS[chinese] if _is_english() else chinese


def init_app(app: Flask) -> None:
    """Register the filters, and `mark` for templates."""
    app.jinja_env.globals["mark"] = mark
    app.jinja_env.filters.update(
        clock=clock,
        duration=duration,
        machine_duration=machine_duration,
        local_time=local_time,
        local_date=local_date,
        machine_time=machine_time,
        file_size=file_size,
        number=number,
    )


def _to_local(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone; times are aware UTC in this house.")
    return moment.astimezone(LOCAL_ZONE)
