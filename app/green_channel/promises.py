"""The promises of the green channel, and whether a lecture keeps them: pure. Loading is in `facts`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Self

from app.library.models import LectureState
from config.policies import read_green_channel


class Promise(StrEnum):
    """What residents are promised of every lecture with the badge, in the order pages name it."""

    FREE = "free"
    NO_SIGN_IN = "no_sign_in"
    PHONE = "phone"
    LISTEN = "listen"
    CAPTIONS = "captions"
    DOWNLOAD = "download"
    OWN_CONTENT = "own_content"
    REVIEWED = "reviewed"


class Cause(StrEnum):
    """Why a promise is not kept; pages say what to do about each."""

    LICENCE_NARROWER = "licence_narrower"
    DRAFT = "draft"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"
    NO_MEDIA = "no_media"
    TOO_FAST = "too_fast"
    NO_SOUND = "no_sound"
    NO_CAPTIONS = "no_captions"
    NO_FILE = "no_file"
    FILE_MISSING = "file_missing"
    ADVERT = "advert"
    FOREIGN_LINK = "foreign_link"
    NOT_SIGNED = "not_signed"
    NOT_REVIEWED = "not_reviewed"
    CHANGED_SINCE = "changed_since"


@dataclass(frozen=True, slots=True)
class ChannelPolicy:
    """What config/green_channel.toml says."""

    phone_rate_bps: int
    #: The freest first.
    licences: Sequence[str]
    advert_categories: frozenset[str]
    longest: timedelta

    def is_as_free(self, licence: str, granted: str) -> bool:
        """Tell whether a licence lets residents do at least what the granted one lets them."""
        if licence not in self.licences:
            return False
        return granted not in self.licences or self.licences.index(licence) <= self.licences.index(granted)


@cache
def channel_policy() -> ChannelPolicy:
    """Read the policy once."""
    data = read_green_channel()
    return ChannelPolicy(
        data["phone_rate_bps"], tuple(data["licences"]), frozenset(data["advert_categories"]),
        timedelta(days=data["longest_days"]),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the promises are judged by, as residents get the lecture now."""

    state: LectureState
    withdrawn_reason: str
    licence: str
    granted_licence: str
    #: Somebody nobody knows may open the page, and fetch the media.
    is_open: bool
    has_media: bool
    #: Average rate of the lowest rung, of the sound where there is no picture; None without media.
    phone_rate_bps: int | None
    has_sound: bool
    has_words: bool
    has_file: bool
    missing_files: Sequence[str]
    adverts: Sequence[str]
    links: Sequence[str]
    is_signed: bool
    review_levels: int
    is_as_reviewed: bool


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise that is not kept, and why."""

    promise: Promise
    cause: Cause
    values: Mapping[str, str | int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return what a standing keeps."""
        return {"promise": self.promise.value, "cause": self.cause.value, "values": dict(self.values)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Reverse of `to_json`."""
        return cls(Promise(value["promise"]), Cause(value["cause"]), value["values"])


def find_broken(facts: Facts, policy: ChannelPolicy) -> list[Broken]:
    """Return the promises a lecture does not keep, in their order; each with the first cause that is to be mended."""
    found = (
        _free(facts, policy), _no_sign_in(facts), _phone(facts, policy), _listen(facts), _captions(facts),
        _download(facts), _own_content(facts), _reviewed(facts),
    )  # fmt: skip
    return [each for each in found if each is not None]


def _free(facts: Facts, policy: ChannelPolicy) -> Broken | None:
    if policy.is_as_free(facts.licence, facts.granted_licence):
        return None
    values = {"licence": facts.licence, "granted": facts.granted_licence}
    return Broken(Promise.FREE, Cause.LICENCE_NARROWER, values)


def _no_sign_in(facts: Facts) -> Broken | None:
    if facts.state is LectureState.WITHDRAWN:
        return Broken(Promise.NO_SIGN_IN, Cause.WITHDRAWN, {"reason": facts.withdrawn_reason})
    if facts.state is LectureState.DRAFT:
        return Broken(Promise.NO_SIGN_IN, Cause.DRAFT)
    return None if facts.is_open else Broken(Promise.NO_SIGN_IN, Cause.CLOSED)


def _phone(facts: Facts, policy: ChannelPolicy) -> Broken | None:
    if facts.phone_rate_bps is None:
        return Broken(Promise.PHONE, Cause.NO_MEDIA)
    if facts.phone_rate_bps <= policy.phone_rate_bps:
        return None
    # Rounded up: 200.4 must not read as "200, more than 200".
    values = {"rate": -(-facts.phone_rate_bps // 1000), "limit": policy.phone_rate_bps // 1000}
    return Broken(Promise.PHONE, Cause.TOO_FAST, values)


def _listen(facts: Facts) -> Broken | None:
    if facts.has_sound:
        return None
    return Broken(Promise.LISTEN, Cause.NO_SOUND if facts.has_media else Cause.NO_MEDIA)


def _captions(facts: Facts) -> Broken | None:
    return None if facts.has_words else Broken(Promise.CAPTIONS, Cause.NO_CAPTIONS)


def _download(facts: Facts) -> Broken | None:
    if not facts.has_file:
        return Broken(Promise.DOWNLOAD, Cause.NO_FILE if facts.has_media else Cause.NO_MEDIA)
    if facts.missing_files:
        return Broken(Promise.DOWNLOAD, Cause.FILE_MISSING)
    return None


def _own_content(facts: Facts) -> Broken | None:
    if facts.adverts:
        return Broken(Promise.OWN_CONTENT, Cause.ADVERT, {"word": facts.adverts[0]})
    if facts.links:
        return Broken(Promise.OWN_CONTENT, Cause.FOREIGN_LINK, {"link": facts.links[0]})
    return None if facts.is_signed else Broken(Promise.OWN_CONTENT, Cause.NOT_SIGNED)


def _reviewed(facts: Facts) -> Broken | None:
    if not facts.review_levels:
        return Broken(Promise.REVIEWED, Cause.NOT_REVIEWED)
    return None if facts.is_as_reviewed else Broken(Promise.REVIEWED, Cause.CHANGED_SINCE)
