"""What all steps of one plan share: the source's facts, the policy, digests, and how a length is cut. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, is_dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .ladder import choose_profile
from .steps import MediaRange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .ladder import LadderPolicy
    from .types import MediaInfo

_DIGEST_HEX = 40
# A last chunk shorter than this is made together with the one before it.
SHORTEST_CHUNK_S = 2


@dataclass(frozen=True, slots=True)
class Recipe:
    """What every step of one plan shares."""

    info: MediaInfo
    policy: LadderPolicy
    base: dict[str, Any]

    def digest(self, kind: str, content: object, *, after: str | list[str] = "") -> str:
        """Return a digest that is the same for equal values in every process and on every machine."""
        words = [kind, {**self.base, "after": after}, content]
        text = json.dumps(words, default=_plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_HEX]

    @property
    def duration_s(self) -> Fraction:
        """Return the source's length, exact to the millisecond."""
        return Fraction(self.info.duration_s).limit_denominator(1000)

    @property
    def sound_s(self) -> Fraction:
        """Return when the last sound ends."""
        audio = self.info.audio
        return min(self.duration_s, Fraction(audio.end_s if audio and audio.end_s else self.info.duration_s))

    @property
    def segment_s(self) -> Fraction:
        """Return the length of a segment of sound: that of the picture, as the policy names it."""
        video = self.info.video
        return Fraction((choose_profile(video, self.policy) if video is not None else self.policy.fallback).segment_s)

    @property
    def is_seekable(self) -> bool:
        """Return whether a stretch of the source can be read from its middle; else it is made in one piece."""
        return self.info.is_seekable

    @property
    def has_early_sound(self) -> bool:
        """Return whether measuring the whole sound would keep viewers waiting."""
        return self.is_longer_than(self.policy.early_sound_above_s)

    def is_longer_than(self, length_s: int) -> bool:
        """Return whether a first stretch of this length can be made apart from the rest."""
        return self.is_seekable and self.duration_s > length_s


def cut_ranges(total_s: Fraction, first_s: Fraction, chunk_s: Fraction, segment_s: Fraction) -> Iterator[MediaRange]:
    """Cut a length into chunks; the last has no end of its own, since headers are rarely exact."""
    start_s, length_s = Fraction(0), first_s
    while total_s - (start_s + length_s) >= SHORTEST_CHUNK_S:
        yield MediaRange(start_s, length_s, int(start_s / segment_s))
        start_s, length_s = start_s + length_s, chunk_s
    yield MediaRange(start_s, None, int(start_s / segment_s))


def _plain(value: object) -> object:
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    message = f"no digest for {type(value).__name__}"
    raise TypeError(message)
