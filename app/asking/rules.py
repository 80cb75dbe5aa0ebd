"""How asking is bounded and counted, as policy data says (config/search.toml), read once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from config.policies import read_search


@dataclass(frozen=True, slots=True)
class Rules:
    """The policy."""

    suggest_per_address: str
    shown: int
    popular_shown: int
    askers_min: int
    weeks: int
    popular_kept: int
    wishes_per_address: str
    new_wishes_per_day: int
    undo_words: timedelta


@cache
def rules() -> Rules:
    """Return the policy of this release."""
    data = read_search()
    suggest, popular, wishes = data["suggest"], data["popular"], data["wishes"]
    return Rules(
        suggest_per_address=suggest["per_address"], shown=suggest["shown"], popular_shown=suggest["popular_shown"],
        askers_min=popular["askers_min"], weeks=popular["weeks"], popular_kept=popular["kept"],
        wishes_per_address=wishes["per_address"], new_wishes_per_day=wishes["new_per_day"],
        undo_words=timedelta(days=data["words"]["undo_days"]),
    )  # fmt: skip
