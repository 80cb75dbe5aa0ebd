"""How plays are counted, as policy data says (config/watching.toml), read once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from config.policies import read_watching


@dataclass(frozen=True, slots=True)
class Rules:
    """The policy; seconds unless the name says otherwise."""

    every_s: int
    thin_every_s: int
    max_body_bytes: int
    max_plays: int
    per_address: str
    min_play_s: int
    complete_share: float
    max_rate: float
    slack_s: int
    keep_beacons: timedelta
    withheld_below: int
    bot_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UseRules:
    """How the catalogue's counts are made of plays."""

    days: int
    steady_percent: int
    finished_min_plays: int
    finished_share: float
    finished_kept_share: float


@cache
def use_rules() -> UseRules:
    """Return the policy of this release."""
    return UseRules(**read_watching()["use"])


@cache
def rules() -> Rules:
    """Return the policy of this release."""
    data = read_watching()
    beacon, counting = data["beacon"], data["counting"]
    return Rules(
        every_s=beacon["every_s"], thin_every_s=beacon["thin_every_s"], max_body_bytes=beacon["max_body_bytes"],
        max_plays=beacon["max_plays"], per_address=beacon["per_address"], min_play_s=counting["min_play_s"],
        complete_share=counting["complete_share"], max_rate=counting["max_rate"], slack_s=counting["slack_s"],
        keep_beacons=timedelta(days=counting["keep_beacons_days"]),
        withheld_below=data["privacy"]["withheld_below"], bot_names=tuple(data["bots"]["names"]),
    )  # fmt: skip


def is_bot(user_agent: str) -> bool:
    """Return whether a program says of itself that nobody watches; so does one that says nothing."""
    name = user_agent.lower()
    return not name or any(word in name for word in rules().bot_names)
