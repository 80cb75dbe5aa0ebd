"""What the lines of `ffmpeg -progress` mean. Pure; not here: reading the pipe (`runner.py`)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class ProgressReader:
    """Turns `key=value` lines into a fraction of a known duration; never goes backwards."""

    duration_s: float
    fraction: float = 0.0
    _seen: tuple[str, str] = ("", "")
    _frame: str = ""
    _time: str = ""

    def feed(self, line: str) -> bool:
        """Take one line; return True when a report ended in which frames or time had moved."""
        key, _, value = line.partition("=")
        if key == "frame":
            self._frame = value.strip()
        elif key == "out_time_us":
            self._time = value.strip()
        elif key == "progress":
            return self._report(is_end=value.strip() == "end")
        return False

    def _report(self, *, is_end: bool) -> bool:
        if is_end:
            self.fraction = 1.0
            return True
        has_moved = self._seen != (self._frame, self._time)
        self._seen = (self._frame, self._time)
        # A few versions print N/A or a large negative time before the first packet.
        digits = self._time.lstrip("-")
        if digits.isdigit() and self.duration_s > 0:
            done = int(self._time) / 1e6 / self.duration_s
            self.fraction = min(1.0, max(self.fraction, done))
        return has_moved
