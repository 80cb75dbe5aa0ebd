"""What a viewer saw and heard: the moments noted in the page, and what they say of stalls and jumps."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.browser.journey.visitor import Player, Visitor

# Moments are noted every 50 ms; on a busy machine some come later.
_JUMP_BACK_S = 0.05


@dataclass(frozen=True)
class Moment:
    """One look at the player."""

    at_s: float
    time_s: float
    state: str
    card: str
    is_wanted: bool


class Watching(Player):
    """A player, and all that was noted of it."""

    def __init__(self, visitor: Visitor) -> None:
        super().__init__(visitor)
        self.video = self.root.locator("video")

    def moments(self) -> list[Moment]:
        """Read what the page has noted since it was opened."""
        noted: list[dict[str, Any]] = self.visitor.page.evaluate("window.watched")
        return [Moment(one["at"], one["time"], one["state"], one["card"], one["wanted"] == "true") for one in noted]

    def passes(self, time_s: float, timeout_s: float = 60) -> None:
        """Wait until playing has come to a second."""
        self.visitor.wait_until(
            lambda: self.time_s() > time_s,
            f"playing beyond {time_s}, it is at {self.time_s():.1f}, {self._data()}",
            timeout_s,
        )

    def shows_card(self, kind: str, timeout_s: float = 60) -> str:
        """Wait for a card and return its words."""
        self.visitor.wait_until(lambda: self.state("card") == kind, f"card {kind}, {self._data()}", timeout_s)
        return self.root.locator("div[data-player-card]").inner_text()

    def ends(self, timeout_s: float, rate: float | None = None) -> None:
        """Wait until the lecture is over; `rate` is kept up also when the player opens anew, but for the end.

        With less than half a second of sound left Chromium goes no further at several times the speed.
        """

        def has_ended() -> bool:
            if rate is not None:
                self.hurry(rate if self.video.evaluate("video => video.duration - video.currentTime") > 4 else 1)
            return self.state("state") == "ended"

        self.visitor.wait_until(
            has_ended, f"the end, it is at {self.time_s():.1f}, {self._data()}", timeout_s
        )

    def hurry(self, rate: float) -> None:
        """Play faster than anybody can choose, until the player opens anew."""
        self.video.evaluate("(video, rate) => { video.playbackRate = rate; }", rate)

    def _data(self) -> str:
        return str(self.root.evaluate("element => ({...element.dataset})"))


def longest_stall_s(moments: list[Moment]) -> float:
    """Return how long playing stood still at most, although it was wanted and there was something to play."""
    longest_s = stood_s = 0.0
    for before, after in pairwise(moments):
        stands = after.time_s == before.time_s and after.is_wanted and "growing" not in {before.card, after.card}
        stood_s = stood_s + after.at_s - before.at_s if stands else 0.0
        longest_s = max(longest_s, stood_s)
    return longest_s


def jumps_back(moments: list[Moment]) -> list[tuple[float, float]]:
    """Return where playing went back; while it opens anew, the browser's clock says nothing."""
    played = [moment for moment in moments if moment.state != "loading"]
    return [
        (before.time_s, after.time_s)
        for before, after in pairwise(played)
        if after.time_s < before.time_s - _JUMP_BACK_S
    ]


def between(moments: list[Moment], first_s: float, last_s: float) -> list[Moment]:
    """Return the moments of a stretch of the lecture."""
    return [moment for moment in moments if first_s <= moment.time_s <= last_s]
