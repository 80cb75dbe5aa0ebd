"""Reading beacons: every body is hostile until it was read; pure.

A body is a JSON list of at most a few plays: `p` the play's random name, `n` the number of the beacon, `l` the lecture,
`s` seconds played so far, `c` seconds of the lecture covered so far, and when it is so `q` the playlist, `a` 1 for
sound only.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from app.kernel.errors import InvalidInput, TooLarge
from app.watching.rules import rules

#: 12 random bytes in base64url: no two plays ever share one, and nobody guesses another's.
_PLAY_KEY: Final = re.compile(r"[A-Za-z0-9_-]{16,24}", re.ASCII)
_PUBLIC_ID: Final = re.compile(r"[a-z0-9]{6,20}", re.ASCII)
_MAX_S: Final = 24 * 3600
_MAX_NUMBER: Final = 5000
_FIELDS: Final = frozenset("pnlscqa")


@dataclass(frozen=True, slots=True)
class Beacon:
    """What a player says of a play."""

    play_key: str
    number: int
    lecture: str
    played_s: int
    covered_s: int
    playlist: str
    is_listening: bool


def read_beacons(body: bytes) -> list[Beacon]:
    """Read a body.

    Raises:
        TooLarge: when it has more bytes than any player sends.
        InvalidInput: code "bad_beacon", when it is anything else than a list of plays.
    """
    if len(body) > rules().max_body_bytes:
        raise TooLarge(code="beacon_too_large")
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(code="bad_beacon") from error
    if not isinstance(sent, list) or not 0 < len(sent) <= rules().max_plays:
        raise InvalidInput(code="bad_beacon")
    return [_beacon(each) for each in sent]


def _beacon(sent: object) -> Beacon:
    if not isinstance(sent, dict) or not sent.keys() <= _FIELDS:
        raise InvalidInput(code="bad_beacon")
    return Beacon(
        play_key=_name(sent.get("p"), _PLAY_KEY),
        number=_count(sent.get("n"), _MAX_NUMBER),
        lecture=_name(sent.get("l"), _PUBLIC_ID),
        played_s=_count(sent.get("s"), _MAX_S),
        covered_s=_count(sent.get("c"), _MAX_S),
        playlist=_name(sent["q"], _PUBLIC_ID) if "q" in sent else "",
        is_listening=_count(sent.get("a", 0), 1) == 1,
    )


def _name(value: object, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise InvalidInput(code="bad_beacon")
    return value


def _count(value: object, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise InvalidInput(code="bad_beacon")
    return value
