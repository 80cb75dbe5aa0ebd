"""How long an encode will still take, from how fast all workers go and what goes before it. Pure.

Priorities go one after the other; inside one of them institutions take turns, chunk by chunk. So before a lecture is
done come all of a higher priority, its institution's earlier ones, and as much of each other institution as of its own.
Not here: what waits and how fast work goes (`lineup.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import fmean

#: Beyond it an estimate says too little.
_LONGEST_S = 48 * 3600.0


@dataclass(frozen=True, slots=True)
class OpenEncode:
    """One lecture on its way."""

    job_id: int
    priority: int
    #: Whose turn it is: one name for each institution.
    fair_key: str
    #: Seconds of lecture still to be made; None while nobody has looked into the file.
    left_s: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is in front of a lecture."""

    #: Lectures likely to be done before; turn-taking may still change it.
    ahead: int
    #: None while too little is known.
    remaining_s: float | None


def forecast(encodes: Iterable[OpenEncode], speed: float | None) -> Mapping[int, Forecast]:
    """Return the forecast of each encode by job id.

    Args:
        encodes: everything that is open, or at least everything of the priorities that are asked for and above.
        speed: seconds of lecture all workers together make in a second; None while that is not known.
    """
    by_priority: dict[int, dict[str, list[OpenEncode]]] = defaultdict(lambda: defaultdict(list))
    known: list[float] = []
    for encode in sorted(encodes, key=lambda each: each.job_id):
        by_priority[encode.priority][encode.fair_key].append(encode)
        if encode.left_s is not None:
            known.append(encode.left_s)
    usual_s = fmean(known) if known else 0.0
    found: dict[int, Forecast] = {}
    before_s, before = 0.0, 0
    for priority in sorted(by_priority, reverse=True):
        queues = list(by_priority[priority].values())
        totals = [sum(_left(each, usual_s) for each in queue) for queue in queues]
        for own, queue in enumerate(queues):
            done_s = 0.0
            for place, encode in enumerate(queue):
                done_s += _left(encode, usual_s)
                others_s = sum(min(total, done_s) for at, total in enumerate(totals) if at != own)
                others = sum(min(len(each), place) for at, each in enumerate(queues) if at != own)
                work_s = before_s + done_s + others_s if encode.left_s is not None else None
                found[encode.job_id] = Forecast(before + place + others, _remaining(work_s, speed))
        before_s += sum(totals)
        before += sum(len(queue) for queue in queues)
    return found


def _left(encode: OpenEncode, usual_s: float) -> float:
    return usual_s if encode.left_s is None else encode.left_s


def _remaining(work_s: float | None, speed: float | None) -> float | None:
    if work_s is None or not speed:
        return None
    remaining_s = work_s / speed
    return remaining_s if remaining_s <= _LONGEST_S else None


def busy_s(spans: Iterable[tuple[datetime, datetime]]) -> float:
    """Return how many seconds lie in at least one of some spans: nights and pauses of all workers say nothing."""
    total_s, reached = 0.0, datetime.min.replace(tzinfo=UTC)
    for begin, end in sorted(spans):
        total_s += max(0.0, (end - max(begin, reached)).total_seconds())
        reached = max(reached, end)
    return total_s


def speed_of(pieces: Sequence[tuple[float, float | None]], took_s: float) -> float | None:
    """Return seconds of lecture made in a second.

    Args:
        pieces: (share made, length of the lecture in seconds) of everything made in `took_s` seconds; the length of a
            lecture that is gone is None.
        took_s: seconds in which at least one worker was at it.
    """
    made_s = sum(share * length_s for share, length_s in pieces if length_s is not None)
    return made_s / took_s if made_s > 0 and took_s > 0 else None


def rounded_s(remaining_s: float) -> float:
    """Round an estimate to what it is worth: minutes, then five of them, quarters of an hour, hours."""
    for up_to_s, step_s in ((600, 60), (3600, 300), (6 * 3600, 900)):
        if remaining_s <= up_to_s:
            return max(1, round(remaining_s / step_s)) * step_s
    return round(remaining_s / 3600) * 3600.0
