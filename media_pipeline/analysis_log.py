"""From the lines of the analysis' metadata filters to facts about sound and picture. Pure.

Not here: the command that prints them (`command/analysis.py`), what the facts mean for a teacher (`preflight.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite, log10
from statistics import median

from .command.analysis import WINDOWS_PER_S
from .preflight_policy import MeasureRules

_WINDOW_S = 1 / WINDOWS_PER_S
_FULL_SCALE_DB = -0.01
# Quieter than this is no sound at all, and below the loudest tenth a pause: as the gates of EBU R 128.
_GATE_DB = -70.0
_PAUSE_DB = 10.0
_JOIN_S = 5.0
# Bars count as equally wide within this share of the picture.
_BAR_TOLERANCE = 0.02

Frame = tuple[float, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the source."""

    at_s: float
    until_s: float

    @property
    def length_s(self) -> float:
        """Return how long it is."""
        return self.until_s - self.at_s


@dataclass(frozen=True, slots=True)
class SoundFacts:
    """What every sample of the sound said. Levels are of the parts with sound; None where there is none."""

    level_db: float | None
    channel_levels_db: tuple[float | None, ...]
    silent: tuple[Span, ...]
    clipped: tuple[Span, ...]
    clipped_s: float
    ends_at_s: float


@dataclass(frozen=True, slots=True)
class Borders:
    """Black bars of one width: the share of the picture on each side, and when they are there."""

    beside_share: float
    above_share: float
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What the key frames showed."""

    frames: int
    largest_step_s: float
    black: tuple[Span, ...]
    blurred: tuple[Span, ...]
    blur: float | None
    borders: Borders | None
    ends_at_s: float


def read_frames(lines: Iterable[str]) -> Iterator[Frame]:
    """Yield the time and the numbers of each frame; what is not a number or has no time is left out."""
    values: dict[str, float] = {}
    time_s: float | None = None
    for line in lines:
        if line.startswith("frame:"):
            if time_s is not None:
                yield time_s, values
            values, time_s = {}, _number(line.rpartition("pts_time:")[2])
        else:
            key, _, text = line.strip().partition("=")
            number = _number(text)
            if number is not None:
                values[key.removeprefix("lavfi.")] = number
    if time_s is not None:
        yield time_s, values


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) else None


def read_sound(frames: Iterable[Frame], rules: MeasureRules, duration_s: float) -> SoundFacts | None:
    """Return the facts of the sound; None where not a single window was decoded."""
    times: list[float] = []
    windows: list[list[float | None]] = []
    is_clipped: list[bool] = []
    for time_s, values in frames:
        times.append(max(0.0, time_s))
        channels = sorted({key.split(".")[1] for key in values if key.startswith("astats.")}) or ["1"]
        # Digital silence has no level: its minus infinity was left out.
        windows.append([values.get(f"astats.{channel}.RMS_level") for channel in channels])
        is_clipped.append(any(_is_clipped(values, channel, rules) for channel in channels))
    if not times:
        return None
    loudest = [max((level for level in levels if level is not None), default=None) for levels in windows]
    level_db = _gated_level(loudest)
    end_s = min(times[-1] + _WINDOW_S, duration_s)
    clipped = _spans(times, is_clipped, end_s)
    count = max(len(levels) for levels in windows)
    return SoundFacts(
        level_db=level_db,
        channel_levels_db=tuple(
            _gated_level([levels[number] for levels in windows if number < len(levels)]) for number in range(count)
        ),
        silent=_find_silence(times, loudest, level_db, rules, duration_s),
        clipped=join(clipped, _JOIN_S),
        clipped_s=round(sum(span.length_s for span in clipped), 1),
        ends_at_s=round(end_s, 2),
    )


def _is_clipped(values: dict[str, float], channel: str, rules: MeasureRules) -> bool:
    peak_db = values.get(f"astats.{channel}.Peak_level", _GATE_DB)
    return peak_db > _FULL_SCALE_DB and values.get(f"astats.{channel}.Peak_count", 0) >= rules.clipped_samples


def _gated_level(levels: Sequence[float | None]) -> float | None:
    powers = [10 ** (level / 10) for level in levels if level is not None and level > _GATE_DB]
    if not powers:
        return None
    gate = sum(powers) / len(powers) / 10 ** (_PAUSE_DB / 10)
    sounding = [power for power in powers if power >= gate]
    return round(10 * log10(sum(sounding) / len(sounding)), 1)


def _find_silence(
    times: Sequence[float],
    loudest: Sequence[float | None],
    level_db: float | None,
    rules: MeasureRules,
    duration_s: float,
) -> tuple[Span, ...]:
    if level_db is None:
        return (Span(0.0, round(duration_s, 2)),)
    limit_db = min(rules.silence_below_db, level_db - rules.silence_under_level_db)
    end_s = min(times[-1] + _WINDOW_S, duration_s)
    spans = list(_spans(times, [level is None or level < limit_db for level in loudest], end_s))
    # Before the sound track begins and after it ends there is silence too.
    spans += [span for span in (Span(0.0, times[0]), Span(end_s, duration_s)) if span.length_s > _WINDOW_S]
    joined = join(sorted(spans, key=lambda span: span.at_s), _WINDOW_S)
    return tuple(span for span in joined if span.length_s >= rules.silence_min_s)


def read_picture(
    frames: Iterable[Frame], rules: MeasureRules, duration_s: float, size_px: tuple[int, int]
) -> PictureFacts | None:
    """Return the facts of the picture; None where not a single key frame was decoded."""
    seen = [(max(0.0, time_s), values) for time_s, values in frames]
    if not seen:
        return None
    times = [time_s for time_s, _ in seen]
    is_black = [values.get("blackframe.pblack", 0.0) >= 100 * rules.black_share for _, values in seen]
    is_blurred: list[bool] = []
    for _, values in seen:
        before = is_blurred[-1] if is_blurred else False
        # A picture without a single edge tells nothing: it is like the one before.
        is_blurred.append(values["blur"] > rules.blur_above if "blur" in values else before)
    blurs = [values["blur"] for _, values in seen if "blur" in values]
    largest_step_s = max((after - before for before, after in pairwise([0.0, *times])), default=0.0)
    if len(times) == 1:
        largest_step_s = duration_s
    return PictureFacts(
        frames=len(seen),
        largest_step_s=round(largest_step_s, 2),
        black=_long_enough(_spans(times, is_black, duration_s), rules.black_min_s),
        blurred=_long_enough(join(_spans(times, is_blurred, duration_s), _JOIN_S), rules.blurred_min_s),
        blur=round(median(blurs), 1) if blurs else None,
        borders=_find_borders(seen, is_black, rules, duration_s, size_px),
        ends_at_s=round(min(times[-1] + 1.5 * largest_step_s + 1, duration_s), 2),
    )


def _find_borders(
    seen: Sequence[Frame], is_black: Sequence[bool], rules: MeasureRules, duration_s: float, size_px: tuple[int, int]
) -> Borders | None:
    """Return the bars that stay, as wide on one side as on the other; a dark slide has edges that wander."""
    found = [None if dark else _bars(values, rules, size_px) for (_, values), dark in zip(seen, is_black, strict=True)]
    commonest = Counter(bars for bars in found if bars is not None).most_common(1)
    if not commonest or commonest[0][1] < rules.border_part * is_black.count(False):
        return None
    (beside, above), _ = commonest[0]
    has_bars: list[bool] = []
    for bars, dark in zip(found, is_black, strict=True):
        # A black picture hides whether there are bars: it is like the one before.
        has_bars.append(bool(has_bars) and has_bars[-1] if dark else bars == (beside, above))
    spans = _spans([time_s for time_s, _ in seen], has_bars, duration_s)
    return Borders(beside, above, join(spans, _JOIN_S))


def _bars(values: dict[str, float], rules: MeasureRules, size_px: tuple[int, int]) -> tuple[float, float] | None:
    try:
        left, right, top, bottom = (values[f"cropdetect.{name}"] for name in ("x1", "x2", "y1", "y2"))
    except KeyError:
        return None
    if right <= left or bottom <= top:
        return None
    width_px, height_px = size_px
    pairs = ((left / width_px, 1 - (right + 1) / width_px), (top / height_px, 1 - (bottom + 1) / height_px))
    if any(abs(one - other) > _BAR_TOLERANCE for one, other in pairs):
        return None
    beside, above = (round(min(pair) * 50) / 50 if min(pair) >= rules.border_share else 0.0 for pair in pairs)
    return (beside, above) if beside or above else None


def _spans(times: Sequence[float], flags: Sequence[bool], end_s: float) -> tuple[Span, ...]:
    """Return the stretches in which the flag is up; each moment lasts until the next."""
    spans: list[Span] = []
    start_s: float | None = None
    for time_s, is_up in zip(times, flags, strict=True):
        if is_up and start_s is None:
            start_s = time_s
        elif not is_up and start_s is not None:
            spans.append(Span(round(start_s, 2), round(time_s, 2)))
            start_s = None
    if start_s is not None:
        spans.append(Span(round(start_s, 2), round(max(start_s, end_s), 2)))
    return tuple(spans)


def join(spans: Iterable[Span], gap_s: float) -> tuple[Span, ...]:
    """Join spans, sorted by their beginning, that lie no further apart than this."""
    joined: list[Span] = []
    for span in spans:
        if joined and span.at_s - joined[-1].until_s <= gap_s:
            joined[-1] = Span(joined[-1].at_s, max(joined[-1].until_s, span.until_s))
        else:
            joined.append(span)
    return tuple(joined)


def _long_enough(spans: Iterable[Span], min_s: float) -> tuple[Span, ...]:
    return tuple(span for span in spans if span.length_s >= min_s)
