"""Figures as people read them, in the reader's language; and bars as a drawing needs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from babel.dates import format_date
from flask_babel import get_locale
from flask_babel import gettext as _

from app.watching.counting import Sums
from app.watching.periods import Period
from app.watching.privacy import Precision, Told
from app.watching.queries import Figures, PlaceFigures
from app.web import preferences
from app.web.formats import number

#: Of the drawing: how wide it is, where its bars stand.
WIDTH: Final = 600
BASE: Final = 150


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the drawing, in its units; `label` stands below some of them."""

    x: float
    width: float
    y: float
    height: float
    title: str
    label: str


def chart_bars(figures: Figures) -> Sequence[Bar]:
    """Return the bars of plays; the highest one fills the height."""
    most = max((each.sums.plays for each in figures.bars), default=0)
    step = WIDTH / max(1, len(figures.bars))
    labelled = 5 if figures.period is Period.DAYS else 1
    bars = []
    for place, bucket in enumerate(figures.bars):
        height = round(BASE * 0.9 * bucket.sums.plays / most, 1) if most else 0.0
        if bucket.sums.plays:
            height = max(height, 2.0)
        label = bar_label(figures.period, bucket.start)
        title = _("%(day)s：%(count)s 次", day=label, count=number(bucket.sums.plays))
        is_labelled = (len(figures.bars) - 1 - place) % labelled == 0
        bars.append(
            Bar(
                round(place * step + step * 0.12, 1), round(step * 0.76, 1), round(BASE - height, 1), height, title,
                _short(figures.period, bucket.start) if is_labelled else "",
            )
        )
    return bars


def bar_label(period: Period, start: date) -> str:
    """Write a day or a month in full."""
    return format_date(start, _("M月d日") if period is Period.DAYS else _("y年M月"), locale=get_locale())


def _short(period: Period, start: date) -> str:
    return f"{start.month}/{start.day}" if period is Period.DAYS else f"{start.year % 100}/{start.month}"


def minutes_words(watched_s: int) -> str:
    """Write watched time in minutes, the unit of the trade."""
    return number(round(watched_s / 60))


def share_words(sums: Sums) -> str:
    """Write how many plays went to the end, in percent; a line where nothing was played."""
    return f"{round(100 * sums.completions / sums.plays)}%" if sums.plays else "—"


def told_words(told: Told) -> str:
    """Write a number as it may be told."""
    if told.precision is Precision.FEW:
        return _("少于%(limit)d", limit=told.number)
    if told.precision is Precision.AT_LEAST:
        return _("%(limit)d 以上", limit=told.number)
    return number(told.number)


def place_words(place: PlaceFigures) -> str:
    """Name a region with its city."""
    if not place.code:
        return _("不知道在哪里")
    return (place.name_en if preferences.current().lang == "en" else place.name_zh) or place.code
